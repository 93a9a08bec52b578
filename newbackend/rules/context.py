"""The input of the rules: the facts of every place in one checkout, grouped by backend.

Lazy: nothing is read before a rule needs it. Works on a checkout, on planned changes, and on a git revision.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property

from newbackend.catalog.languages import languages
from newbackend.checkout.filter_engine import FilterUnavailable
from newbackend.checkout.layout import Layout, layout_of
from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError
from newbackend.registrations import places
from newbackend.registrations.base import Fact, Place, Probe
from newbackend.rules.backend import PLACES, BackendInfo, backend_info
from newbackend.rules.gallery import image_of
from newbackend.rules.yaml_lines import YamlLines
from newbackend.splice.yaml_nodes import YamlBroken


class Context:
    """One checkout as the rules see it; with `only`, no more than these places are read.

    `new` are the backends that are judged by the whole checklist.
    """

    def __init__(self, checkout: Checkout, only: Collection[str] = (), *, new: Iterable[str] = ()) -> None:
        self.checkout = checkout
        self._only = only
        self.new = frozenset(new)
        self.lines = YamlLines(checkout)
        self._probes: dict[str, Probe] = {}
        self._facts: dict[str, tuple[Fact, ...]] = {}

    @cached_property
    def layout(self) -> Layout:
        """The probed features."""
        return layout_of(self.checkout)

    @cached_property
    def places(self) -> Mapping[str, Place]:
        """Every registration place by id."""
        return {place.id: place for place in places() if not self._only or place.id in self._only}

    def probe(self, place: str) -> Probe:
        """Whether a place can be read. Never raises: a file that is not text is `unrecognised`."""
        if place not in self._probes:
            self._probes[place] = self._read(self.places[place])
        return self._probes[place]

    def _read(self, place: Place) -> Probe:
        """The probe of a place whose facts could be read as well, or why not."""
        try:
            probe = place.probe(self.checkout)
            if probe.usable:
                self._facts[place.id] = place.observe(self.checkout)
        except NewbackendError as error:
            not_text = error.code == "file-not-utf8"
            return Probe(unrecognised=error.message, line=_line_in(error.where), defect=not_text)
        except YamlBroken as error:
            return Probe(unrecognised=f"is not valid YAML: {error.problem}", line=error.line, defect=True)
        except FilterUnavailable as error:
            return Probe(unrecognised=str(error))
        except Exception as error:  # a shape that the place does not support must not stop the other places
            return Probe(unrecognised=f"is of a shape never seen ({type(error).__name__}: {error})")
        return probe

    def facts(self, place: str) -> tuple[Fact, ...]:
        """All facts of a place; empty when it cannot be read (`probe` says why)."""
        return self._facts.get(place, ()) if self.probe(place).usable else ()

    def last_line(self, place: str, kind: str = "") -> int:
        """The line of a place's last fact, of one kind if given: where another would go. 1 when there is none."""
        return max((fact.line for fact in self.facts(place) if not kind or fact.kind == kind), default=1)

    def read(self, path: str) -> str | None:
        """Text of a file, or None when it is missing. Raises UsageError when it is not text."""
        return self.checkout.read(path)

    @cached_property
    def directories(self) -> Mapping[str, str]:
        """Backend directories by name: those below `backend/<lang>/` that LocalAI could run."""
        directories: dict[str, str] = {}
        for language in languages().values():
            for name in self.checkout.children(language.folder):
                path = language.directory_of(name)
                if self.checkout.exists(f"{path}/run.sh"):
                    directories.setdefault(name, path)
        return directories

    @cached_property
    def rows_by_suffix(self) -> Mapping[str, tuple[Fact, ...]]:
        """Linux and macOS rows by tag suffix."""
        by_suffix: dict[str, list[Fact]] = defaultdict(list)
        for fact in self.facts("matrix"):
            by_suffix[str(fact.value.get("tag-suffix") or "")].append(fact)
        return {suffix: tuple(rows) for suffix, rows in by_suffix.items()}

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
        """Every backend in any place, by name, sorted."""
        groups: dict[str, dict[str, list[Fact]]] = defaultdict(lambda: defaultdict(list))
        for place in PLACES:
            for fact in self.facts(place) if place in self.places else ():
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
        return {
            name: backend_info(name, self.directories.get(name, ""), gallery.get(name, name), groups[name])
            for name in sorted(names)
        }

    def known(self, name: str) -> str:
        """The name when it is a backend, else "": what a finding's `backend` may be."""
        return name if name in self.backends else ""


def _line_in(where: str) -> int:
    tail = where.rpartition(":")[2]
    return int(tail) if tail.isdigit() else 1
