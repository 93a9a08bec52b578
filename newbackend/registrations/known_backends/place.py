"""`knownPrefOnlyBackends` in core/http/endpoints/localai/backend.go (contract 11.1).

A backend that is neither here nor known to an importer does not show up in the import form at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from newbackend.catalog.registries import registries
from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Change, ExpectedFact, Fact, Place, Probe, rules_of
from newbackend.registrations.support.go_files import composite, go_file, probe_variable, put_after, without
from newbackend.registrations.support.import_choice import import_choice
from newbackend.spec import BackendSpec
from newbackend.splice.golang import Element, go_string
from newbackend.splice.outcome import Inserted, Splice

PATH = "core/http/endpoints/localai/backend.go"
VARIABLE = "knownPrefOnlyBackends"
_NOTE = " (preference-only)"


# Nobody imports a model for these.
_WITHOUT_MODELS = frozenset({"vector-store"})


class KnownBackends(Place):
    """One line per backend that is only ever chosen by hand."""

    id = "known-backends"
    title = "backends known to the import form"
    order = 120
    takes_facts = True

    def path(self, checkout: Checkout) -> str:
        return PATH

    def probe(self, checkout: Checkout) -> Probe:
        return probe_variable(checkout, PATH, VARIABLE)

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        return [
            Fact(
                "known", f"known:{element.fields.get('Name')}", str(element.fields.get("Name") or ""), value, PATH, line
            )
            for element in _elements(checkout)
            for value, line in ((dict(element.fields), element.first + 1),)
        ]

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        choice = import_choice(spec)
        if choice.kind != "preference" or set(spec.modalities) <= _WITHOUT_MODELS:
            return ()
        text = choice.description if choice.description.endswith(")") else choice.description + _NOTE
        value = {"Name": spec.name, "Modality": choice.modality, "AutoDetect": "false", "Description": text}
        reason = f"{spec.name} can be chosen in the import form"
        return [ExpectedFact("known", f"known:{spec.name}", value, reason, ("REG601",), "known")]

    def same(self, wanted: Any, found: Any) -> bool:
        """The description is prose; the chip is what the form acts on."""
        return all(wanted[key] == found.get(key) for key in ("Name", "Modality"))

    def from_answers(self, spec: BackendSpec, key: str, value: Any) -> Any:
        names = {f"known:{one}": one for one in (spec.name, spec.gallery)}
        fields = ("Name", "Modality", "AutoDetect", "Description")
        if not isinstance(value, dict) or set(value) != set(fields) or value["Name"] != names.get(key):
            raise self.refuse_fact(key, f"is not an entry of {spec.name} with {', '.join(fields)}")
        if value["AutoDetect"] not in ("true", "false") or not all(isinstance(said, str) for said in value.values()):
            raise self.refuse_fact(key, "has a field that cannot be written safely")
        return dict(value)

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        lines = go_file(checkout, PATH).lines
        elements = _elements(checkout)
        for wanted in missing:
            modality = wanted.value["Modality"]
            same = [element for element in elements if element.fields.get("Modality") == modality]
            rows = ["\t" + _entry(wanted.value)]
            if not same:
                rows.insert(0, "\t" + _heading(modality))
            outcome = put_after(lines, (same or list(elements))[-1], rows)
            yield Change(self.id, PATH, outcome, wanted.reason, rules_of([wanted]), self.snippet([wanted]))

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        lines = go_file(checkout, PATH).lines
        elements = _elements(checkout)
        for element in elements:
            if element.fields.get("Name") != name:
                continue
            modality = str(element.fields.get("Modality"))
            outcome = without(lines, element, [name])
            above = element.first - 1
            alone = not any(e is not element and e.fields.get("Modality") == modality for e in elements)
            if alone and lines[above].strip() == _heading(modality):
                outcome = Inserted((Splice(*lines.span(above, element.last), ""),), element.first + 1)
            yield Change(self.id, PATH, outcome, f"{name} in {VARIABLE}", ("REG601",))

    def snippet(self, wanted: Sequence[ExpectedFact]) -> str:
        return "\n".join("\t" + _entry(one.value) for one in wanted)


def _elements(checkout: Checkout) -> tuple[Element, ...]:
    found = composite(checkout, PATH, VARIABLE)
    assert found is not None  # probe() saw it
    return found.elements


def _heading(modality: str) -> str:
    return f"// {registries().known_headings.get(modality, modality)}"


def _entry(value: Any) -> str:
    name, modality, text = (go_string(value[key]) for key in ("Name", "Modality", "Description"))
    return f"{{Name: {name}, Modality: {modality}, AutoDetect: {value['AutoDetect']}, Description: {text}}},"


PLACE = KnownBackends()
