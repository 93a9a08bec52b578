"""The state of one backend's registration, place by place, for the text of a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum

from newbackend.catalog import variant_table
from newbackend.checklist import NEW_BACKEND, Decided, Line
from newbackend.checkout.filter_engine import FilterUnavailable, path_filter
from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError
from newbackend.findings import Finding, Report, Severity, Status
from newbackend.pullrequest.checklist import PlaceState, checklist, place_states
from newbackend.records import dataclass
from newbackend.registrations import places
from newbackend.registrations.base import rules_of
from newbackend.registrations.manual import Manual
from newbackend.registrations.matrix.place import rows_of
from newbackend.registrations.path_filter.place import FUNCTIONS
from newbackend.registrations.remaining import remaining
from newbackend.registrations.support.os_excluded import TITLES, os_of
from newbackend.sanitize import one_line
from newbackend.spec import BackendSpec

TEMPLATE = ".github/PULL_REQUEST_TEMPLATE.md"
_BOX = re.compile(r"- \[ \] \S.{0,300}\Z")
_BOXES = 20
_SIGNED = "- [ ] Yes, I signed my commits."
"""The box of a checkout without a template."""


class Source(Enum):
    """How the modalities are known: stated, guessed by the gallery's tags, or assumed because nothing says them."""

    STATED = "stated"
    TAGS = "tags"
    NOTHING = "nothing"


@dataclass(frozen=True)
class State:
    """Everything a pull request says. `boxes` are the task lines of the repository's own template, `left` is what is
    missing in the registration files, and what remains to a person."""

    spec: BackendSpec
    places: tuple[PlaceState, ...]
    checklist: tuple[Line, ...]
    platforms: tuple[tuple[str, str, str], ...]
    left_out: tuple[tuple[str, str], ...]
    routes: str
    verified: str
    source: Source = Source.STATED
    boxes: tuple[str, ...] = ()
    left: tuple[Manual, ...] = ()
    unready: str = ""
    """Why it is no pull request for review yet: the template's engine is still there, or `verify` could not run."""
    errors: tuple[Finding, ...] = ()


def state_of(spec: BackendSpec, checkout: Checkout, source: Source = Source.STATED) -> State:
    """Reads every place; writes nothing."""
    states = place_states(spec, checkout)
    report = _report(spec, checkout)
    lines = tuple(checklist(spec, checkout, report, states))
    return State(
        spec=spec,
        places=states,
        checklist=lines,
        platforms=tuple(_platforms(spec)),
        left_out=tuple(_left_out(spec)),
        routes=_routes(spec, checkout),
        verified=_verified(report),
        source=source,
        boxes=_boxes(checkout),
        left=(*_missing(states), *remaining(checkout, spec)),
        unready=_unready(report, lines),
        errors=errors_of(report),
    )


def _missing(states: Sequence[PlaceState]) -> Iterator[Manual]:
    """One entry for each place that lacks something, with the text of all that it lacks."""
    by_id = {place.id: place for place in places()}
    for state in states:
        if state.missing:
            line = state.lines[-1] if state.lines else 1
            reasons = ", ".join(dict.fromkeys(fact.reason for fact in state.missing))
            rules = rules_of(state.missing)
            yield Manual(state.path, line, by_id[state.id].snippet(state.missing), reasons, state.id, rules)


def _platforms(spec: BackendSpec) -> list[tuple[str, str, str]]:
    """Variant title, image suffixes, host systems of every chosen variant."""
    table = []
    for variant_id in spec.variants:
        rows = rows_of(spec, variant_id)
        suffixes = ", ".join(dict.fromkeys(f"`{row['tag-suffix']}`" for row in rows))
        systems = ", ".join(dict.fromkeys(row.get("platforms") or "darwin/arm64" for row in rows))
        table.append((variant_table().variants[variant_id].title, suffixes, systems))
    return table


def _left_out(spec: BackendSpec) -> list[tuple[str, str]]:
    """Every platform without an image, with the reason; an OS excluded on purpose comes first."""
    reasons = [(TITLES.get(system, system), str(reason)) for system, reason in spec.os_excluded.items()]
    for variant_id, variant in variant_table().variants.items():
        if variant_id not in spec.variants and os_of(variant_id) not in spec.os_excluded:
            reasons.append((variant.title, _why_not(spec, variant_id)))
    return reasons


def _why_not(spec: BackendSpec, variant: str) -> str:
    """Why a platform has no image, without advice for somebody who is still choosing.

    Where the reason is that other variants are the ones to use, and the flavour cannot ship those either, it is theirs.
    """
    flavour = spec.its_flavour
    if variant in flavour.variants:
        return "not in this pull request"
    reason = flavour.why_not(variant)
    instead = [other for other in variant_table().variants if other in _words(reason)]
    if instead and not any(other in flavour.variants for other in instead):
        reason = flavour.why_not(instead[0])
    return reason.partition("; use ")[0]


def _words(text: str) -> set[str]:
    return {word.strip(".,;:") for word in text.split()}


def _routes(spec: BackendSpec, checkout: Checkout) -> str:
    """The result of the checkout's own path filter for the backend's rows, in one sentence."""
    linux = [row for variant in spec.variants if os_of(variant) == "linux" for row in rows_of(spec, variant)]
    darwin = [row for variant in spec.variants if os_of(variant) == "darwin" for row in rows_of(spec, variant)]
    try:
        engine = path_filter(checkout)
        routes = [*engine.linux(linux), *engine.darwin(darwin)]
    except FilterUnavailable as error:
        return f"the path filter could not be run: {error}"
    good = sum(route == f"{spec.directory}/" for route in routes)
    names = " and ".join(f"`{name}`" for name in FUNCTIONS.values())
    return f"{names}, run on the backend's {len(routes)} rows: {good} lead to `{spec.directory}/`"


def _report(spec: BackendSpec, checkout: Checkout) -> Report | str:
    """What `newbackend verify NAME` finds on this tree; a sentence when it could not run."""
    from newbackend.rules.run import verify

    try:
        return verify(checkout, names=(spec.name,))
    except NewbackendError as error:
        return f"could not run: {error.sentence()}"


def _verified(report: Report | str) -> str:
    """The result of `newbackend verify NAME`, in one sentence."""
    if isinstance(report, str):
        return report
    counts = report.summary()
    levels = [f"{counts[word]} {word}{'s' if counts[word] != 1 else ''}" for word in ("error", "warning", "note")]
    open_ = f", {counts['unknown']} could not be decided" if counts["unknown"] else ""
    return f"{counts['pass']} checks passed, {', '.join(levels)}{open_}"


def errors_of(report: Report | str) -> tuple[Finding, ...]:
    """The errors that `verify` is sure of."""
    found = () if isinstance(report, str) else report.findings
    return tuple(row for row in found if row.status is Status.FAIL and row.level is Severity.ERROR)


def _unready(report: Report | str, lines: Sequence[Line]) -> str:
    if isinstance(report, str):
        return f"`newbackend verify` {report}"
    engine = [item.text for item in NEW_BACKEND if item.decided is Decided.BY_PLACEHOLDER]
    return next((line.note for line in lines if line.text in engine and not line.ticked), "")


def _boxes(checkout: Checkout) -> tuple[str, ...]:
    """The task lines that the repository's template has, outside of its comments."""
    try:
        text = checkout.read(TEMPLATE) or ""
    except NewbackendError:
        text = ""
    lines = re.sub(r"<!--.*?(?:-->|\Z)", "", text, flags=re.S).splitlines()
    return tuple(one_line(line) for line in lines if _BOX.match(line))[:_BOXES] or (_SIGNED,)
