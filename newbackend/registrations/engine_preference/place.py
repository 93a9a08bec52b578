"""`engineNamePreferenceRules` in pkg/system/capabilities.go: which engine wins on which hardware.

Only on request: leaving a backend out is a valid choice (guide, "Engine preference"). Asked for with
`overrides.places.engine-preference: {nvidia: llama-cpp}`: on that capability, rank ahead of that engine;
an empty value ranks last. The two sibling tables speak other vocabularies and are never touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.registrations.base import Change, ExpectedFact, Fact, Place, Probe, answers_for, rules_of
from newbackend.registrations.support.go_files import composite, go_file, probe_variable
from newbackend.registrations.support.place_overrides import ANY
from newbackend.spec import BackendSpec
from newbackend.splice.golang import Constant, Element, GoFile, go_string
from newbackend.splice.outcome import AnchorMissing, Inserted, Outcome, Splice
from newbackend.splice.prove import GrownLine

PATH = "pkg/system/capabilities.go"
VARIABLE = "engineNamePreferenceRules"
_FOLDER, _TOKENS = "pkg/system", 'Describe("EnginePreferenceTokens"'
_RULES = ("REG604",)
_WORDS = r"\s*[{},]\s*"


class EnginePreference(Place):
    """A constant for the engine's name, and that constant in the rows that were asked for."""

    id = "engine-preference"
    title = "engine preference"
    order = 160
    override_keys = ANY  # capabilities, which the checkout names

    def path(self, checkout: Checkout) -> str:
        return PATH

    def probe(self, checkout: Checkout) -> Probe:
        return probe_variable(checkout, PATH, VARIABLE)

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        values = _values(checkout)
        facts = []
        for constant in _engines(checkout):
            key = f"engine:{constant.value}"
            facts.append(Fact("engine", key, constant.value, constant.name, PATH, constant.line + 1))
        for element in _elements(checkout):
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
        found = [
            ExpectedFact("engine", f"engine:{spec.name}", name, f"the engine name of {spec.name}", _RULES, "engine")
        ]
        for capability, before in asked.items():
            reason = f"on {capability}, {spec.name} ranks " + (f"ahead of {before}" if before else "last")
            value = {"capability": capability, "before": str(before or ""), "name": spec.name}
            found.append(
                ExpectedFact("rank", f"rank:{capability}:{spec.name}", value, reason, _RULES, f"rank:{capability}")
            )
        return found

    def same(self, wanted: object, found: object) -> bool:
        """A constant may be called otherwise, and what it ranks ahead of is shown by `observe`."""
        if isinstance(wanted, Mapping) and isinstance(found, list):
            before = wanted["before"]
            return not before or before not in found or found.index(wanted["name"]) < found.index(before)
        return True

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        file = go_file(checkout, PATH)
        there = {constant.value: constant.name for constant in _engines(checkout)}
        name = there.get(spec.name) or constant_name(spec)
        for wanted in missing:
            snippet = self.snippet([wanted])
            if wanted.kind == "engine":
                outcome = _declared(file, _engines(checkout), name, spec.name)
                yield Change(self.id, PATH, outcome, wanted.reason, rules_of([wanted]), snippet)
                continue
            ranked = _ranked(checkout, file, wanted.value, name)
            proofs = (GrownLine(ranked.line, _WORDS, (name,)),) if isinstance(ranked, Inserted) else ()
            yield Change(self.id, PATH, ranked, wanted.reason, rules_of([wanted]), snippet, proofs)
        yield from self._pinned(checkout, [wanted for wanted in missing if wanted.kind == "rank"])

    def _pinned(self, checkout: Checkout, ranks: Sequence[ExpectedFact]) -> Iterable[Change]:
        """Tests that lock the order of engines: a decision that is the author's to repeat, so by hand."""
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
            for element in _elements(checkout):
                if name in _row(element, values)[1]:
                    yield self._unranked(file, element, constant)
            group = 1 if _lone(file, constant) else 0
            splice = Splice(*file.lines.span(constant.line - group, constant.line), "")
            yield Change(self.id, PATH, Inserted((splice,), constant.line + 1), f"the engine name {name}", _RULES)

    def _unranked(self, file: GoFile, element: Element, constant: Constant) -> Change:
        reason = f"{constant.value} in {VARIABLE}"
        line = file.lines[element.first]
        for piece in (f"{constant.name}, ", f", {constant.name}"):
            if line.count(piece) == 1:
                start = file.lines.starts[element.first] + line.find(piece)
                splice = Splice(start, start + len(piece), "")
                return Change(self.id, PATH, Inserted((splice,), element.first + 1), reason, _RULES)
        if line.count(f"{{{constant.name}}}") == 1:  # nobody is left: the row stays, and ranks nobody
            start = file.lines.starts[element.first] + line.find(f"{{{constant.name}}}") + 1
            splice = Splice(start, start + len(constant.name), "")
            return Change(self.id, PATH, Inserted((splice,), element.first + 1), reason, _RULES)
        why = f"{constant.name} cannot be told from the rest of its row"
        return Change(self.id, PATH, AnchorMissing(why, element.first + 1), reason, _RULES)

    def snippet(self, wanted: Sequence[ExpectedFact]) -> str:
        rows = []
        for one in wanted:
            if one.kind == "engine":
                rows.append(f"\t{one.value} = {go_string(one.key.partition(':')[2])}")
            else:
                value = one.value
                ahead = f"ahead of {value['before']}" if value["before"] else "last"
                rows.append(f"// {VARIABLE}, {value['capability']}: {value['name']} {ahead}")
        return "\n".join(rows)


