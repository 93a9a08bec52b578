"""What the rules look at: the facts of every place, grouped by backend, over one checkout.

Lazy: nothing is read before a rule asks. Works the same on a tree with planned changes laid over it
and on a revision read out of git.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import yaml

from newbackend.checkout.filter_engine import FilterUnavailable
from newbackend.checkout.layout import BUMP, INDEX, MATRIX, Layout, layout_of
from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError
from newbackend.registrations import places
from newbackend.registrations.base import Fact, Place, Probe
from newbackend.registrations.bump_bot.place import KEYS
from newbackend.registrations.support.yaml_files import document, sequence
from newbackend.splice.yaml_list import Item, YamlBroken, node_at

DEV = "-development"
LANG_DIRS = ("python", "go", "cpp", "rust")
_TAG = re.compile(r":(latest|master)(-[^:/@]*)?\Z")
_LANG_OF_TYPE = {"python": "python", "golang": "go", "rust": "rust"}


@dataclass(frozen=True)
class Image:
    """An image reference taken apart: `channel` is latest or master, `suffix` the row's tag suffix."""

    channel: str
    suffix: str


def capabilities_of(meta: Fact) -> Mapping[str, Any]:
    """The capability map of a meta; empty when it is not a map."""
    found = meta.value.get("capabilities")
    return found if isinstance(found, dict) else {}


def image_of(uri: Any) -> Image | None:
    """The channel and tag suffix of a gallery uri, or None for one of another form."""
    return _image(uri) if isinstance(uri, str) else None


@lru_cache(maxsize=16384)
def _image(uri: str) -> Image | None:
    match = _TAG.search(uri)
    return Image(match[1], match[2] or "") if match else None


