"""The drop-in path of an existing importer: a backend that reads the same models as another one.

The guide, "Importer integration", 2: it has no importer of its own. The other importer's `AdditionalBackends()` names
it, and so do the lists of names in that importer's `Match` and `Import`. Tests that compare the whole list are updated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from newbackend.catalog.import_kinds import DEFAULT_IMPORT
from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Change, ExpectedFact, Fact, NewFile, Place, Probe
from newbackend.registrations.importer_registry.place import rendered
from newbackend.registrations.manual import Manual
from newbackend.registrations.support.go_files import drop_element, go_file
from newbackend.registrations.support.import_choice import import_choice
from newbackend.registrations.support.importers_dir import (
    FOLDER,
    REGISTRY,
    VARIABLE,
    Importer,
    additional_backends,
    importer_of,
    importers,
)
from newbackend.registrations.support.siblings import kinds_of
from newbackend.spec import BackendSpec
from newbackend.splice.golang import GoFile, go_string
from newbackend.splice.golang_lists import Spot, calls, spots
from newbackend.splice.lines import Lines
from newbackend.splice.operation import Operation, add_lines, add_word, anchor_missing
from newbackend.splice.outcome import AlreadyPresent, AnchorMissing, Inserted, Splice

_RULES = ("REG601",)
_CODE_RULES = ("REG610",)
_SEPARATOR = {"case": r"\s*(?:,|:|\bcase)\s*", "or": r"\s*(?:\|\||[(){}])\s*", "call": r"\s*[(),]\s*"}
_METHODS = ("Match", "Import")


class ImporterDropIn(Place):
    """A name in another importer's lists."""

    id = "importer-drop-in"
    title = "drop-in backends of importers"
    order = 140
    file = REGISTRY
    takes_facts = True

    def probe(self, checkout: Checkout) -> Probe:
        text = checkout.read(REGISTRY)
        if text is None or "AdditionalBackendsProvider" not in text:
            return Probe(absent=f"{FOLDER} has no importers that speak for drop-ins")
        return Probe()

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        facts = []
        for importer in importers(checkout):
            if "AdditionalBackends()" not in (checkout.read(importer.path) or ""):
                continue
            names = go_file(checkout, importer.path).returned("AdditionalBackends", importer.type_name)
            for element in names.elements if names else ():
                name = str(element.fields.get("Name") or "")
                value = {**element.fields, "of": importer.backend}
                key = f"drop-in:{importer.backend}:{name}"
                facts.append(Fact("drop-in", key, name, value, importer.path, element.first + 1))
        return facts

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        choice = import_choice(spec)
        if choice.kind != "drop-in":
            return ()
        value = {"Name": spec.name, "Modality": choice.modality, "Description": choice.description, "of": choice.of}
        reason = f"{spec.name} imports what {choice.of} imports"
        key = f"drop-in:{choice.of}:{spec.name}"
        return [ExpectedFact("drop-in", key, value, reason, _RULES, "drop-in")]

    def tasks(self, checkout: Checkout, spec: BackendSpec) -> Iterable[Manual]:
        """An importer, or another's, where most backends that serve the same are found by one and this one is not."""
        kind = next(iter(kinds_of(checkout, spec.name)), None)
        if kind is None or import_choice(spec).kind != DEFAULT_IMPORT:
            return
        there = {importer.backend for importer in importers(checkout)}
        found = kind.members & (there | {fact.backend for fact in self.observe(checkout)})
        if len(found) * 2 > len(kind.members):
            count = f"{len(found)} of {len(kind.members)} other {kind.title}"
            reason = f"importers find the models of {count}; users have to choose {spec.name} by hand"
            change = f"newbackend change {spec.name} --set import.kind=importer --set 'import.extensions=[.EXTENSION]'"
            yield Manual(REGISTRY, _list_line(checkout), change, reason, self.id, needed=False)

    def same(self, wanted: Any, observed: Any) -> bool:
        return all(wanted[key] == observed.get(key) for key in ("Name", "Modality", "of"))

    def from_answers(self, spec: BackendSpec, key: str, value: Any) -> Any:
        if not isinstance(value, Mapping) or set(value) != {"Name", "Modality", "Description", "of"}:
            raise self.refuse_fact(key, "must have Name, Modality, Description and of")
        if value["Name"] != spec.name or key != f"drop-in:{value['of']}:{spec.name}":
            raise self.refuse_fact(key, f"is not about {spec.name}")
        return dict(value)

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        for wanted in missing:
            host = importer_of(checkout, str(wanted.value["of"]))
            names = _names(checkout, host) if host else None
            if host is None or names is None:
                why = f"no importer of {wanted.value['of']} with a plain list of AdditionalBackends was found"
                yield self._change(host.path if host else REGISTRY, anchor_missing(why), wanted)
                continue
            yield from self._named(checkout, host, names, wanted)
            yield from self._tested(checkout, names, wanted)

    def _named(
        self, checkout: Checkout, host: Importer, names: Sequence[str], wanted: ExpectedFact
    ) -> Iterable[Change]:
        file = go_file(checkout, host.path)
        entries = file.returned("AdditionalBackends", host.type_name)
        assert entries is not None  # the caller has seen its names
        last = entries.elements[-1].last if entries.elements else entries.opening
        yield self._change(host.path, add_lines(file.lines, last, self.text(wanted)), wanted)
        reason = f"{host.type_name} lets {wanted.value['Name']} through"
        spots = _spots(file, host, names)
        if not spots:
            why = f"{host.type_name} nowhere lists the names of its drop-ins"
            yield self._change(host.path, anchor_missing(why), replace(wanted, reason=reason))
        for spot in spots:
            grown = replace(wanted, reason=reason, rules=_CODE_RULES)
            yield self._change(host.path, _add_name(file.lines, spot, wanted), grown)

    def _tested(self, checkout: Checkout, names: Sequence[str], wanted: ExpectedFact) -> Iterable[Change]:
        """Existing tests that compare the extended list."""
        for path in _tests(checkout):
            file = go_file(checkout, path)
            for spot in calls(file, "ConsistOf"):
                if sorted(spot.words) == sorted(names):
                    pinned = replace(wanted, reason="the test that pins the list of drop-ins", rules=())
                    yield self._change(path, _add_name(file.lines, spot, wanted), pinned)

    def _change(self, path: str, operation: Operation, wanted: ExpectedFact) -> Change:
        snippet = self.snippet([wanted])
        return Change(self.id, path, operation.outcome, wanted.reason, wanted.rules, snippet, operation.proofs)

    def there(self, checkout: Checkout, wanted: ExpectedFact, fact: Fact) -> Change:
        return self._change(fact.path, Operation(AlreadyPresent(fact.line)), wanted)

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        for fact in self.observe(checkout):
            if fact.backend != name:
                continue
            host = importer_of(checkout, str(fact.value["of"]))
            names = additional_backends(checkout, host) if host else None
            if host is None or names is None:
                continue
            file = go_file(checkout, host.path)
            entries = file.returned("AdditionalBackends", host.type_name)
            for element in entries.elements if entries else ():
                if element.fields.get("Name") == name:
                    gone = drop_element(file.lines, element, [name]).outcome
                    yield Change(self.id, host.path, gone, f"{name} among the drop-ins of {host.backend}", _RULES)
            for spot in _spots(file, host, names):
                if name in spot.words:
                    yield self._shrunk(file, host.path, spot, name)
            for path in _tests(checkout):
                for spot in calls(go_file(checkout, path), "ConsistOf"):
                    if sorted(spot.words) == sorted(names):
                        yield self._shrunk(go_file(checkout, path), path, spot, name)

    def _shrunk(self, file: GoFile, path: str, spot: Spot, name: str) -> Change:
        """Removes a name from a list on one line, with the separator before it."""
        word = go_string(name)
        line, start = file.lines[spot.line], file.lines.starts[spot.line]
        pieces = (f" || {spot.subject} == {word}",) if spot.kind == "or" else (f", {word}", f"{word}, ")
        reason = f"{name} in a list of drop-ins"
        for piece in pieces:
            at = line.rfind(piece, 0, spot.offset - start + len(piece))
            if at != -1:
                splice = Splice(start + at, start + at + len(piece), "")
                return Change(self.id, path, Inserted((splice,), spot.line + 1), reason, _RULES)
        why = f"{name} is the only one in its list, so the list has to go by hand"
        return Change(self.id, path, AnchorMissing(why, spot.line + 1), reason, _RULES)

    def files(self, checkout: Checkout, spec: BackendSpec) -> Mapping[str, NewFile]:
        choice = import_choice(spec)
        host = importer_of(checkout, choice.of) if choice.kind == "drop-in" else None
        if host is None or additional_backends(checkout, host) is None:
            return {}  # nothing is edited then, so there is nothing to test
        if "HuggingFace" not in checkout.need(REGISTRY):
            return {}
        data = {"name": spec.name, "host": host.type_name, "of": host.backend, "modality": choice.modality}
        text = rendered("importer_drop_in_test.go.jinja", {**data, "go": go_string})
        return {_test_file(spec.name): NewFile(0o644, text, f"{spec.name} is tested as a drop-in", ())}

    def own_files(self, checkout: Checkout, name: str) -> Sequence[str]:
        mine = any(fact.backend == name for fact in self.observe(checkout))
        path = _test_file(name)
        return [path] if mine and checkout.exists(path) and importer_of(checkout, name) is None else []

    def text(self, wanted: ExpectedFact) -> list[str]:
        fields = (go_string(str(wanted.value[key])) for key in ("Name", "Modality", "Description"))
        return ["\t\t{{Name: {}, Modality: {}, Description: {}}},".format(*fields)]


