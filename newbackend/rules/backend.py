"""One backend as input of the rules: its facts in every place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from newbackend.catalog.languages import UNKNOWN, Language, language_table, languages
from newbackend.records import dataclass
from newbackend.registrations.base import Fact
from newbackend.registrations.gallery_index.entries import DEV
from newbackend.registrations.matrix.place import lang_of_row

PLACES = ("matrix", "gallery-index", "makefile", "path-filter")
"""The places whose facts a `BackendInfo` has."""


@dataclass(frozen=True)
class BackendInfo:
    """All facts about one backend in the checkout; every tuple may be empty.

    `directory` is `backend/<lang>/<name>`, or "" when there is none. `gallery` is its name in the
    gallery when that differs (matrix `depth-anything-cpp`, gallery `depth-anything`), else `name`.
    `metas` holds production and development metas; `routes` the path filter's answers per row.
    """

    name: str
    lang: str
    directory: str
    gallery: str
    rows: tuple[Fact, ...] = ()
    darwin: tuple[Fact, ...] = ()
    metas: tuple[Fact, ...] = ()
    entries: tuple[Fact, ...] = ()
    makefile: tuple[Fact, ...] = ()
    routes: tuple[Fact, ...] = ()

    @cached_property
    def language(self) -> Language:
        """Its language; `UNKNOWN` when nothing shows it."""
        return languages().get(self.lang, UNKNOWN)

    @property
    def images(self) -> tuple[Fact, ...]:
        """Linux and macOS rows."""
        return self.rows + self.darwin

    @property
    def meta(self) -> Fact | None:
        """The production meta."""
        return next((fact for fact in self.metas if not str(fact.value.get("name")).endswith(DEV)), None)

    @property
    def dev_meta(self) -> Fact | None:
        """The development meta."""
        return next((fact for fact in self.metas if str(fact.value.get("name")).endswith(DEV)), None)

    def makefile_facts(self, kind: str) -> tuple[Fact, ...]:
        """Facts of the root Makefile of one kind: `define`, `eval`, `.NOTPARALLEL`, …"""
        return tuple(fact for fact in self.makefile if fact.kind == kind)


def backend_info(name: str, directory: str, gallery: str, by_place: Mapping[str, Sequence[Fact]]) -> BackendInfo:
    """A backend from its facts by place id."""

    def of(place: str, *kinds: str) -> tuple[Fact, ...]:
        return tuple(fact for fact in by_place.get(place, ()) if not kinds or fact.kind in kinds)

    rows, makefile = of("matrix", "row"), of("makefile")
    return BackendInfo(
        name=name,
        lang=language_table().of_path(directory).id if directory else _lang(rows, makefile),
        directory=directory,
        gallery=gallery,
        rows=rows,
        darwin=of("matrix", "darwin"),
        metas=of("gallery-index", "meta"),
        entries=of("gallery-index", "entry"),
        makefile=makefile,
        routes=of("path-filter"),
    )


def _lang(rows: Sequence[Fact], makefile: Sequence[Fact]) -> str:
    """The language in the registrations, for a backend without a directory; "" when there is none."""
    if rows:
        return lang_of_row(rows[0].value)
    for fact in makefile:
        if fact.kind == "define":
            return language_table().of_makefile_type(str(fact.value[1])).id
    return ""
