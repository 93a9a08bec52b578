"""`engineNamePreferenceRules` in pkg/system/capabilities.go: which engine wins on which hardware.

Only on request: leaving a backend out is a valid choice (guide, "Engine preference"). Asked for with
`overrides.places.engine-preference: {nvidia: llama-cpp}`: on that capability, rank ahead of that engine;
an empty value ranks last. The two similar tables use other keys and are never edited.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.registrations.base import Change, ExpectedFact, Fact, Place, Probe, answers_for
from newbackend.registrations.support.go_files import elements, go_file, probe_variable
from newbackend.registrations.support.place_overrides import ANY
from newbackend.spec import BackendSpec
from newbackend.splice.golang import Constant, Element, GoFile, go_string
from newbackend.splice.operation import Operation, add_lines, add_word, anchor_missing, drop, drop_lines
from newbackend.splice.outcome import AnchorMissing

PATH = "pkg/system/capabilities.go"
VARIABLE = "engineNamePreferenceRules"
_FOLDER, _TOKENS = "pkg/system", 'Describe("EnginePreferenceTokens"'
_RULES = ("REG604",)
_WORDS = r"\s*[{},]\s*"


class EnginePreference(Place):
    """A constant for the engine's name, and that constant in the requested rows."""

    id = "engine-preference"
    title = "engine preference"
    order = 160
    file = PATH
    override_keys = ANY  # capabilities, which the checkout names

    def shape(self, checkout: Checkout, text: str) -> Probe:
        return probe_variable(checkout, PATH, VARIABLE)

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        values = _values(checkout)
        facts = []
        for constant in _engines(checkout):
            key = f"engine:{constant.value}"
            facts.append(Fact("engine", key, constant.value, constant.name, PATH, constant.line + 1))
        for element in elements(checkout, PATH, VARIABLE):
            capability, engines = _row(element, values)
            for engine in engines:
                key = f"rank:{capability}:{engine}"
                facts.append(Fact("rank", key, engine, list(engines), PATH, element.first + 1))
        return facts

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        asked = {key: value for key, value in answers_for(spec, self.id).items() if key not in ("omit", "constant")}
        if not asked:
            return ()
        name = constant_name(spec)
        wanted = [
            ExpectedFact("engine", f"engine:{spec.name}", name, f"the engine name of {spec.name}", _RULES, "engine")
        ]
        for capability, before in asked.items():
            reason = f"on {capability}, {spec.name} ranks " + (f"ahead of {before}" if before else "last")
            value = {"capability": capability, "before": str(before or ""), "name": spec.name}
            wanted.append(
                ExpectedFact("rank", f"rank:{capability}:{spec.name}", value, reason, _RULES, f"rank:{capability}")
            )
        return wanted

    def same(self, wanted: object, observed: object) -> bool:
        """The constant may have another name; `observe` shows its rank."""
        if isinstance(wanted, Mapping) and isinstance(observed, list):
            before = wanted["before"]
            return not before or before not in observed or observed.index(wanted["name"]) < observed.index(before)
        return True

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        file = go_file(checkout, PATH)
        there = {constant.value: constant.name for constant in _engines(checkout)}
        name = there.get(spec.name) or constant_name(spec)
        for wanted in missing:
            if wanted.kind == "engine":
                operation = _declare(file, _engines(checkout), name, spec.name)
            else:
                operation = _rank(checkout, file, wanted.value, name)
            yield self.added(checkout, [wanted], operation)
        yield from self._pinned(checkout, [wanted for wanted in missing if wanted.kind == "rank"])

    def _pinned(self, checkout: Checkout, ranks: Sequence[ExpectedFact]) -> Iterable[Change]:
        """Tests that fix the order of engines. The author has to confirm the new order, so they are edited by hand."""
        for name in checkout.children(_FOLDER) if ranks else ():
            path = f"{_FOLDER}/{name}"
            text = checkout.read(path) or "" if name.endswith("_test.go") else ""
            if _TOKENS in text:
                line = text.count("\n", 0, text.index(_TOKENS)) + 1
                outcome = AnchorMissing("these tests lock the order of engines on each capability", line)
                yield Change(self.id, path, outcome, "the tests of the engine table", _RULES, self.snippet(ranks))

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        file = go_file(checkout, PATH)
        values = _values(checkout)
        for constant in _engines(checkout):
            if constant.value != name:
                continue
            for element in elements(checkout, PATH, VARIABLE):
                if name in _row(element, values)[1]:
                    gone = _drop_rank(file, element, constant)
                    yield self.taken(checkout, gone, f"{constant.value} in {VARIABLE}", *_RULES)
            blank = 1 if _lone(file, constant) else 0
            gone = drop_lines(file.lines, constant.line - blank, constant.line, line=constant.line)
            yield self.taken(checkout, gone, f"the engine name {name}", *_RULES)

    def text(self, wanted: ExpectedFact) -> list[str]:
        if wanted.kind == "engine":
            return [f"\t{wanted.value} = {go_string(wanted.key.partition(':')[2])}"]
        value = wanted.value
        rank = f"ahead of {value['before']}" if value["before"] else "last"
        return [f"// {VARIABLE}, {value['capability']}: {value['name']} {rank}"]


