"""`knownPrefOnlyBackends` in core/http/endpoints/localai/backend.go.

A backend that is neither here nor in an importer is not in the import form.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from newbackend.catalog.import_kinds import WITHOUT_MODELS
from newbackend.catalog.registries import registries
from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Altered, Change, ExpectedFact, Fact, Place, Probe
from newbackend.registrations.support.alter_item import merged_fields
from newbackend.registrations.support.go_files import drop_element, elements, go_file, probe_variable, set_fields
from newbackend.registrations.support.import_choice import import_choice
from newbackend.spec import BackendSpec
from newbackend.splice.golang import go_string
from newbackend.splice.operation import Operation, add_lines, drop_lines
from newbackend.splice.outcome import AlreadyPresent

PATH = "core/http/endpoints/localai/backend.go"
VARIABLE = "knownPrefOnlyBackends"
_NOTE = " (preference-only)"


class KnownBackends(Place):
    """One line per backend that users choose by hand."""

    id = "known-backends"
    title = "backends known to the import form"
    order = 120
    file = PATH
    takes_facts = True

    def shape(self, checkout: Checkout, text: str) -> Probe:
        return probe_variable(checkout, PATH, VARIABLE)

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        return [
            Fact(
                "known", f"known:{element.fields.get('Name')}", str(element.fields.get("Name") or ""), value, PATH, line
            )
            for element in elements(checkout, PATH, VARIABLE)
            for value, line in ((dict(element.fields), element.first + 1),)
        ]

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        choice = import_choice(spec)
        if choice.kind != "preference" or set(spec.modalities) <= WITHOUT_MODELS:
            return ()
        text = choice.description if choice.description.endswith(")") else choice.description + _NOTE
        value = {"Name": spec.name, "Modality": choice.modality, "AutoDetect": "false", "Description": text}
        reason = f"{spec.name} can be chosen in the import form"
        return [ExpectedFact("known", f"known:{spec.name}", value, reason, ("REG601",), "known")]

    def same(self, wanted: Any, observed: Any) -> bool:
        """The description is prose; the chip is what the form acts on."""
        return all(wanted[key] == observed.get(key) for key in ("Name", "Modality"))

    def from_answers(self, spec: BackendSpec, key: str, value: Any) -> Any:
        names = {f"known:{known}": known for known in (spec.name, spec.gallery)}
        fields = ("Name", "Modality", "AutoDetect", "Description")
        if not isinstance(value, dict) or set(value) != set(fields) or value["Name"] != names.get(key):
            raise self.refuse_fact(key, f"is not an entry of {spec.name} with {', '.join(fields)}")
        if value["AutoDetect"] not in ("true", "false") or not all(isinstance(text, str) for text in value.values()):
            raise self.refuse_fact(key, "has a field that cannot be written safely")
        return dict(value)

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        lines = go_file(checkout, PATH).lines
        entries = elements(checkout, PATH, VARIABLE)
        for wanted in missing:
            modality = wanted.value["Modality"]
            same = [entry for entry in entries if entry.fields.get("Modality") == modality]
            rows = self.text(wanted) if same else ["\t" + _heading(modality), *self.text(wanted)]
            yield self.added(checkout, [wanted], add_lines(lines, (same or list(entries))[-1].last, rows))

    def alter(self, checkout: Checkout, spec: BackendSpec, altered: Sequence[Altered]) -> Iterable[Change]:
        lines = go_file(checkout, PATH).lines
        for fact in altered:
            entry = next(row for row in elements(checkout, PATH, VARIABLE) if row.first + 1 == fact.there.line)
            values = merged_fields(fact, prose=frozenset(("Description",)))
            sources = {key: value if key == "AutoDetect" else go_string(value) for key, value in values.items()}
            operation = set_fields(lines, entry, sources) if sources else Operation(AlreadyPresent(fact.there.line))
            yield self.added(checkout, [fact.new], operation)

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        lines = go_file(checkout, PATH).lines
        entries = elements(checkout, PATH, VARIABLE)
        for entry in entries:
            if entry.fields.get("Name") != name:
                continue
            modality = str(entry.fields.get("Modality"))
            gone = drop_element(lines, entry, [name])
            above = entry.first - 1
            alone = not any(other is not entry and other.fields.get("Modality") == modality for other in entries)
            if alone and lines[above].strip() == _heading(modality):
                gone = drop_lines(lines, above, entry.last, line=entry.first)
            yield self.taken(checkout, gone, f"{name} in {VARIABLE}", "REG601")

    def text(self, wanted: ExpectedFact) -> list[str]:
        return ["\t" + _entry(wanted.value)]


def _heading(modality: str) -> str:
    return f"// {registries().known_headings.get(modality, modality)}"


def _entry(value: Any) -> str:
    name, modality, text = (go_string(value[key]) for key in ("Name", "Modality", "Description"))
    return f"{{Name: {name}, Modality: {modality}, AutoDetect: {value['AutoDetect']}, Description: {text}}},"


PLACE = KnownBackends()
