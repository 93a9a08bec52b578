"""The path filter's tables about macOS: `DARWIN_BESPOKE_BUILDERS` and `SHARED_BUILD_INPUTS`.

In the layout since 2026-07-20. A C++ backend that is not in the set is rebuilt whenever
Go code changes; without a rule of its own, a change of its build script rebuilds every backend there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from newbackend.catalog.languages import languages
from newbackend.checkout.tree import Checkout, cached_by_file
from newbackend.registrations.base import Change, ExpectedFact, Fact, Probe
from newbackend.registrations.darwin_makefile.place import bespoke, script_path
from newbackend.registrations.support.filter_script import FilterScript
from newbackend.registrations.support.text_files import lines_of
from newbackend.spec import BackendSpec
from newbackend.splice.javascript_data import Array, Entry, constant_array
from newbackend.splice.lines import Lines, step_of
from newbackend.splice.operation import Operation, add_lines, add_word, anchor_missing, drop, drop_lines

_SET, _RULES = "DARWIN_BESPOKE_BUILDERS", "SHARED_BUILD_INPUTS"
_SCRIPT = re.compile(r"scripts/build/([a-z0-9-]+)-darwin\.sh\Z")
_TABLE = {"bespoke": _SET, "shared-input": _RULES}
_IDS = {"bespoke": "REG404", "shared-input": "REG406"}


class DarwinBuilders(FilterScript):
    """A name in the set, and a rule for the backend's own build script."""

    id = "darwin-builders"
    title = "CI path filter, macOS tables"
    order = 70
    takes_facts = True

    def shape(self, checkout: Checkout, text: str) -> Probe:
        probe = super().shape(checkout, text)
        if not probe.usable:
            return probe
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
        lines = lines_of(checkout, path)
        for wanted in missing:
            array = _array(checkout, path, _TABLE[wanted.kind])
            if array is None:
                operation = anchor_missing(f"{_TABLE[wanted.kind]} is not a plain list")
            elif wanted.kind == "bespoke":
                operation = _add_name(lines, array, spec.name)
            else:
                operation = _add_rule(lines, array, spec.name)
            yield self.added(checkout, [wanted], operation)

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        path = self.path(checkout)
        lines = lines_of(checkout, path)
        for kind, table in _TABLE.items():
            array = _array(checkout, path, table)
            for entry in array.entries if array else ():
                if name not in (entry.word, _script_of(entry)):
                    continue
                if array is not None and array.spread:
                    gone = drop_lines(lines, entry.first, entry.last)
                else:
                    gone = _drop_name(lines, entry)
                yield self.taken(checkout, gone, f"{name} in {table}", _IDS[kind])

    def text(self, wanted: ExpectedFact) -> list[str]:
        name = str(wanted.value)
        return [f'  "{name}",'] if wanted.kind == "bespoke" else _rule_lines(name, "  ", "  ")


@cached_by_file
def _array(checkout: Checkout, path: str, table: str) -> Array | None:
    return constant_array(checkout.need(path), table)


def _script_of(entry: Entry) -> str:
    """The backend whose own build script a rule is about, or ""."""
    scripts = [match for word in entry.equals if (match := _SCRIPT.match(word))]
    shared = {language.darwin_script for language in languages().values()}
    return scripts[0][1] if len(scripts) == 1 and scripts[0][0] not in shared else ""


def _add_name(lines: Lines, array: Array, name: str) -> Operation:
    if not array.entries:
        return anchor_missing(f"{_SET} is empty", array.opening + 1)
    last = array.entries[-1]
    if array.spread and lines.text[last.end : last.end + 1] == ",":
        return add_lines(lines, last.last, [f'{lines.indent(last.first)}"{name}",'])
    if not array.one_line:
        return anchor_missing(f"{_SET} has no comma behind its last name", last.last + 1)
    return add_word(lines, last.end, f'"{name}"', glue=", ", separator=r"\s*[\[\],]\s*")


def _drop_name(lines: Lines, entry: Entry) -> Operation:
    """A word of a one-line list and the comma in front of it."""
    return drop(lines, lines.text.rfind(",", 0, entry.end - len(entry.word) - 2), entry.end)


def _add_rule(lines: Lines, array: Array, name: str) -> Operation:
    """Adds a rule after the last one about a backend's script. The first rule that matches a file decides, so it must
    come before the catch-all."""
    siblings = [entry for entry in array.entries if _script_of(entry)]
    if not siblings or not array.spread:
        return anchor_missing(f"{_RULES} has no rule about a backend's own macOS script", array.opening + 1)
    pad = lines.indent(siblings[-1].first)
    return add_lines(lines, siblings[-1].last, _rule_lines(name, pad, step_of(pad)))


def _rule_lines(name: str, pad: str, step: str) -> list[str]:
    return [
        f"{pad}{{",
        f'{pad}{step}matches: file => file === "{script_path(name)}",',
        f"{pad}{step}linux: never,",
        f'{pad}{step}darwin: item => item.backend === "{name}",',
        f"{pad}}},",
    ]


PLACE = DarwinBuilders()