def constant_name(spec: BackendSpec) -> str:
    """`engineMyEngine`, or what the answers call it."""
    constant = str(answers_for(spec, EnginePreference.id).get("constant") or "")
    if constant and not re.fullmatch(r"engine[A-Za-z0-9]+", constant):
        raise UsageError("engine-constant", f"overrides.places.engine-preference.constant {constant!r} is not engine…")
    if constant:
        return constant
    return "engine" + "".join(word[:1].upper() + word[1:] for word in spec.name.split("-"))


def _engines(checkout: Checkout) -> list[Constant]:
    return [constant for constant in go_file(checkout, PATH).constants() if constant.name.startswith("engine")]


def _values(checkout: Checkout) -> dict[str, str]:
    return {constant.name: constant.value for constant in go_file(checkout, PATH).constants()}


def _row(element: Element, values: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """A rule's capability and its engines, constants resolved."""
    if len(element.items) != 2 or not isinstance(element.items[0], str) or isinstance(element.items[1], str):
        return "", ()
    capability, engines = element.items[0], element.items[1]
    return values.get(capability, capability), tuple(values.get(word, word) for word in engines)


def _declare(file: GoFile, engines: Sequence[Constant], name: str, value: str) -> Operation:
    """Adds a constant after the last engine: in the same group if its column fits, else in a new group, so that gofmt
    changes no other line."""
    if not engines:
        return anchor_missing("no engine constants were found")
    last = engines[-1]
    pad = file.lines.indent(last.line)
    width = last.equals - len(pad) - 1
    rows = [f"{pad}{name.ljust(width)} = {go_string(value)}"]
    if len(name) > width:
        rows = ["", f"{pad}{name} = {go_string(value)}"]
    return add_lines(file.lines, last.line, rows)


def _lone(file: GoFile, constant: Constant) -> bool:
    """Whether a constant is between blank lines, or a blank line and the end of its group."""
    above, below = file.lines[constant.line - 1].strip(), file.lines[constant.line + 1].strip()
    return not above and (not below or below == ")")


def _rank(checkout: Checkout, file: GoFile, value: Mapping[str, str], name: str) -> Operation:
    """The engine's constant in the one row of a capability."""
    values = _values(checkout)
    rows = [
        element for element in elements(checkout, PATH, VARIABLE) if _row(element, values)[0] == value["capability"]
    ]
    if len(rows) != 1:
        known = ", ".join(_row(element, values)[0] for element in elements(checkout, PATH, VARIABLE))
        raise UsageError(
            "engine-capability", f"there is no row for {value['capability']!r}; there are {known}", where=PATH
        )
    element = rows[0]
    words = element.items[1]
    engines = _row(element, values)[1]
    before = value["before"]
    if before and before not in engines:
        raise UsageError("engine-unknown", f"{before!r} is not ranked on {value['capability']!r}", where=PATH)
    line = file.lines[element.first]
    if element.first == element.last and not words and line.count("{}") == 1:
        at = file.lines.starts[element.first] + line.find("{}") + 1
        return add_word(file.lines, at, name, glue="", separator=_WORDS)
    if element.first != element.last or not words:
        return anchor_missing("the row is not on one line", element.first + 1)
    word = words[engines.index(before)] if before else words[-1]
    end = file.list_end(element, word)
    if end is None:
        return anchor_missing("the row could not be read", element.first + 1)
    if before:
        return add_word(file.lines, end - len(word), name, glue="", separator=_WORDS, behind=", ")
    return add_word(file.lines, end, name, glue=", ", separator=_WORDS)


def _drop_rank(file: GoFile, element: Element, constant: Constant) -> Operation:
    """Removes the engine's constant from a row; an empty row stays and has no effect."""
    line, name = file.lines[element.first], constant.name
    only = f"{{{name}}}"
    for piece in (f"{name}, ", f", {name}", only):
        if line.count(piece) == 1:
            start = file.lines.starts[element.first] + line.find(piece) + (piece == only)
            return drop(file.lines, start, start + (len(name) if piece == only else len(piece)))
    return anchor_missing(f"{name} cannot be told from the rest of its row", element.first + 1)


PLACE = EnginePreference()
