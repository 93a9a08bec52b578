"""What Hugging Face says of a model's file: its checksum, licence and task.

`create --model` asks it for what the user did not say. Everything that does not answer leaves a gap and a note; nothing
is invented.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from newbackend.answers import ModelAnswers
from newbackend.catalog import modalities
from newbackend.model_address import read_address

Page = Mapping[str, Any] | str
"""What the hub says of a repository; a text says why it says nothing."""
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_LICENSE = re.compile(r"[A-Za-z0-9.+-]{1,64}\Z")


def pages_of(uris: Iterable[str]) -> dict[str, Page]:
    """Repository -> its page, for addresses of models; those that are elsewhere have none. Raises UsageError for what
    is no address."""
    repos = dict.fromkeys(read_address(uri).repo for uri in uris)
    return {repo: _page(repo) for repo in repos if repo}


def completed(model: ModelAnswers, served: tuple[str, ...], pages: Mapping[str, Page]) -> tuple[ModelAnswers, str]:
    """The model with what its page says where the answers say nothing, and a note on what is not known.

    `served` are the modalities of the backend: of those, a task that the page names is what the model is for.
    """
    address = read_address(model.uri or "")
    if not address.repo:
        return model, "" if model.sha256 else f"{address.file} has no sha256: only Hugging Face tells it beforehand"
    page = pages[address.repo]
    if isinstance(page, str):
        return model, "" if model.sha256 or not address.path else f"{address.file} has no sha256: {page}"
    found = replace(
        model,
        sha256=model.sha256 or _checksum(page, address.path),
        license=model.license or _license(page),
        usecases=model.usecases or _uses(page, served),
    )
    unknown = address.path and not found.sha256
    return found, f"{address.file} has no sha256: {address.repo} does not list it" if unknown else ""


def _page(repo: str) -> Page:
    # Imported here: a process that is told the pages does without it, which is 0.04 s.
    from newbackend.online.network import Network, Unreachable
    from newbackend.online.upstream import model_base

    base = model_base()
    try:
        return Network([base]).get(f"{base.rstrip('/')}/api/models/{quote(repo)}?blobs=true").object("Hugging Face")
    except Unreachable as error:
        return str(error)


def _checksum(page: Mapping[str, Any], path: str) -> str | None:
    for file in page.get("siblings") or () if isinstance(page.get("siblings"), list) else ():
        if isinstance(file, dict) and path and file.get("rfilename") == path and isinstance(file.get("lfs"), dict):
            checksum = str(file["lfs"].get("sha256") or "")
            return checksum if _SHA256.match(checksum) else None
    return None


def _license(page: Mapping[str, Any]) -> str | None:
    card = page.get("cardData")
    told = card.get("license") if isinstance(card, dict) else None
    return told if isinstance(told, str) and _LICENSE.match(told) else None


def _uses(page: Mapping[str, Any], served: tuple[str, ...]) -> tuple[str, ...] | None:
    """The use case of the page's task, if the backend serves it among others."""
    task = page.get("pipeline_tag")
    own = [modalities()[key] for key in served if task in (key, *modalities()[key].other_words)]
    return own[0].usecases[:1] or None if own and len(served) > 1 else None
