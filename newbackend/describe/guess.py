"""Guesses what the registration does not state: flavour, pin and modalities, each from the best source."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from typing import Any

from newbackend.catalog import modalities
from newbackend.catalog.languages import Flavour
from newbackend.describe.facts import Registered
from newbackend.describe.matrix import Row, departures

_SHA = re.compile(r"[0-9a-f]{40}\Z")
_ASSIGNED = re.compile(r"^([A-Z][A-Z0-9_]*)\s*\?=\s*(\S+)\s*$", re.M)
FALLBACK = "llm"
BY_TAGS = "modalities are a guess by the gallery's tags"


def flavour_of(backend: Registered, rows: Mapping[str, Sequence[Row]]) -> str:
    """The template flavour: that of the backend's build files, else the one whose table differs least."""
    flavours = backend.language.flavours
    shown = [key for key, flavour in flavours.items() if flavour.seen_in and _shows(backend, flavour)]
    if shown:
        return shown[0]
    tried = [backend.language.default_flavour, *flavours]
    candidates = [key for key in dict.fromkeys(tried) if not flavours[key].seen_in]
    return min(candidates, key=lambda key: len(str(departures(backend, key, rows))))


def _shows(backend: Registered, flavour: Flavour) -> bool:
    """Whether a file of the backend shows the flavour. The backend that a flavour builds on does not have the flavour
    itself."""
    if flavour.needs_path.startswith(f"{backend.directory}/"):
        return False
    return any(
        re.search(text, backend.checkout.read(f"{backend.directory}/{file}") or "")
        for file in backend.checkout.children(backend.directory)
        for pattern, text in flavour.seen_in.items()
        if fnmatch(file, pattern)
    )


def pin_of(backend: Registered) -> dict[str, str] | None:
    """The pin: the bump bot's row with the commit in the backend's Makefile; None when either is missing."""
    text = backend.checkout.read(f"{backend.directory}/Makefile") or ""
    commits = {variable: value for variable, value in _ASSIGNED.findall(text) if _SHA.match(value)}
    for fact in backend.of("bump-bot"):
        row = fact.value
        if row.get("file") == f"{backend.directory}/Makefile" and row.get("variable") in commits:
            return {
                "repo": str(row.get("repository") or ""),
                "sha": commits[row["variable"]],
                "branch": str(row.get("branch") or ""),
                "variable": str(row["variable"]),
            }
    return None


def modalities_of(backend: Registered) -> tuple[list[str], str]:
    """Modalities, and a note if they are a guess: from the RPCs in BackendCapabilities, else from the gallery's tags,
    else text generation."""
    served = {rpc for fact in backend.of("backend-capabilities") for rpc in fact.value.get("GRPCMethods") or ()}
    if served:
        named = {rpc for modality in modalities().values() for rpc in modality.rpcs}
        by_rpc = [m.id for m in modalities().values() if _serves(m.rpcs, served & named)]
        if by_rpc:
            return by_rpc, ""
    tags = {_word(tag) for tag in backend.meta.get("tags") or ()}
    by_tag = [m.id for m in modalities().values() if tags & {_word(word) for word in (m.id, m.chip, *m.tags)}]
    exact = [m.id for m in modalities().values() if tags & {_word(word) for word in (m.id, *m.tags)}]
    if exact or by_tag:
        return exact or by_tag, BY_TAGS
    return [FALLBACK], f"modalities: nothing here says what it serves, {FALLBACK} is assumed"


def _serves(rpcs: Sequence[str], served: set[str]) -> bool:
    """Whether the table names a modality's first RPC; streaming variants are often missing."""
    return bool(rpcs) and rpcs[0] in served


def _word(text: Any) -> str:
    return re.sub(r"[^a-z0-9]", "", str(text).lower())
