"""`BackendCapabilities` in core/config/backend_capabilities.go.

LocalAI never tries a backend that is not listed for a GGUF file, its gallery filters hide it, and it cannot clone
voices.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from newbackend.catalog import modalities
from newbackend.checkout.tree import Checkout, cached_by_file
from newbackend.registrations.base import Altered, Change, ExpectedFact, Fact, Place, Probe
from newbackend.registrations.manual import Manual
from newbackend.registrations.support.alter_item import merged_fields
from newbackend.registrations.support.go_files import drop_element, elements, go_file, probe_variable, set_fields
from newbackend.registrations.support.import_choice import one_line
from newbackend.registrations.support.text_files import holds_name, text_or_none
from newbackend.spec import BackendSpec
from newbackend.splice.golang import Element, aligned, go_string
from newbackend.splice.operation import Operation, add_lines
from newbackend.splice.outcome import AlreadyPresent

PATH = "core/config/backend_capabilities.go"
VARIABLE = "BackendCapabilities"
_METHODS, _POSSIBLE, _DEFAULT = "GRPCMethods", "PossibleUsecases", "DefaultUsecases"
_LISTS = {_METHODS: "[]GRPCMethod", _POSSIBLE: "[]string", _DEFAULT: "[]string"}
_TEXTS = frozenset(("Description",))
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*\Z")
_TESTS = PATH.removesuffix(".go") + "_test.go"
_TESTED = re.compile(r"^var _ = Describe\(\"([A-Za-z0-9._-]+) ", re.M)
"""A block of tests about one backend."""
_FEWEST = 2
_EXPRESSION = re.compile(r"(?:true|false|[a-z][A-Za-z0-9_]*\(\))\Z")
"""What a field may be set to beside lists and texts: a flag, or a helper of the file that makes the value."""


class Capabilities(Place):
    """One map entry per backend: the RPCs it serves and the usecases its models may declare."""

    id = "backend-capabilities"
    title = "backend capabilities"
    order = 150
    file = PATH
    takes_facts = True

    def shape(self, checkout: Checkout, text: str) -> Probe:
        return probe_variable(checkout, PATH, VARIABLE)

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        by_name = _by_name(checkout)
        facts = []
        for element in elements(checkout, PATH, VARIABLE):
            value = {key: _plain(content, by_name) for key, content in element.fields.items()}
            facts.append(Fact("capability", f"capability:{element.key}", element.key, value, PATH, element.first + 1))
        return facts

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        by_name = _by_name(checkout)
        methods = known_methods(checkout)
        usecases = {value for name, value in by_name.items() if name.startswith("Usecase")}
        chosen = [modalities()[key] for key in spec.modalities]
        served = [rpc for modality in chosen for rpc in modality.rpcs if rpc in methods]
        possible = [use for modality in chosen for use in modality.usecases if use in usecases]
        if not served or not possible:
            return ()  # a vector store, for instance: the table has no constant for it
        value = {
            _METHODS: tuple(dict.fromkeys(served)),
            _POSSIBLE: tuple(dict.fromkeys(possible)),
            _DEFAULT: (possible[0],),
            "Description": one_line(spec.description or spec.name),
        }
        reason = f"what {spec.name} can be asked for"
        key = f"capability:{spec.name}"
        return [ExpectedFact("capability", key, value, reason, ("REG603",), "capability")]

    def same(self, wanted: Any, observed: Any) -> bool:
        """More may be declared by hand (voices, pictures, further usecases); nothing may be missing."""
        return all(set(wanted[key]) <= set(observed.get(key) or ()) for key in (_METHODS, _POSSIBLE))

    def from_answers(self, spec: BackendSpec, key: str, value: Any) -> Any:
        if not isinstance(value, Mapping) or key not in (f"capability:{spec.name}", f"capability:{spec.gallery}"):
            raise self.refuse_fact(key, f"is not the entry of {spec.name}")
        entry = {name: tuple(content) if isinstance(content, list) else content for name, content in value.items()}
        for name, content in entry.items():
            plain = all(_WORD.match(word) for word in content) if isinstance(content, tuple) else name in _TEXTS
            if not _WORD.match(name) or not (plain or _EXPRESSION.match(str(content))):
                raise self.refuse_fact(key, f"has a field {name} that cannot be written safely")
        return {**{name: entry.get(name, ()) for name in _LISTS}, "Description": "", **entry}

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        lines = go_file(checkout, PATH).lines
        names = {value: name for name, value in reversed(list(_by_name(checkout).items()))}
        for wanted in missing:
            sibling = _sibling(checkout, wanted.value)
            rows = _rows(wanted.key.partition(":")[2], wanted.value, names)
            yield self.added(checkout, [wanted], add_lines(lines, sibling.last, rows))

    def alter(self, checkout: Checkout, spec: BackendSpec, altered: Sequence[Altered]) -> Iterable[Change]:
        lines = go_file(checkout, PATH).lines
        names = {value: name for name, value in reversed(list(_by_name(checkout).items()))}
        for fact in altered:
            element = next(row for row in elements(checkout, PATH, VARIABLE) if row.first + 1 == fact.there.line)
            values = merged_fields(fact, prose=_TEXTS)
            sources = {key: _source(key, value, names) for key, value in values.items()}
            operation = set_fields(lines, element, sources) if sources else Operation(AlreadyPresent(fact.there.line))
            yield self.added(checkout, [fact.new], operation)

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        lines = go_file(checkout, PATH).lines
        for element in elements(checkout, PATH, VARIABLE):
            if element.key == name:
                gone = drop_element(lines, element, [name])
                yield self.taken(checkout, gone, f"{name} in {VARIABLE}", "REG603")

    def tasks(self, checkout: Checkout, spec: BackendSpec) -> Iterable[Manual]:
        """A test of the entry, where other backends have one each."""
        text = text_or_none(checkout, _TESTS)
        entries = {fact.backend for fact in self.observe(checkout)}
        tested = [match for match in _TESTED.finditer(text) if match[1] in entries]
        names = list(dict.fromkeys(match[1] for match in tested))
        wanted = self.wanted(spec, checkout)
        if len(names) >= _FEWEST and wanted and not holds_name(text, spec.name):
            end = text.find("\n})", tested[-1].start()) + 1
            reason = f"a test of what {spec.name} serves, as {', '.join(names)} have one"
            snippet = _test(wanted[0], {value: name for name, value in reversed(list(_by_name(checkout).items()))})
            yield Manual(_TESTS, text.count("\n", 0, end) + 1, snippet, reason, self.id, needed=False)

    def text(self, wanted: ExpectedFact) -> list[str]:
        return _rows(wanted.key.partition(":")[2], wanted.value, {})


def known_methods(checkout: Checkout) -> frozenset[str]:
    """The RPCs that the file has a constant for: an entry can name no other."""
    return frozenset(value for name, value in _by_name(checkout).items() if name.startswith("Method"))


def _by_name(checkout: Checkout) -> Mapping[str, str]:
    """Value of each method and usecase constant: the file's own words for RPCs and usecases."""
    return _constants(checkout, PATH)


