"""The drop-in path of an existing importer: a backend that reads the same models as another one.

The guide, "Importer integration", 2: no importer of its own; the other's `AdditionalBackends()` names it,
and wherever that importer's `Match` and `Import` list such names, it is on the list. Tests that pin the
whole list are kept true.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Change, ExpectedFact, Fact, NewFile, Place, Probe, rules_of
from newbackend.registrations.importer_registry.place import rendered
from newbackend.registrations.support.go_files import go_file, put_after, without
from newbackend.registrations.support.import_choice import import_choice
from newbackend.registrations.support.importers_dir import (
    FOLDER,
    REGISTRY,
    Importer,
    additional_backends,
    importer_of,
    importers,
)
from newbackend.spec import BackendSpec
from newbackend.splice.golang import GoFile, Spot, go_string
from newbackend.splice.outcome import AlreadyPresent, AnchorMissing, Inserted, Outcome, Splice
from newbackend.splice.prove import GrownLine

_RULES = ("REG601",)
_CODE_RULES = ("REG610",)
_SEPARATOR = {"case": r"\s*(?:,|:|\bcase)\s*", "or": r"\s*(?:\|\||[(){}])\s*", "call": r"\s*[(),]\s*"}
_METHODS = ("Match", "Import")


class ImporterDropIn(Place):
    """A name in another importer's lists."""

    id = "importer-drop-in"
    title = "drop-in backends of importers"
    order = 140
    takes_facts = True

    def path(self, checkout: Checkout) -> str:
        return REGISTRY

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
            found = go_file(checkout, importer.path).returned("AdditionalBackends", importer.type_name)
            for element in found.elements if found else ():
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

    def same(self, wanted: Any, found: Any) -> bool:
        return all(wanted[key] == found.get(key) for key in ("Name", "Modality", "of"))

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
                path = host.path if host else REGISTRY
                yield self._change(path, AnchorMissing(why), wanted, wanted.reason)
                continue
            yield from self._named(checkout, host, names, wanted)
            yield from self._tested(checkout, names, wanted)

    def _named(
        self, checkout: Checkout, host: Importer, names: Sequence[str], wanted: ExpectedFact
    ) -> Iterable[Change]:
        file = go_file(checkout, host.path)
        found = file.returned("AdditionalBackends", host.type_name)
        assert found is not None  # the caller has seen its names
        row = "\t\t" + _entry(wanted.value)
        if found.elements:
            outcome: Outcome = put_after(file.lines, found.elements[-1], [row])
        else:
            at, text = file.lines.after(found.opening, [row])
            outcome = Inserted((Splice(at, at, text),), found.opening + 2)
        yield self._change(host.path, outcome, wanted, wanted.reason)
        spots = _spots(file, host, names)
        if not spots:
            why = f"{host.type_name} nowhere lists the names of its drop-ins"
            yield self._change(
                host.path, AnchorMissing(why), wanted, f"{host.type_name} lets {spec_name(wanted)} through"
            )
        for spot in spots:
            reason = f"{host.type_name} lets {spec_name(wanted)} through"
            yield self._grown(host.path, spot, wanted, reason, _CODE_RULES)

    def _tested(self, checkout: Checkout, names: Sequence[str], wanted: ExpectedFact) -> Iterable[Change]:
        """Existing tests that pin exactly the list that has just grown."""
        for path in _tests(checkout):
            for spot in go_file(checkout, path).calls("ConsistOf"):
                if sorted(spot.words) == sorted(names):
                    yield self._grown(path, spot, wanted, "the test that pins the list of drop-ins", ())

    def _grown(self, path: str, spot: Spot, wanted: ExpectedFact, reason: str, rules: tuple[str, ...]) -> Change:
        word = go_string(str(wanted.value["Name"]))
        added = f"{spot.subject} == {word}" if spot.kind == "or" else word
        text = f" || {added}" if spot.kind == "or" else f", {added}"
        proof = GrownLine(spot.line + 1, _SEPARATOR[spot.kind], (added,))
        outcome = Inserted((Splice(spot.offset, spot.offset, text),), spot.line + 1)
        return Change(self.id, path, outcome, reason, rules, self.snippet([wanted]), (proof,))

    def _change(self, path: str, outcome: Outcome, wanted: ExpectedFact, reason: str) -> Change:
        return Change(self.id, path, outcome, reason, rules_of([wanted]), self.snippet([wanted]))

    def _there(self, path: str, wanted: ExpectedFact, fact: Fact) -> Change:
        outcome: Outcome = AlreadyPresent(fact.line)
        return self._change(fact.path, outcome, wanted, wanted.reason)

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        for fact in self.observe(checkout):
            if fact.backend != name:
                continue
            host = importer_of(checkout, str(fact.value["of"]))
            names = additional_backends(checkout, host) if host else None
            if host is None or names is None:
                continue
            file = go_file(checkout, host.path)
            found = file.returned("AdditionalBackends", host.type_name)
            for element in found.elements if found else ():
                if element.fields.get("Name") == name:
                    outcome = without(file.lines, element, [name])
                    yield Change(self.id, host.path, outcome, f"{name} among the drop-ins of {host.backend}", _RULES)
            for spot in _spots(file, host, names):
                if name in spot.words:
                    yield self._shrunk(file, host.path, spot, name)
            for path in _tests(checkout):
                for spot in go_file(checkout, path).calls("ConsistOf"):
                    if sorted(spot.words) == sorted(names):
                        yield self._shrunk(go_file(checkout, path), path, spot, name)

    def _shrunk(self, file: GoFile, path: str, spot: Spot, name: str) -> Change:
        """A name taken out of a list on one line, with the separator in front of it."""
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

    def snippet(self, wanted: Sequence[ExpectedFact]) -> str:
        return "\n".join("\t\t" + _entry(one.value) for one in wanted)


def _names(checkout: Checkout, host: Importer) -> tuple[str, ...] | None:
    """The drop-ins of a host; empty for a list on lines of its own that names none (any more)."""
    names = additional_backends(checkout, host)
    found = None if names is not None else go_file(checkout, host.path).returned("AdditionalBackends", host.type_name)
    return () if found is not None and not found.elements and found.opening < found.closing else names


def spec_name(wanted: ExpectedFact) -> str:
    """The backend that a wanted fact is about."""
    return str(wanted.value["Name"])


def _entry(value: Any) -> str:
    name, modality, text = (go_string(str(value[key])) for key in ("Name", "Modality", "Description"))
    return f"{{Name: {name}, Modality: {modality}, Description: {text}}},"


def _spots(file: GoFile, host: Importer, names: Sequence[str]) -> list[Spot]:
    """Where the importer lists its drop-ins: only lists of nothing else than them and itself."""
    known = {*names, host.backend}
    found = [spot for method in _METHODS for spot in file.spots(method, host.type_name)]
    return [spot for spot in found if set(spot.words) & set(names) and set(spot.words) <= known]


def _tests(checkout: Checkout) -> list[str]:
    paths = [f"{FOLDER}/{name}" for name in checkout.children(FOLDER) if name.endswith("_test.go")]
    return [path for path in paths if "ConsistOf(" in (checkout.read(path) or "")]


def _test_file(name: str) -> str:
    return f"{FOLDER}/{name}_drop_in_test.go"


PLACE = ImporterDropIn()