def _names(checkout: Checkout, host: Importer) -> tuple[str, ...] | None:
    """The drop-ins of a host; empty for a list on lines of its own that names none (any more)."""
    names = additional_backends(checkout, host)
    entries = None if names is not None else go_file(checkout, host.path).returned("AdditionalBackends", host.type_name)
    return () if entries is not None and not entries.elements and entries.opening < entries.closing else names


def _add_name(lines: Lines, spot: Spot, wanted: ExpectedFact) -> Operation:
    """The drop-in's name in a list on one line."""
    word = go_string(str(wanted.value["Name"]))
    if spot.kind == "or":
        return add_word(lines, spot.offset, f"{spot.subject} == {word}", glue=" || ", separator=_SEPARATOR["or"])
    return add_word(lines, spot.offset, word, glue=", ", separator=_SEPARATOR[spot.kind])


def _spots(file: GoFile, host: Importer, names: Sequence[str]) -> list[Spot]:
    """Where the importer lists its drop-ins: only lists of nothing else than them and itself."""
    known = {*names, host.backend}
    lists = [spot for method in _METHODS for spot in spots(file, method, host.type_name)]
    return [spot for spot in lists if set(spot.words) & set(names) and set(spot.words) <= known]


def _tests(checkout: Checkout) -> list[str]:
    paths = [f"{FOLDER}/{name}" for name in checkout.children(FOLDER) if name.endswith("_test.go")]
    return [path for path in paths if "ConsistOf(" in (checkout.read(path) or "")]


def _test_file(name: str) -> str:
    return f"{FOLDER}/{name}_drop_in_test.go"


def _list_line(checkout: Checkout) -> int:
    """The line of the list of importers."""
    listed = go_file(checkout, REGISTRY).variable(VARIABLE)
    return listed.opening + 1 if listed else 1


PLACE = ImporterDropIn()
