"""`defaultImporters` in core/gallery/importers/importers.go, and the importer that is registered there.

The first match wins, so the list is in order of specificity (guide, "Importer integration"): a new importer comes after
every specific one and before those that match a model by its packaging alone, as llama-cpp does for every .gguf.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from newbackend.catalog import modalities
from newbackend.catalog.languages import templates_root
from newbackend.catalog.registries import registries
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.registrations.base import Change, ExpectedFact, Fact, NewFile, Place, Probe, answers_for
from newbackend.registrations.support.go_files import drop_element, elements, go_file, probe_variable
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
from newbackend.splice.operation import add_lines, add_lines_before, anchor_missing

_RULES = ("REG602",)
_FILE_RULES = ("REG601", "REG611")
_TYPE = re.compile(r"[A-Z][A-Za-z0-9]*Importer\Z")


class ImporterRegistry(Place):
    """An importer of the backend's own: two generated files and a line in the list."""

    id = "importer-registry"
    title = "model importers"
    order = 130
    override_keys = frozenset(("before", "comment"))
    file = REGISTRY
    takes_facts = True

    def shape(self, checkout: Checkout, text: str) -> Probe:
        probe = probe_variable(checkout, REGISTRY, VARIABLE)
        if probe.usable and "HuggingFace" not in text:
            return Probe(unrecognised="importers here do not look at Hugging Face repositories")
        return probe

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        backends = {importer.type_name: importer.backend for importer in importers(checkout)}
        return [
            Fact("importer", f"importer:{name}", backends.get(name, ""), name, REGISTRY, element.first + 1)
            for element in elements(checkout, REGISTRY, VARIABLE)
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
        entries = elements(checkout, REGISTRY, VARIABLE)
        following = _following(spec, entries)
        for wanted in missing:
            if answers_for(spec, self.id).get("before") == "":
                operation = add_lines(lines, entries[-1].last, [*_kept_comment(spec), *self.text(wanted)])
            elif following is None:
                known = ", ".join(registries().generic_importers)
                why = f"none of {known} is in {VARIABLE}, so the order is unclear"
                operation = anchor_missing(why, entries[0].first + 1)
            else:
                rows = [*(_kept_comment(spec) or _comment(spec, wanted.value, following)), *self.text(wanted)]
                if following.index:
                    operation = add_lines(lines, entries[following.index - 1].last, rows)
                else:
                    operation = add_lines_before(lines, following.comment, rows)
            yield self.added(checkout, [wanted], operation)

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        lines = go_file(checkout, REGISTRY).lines
        types = {importer.type_name for importer in importers(checkout) if importer.backend == name}
        for element in elements(checkout, REGISTRY, VARIABLE):
            if element.type_name in types:
                called = [element.type_name, element.type_name.removesuffix("Importer"), name]
                gone = drop_element(lines, element, called)
                yield self.taken(checkout, gone, f"the importer of {name}", *_RULES)

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
        own = importer_of(checkout, name)
        only = own and [importer for importer in importers(checkout) if importer.path == own.path] == [own]
        if not own or not only:
            return ()
        tests = own.path.removesuffix(".go") + "_test.go"
        return [path for path in (own.path, tests) if checkout.exists(path)]

    def text(self, wanted: ExpectedFact) -> list[str]:
        return [f"\t&{wanted.value}{{}},"]


def _following(spec: BackendSpec, entries: Sequence[Element]) -> Element | None:
    """The importer to insert before: the one in the answers, else the first that matches by packaging."""
    before = str(answers_for(spec, ImporterRegistry.id).get("before") or "")
    generic = (entry for entry in entries if entry.type_name in registries().generic_importers)
    return next((entry for entry in entries if entry.type_name == before), None) or next(generic, None)


def _file(spec: BackendSpec) -> str:
    return f"{FOLDER}/{spec.name}.go"


def _kept_comment(spec: BackendSpec) -> list[str]:
    """The comment in the answers: what somebody wrote above the line. Each of its lines stays a comment."""
    text = answers_for(spec, ImporterRegistry.id).get("comment") or ""
    if not isinstance(text, str) or any(ord(character) < 32 and character not in "\t\n" for character in text):
        key = f"overrides.places.{ImporterRegistry.id}.comment"
        raise UsageError("answers-value", f"{key} must be text without control characters")
    return [f"\t//{line}" for line in text.split("\n")] if text else []


def comment_above(checkout: Checkout, type_name: str) -> str:
    """The comment above an importer's line, without its slashes; "" without one."""
    lines = go_file(checkout, REGISTRY).lines
    for element in elements(checkout, REGISTRY, VARIABLE):
        if element.type_name == type_name:
            rows = [lines[number].strip() for number in range(element.comment, element.first)]
            return (
                "\n".join(row.removeprefix("//") for row in rows) if all(row.startswith("//") for row in rows) else ""
            )
    return ""


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
    """A Go file from `templates/importers/`, as text."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(templates_root() / "importers"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**data)


PLACE = ImporterRegistry()
