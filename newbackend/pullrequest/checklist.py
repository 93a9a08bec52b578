"""The checklist of a new backend with its state: for `verify` of a new backend, and for a pull request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from newbackend.catalog.languages import PLACEHOLDER
from newbackend.checklist import NEW_BACKEND, Decided, Item, Line
from newbackend.checkout.tree import Checkout
from newbackend.findings import Report, Severity, Status
from newbackend.records import dataclass
from newbackend.registrations import places
from newbackend.registrations.base import ExpectedFact, facts_by_key, probed
from newbackend.registrations.remaining import placeholders
from newbackend.registrations.support.os_excluded import TITLES, os_of
from newbackend.spec import BackendSpec

_TOLD = 3


@dataclass(frozen=True)
class PlaceState:
    """One place: its expected facts and where they are. `missing` ones are not there; `omitted` ones are excluded by
    the answers. `skipped` says why nothing is expected."""

    id: str
    title: str
    path: str
    kinds: tuple[str, ...]
    wanted: int
    missing: tuple[ExpectedFact, ...]
    lines: tuple[int, ...]
    omitted: tuple[ExpectedFact, ...] = ()
    skipped: str = ""

    @property
    def done(self) -> bool:
        """Whether all expected facts exist."""
        return not self.missing and not self.skipped


def place_states(spec: BackendSpec, checkout: Checkout) -> tuple[PlaceState, ...]:
    """Every registration place, with what the spec expects there and what is there."""
    states = []
    for place in places():
        path, probe = place.path(checkout), probed(checkout, place)
        if not probe.usable:
            why = probe.absent or probe.unrecognised
            states.append(PlaceState(place.id, place.title, path, (), 0, (), (), skipped=why))
            continue
        expected = place.expect(spec, checkout)
        wanted = place.answered(spec, expected)
        observed = facts_by_key(checkout, place)
        mine = [(one, observed.get(one.key)) for one in wanted]
        good = [fact for one, fact in mine if fact is not None and place.same(one.value, fact.value)]
        missing = [one for one, fact in mine if fact is None or not place.same(one.value, fact.value)]
        kinds = tuple(dict.fromkeys(one.kind for one in wanted))
        lines = tuple(sorted({fact.line for fact in good}))
        keys = {one.key for one in wanted}
        omitted = tuple(one for one in expected if one.key not in keys)
        where = good[0].path if good else path
        states.append(PlaceState(place.id, place.title, where, kinds, len(wanted), tuple(missing), lines, omitted))
    return tuple(states)


def checklist(
    spec: BackendSpec, checkout: Checkout, report: Report | str, states: Sequence[PlaceState] | None = None
) -> list[Line]:
    """The lines that apply, in the guide's order. A line with a failing rule of its own is never ticked.

    `report` is that of `verify` for this backend, or why there is none; `states` are read when they are not given.
    """
    by_id = {state.id: state for state in (place_states(spec, checkout) if states is None else states)}
    exempt = _exempt(report)
    lines = (_with_rules(_line(item, spec, checkout, by_id, exempt), item, spec, report) for item in NEW_BACKEND)
    return [line for line in lines if line is not None]


def _with_rules(line: Line | None, item: Item, spec: BackendSpec, report: Report | str) -> Line | None:
    """A line, not ticked when one of its rules fails, or could not be checked and nothing else decides the line."""
    if isinstance(report, str):
        return Line(item.text, False, "not checked") if item.decided is Decided.BY_RULES else line
    mine = [
        finding
        for finding in report.findings
        if finding.rule.checklist == item.text
        and finding.backend in ("", spec.name)
        and finding.level is not Severity.NOTE
    ]
    failed = dict.fromkeys(finding.rule.id for finding in mine if finding.status is Status.FAIL)
    unknown = dict.fromkeys(finding.rule.id for finding in mine if finding.status is Status.UNKNOWN)
    if failed:
        return Line(item.text, False, (line.note if line and not line.ticked else "") or ", ".join(failed))
    if item.decided is Decided.BY_RULES:
        return Line(item.text, not unknown, f"could not be checked: {', '.join(unknown)}" if unknown else "")
    return line


def _line(
    item: Item, spec: BackendSpec, checkout: Checkout, states: Mapping[str, PlaceState], exempt: Mapping[str, str]
) -> Line | None:
    match item.decided:
        case Decided.BY_HAND:
            return Line(item.text, False, item.note)
        case Decided.BY_FILES:
            gone = [file for file in ("Makefile", "run.sh") if not checkout.exists(f"{spec.directory}/{file}")]
            return Line(item.text, not gone, f"{spec.directory}/{gone[0]} is missing" if gone else "")
        case Decided.BY_PLACEHOLDER:
            return _placeholder(item.text, spec, checkout)
        case Decided.BY_OS:
            silent = ", ".join(TITLES[system] for system in TITLES if _silent(spec, system))
            return Line(item.text, not silent, f"{silent}: neither registered nor a reason given" if silent else "")
        case Decided.BY_RULES:
            return None
        case Decided.BY_PLACES:
            return _of_places(item, states, exempt)


def _placeholder(text: str, spec: BackendSpec, checkout: Checkout) -> Line | None:
    if not spec.its_flavour.placeholder:
        return None
    marked = placeholders(checkout, spec)
    return Line(text, not marked, f"{marked[0]} still carries {PLACEHOLDER}" if marked else "")


def _of_places(item: Item, states: Mapping[str, PlaceState], exempt: Mapping[str, str]) -> Line | None:
    """A line that registration places decide: ticked when all of their expected facts exist, but for those that no
    rule asks of this backend (`exempt`: rule -> why not)."""
    wanted = 0
    missing: list[ExpectedFact] = []
    left_out: list[ExpectedFact] = []
    notes: list[str] = []
    for place_id, kinds in item.places.items():
        state = states[place_id]
        if state.skipped:
            notes.append(state.skipped)
            continue
        left_out += [fact for fact in state.omitted if not kinds or fact.kind in kinds]
        missing += [fact for fact in state.missing if not kinds or fact.kind in kinds]
        wanted += sum(kind in kinds for kind in state.kinds) if kinds else state.wanted
    excused = [fact for fact in left_out if fact.rules and all(rule in exempt for rule in fact.rules)]
    left_out = [fact for fact in left_out if fact not in excused]
    for word, facts in (("missing", missing), ("left out", left_out)):
        if facts:
            return Line(item.text, False, f"{word}: {_told(facts)}")
    notes += [exempt[rule] for fact in excused for rule in fact.rules]
    if wanted == 0 and item.only_when_expected:
        return None
    note = "; ".join(dict.fromkeys(notes)) or (item.note if wanted == 0 else "")
    return Line(item.text, wanted > 0 or bool(note), note)


def _told(facts: Sequence[ExpectedFact]) -> str:
    """What facts are for, each once, and only the first few."""
    reasons = list(dict.fromkeys(fact.reason for fact in facts))
    more = [f"and {len(reasons) - _TOLD} more"] if len(reasons) > _TOLD else []
    return ", ".join([*reasons[:_TOLD], *more])


def _silent(spec: BackendSpec, system: str) -> bool:
    """Whether an OS is neither built for, nor excluded on purpose, nor unsupported by the language."""
    possible = [variant for variant in spec.its_flavour.variants if os_of(variant) == system]
    chosen = any(os_of(variant) == system for variant in spec.variants)
    return bool(possible) and not chosen and system not in spec.os_excluded


def _exempt(report: Report | str) -> dict[str, str]:
    """The rules that do not apply to the backend, with the reason."""
    if isinstance(report, str):
        return {}
    return {check.rule.id: check.reason for check in report.checked if check.status is Status.SKIPPED}
