"""LocalAI's own test of the import form: a call for each backend that users choose by hand.

    expectPrefOnly("whisperx", "asr")

The calls are found by what they say, not by the name of the helper: two texts, which are a backend of the form and its
modality.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from newbackend.checkout.tree import Checkout, cached
from newbackend.records import dataclass
from newbackend.registrations.base import Change, ExpectedFact, Fact, Place, Probe
from newbackend.registrations.known_backends.place import PATH as FORM
from newbackend.registrations.known_backends.place import KnownBackends
from newbackend.registrations.support.text_files import lines_of
from newbackend.spec import BackendSpec
from newbackend.splice.golang import go_string
from newbackend.splice.operation import add_lines, drop_lines

PATH = FORM.removesuffix(".go") + "_test.go"
_CALL = re.compile(r'(?P<indent>[ \t]*)(?P<helper>[A-Za-z_]\w*)\("(?P<name>[^"\\]+)", "(?P<modality>[^"\\]+)"\)\Z')
_FEWEST = 2
"""Calls that agree with the form, without which nobody knows what they are about."""


@dataclass(frozen=True)
class Call:
    """One call: its words, and its 0-based line."""

    indent: str
    helper: str
    name: str
    modality: str
    line: int


class KnownBackendsTests(Place):
    """One line per backend that users choose by hand."""

    id = "known-backends-tests"
    title = "test of the import form"
    order = 125
    file = PATH

    def shape(self, checkout: Checkout, text: str) -> Probe:
        return Probe() if calls(checkout) else Probe(absent=f"{PATH} has no line for each backend")

    def concerns(self, spec: BackendSpec) -> bool:
        return False

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        return [
            Fact("tested", f"tested:{call.name}", call.name, call.modality, PATH, call.line + 1)
            for call in calls(checkout)
        ]

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        """What is expected in the form itself; a helper that asks for AutoDetect=false would fail for anything else."""
        return [
            ExpectedFact(
                "tested",
                f"tested:{fact.value['Name']}",
                fact.value["Modality"],
                f"LocalAI's own test looks for {spec.name} in the import form",
                (),
                "tested",
            )
            for fact in KnownBackends().wanted(spec, checkout)
            if fact.value["AutoDetect"] == "false"
        ]

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        there = calls(checkout)
        for wanted in missing:
            same = [call for call in there if call.modality == wanted.value]
            after = (same or list(there))[-1]
            row = f"{after.indent}{after.helper}({_words(wanted)})"
            yield self.added(checkout, [wanted], add_lines(lines_of(checkout, PATH), after.line, [row]))

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        for call in calls(checkout):
            if call.name == name:
                gone = drop_lines(lines_of(checkout, PATH), call.line, call.line)
                yield self.taken(checkout, gone, f"{name} in the test of the import form")

    def text(self, wanted: ExpectedFact) -> list[str]:
        return [f"expectPrefOnly({_words(wanted)})"]


@cached
def calls(checkout: Checkout) -> tuple[Call, ...]:
    """The calls of the helper most of whose calls agree with the form; none where fewer than two do."""
    lines = lines_of(checkout, PATH)
    found = [
        Call(match["indent"], match["helper"], match["name"], match["modality"], number)
        for number in range(len(lines))
        if (match := _CALL.match(lines[number]))
    ]
    known = {(fact.value["Name"], fact.value["Modality"]) for fact in KnownBackends().observe(checkout)}
    agreeing = [call.helper for call in found if (call.name, call.modality) in known]
    helper = max(agreeing, key=agreeing.count, default="")
    return tuple(call for call in found if call.helper == helper) if agreeing.count(helper) >= _FEWEST else ()


def _words(wanted: ExpectedFact) -> str:
    return f"{go_string(wanted.key.partition(':')[2])}, {go_string(str(wanted.value))}"


PLACE = KnownBackendsTests()