@cached_by_file
def _constants(checkout: Checkout, path: str) -> Mapping[str, str]:
    if checkout.read(path) is None:
        return {}
    return {constant.name: constant.value for constant in go_file(checkout, path).constants()}


def _plain(content: str | tuple[str, ...], by_name: Mapping[str, str]) -> str | tuple[str, ...]:
    if isinstance(content, tuple):
        return tuple(by_name.get(word, word) for word in content)
    return content


def _sibling(checkout: Checkout, value: Mapping[str, Any]) -> Element:
    """The entry that goes before: the last of the same default usecase, else the last that may have it."""
    by_name = _by_name(checkout)
    entries = elements(checkout, PATH, VARIABLE)
    wanted = (*value[_DEFAULT], *value[_POSSIBLE], "")[0]

    def says(element: Element, key: str) -> tuple[str, ...]:
        words = _plain(element.fields.get(key) or (), by_name)
        return words if isinstance(words, tuple) else (words,)

    first = [element for element in entries if says(element, _DEFAULT)[:1] == (wanted,)]
    possible = [element for element in entries if wanted in says(element, _POSSIBLE)]
    return (first or possible or list(entries))[-1]


def _rows(name: str, value: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    """An entry's lines. A word that the file has no constant for is a plain string, which Go takes as well;
    without any names (a snippet) the constants are guessed."""

    pairs = [(key, _source(key, content, names)) for key, content in value.items()]
    return [f"\t{go_string(name)}: {{", *aligned(pairs, "\t\t"), "\t},"]


def _test(wanted: ExpectedFact, names: Mapping[str, str]) -> str:
    """A block of Ginkgo tests that holds the entry to what it says now."""
    name, value = go_string(wanted.key.partition(":")[2]), wanted.value
    methods, uses = (
        ", ".join(names.get(word) or go_string(word) for word in value[key]) for key in (_METHODS, _POSSIBLE)
    )
    return "\n".join(
        (
            f'var _ = Describe({name[:-1]} capabilities", func() {{',
            '\tIt("advertises what it serves", func() {',
            f"\t\tcapability := GetBackendCapability({name})",
            "\t\tExpect(capability).NotTo(BeNil())",
            f"\t\tExpect(capability.GRPCMethods).To(ContainElements({methods}))",
            f"\t\tExpect(capability.PossibleUsecases).To(ContainElements({uses}))",
            "\t})",
            "})",
        )
    )


def _source(key: str, content: Any, names: Mapping[str, str]) -> str:
    """A field's value as Go source."""
    if key not in _LISTS:
        return go_string(content) if key in _TEXTS else str(content)
    words = (names.get(word) or (go_string(word) if names else _constant(word)) for word in content)
    return f"{_LISTS[key]}{{{', '.join(words)}}}"


def _constant(word: str) -> str:
    """The name that the file would give a constant: RPCs are in camel case, usecases in snake case."""
    if word[:1].isupper():
        return f"Method{word}"
    return "Usecase" + "".join(part.upper() if part in ("tts", "vad") else part.title() for part in word.split("_"))


PLACE = Capabilities()