@dataclass(frozen=True)
class BackendInfo:
    """Everything that the checkout says about one backend; every tuple may be empty.

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
    bumps: tuple[Fact, ...] = ()
    routes: tuple[Fact, ...] = ()
    more: Mapping[str, tuple[Fact, ...]] = field(default_factory=dict)

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

    def where(self) -> tuple[str, int]:
        """A line to point at when nothing better is known: first row, else meta, else definition."""
        for facts in (self.rows, self.darwin, self.metas, self.makefile, self.entries):
            if facts:
                return facts[0].path, facts[0].line
        return (self.directory or "backend"), 1


class Context:
    """One checkout as the rules see it."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self._probes: dict[str, Probe] = {}
        self._facts: dict[str, tuple[Fact, ...]] = {}
        self._by_line: dict[str, Mapping[int, Item]] = {}
        self._splits: dict[str, list[str]] = {}

    @cached_property
    def layout(self) -> Layout:
        """The probed features."""
        return layout_of(self.checkout)

    @cached_property
    def places(self) -> Mapping[str, Place]:
        """Every registration place by id."""
        return {place.id: place for place in places()}

    def probe(self, place: str) -> Probe:
        """Whether a place can be read. Never raises: a file that is not text is `unrecognised`."""
        if place not in self._probes:
            self._probes[place] = self._looked(self.places[place])
        return self._probes[place]

    def _looked(self, place: Place) -> Probe:
        """The probe of a place whose facts could be read as well, or why not."""
        try:
            probe = place.probe(self.checkout)
            if probe.usable:
                self._facts[place.id] = place.observe(self.checkout)
        except NewbackendError as error:
            return Probe(unrecognised=error.message, line=_line_in(error.where))
        except YamlBroken as error:
            return Probe(unrecognised=f"is not valid YAML: {error.problem}", line=error.line)
        except FilterUnavailable as error:
            return Probe(unrecognised=str(error))
        except Exception as error:  # a shape that the place never met must not stop the other places
            return Probe(unrecognised=f"is of a shape never seen ({type(error).__name__}: {error})")
        return probe

    def facts(self, place: str) -> tuple[Fact, ...]:
        """All facts of a place; empty when it cannot be read (`probe` says why)."""
        return self._facts.get(place, ()) if self.probe(place).usable else ()

    def read(self, path: str) -> str | None:
        """Text of a file, or None when it is missing. Raises UsageError when it is not text."""
        return self.checkout.read(path)

    def field_line(self, fact: Fact, key: str) -> int:
        """The line of one field of a YAML fact; the entry's first line when it does not have the field."""
        item = self._items(fact.path).get(fact.line)
        found = item.fields.get(key) if item else None
        return found.line if found else fact.line

    def capability_line(self, meta: Fact, key: str) -> int:
        """The line of one key of a meta's capability map."""
        text = self.checkout.need(meta.path)
        if meta.path not in self._splits:
            self._splits[meta.path] = text.split("\n")
        lines = self._splits[meta.path]
        start = self.field_line(meta, "capabilities")
        indent = len(lines[start - 1]) - len(lines[start - 1].lstrip(" -"))
        for number in range(start, len(lines)):
            row = lines[number]
            if row.strip() and not row.lstrip().startswith("#") and len(row) - len(row.lstrip()) <= indent:
                break
            if row.strip().startswith((f"{key}:", f'"{key}":', f"'{key}':")):
                return number + 1
        return start

    def _items(self, path: str) -> Mapping[int, Item]:
        """List items of the YAML places by the line of their dash."""
        if path not in self._by_line:
            lists = [sequence(self.checkout, path, keys) for keys in _LISTS.get(path, ())]
            self._by_line[path] = {item.line: item for found in lists if found for item in found.items}
        return self._by_line[path]

    def repeated_keys(self, place: str) -> Iterator[tuple[Fact, str, int]]:
        """Facts of a YAML place whose entry, or a mapping in it, has a key twice: with the key and its line."""
        if not self.probe(place).usable:
            return
        path = self.places[place].path(self.checkout)
        root = document(self.checkout, path)
        facts = {fact.line: fact for fact in self.facts(place)}
        for keys in _LISTS[path]:
            node = node_at(root, keys) if isinstance(root, yaml.Node) else None
            for child in node.value if isinstance(node, yaml.SequenceNode) else ():
                line = child.start_mark.line + 1
                for key, at in _repeated(child):
                    fact = facts.get(line) or facts.get(line - 1)
                    if fact:
                        yield fact, key, at

    @cached_property
    def directories(self) -> Mapping[str, str]:
        """Backend directories by name: those below `backend/<lang>/` that LocalAI could run."""
        found: dict[str, str] = {}
        for lang in LANG_DIRS:
            for name in self.checkout.children(f"backend/{lang}"):
                path = f"backend/{lang}/{name}"
                if self.checkout.exists(f"{path}/run.sh"):
                    found.setdefault(name, path)
        return found

    @cached_property
    def rows_by_suffix(self) -> Mapping[str, tuple[Fact, ...]]:
        """Linux and macOS rows by tag suffix."""
        found: dict[str, list[Fact]] = defaultdict(list)
        for fact in self.facts("matrix"):
            found[str(fact.value.get("tag-suffix") or "")].append(fact)
        return {suffix: tuple(rows) for suffix, rows in found.items()}

    @cached_property
    def gallery_names(self) -> Mapping[str, str]:
        """Gallery family (the meta's name) -> backend: by the rows that build its images."""
        votes: dict[str, Counter[str]] = defaultdict(Counter)
        for fact in self.facts("gallery-index"):
            family = votes[fact.backend]
            image = image_of(fact.value.get("uri"))
            for row in self.rows_by_suffix.get(image.suffix, ()) if image else ():
                family[row.backend] += 1
        known = {fact.backend for fact in self.facts("matrix")} | set(self.directories)
        return {
            name: name if name in known or not count else count.most_common(1)[0][0] for name, count in votes.items()
        }

    def owner_of(self, fact: Fact) -> str:
        """The backend of a gallery fact: the one whose row builds the image, else that of its family. An
        entry that merges another backend's anchor by mistake still belongs to its own."""
        image = image_of(fact.value.get("uri")) if fact.kind == "entry" else None
        rows = self.rows_by_suffix.get(image.suffix, ()) if image and image.suffix else ()
        family = self.gallery_names.get(fact.backend, fact.backend)
        builders = {row.backend: None for row in rows}
        return family if family in builders or not builders else next(iter(builders))

    @cached_property
    def backends(self) -> Mapping[str, BackendInfo]:
        """Every backend that any place speaks of, by name, sorted."""
        groups: dict[str, dict[str, list[Fact]]] = defaultdict(lambda: defaultdict(list))
        for place in self.places:
            for fact in self.facts(place):
                name = self.owner_of(fact) if place == "gallery-index" else fact.backend
                if name:
                    groups[name][place].append(fact)
        names = set(self.directories) | {
            name
            for name, by_place in groups.items()
            if "matrix" in by_place
            or "gallery-index" in by_place
            or any(fact.kind == "define" for fact in by_place.get("makefile", ()))
        }
        gallery = {backend: name for name, backend in self.gallery_names.items() if name != backend}
        return {name: self._info(name, gallery.get(name, name), groups[name]) for name in sorted(names)}

    def _info(self, name: str, gallery: str, by_place: Mapping[str, Sequence[Fact]]) -> BackendInfo:
        def of(place: str, *kinds: str) -> tuple[Fact, ...]:
            return tuple(fact for fact in by_place.get(place, ()) if not kinds or fact.kind in kinds)

        directory = self.directories.get(name, "")
        rows, makefile = of("matrix", "row"), of("makefile")
        return BackendInfo(
            name=name,
            lang=directory.split("/")[1] if directory else _lang(rows, makefile),
            directory=directory,
            gallery=gallery,
            rows=rows,
            darwin=of("matrix", "darwin"),
            metas=of("gallery-index", "meta"),
            entries=of("gallery-index", "entry"),
            makefile=makefile,
            bumps=of("bump-bot"),
            routes=of("path-filter"),
            more={place: tuple(facts) for place, facts in by_place.items() if place not in _NAMED},
        )


_LISTS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    MATRIX: (("include",), ("includeDarwin",)),
    INDEX: ((),),
    BUMP: (KEYS,),
}


def _repeated(node: Any) -> Iterator[tuple[str, int]]:
    """Keys that a mapping node, or a mapping right inside it, has more than once."""
    if not isinstance(node, yaml.MappingNode):
        return
    if len({key.value for key, _ in node.value}) != len(node.value):
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen and key.value != "<<":
                yield str(key.value), key.start_mark.line + 1
            seen.add(key.value)
    for _, value in node.value:
        if value.__class__ is yaml.MappingNode and value.start_mark.line >= node.start_mark.line:
            yield from _repeated(value)


_NAMED = frozenset(("matrix", "gallery-index", "makefile", "bump-bot", "path-filter"))


def _lang(rows: Sequence[Fact], makefile: Sequence[Fact]) -> str:
    """The language that the registrations speak of, for a backend without a directory; "" when none."""
    from newbackend.registrations.matrix.place import lang_of_dockerfile

    if rows:
        return lang_of_dockerfile(str(rows[0].value.get("dockerfile") or ""))
    for fact in makefile:
        if fact.kind == "define":
            return _LANG_OF_TYPE.get(str(fact.value[1]), "cpp")
    return ""


def _line_in(where: str) -> int:
    tail = where.rpartition(":")[2]
    return int(tail) if tail.isdigit() else 1
