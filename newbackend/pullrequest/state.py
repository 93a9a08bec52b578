"""The state of one backend's registration, place by place, for the text of a pull request."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from newbackend.catalog import variant_table
from newbackend.catalog.languages import PLACEHOLDER
from newbackend.checklist import PULL_REQUEST, Decided, Item
from newbackend.checkout.filter_engine import FilterUnavailable, path_filter
from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError
from newbackend.findings import Report, Status
from newbackend.registrations import places
from newbackend.registrations.base import ExpectedFact
from newbackend.registrations.matrix.place import rows_of
from newbackend.registrations.path_filter.place import FUNCTIONS
from newbackend.registrations.support.os_excluded import TITLES, os_of
from newbackend.sanitize import one_line
from newbackend.spec import BackendSpec

TEMPLATE = ".github/PULL_REQUEST_TEMPLATE.md"
_BOX = re.compile(r"- \[ \] \S.{0,300}\Z")
_BOXES = 20
_SIGNED = "- [ ] Yes, I signed my commits."
"""The box of a checkout without a template."""
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


@dataclass(frozen=True)
class Line:
    """A line of the checklist: True, False, or None when only a person can decide."""

    text: str
    ticked: bool
    note: str = ""


class Source(Enum):
    """How the modalities are known: stated, guessed by the gallery's tags, or assumed because nothing says them."""

    STATED = "stated"
    TAGS = "tags"
    NOTHING = "nothing"


@dataclass(frozen=True)
class State:
    """Everything a pull request says. `boxes` are the task lines of the repository's own template."""

    spec: BackendSpec
    places: tuple[PlaceState, ...]
    checklist: tuple[Line, ...]
    platforms: tuple[tuple[str, str, str], ...]
    left_out: tuple[tuple[str, str], ...]
    routes: str
    verified: str
    source: Source = Source.STATED
    boxes: tuple[str, ...] = ()


def state_of(spec: BackendSpec, checkout: Checkout, source: Source = Source.STATED) -> State:
    """Reads every place; writes nothing."""
    states = tuple(_place_states(spec, checkout))
    report = _report(spec, checkout)
    return State(
        spec=spec,
        places=states,
        checklist=tuple(_checklist(spec, checkout, states, _exempt(report))),
        platforms=tuple(_platforms(spec)),
        left_out=tuple(_left_out(spec)),
        routes=_routes(spec, checkout),
        verified=_verified(report),
        source=source,
        boxes=_boxes(checkout),
    )


def _place_states(spec: BackendSpec, checkout: Checkout) -> list[PlaceState]:
    states = []
    for place in places():
        path, probe = place.path(checkout), place.probe(checkout)
        if not probe.usable:
            why = probe.absent or probe.unrecognised
            states.append(PlaceState(place.id, place.title, path, (), 0, (), (), skipped=why))
            continue
        wanted = place.wanted(spec, checkout)
        observed = {fact.key: fact for fact in place.observe(checkout)}
        mine = [(expected, observed.get(expected.key)) for expected in wanted]
        good = [fact for expected, fact in mine if fact is not None and place.same(expected.value, fact.value)]
        missing = [expected for expected, fact in mine if fact is None or not place.same(expected.value, fact.value)]
        kinds = tuple(dict.fromkeys(expected.kind for expected in wanted))
        lines = tuple(sorted({fact.line for fact in good}))
        keys = {expected.key for expected in wanted}
        omitted = tuple(expected for expected in place.expect(spec, checkout) if expected.key not in keys)
        where = good[0].path if good else path
        states.append(PlaceState(place.id, place.title, where, kinds, len(wanted), tuple(missing), lines, omitted))
    return states


def _checklist(
    spec: BackendSpec, checkout: Checkout, states: Sequence[PlaceState], exempt: Mapping[str, str]
) -> list[Line]:
    by_id = {state.id: state for state in states}
    lines = [_line(item, spec, checkout, by_id, exempt) for item in PULL_REQUEST]
    return [line for line in lines if line is not None]


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
        case Decided.BY_PLACES:
            return _of_places(item, states, exempt)


def _placeholder(text: str, spec: BackendSpec, checkout: Checkout) -> Line | None:
    if not spec.its_flavour.placeholder:
        return None
    marked = [path for path in checkout.files_below(spec.directory) if _says(checkout, path, PLACEHOLDER)]
    return Line(text, not marked, f"{marked[0]} still carries {PLACEHOLDER}" if marked else "")


def _says(checkout: Checkout, path: str, word: str) -> bool:
    try:
        return word in (checkout.read(path) or "")
    except NewbackendError:
        return False  # not text, so not a template's placeholder


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


def _silent(spec: BackendSpec, system: str) -> bool:
    """Whether an OS is neither built for, nor excluded on purpose, nor unsupported by the language."""
    possible = [variant for variant in spec.its_flavour.variants if os_of(variant) == system]
    chosen = any(os_of(variant) == system for variant in spec.variants)
    return bool(possible) and not chosen and system not in spec.os_excluded


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


def _exempt(report: Report | str) -> dict[str, str]:
    """The rules that do not apply to the backend, with the reason."""
    if isinstance(report, str):
        return {}
    return {check.rule.id: check.reason for check in report.checked if check.status is Status.SKIPPED}


def _verified(report: Report | str) -> str:
    """The result of `newbackend verify NAME`, in one sentence."""
    if isinstance(report, str):
        return report
    counts = report.summary()
    levels = [f"{counts[word]} {word}{'s' if counts[word] != 1 else ''}" for word in ("error", "warning", "note")]
    open_ = f", {counts['unknown']} could not be decided" if counts["unknown"] else ""
    return f"{counts['pass']} checks passed, {', '.join(levels)}{open_}"


def _boxes(checkout: Checkout) -> tuple[str, ...]:
    """The task lines that the repository's template has, outside of its comments."""
    try:
        text = checkout.read(TEMPLATE) or ""
    except NewbackendError:
        text = ""
    lines = re.sub(r"<!--.*?(?:-->|\Z)", "", text, flags=re.S).splitlines()
    return tuple(one_line(line) for line in lines if _BOX.match(line))[:_BOXES] or (_SIGNED,)
