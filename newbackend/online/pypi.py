"""What PyPI says of one release: what it needs, its extras, licence and summary. `create --pip` asks it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from newbackend.errors import NotFoundError
from newbackend.online.network import Network, Unreachable
from newbackend.records import dataclass
from newbackend.requirement import Requirement, same_version

_LIMIT_TEXT = 300


@dataclass(frozen=True)
class Release:
    """One release, or the newest of its distribution (`version`). `needs` are its requirements (PEP 508), those of
    extras included."""

    version: str
    needs: tuple[str, ...]
    extras: tuple[str, ...]
    requires_python: str
    licence: str
    summary: str


def base_address() -> str:
    """The address of PyPI, or of a server with its JSON API: NEWBACKEND_PYPI."""
    return (os.environ.get("NEWBACKEND_PYPI") or "https://pypi.org").rstrip("/")


def release(wanted: Requirement) -> Release:
    """Raises Unreachable, and NotFoundError for a release that there is not.

    A mirror may have the page of the distribution alone: what its newest release needs is then taken for this one.
    """
    page = _page(f"{wanted.key}/{wanted.version}") or _page(wanted.key)
    releases = page.get("releases")
    known = list(releases) if isinstance(releases, dict) else []
    if not page or (known and not any(same_version(wanted.version, version) for version in known)):
        hint = "look at its page for the versions that there are"
        raise NotFoundError("pip-not-found", f"PyPI has no {wanted.name}=={wanted.version}", hint=hint)
    info = page.get("info")
    if not isinstance(info, dict):
        raise Unreachable("PyPI answers with something else than a release")
    return Release(
        version=_text(info, "version") or wanted.version,
        needs=_words(info, "requires_dist"),
        extras=_words(info, "provides_extra"),
        requires_python=_text(info, "requires_python"),
        licence=_text(info, "license_expression") or _text(info, "license"),
        summary=_text(info, "summary"),
    )


def _page(path: str) -> Mapping[str, Any]:
    """A page of the JSON API (https://docs.pypi.org/api/json/); empty when there is none. Raises Unreachable."""
    base = base_address()
    answer = Network([base]).get(f"{base}/pypi/{quote(path)}/json")
    return {} if answer.status == 404 else answer.object("PyPI")


def _words(info: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = info.get(key)
    return tuple(word for word in found if isinstance(word, str)) if isinstance(found, list) else ()


def _text(info: Mapping[str, Any], key: str) -> str:
    """A short text; a licence may be given in full, and that is not its name."""
    found = info.get(key)
    return found.strip() if isinstance(found, str) and len(found) < _LIMIT_TEXT else ""
