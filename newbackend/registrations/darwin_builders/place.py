"""The path filter's tables about macOS: `DARWIN_BESPOKE_BUILDERS` and `SHARED_BUILD_INPUTS`.

In the layout since 2026-07-20 (contract 12.1). A C++ backend that is not in the set is rebuilt whenever
Go code changes; without a rule of its own, a change of its build script rebuilds every backend there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Change, ExpectedFact, Fact, Probe, rules_of
from newbackend.registrations.darwin_makefile.place import bespoke, script_path
from newbackend.registrations.support.filter_script import FilterScript
from newbackend.spec import BackendSpec
from newbackend.splice.javascript_data import Array, Entry, constant_array
from newbackend.splice.lines import Lines, step_of
from newbackend.splice.outcome import AnchorMissing, Inserted, Outcome, Splice
from newbackend.splice.prove import GrownLine, Proof

_SET, _RULES = "DARWIN_BESPOKE_BUILDERS", "SHARED_BUILD_INPUTS"
_SCRIPT = re.compile(r"scripts/build/([a-z0-9-]+)-darwin\.sh\Z")
_SHARED = frozenset({"python", "golang"})
_TABLE = {"bespoke": _SET, "shared-input": _RULES}
_IDS = {"bespoke": "REG404", "shared-input": "REG406"}


class DarwinBuilders(FilterScript):
    """A name in the set, and a rule for the backend's own build script."""

    id = "darwin-builders"
    title = "CI path filter, macOS tables"
    order = 70
    takes_facts = True

    def shape(self, checkout: Checkout, text: str) -> Probe:
        if _SET not in text and _RULES not in text:
            return Probe(absent=f"{self.path(checkout)} has no tables about macOS builds")
        for name in (_SET, _RULES):
            if name in text and _array(checkout, self.path(checkout), name) is None:
                return Probe(unrecognised=f"{name} is not a plain list")
        return Probe()

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        path = self.path(checkout)
        facts = []
        names, rules = (_array(checkout, path, table) for table in (_SET, _RULES))
        for entry in names.entries if names else ():
            key = f"bespoke:{entry.word}"
            facts.append(Fact("bespoke", key, entry.word, entry.word, path, entry.first + 1))
        for entry in rules.entries if rules else ():
            name = _script_of(entry)
            if name:
                facts.append(Fact("shared-input", f"shared-input:{name}", name, name, path, entry.first + 1))
        return facts

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        if not bespoke(spec):
            return ()
        text = checkout.read(self.path(checkout)) or ""
        name = spec.name
        reasons = {
            "bespoke": f"{name} has a macOS build of its own",
            "shared-input": f"a change of {script_path(name)} rebuilds {name} and nothing else",
        }
        return [
            ExpectedFact(kind, f"{kind}:{name}", name, reason, (_IDS[kind],), kind)
            for kind, reason in reasons.items()
            if _TABLE[kind] in text
        ]

    def from_answers(self, spec: BackendSpec, key: str, value: object) -> object:
        if value != spec.name or key not in (f"bespoke:{spec.name}", f"shared-input:{spec.name}"):
            raise self.refuse_fact(key, f"is not an entry of {spec.name}")
        return value

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        path = self.path(checkout)
        lines = Lines(checkout.need(path))
        for wanted in missing:
            array = _array(checkout, path, _TABLE[wanted.kind])
            outcome: Outcome = AnchorMissing(f"{_TABLE[wanted.kind]} is not a plain list")
            proofs: tuple[Proof, ...] = ()
            if array is not None and wanted.kind == "bespoke":
                outcome, proofs = _add_name(lines, array, spec.name)
            elif array is not None:
                outcome = _add_rule(lines, array, spec.name)
            yield Change(self.id, path, outcome, wanted.reason, rules_of([wanted]), self.snippet([wanted]), proofs)

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        path = self.path(checkout)
        lines = Lines(checkout.need(path))
        for kind, table in _TABLE.items():
            array = _array(checkout, path, table)
            for entry in array.entries if array else ():
                if name not in (entry.word, _script_of(entry)):
                    continue
                if array is not None and array.spread:
                    splice = Splice(*lines.span(entry.first, entry.last), "")
                else:
                    splice = _word_span(lines.text, entry)
                reason = f"{name} in {table}"
                yield Change(self.id, path, Inserted((splice,), entry.first + 1), reason, (_IDS[kind],))

    def snippet(self, wanted: Sequence[ExpectedFact]) -> str:
        rows: list[str] = []
        for one in wanted:
            name = str(one.value)
            rows += [f'  "{name}",'] if one.kind == "bespoke" else _rule_lines(name, "  ", "  ")
        return "\n".join(rows)


def _array(checkout: Checkout, path: str, table: str) -> Array | None:
    key = ("filter-table", table)
    if key not in checkout.memo:
        checkout.memo[key] = constant_array(checkout.need(path), table)
    found = checkout.memo[key]
    assert found is None or isinstance(found, Array)
    return found


def _script_of(entry: Entry) -> str:
    """The backend whose own build script a rule is about, or ""."""
    names = [match[1] for word in entry.equals if (match := _SCRIPT.match(word))]
    return names[0] if len(names) == 1 and names[0] not in _SHARED else ""


def _add_name(lines: Lines, array: Array, name: str) -> tuple[Outcome, tuple[Proof, ...]]:
    if not array.entries:
        return AnchorMissing(f"{_SET} is empty", array.opening + 1), ()
    last = array.entries[-1]
    if array.spread and lines.text[last.end : last.end + 1] == ",":
        pad = lines.indent(last.first)
        at, text = lines.after(last.last, [f'{pad}"{name}",'])
        return Inserted((Splice(at, at, text),), last.last + 2), ()
    if not array.one_line:
        return AnchorMissing(f"{_SET} has no comma behind its last name", last.last + 1), ()
    proof = GrownLine(array.opening + 1, r"\s*[\[\],]\s*", (f'"{name}"',))
    return Inserted((Splice(last.end, last.end, f', "{name}"'),), array.opening + 1), (proof,)


def _word_span(text: str, entry: Entry) -> Splice:
    """A word of a one-line list with the comma in front of it."""
    start = text.rfind(",", 0, entry.end - len(entry.word) - 2)
    return Splice(start, entry.end, "")


def _add_rule(lines: Lines, array: Array, name: str) -> Outcome:
    """Behind the last rule about one backend's script: the first rule that matches a file decides, so it
    must stand in front of the catch-all."""
    siblings = [entry for entry in array.entries if _script_of(entry)]
    if not siblings or not array.spread:
        return AnchorMissing(f"{_RULES} has no rule about a backend's own macOS script", array.opening + 1)
    last = siblings[-1]
    pad = lines.indent(last.first)
    at, text = lines.after(last.last, _rule_lines(name, pad, step_of(pad)))
    return Inserted((Splice(at, at, text),), last.last + 2)


def _rule_lines(name: str, pad: str, step: str) -> list[str]:
    return [
        f"{pad}{{",
        f'{pad}{step}matches: file => file === "{script_path(name)}",',
        f"{pad}{step}linux: never,",
        f'{pad}{step}darwin: item => item.backend === "{name}",',
        f"{pad}}},",
    ]


PLACE = DarwinBuilders()
