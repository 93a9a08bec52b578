"""Finds the backend of a display name: documentation pages do not use backend names.

`whisper.cpp` is the backend `whisper`, `Kitten TTS` is `kitten-tts`. A display name belongs to a backend if both are
the same except for case and punctuation, or if this backend's gallery entry has its link: of several that have it the
one whose name begins alike, for a second backend over an engine takes no row from the first.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import TypeVar

from newbackend.checkout.tree import Checkout, cached
from newbackend.registrations.gallery_index.place import GalleryIndex
from newbackend.registrations.matrix.place import Matrix

T = TypeVar("T")

_ALIKE = 4
"""Characters that the beginnings of two names have in common at least."""


def squeezed(text: str) -> str:
    """A name without case and punctuation."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def backend_of(checkout: Checkout, text: str, link: str = "") -> str:
    """The backend that a display name and its link mean, or "". The name goes first: `vibevoice.cpp` is the backend
    `vibevoice-cpp`, though it links to what only the entry of `vibevoice` names."""
    names, links = _tables(checkout)
    return names.get(squeezed(text)) or _linked(squeezed(text), links.get(_bare(link), ()))


def _linked(text: str, owners: Sequence[str]) -> str:
    """The backend that a squeezed name means, of those that have its link."""
    if len(owners) == 1:
        return owners[0]
    alike = sorted((_in_common(text, squeezed(owner)), owner) for owner in owners)
    clear = len(alike) > 1 and alike[-1][0] >= _ALIKE and alike[-1][0] > alike[-2][0]
    return alike[-1][1] if clear else ""


def _in_common(one: str, other: str) -> int:
    """How many characters two names begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def speaking_of(checkout: Checkout, name: str, rows: Iterable[tuple[T, str, str]]) -> list[T]:
    """The rows (a value, its display name, its link) of one backend.

    If a row has exactly the backend's name, only that one is returned: the others are merely similar.
    """
    mine = [(row, text) for row, text, link in rows if backend_of(checkout, text, link) == name or text == name]
    exact = [row for row, text in mine if text == name]
    return exact or [row for row, _ in mine]


@cached
def _tables(checkout: Checkout) -> tuple[Mapping[str, str], Mapping[str, Sequence[str]]]:
    """Squeezed name -> backend, and link -> the backends that have it."""
    backends = {fact.backend for fact in Matrix().observe(checkout)}
    owners: dict[str, set[str]] = defaultdict(set)
    for fact in GalleryIndex().observe(checkout):
        urls = fact.value.get("urls") if fact.kind == "meta" else None
        for url in urls if isinstance(urls, list) else ():
            owners[_bare(str(url))].add(fact.backend)
    links = {url: sorted(who) for url, who in owners.items() if url}
    return {squeezed(name): name for name in sorted(backends)}, links


def _bare(link: str) -> str:
    return link.strip().removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/").lower()
