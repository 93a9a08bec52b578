"""The registration places of the guide's checklist, for one backend: there, missing, not needed, unknown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from enum import StrEnum

from newbackend.checklist import NEW_BACKEND, Decided
from newbackend.describe.facts import by_backend
from newbackend.findings import Finding, Report, Severity, Status
from newbackend.pullrequest.checklist import PlaceState, place_states
from newbackend.records import dataclass
from newbackend.registrations.base import ExpectedFact
from newbackend.rules.context import Context
from newbackend.spec import BackendSpec

UNEXPECTED = "nothing is expected here of this backend"
_TOLD = 3


class Mark(StrEnum):
    """The state of one place for one backend."""

    THERE = "there"
    MISSING = "missing"
    NOT_NEEDED = "not-needed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Column:
    """One place of the checklist, or some kinds of its facts; `line` is the checklist's line."""

    place: str
    kinds: tuple[str, ...]
    title: str
    file: str
    line: str

    @property
    def id(self) -> str:
        """The place, with its kinds where it is asked about in parts."""
        return "-".join((self.place, *self.kinds))


@dataclass(frozen=True)
class PlaceCell:
    """`note` says what is missing, why nothing is needed, or why it is not known. `severity` is what `verify` says of
    what is missing; `where` is `path:line` of what is there."""

    mark: Mark
    note: str = ""
    severity: Severity | None = None
    where: str = ""


@dataclass(frozen=True)
class Verdicts:
    """What `verify` says of a backend, by rule: its findings, and why rules do not apply."""

    findings: Mapping[str, Sequence[Finding]]
    exempt: Mapping[str, str]


def columns_of(context: Context) -> tuple[Column, ...]:
    """The places of the checklist, in its order."""
    found = []
    for item in NEW_BACKEND:
        for place_id, kinds in item.places.items() if item.decided is Decided.BY_PLACES else ():
            place = context.places[place_id]
            title = f"{place.title}: {', '.join(kinds)}" if kinds else place.title
            found.append(Column(place_id, kinds, title, place.path(context.checkout), item.text.replace("`", "")))
    return tuple(found)


def verdicts_of(report: Report) -> Mapping[str, Verdicts]:
    """The verdicts for each backend; those for "" count for every backend."""
    findings: dict[str, dict[str, list[Finding]]] = defaultdict(lambda: defaultdict(list))
    exempt: dict[str, dict[str, str]] = defaultdict(dict)
    for finding in report.findings:
        findings[finding.backend][finding.rule.id].append(finding)
    for check in report.checked:
        if check.status is Status.SKIPPED:
            exempt[check.backend][check.rule.id] = check.reason
    everywhere = exempt.pop("", {})
    names = {backend.name for backend in report.backends} | findings.keys()
    return {name: Verdicts(findings[name], {**everywhere, **exempt[name]}) for name in names}


def cells_of(context: Context, spec: BackendSpec, columns: Sequence[Column], verdicts: Verdicts) -> list[PlaceCell]:
    """The cell of each column for a backend."""
    states = {state.id: state for state in place_states(spec, context.checkout)}
    return [_cell(context, column, states[column.place], verdicts, spec.name) for column in columns]


def undecided(columns: Sequence[Column], why: str) -> list[PlaceCell]:
    """The cells of a backend of which nothing can be said."""
    return [PlaceCell(Mark.UNKNOWN, why) for _ in columns]


def _cell(context: Context, column: Column, state: PlaceState, verdicts: Verdicts, name: str) -> PlaceCell:
    if state.skipped:
        absent = context.probe(column.place).absent
        return PlaceCell(Mark.NOT_NEEDED if absent else Mark.UNKNOWN, absent or f"{state.path} {state.skipped}")
    kinds = column.kinds
    left = [fact for fact in (*state.missing, *state.omitted) if not kinds or fact.kind in kinds]
    there = any(kind in kinds for kind in state.kinds) if kinds else state.wanted > 0
    if left:
        return _of_missing(left, verdicts)
    if not there:  # or there is more than answers can hold, such as a thousand models
        found = by_backend(context.checkout)[column.place].get(name, ())
        first = next((fact for _, fact in found if not kinds or fact.kind in kinds), None)
        return PlaceCell(Mark.THERE, where=f"line {first.line}") if first else PlaceCell(Mark.NOT_NEEDED, UNEXPECTED)
    line = state.lines[0] if state.lines else 1
    return PlaceCell(Mark.THERE, where=f"line {line}" if state.path == column.file else f"{state.path}:{line}")


def _of_missing(left: Sequence[ExpectedFact], verdicts: Verdicts) -> PlaceCell:
    """The cell of facts that are expected and not there: `verify` says whether that matters."""
    hits = [(fact, hit) for fact in left for rule in fact.rules for hit in verdicts.findings.get(rule, ())]
    if hits:
        undecided = all(hit.status is Status.UNKNOWN for _, hit in hits)
        severity = min((hit.level for _, hit in hits), key=lambda level: level.rank)
        told = list(dict.fromkeys(hit.message for _, hit in hits))
        more = [f"and {len(told) - _TOLD} more"] if len(told) > _TOLD else []
        mark = Mark.UNKNOWN if undecided else Mark.MISSING
        return PlaceCell(mark, "; ".join([*told[:_TOLD], *more]), None if undecided else severity)
    rules = list(dict.fromkeys(rule for fact in left for rule in fact.rules))
    reasons = list(dict.fromkeys(verdicts.exempt[rule] for rule in rules if rule in verdicts.exempt))
    if reasons:
        return PlaceCell(Mark.NOT_NEEDED, "; ".join(reasons))
    facts = ", ".join(list(dict.fromkeys(fact.reason for fact in left))[:_TOLD])
    return PlaceCell(
        Mark.NOT_NEEDED, f"not as usual ({facts}), and {', '.join(rules) or 'no rule'} finds nothing wrong"
    )
