"""What PyPI says of one release: what it needs, its extras, licence and summary. `create --pip` asks it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from newbackend.errors import NotFoundError
from newbackend.online.network import Network, Unreachable
from newbackend.requirement import Requirement

_LIMIT_TEXT = 300


@dataclass(frozen=True)
class Release:
    """One release. `needs` are its requirements (PEP 508), those of extras included."""

    needs: tuple[str, ...]
    extras: tuple[str, ...]
    requires_python: str
    licence: str
    summary: str


def base_address() -> str:
    """The address of PyPI, or of a server with its JSON API: NEWBACKEND_PYPI."""
    return (os.environ.get("NEWBACKEND_PYPI") or "https://pypi.org").rstrip("/")


def release(wanted: Requirement) -> Release:
    """Raises Unreachable, and NotFoundError for a release that there is not."""
    base = base_address()
    answer = Network([base]).get(f"{base}/pypi/{quote(wanted.key)}/{quote(wanted.version)}/json")
    if answer.status == 404:
        hint = "look at its page for the versions that there are"
        raise NotFoundError("pip-not-found", f"PyPI has no {wanted.name}=={wanted.version}", hint=hint)
    if answer.status != 200:
        raise Unreachable(f"PyPI answers with status {answer.status}")
    try:
        page = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise Unreachable("PyPI answers with something else than JSON") from error
    info = page.get("info") if isinstance(page, dict) else None
    if not isinstance(info, dict):
        raise Unreachable("PyPI answers with something else than a release")
    return Release(
        needs=_words(info, "requires_dist"),
        extras=_words(info, "provides_extra"),
        requires_python=_text(info, "requires_python"),
        licence=_text(info, "license_expression") or _text(info, "license"),
        summary=_text(info, "summary"),
    )


def _words(info: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = info.get(key)
    return tuple(word for word in found if isinstance(word, str)) if isinstance(found, list) else ()


def _text(info: Mapping[str, Any], key: str) -> str:
    """A short text; a licence may be given in full, and that is not its name."""
    found = info.get(key)
    return found.strip() if isinstance(found, str) and len(found) < _LIMIT_TEXT else ""