def constant_name(spec: BackendSpec) -> str:
    """`engineMyEngine`, or what the answers call it."""
    said = str(answers_for(spec, EnginePreference.id).get("constant") or "")
    if said and not re.fullmatch(r"engine[A-Za-z0-9]+", said):
        raise UsageError("engine-constant", f"overrides.places.engine-preference.constant {said!r} is not engine…")
    if said:
        return said
    return "engine" + "".join(word[:1].upper() + word[1:] for word in spec.name.split("-"))


def _elements(checkout: Checkout) -> tuple[Element, ...]:
    found = composite(checkout, PATH, VARIABLE)
    assert found is not None  # probe() saw it
    return found.elements


def _engines(checkout: Checkout) -> list[Constant]:
    return [one for one in go_file(checkout, PATH).constants() if one.name.startswith("engine")]


def _values(checkout: Checkout) -> dict[str, str]:
    return {one.name: one.value for one in go_file(checkout, PATH).constants()}


def _row(element: Element, values: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """A rule's capability and its engines, constants resolved."""
    if len(element.items) != 2 or not isinstance(element.items[0], str) or isinstance(element.items[1], str):
        return "", ()
    capability, engines = element.items[0], element.items[1]
    return values.get(capability, capability), tuple(values.get(word, word) for word in engines)


def _declared(file: GoFile, engines: Sequence[Constant], name: str, value: str) -> Outcome:
    """A constant behind the last engine: in its column when it fits there, else as a group of its own, so
    that gofmt has no other line to move."""
    if not engines:
        return AnchorMissing("no engine constants were found")
    last = engines[-1]
    pad = file.lines.indent(last.line)
    width = last.equals - len(pad) - 1
    rows = [f"{pad}{name.ljust(width)} = {go_string(value)}"]
    if len(name) > width:
        rows = ["", f"{pad}{name} = {go_string(value)}"]
    at, text = file.lines.after(last.line, rows)
    return Inserted((Splice(at, at, text),), last.line + 1 + len(rows))


def _lone(file: GoFile, constant: Constant) -> bool:
    """Whether a constant stands between blank lines, or a blank line and the end of its group."""
    above, below = file.lines[constant.line - 1].strip(), file.lines[constant.line + 1].strip()
    return not above and (not below or below == ")")


def _ranked(checkout: Checkout, file: GoFile, value: Mapping[str, str], name: str) -> Outcome:
    """The engine's constant in the one row of a capability."""
    values = _values(checkout)
    rows = [element for element in _elements(checkout) if _row(element, values)[0] == value["capability"]]
    if len(rows) != 1:
        known = ", ".join(_row(element, values)[0] for element in _elements(checkout))
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
        return Inserted((Splice(at, at, name),), element.first + 1)
    if element.first != element.last or not words:
        return AnchorMissing("the row is not on one line", element.first + 1)
    if before:
        end = file.list_end(element, words[engines.index(before)])
        offset = None if end is None else end - len(words[engines.index(before)])
        text = f"{name}, "
    else:
        offset, text = file.list_end(element, words[-1]), f", {name}"
    if offset is None:
        return AnchorMissing("the row could not be read", element.first + 1)
    return Inserted((Splice(offset, offset, text),), element.first + 1)


PLACE = EnginePreference()
