"""The facts of one backend in every place, under its own name and under its names in the gallery."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import field
from functools import cached_property
from typing import Any

from newbackend.catalog.languages import Language, languages
from newbackend.checkout.tree import Checkout, cached
from newbackend.records import dataclass
from newbackend.registrations import places
from newbackend.registrations.base import Fact
from newbackend.registrations.gallery_index.entries import DEV
from newbackend.registrations.gallery_index.place import families
from newbackend.registrations.matrix.place import lang_of_row
from newbackend.registrations.support.backend_names import unknown_backend


@dataclass(frozen=True)
class Registered:
    """The facts of backend `name` in a checkout; `by_place` maps place ids to facts."""

    name: str
    names: tuple[str, ...]
    lang: str
    checkout: Checkout
    by_place: Mapping[str, tuple[Fact, ...]] = field(repr=False)

    def of(self, place: str, *kinds: str) -> tuple[Fact, ...]:
        """The facts of one place, all of them or some kinds."""
        return tuple(fact for fact in self.by_place.get(place, ()) if not kinds or fact.kind in kinds)

    @cached_property
    def language(self) -> Language:
        """The backend's language."""
        return languages()[self.lang]

    @property
    def directory(self) -> str:
        """`backend/<lang>/<name>`, which need not exist."""
        return self.language.directory_of(self.name)

    @cached_property
    def gallery(self) -> str:
        """Its name in the gallery."""
        named = {fact.backend for fact in self.of("gallery-index")}
        return self.name if self.name in named or not named else sorted(named)[0]

    @cached_property
    def meta(self) -> Mapping[str, Any]:
        """The production gallery entry with the texts: the one that has the anchor, else the meta; else empty."""
        facts = [fact for fact in self.of("gallery-index") if not str(fact.value.get("name")).endswith(DEV)]
        for fact in (*(f for f in facts if "&" in f.value), *(f for f in facts if f.kind == "meta")):
            value: Mapping[str, Any] = fact.value
            return value
        return {}


def registered(checkout: Checkout, name: str) -> Registered:
    """The facts of a backend. Raises NotFoundError when the checkout has none under that name."""
    names = (name, *families(checkout, name))
    by_place = {place: facts for place, of in by_backend(checkout).items() if (facts := _in_order(of, names))}
    if not any(place in by_place for place in ("matrix", "gallery-index", "makefile")):
        raise unknown_backend(name, checkout)
    return Registered(name, names, _lang(checkout, name, by_place), checkout, by_place)


@cached
def by_backend(checkout: Checkout) -> Mapping[str, Mapping[str, list[tuple[int, Fact]]]]:
    """Place -> backend -> its facts with their positions among the place's facts."""
    by_place: dict[str, dict[str, list[tuple[int, Fact]]]] = {}
    for place in places():
        groups = by_place[place.id] = defaultdict(list)
        for position, fact in enumerate(place.observe(checkout)):
            groups[fact.backend].append((position, fact))
    return by_place


def _in_order(groups: Mapping[str, list[tuple[int, Fact]]], names: Iterable[str]) -> tuple[Fact, ...]:
    mine = [entry for name in dict.fromkeys(names) for entry in groups.get(name, ())]
    return tuple(fact for _, fact in sorted(mine, key=lambda entry: entry[0]))


def _lang(checkout: Checkout, name: str, by_place: Mapping[str, tuple[Fact, ...]]) -> str:
    """The language of the directory; if several languages or none have one, that of the rows and the Makefile's
    type."""
    there = [key for key, language in languages().items() if checkout.is_dir(language.directory_of(name))]
    if len(there) == 1:
        return there[0]
    rows = [fact for fact in by_place.get("matrix", ()) if fact.kind == "row"]
    langs = [lang_of_row(fact.value) for fact in rows]
    types = [str(fact.value[1]) for fact in by_place.get("makefile", ()) if fact.kind == "define"]
    langs += [key for key, language in languages().items() if language.makefile_type in types]
    known = [lang for lang in langs if lang in languages()]
    return (known or there or [next(iter(languages()))])[0]
