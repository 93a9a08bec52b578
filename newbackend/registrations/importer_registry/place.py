"""`defaultImporters` in core/gallery/importers/importers.go, and the importer that is registered there.

The first match wins, so the list is in order of specificity (guide, "Importer integration"): a new
importer stands behind every specific one and in front of those that claim a model by its packaging
alone, as llama-cpp does with every .gguf.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from newbackend.catalog import modalities
from newbackend.catalog.registries import registries
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.registrations.base import Change, ExpectedFact, Fact, NewFile, Place, Probe, answers_for, rules_of
from newbackend.registrations.support.go_files import composite, go_file, probe_variable, put_after, without
from newbackend.registrations.support.import_choice import ImportChoice, import_choice
from newbackend.registrations.support.importers_dir import (
    FOLDER,
    REGISTRY,
    VARIABLE,
    declared_in,
    importer_of,
    importers,
    type_name,
)
from newbackend.spec import BackendSpec
from newbackend.splice.golang import Element, go_string
from newbackend.splice.outcome import AnchorMissing, Inserted, Outcome, Splice

_RULES = ("REG602",)
_FILE_RULES = ("REG601", "REG611")
_TYPE = re.compile(r"[A-Z][A-Za-z0-9]*Importer\Z")


class ImporterRegistry(Place):
    """An importer of the backend's own: two generated files and a line in the list."""

    id = "importer-registry"
    title = "model importers"
    order = 130
    override_keys = frozenset(("before",))
    takes_facts = True

    def path(self, checkout: Checkout) -> str:
        return REGISTRY

    def probe(self, checkout: Checkout) -> Probe:
        probe = probe_variable(checkout, REGISTRY, VARIABLE)
        if probe.usable and "HuggingFace" not in checkout.need(REGISTRY):
            return Probe(unrecognised="importers here do not look at Hugging Face repositories")
        return probe

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        backends = {one.type_name: one.backend for one in importers(checkout)}
        return [
            Fact("importer", f"importer:{name}", backends.get(name, ""), name, REGISTRY, element.first + 1)
            for element in _elements(checkout)
            for name in (element.type_name,)
        ]

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        if import_choice(spec).kind != "importer":
            return ()
        name = type_name(spec)
        there = declared_in(checkout, name)
        if there and there != _file(spec):
            raise UsageError("importer-type-taken", f"there is a type {name} already", where=there)
        reason = f"models of {spec.name} are recognised when they are imported"
        return [ExpectedFact("importer", f"importer:{name}", name, reason, _RULES, "importer")]

    def from_answers(self, spec: BackendSpec, key: str, value: object) -> object:
        """A type that `importers` has already; its code says what it matches."""
        if key != f"importer:{value}" or not _TYPE.match(str(value)):
            raise self.refuse_fact(key, "does not name an importer type")
        return value

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        lines = go_file(checkout, REGISTRY).lines
        elements = _elements(checkout)
        following = _following(spec, elements)
        for wanted in missing:
            outcome: Outcome
            if answers_for(spec, self.id).get("before") == "":
                outcome = put_after(lines, elements[-1], [f"\t&{wanted.value}{{}},"])
            elif following is None:
                known = ", ".join(registries().generic_importers)
                outcome = AnchorMissing(
                    f"none of {known} is in {VARIABLE}, so the order is unclear", elements[0].first + 1
                )
            else:
                rows = [*_comment(spec, wanted.value, following), f"\t&{wanted.value}{{}},"]
                if following.index:
                    outcome = put_after(lines, elements[following.index - 1], rows)
                else:
                    at = lines.starts[following.comment]
                    text = "".join(row + lines.newline for row in rows)
                    outcome = Inserted((Splice(at, at, text),), following.comment + 1)
            yield Change(self.id, REGISTRY, outcome, wanted.reason, rules_of([wanted]), self.snippet([wanted]))

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        lines = go_file(checkout, REGISTRY).lines
        types = {one.type_name for one in importers(checkout) if one.backend == name}
        for element in _elements(checkout):
            if element.type_name in types:
                outcome = without(lines, element, [element.type_name])
                yield Change(self.id, REGISTRY, outcome, f"the importer of {name}", _RULES)

    def files(self, checkout: Checkout, spec: BackendSpec) -> Mapping[str, NewFile]:
        choice = import_choice(spec)
        if choice.kind != "importer":
            return {}
        path = _file(spec)
        data = _data(spec, choice)
        reason = f"imports models of {spec.name}"
        tests = "the importer's tests, without network"
        return {
            path: NewFile(0o644, rendered("importer.go.jinja", data), reason, _FILE_RULES),
            path.removesuffix(".go") + "_test.go": NewFile(0o644, rendered("importer_test.go.jinja", data), tests, ()),
        }

    def own_files(self, checkout: Checkout, name: str) -> Sequence[str]:
        found = importer_of(checkout, name)
        only = found and [one for one in importers(checkout) if one.path == found.path] == [found]
        if not found or not only:
            return ()
        tests = found.path.removesuffix(".go") + "_test.go"
        return [path for path in (found.path, tests) if checkout.exists(path)]

    def snippet(self, wanted: Sequence[ExpectedFact]) -> str:
        return "\n".join(f"\t&{one.value}{{}}," for one in wanted)


def _elements(checkout: Checkout) -> tuple[Element, ...]:
    found = composite(checkout, REGISTRY, VARIABLE)
    assert found is not None  # probe() saw it
    return found.elements


def _following(spec: BackendSpec, elements: Sequence[Element]) -> Element | None:
    """The importer to stand in front of: the one that the answers name, else the first that goes by packaging."""
    said = str(answers_for(spec, ImporterRegistry.id).get("before") or "")
    generic = (e for e in elements if e.type_name in registries().generic_importers)
    return next((e for e in elements if e.type_name == said), None) or next(generic, None)


def _file(spec: BackendSpec) -> str:
    return f"{FOLDER}/{spec.name}.go"


def _comment(spec: BackendSpec, name: str, following: Element) -> list[str]:
    signal = _signal(import_choice(spec))
    if not signal:
        return []  # an importer that was there before: what it matches is in its own code
    return [
        f"\t// {name} matches {signal}; it must stay ahead of",
        f"\t// {following.type_name} and the others below, which go by packaging alone.",
    ]


def _signal(choice: ImportChoice) -> str:
    files = " or ".join(choice.extensions)
    tags = " or ".join(choice.pipeline_tags)
    return " with ".join(part for part in (files and f"{files} files", tags and f"pipeline tag {tags}") if part)


def _data(spec: BackendSpec, choice: ImportChoice) -> dict[str, object]:
    usecases = [use for key in spec.modalities for use in modalities()[key].usecases]
    return {
        "name": spec.name,
        "type": type_name(spec),
        "modality": choice.modality,
        "extensions": list(choice.extensions),
        "pipeline_tags": list(choice.pipeline_tags),
        "usecases": usecases[:1],
        "signal": _signal(choice),
        "go": go_string,
    }


def rendered(template: str, data: Mapping[str, object]) -> str:
    """A Go file from a template of the catalog, as text."""
    from pathlib import Path

    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    import newbackend.catalog

    folder = Path(newbackend.catalog.__file__).parent
    environment = Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**data)


PLACE = ImporterRegistry()
