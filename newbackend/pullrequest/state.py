"""What a checkout says about one backend, place by place: the facts behind a pull request's text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from newbackend.catalog import variant_table
from newbackend.checkout.filter_engine import FilterUnavailable, path_filter
from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError
from newbackend.registrations import places
from newbackend.registrations.matrix.place import rows_of
from newbackend.registrations.path_filter.place import FUNCTIONS
from newbackend.registrations.support.os_excluded import TITLES, os_of
from newbackend.spec import BackendSpec


@dataclass(frozen=True)
class PlaceState:
    """One place: what is wanted there and where it stands. `missing` and `omitted` are `kind:key`, the
    latter left out by the answers; `skipped` says why there is nothing to want."""

    id: str
    title: str
    path: str
    kinds: tuple[str, ...]
    wanted: int
    missing: tuple[str, ...]
    lines: tuple[int, ...]
    omitted: tuple[str, ...] = ()
    skipped: str = ""

    @property
    def done(self) -> bool:
        """Whether everything that is wanted is there."""
        return not self.missing and not self.skipped


@dataclass(frozen=True)
class Line:
    """A line of the checklist: True, False, or None where only a person can tell."""

    text: str
    ticked: bool
    note: str = ""


@dataclass(frozen=True)
class State:
    """Everything a pull request says."""

    spec: BackendSpec
    places: tuple[PlaceState, ...]
    checklist: tuple[Line, ...]
    platforms: tuple[tuple[str, str, str], ...]
    left_out: tuple[tuple[str, str], ...]
    routes: str
    verified: str


def state_of(spec: BackendSpec, checkout: Checkout) -> State:
    """Reads every place; writes nothing."""
    states = tuple(_place_states(spec, checkout))
    return State(
        spec=spec,
        places=states,
        checklist=tuple(_checklist(spec, checkout, states)),
        platforms=tuple(_platforms(spec)),
        left_out=tuple(_left_out(spec)),
        routes=_routes(spec, checkout),
        verified=_verified(spec, checkout),
    )


def _place_states(spec: BackendSpec, checkout: Checkout) -> list[PlaceState]:
    found = []
    for place in places():
        path, probe = place.path(checkout), place.probe(checkout)
        if not probe.usable:
            why = probe.absent or probe.unrecognised
            found.append(PlaceState(place.id, place.title, path, (), 0, (), (), skipped=why))
            continue
        wanted = place.wanted(spec, checkout)
        observed = {fact.key: fact for fact in place.observe(checkout)}
        mine = [(one, observed.get(one.key)) for one in wanted]
        good = [fact for one, fact in mine if fact is not None and place.same(one.value, fact.value)]
        missing = [
            f"{one.kind}:{one.key}" for one, fact in mine if fact is None or not place.same(one.value, fact.value)
        ]
        kinds = tuple(dict.fromkeys(one.kind for one in wanted))
        lines = tuple(sorted({fact.line for fact in good}))
        keys = {one.key for one in wanted}
        omitted = tuple(f"{one.kind}:{one.key}" for one in place.expect(spec, checkout) if one.key not in keys)
        where = good[0].path if good else path
        found.append(PlaceState(place.id, place.title, where, kinds, len(wanted), tuple(missing), lines, omitted))
    return found


def _checklist(spec: BackendSpec, checkout: Checkout, states: Sequence[PlaceState]) -> list[Line]:
    by_id = {state.id: state for state in states}
    lines = [_line(row, spec, checkout, by_id) for row in _data()]
    return [line for line in lines if line is not None]


def _line(
    row: Mapping[str, Any], spec: BackendSpec, checkout: Checkout, states: Mapping[str, PlaceState]
) -> Line | None:
    text = str(row["text"])
    if "by_hand" in row:
        return Line(text, False, str(row["by_hand"]))
    if row.get("files"):
        gone = [file for file in ("Makefile", "run.sh") if not checkout.exists(f"{spec.directory}/{file}")]
        return Line(text, not gone, f"{spec.directory}/{gone[0]} is missing" if gone else "")
    if row.get("placeholder"):
        return _placeholder(text, spec, checkout)
    if row.get("os"):
        silent = [TITLES[system] for system in TITLES if _silent(spec, system)]
        return Line(text, not silent, f"{', '.join(silent)}: neither registered nor a reason given" if silent else "")
    return _of_places(row, states)


def _placeholder(text: str, spec: BackendSpec, checkout: Checkout) -> Line | None:
    language = spec.language
    if spec.flavour in language.flavour_without_placeholder:
        return None
    marked = [
        path for path in checkout.files_below(spec.directory) if _says(checkout, path, language.placeholder_marker)
    ]
    return Line(text, not marked, f"{marked[0]} still carries {language.placeholder_marker}" if marked else "")


def _says(checkout: Checkout, path: str, word: str) -> bool:
    try:
        return word in (checkout.read(path) or "")
    except NewbackendError:
        return False  # not text, so not a template's placeholder


def _of_places(row: Mapping[str, Any], states: Mapping[str, PlaceState]) -> Line | None:
    """A line that registration places decide: ticked when all that is wanted in them is there."""
    text = str(row["text"])
    wanted = 0
    missing: list[str] = []
    left_out: list[str] = []
    notes: list[str] = []
    for place_id, kinds in row["places"].items():
        state = states[place_id]
        if state.skipped:
            notes.append(state.skipped)
            continue
        left_out += [key for key in state.omitted if not kinds or key.partition(":")[0] in kinds]
        if not kinds:
            wanted += state.wanted
            missing += state.missing
            continue
        wanted += sum(kind in kinds for kind in state.kinds)
        missing += [key for key in state.missing if key.partition(":")[0] in kinds]
    for word, keys in (("missing", missing), ("left out", left_out)):
        if keys:
            return Line(text, False, f"{word}: {', '.join(key.partition(':')[2] for key in keys[:3])}")
    if wanted == 0 and row.get("only_when_expected"):
        return None
    note = "; ".join(notes) or (str(row.get("when_silent") or "") if wanted == 0 else "")
    return Line(text, wanted > 0 or bool(note), note)


def _platforms(spec: BackendSpec) -> list[tuple[str, str, str]]:
    """Variant title, image suffixes, host systems of every chosen variant."""
    found = []
    for variant_id in spec.variants:
        rows = rows_of(spec, variant_id)
        suffixes = ", ".join(dict.fromkeys(f"`{row['tag-suffix']}`" for row in rows))
        systems = ", ".join(dict.fromkeys(row.get("platforms") or "darwin/arm64" for row in rows))
        found.append((variant_table().variants[variant_id].title, suffixes, systems))
    return found


def _left_out(spec: BackendSpec) -> list[tuple[str, str]]:
    """Every platform that gets no image, with the reason; an OS left out on purpose comes first."""
    found = [(TITLES.get(system, system), str(reason)) for system, reason in spec.os_excluded.items()]
    allowed = spec.language.variants.get(spec.flavour, ())
    for variant_id, variant in variant_table().variants.items():
        if variant_id in spec.variants or os_of(variant_id) in spec.os_excluded:
            continue
        reason = "not in this pull request"
        if variant_id not in allowed:
            reason = spec.language.why_not_variant(variant_id, spec.flavour).partition("; use --set")[0]
        found.append((variant.title, reason))
    return found


def _silent(spec: BackendSpec, system: str) -> bool:
    """Whether an OS is neither built for, nor left out on purpose, nor impossible for the language."""
    possible = [variant for variant in spec.language.variants.get(spec.flavour, ()) if os_of(variant) == system]
    chosen = any(os_of(variant) == system for variant in spec.variants)
    return bool(possible) and not chosen and system not in spec.os_excluded


def _routes(spec: BackendSpec, checkout: Checkout) -> str:
    """What the checkout's own path filter answers for the backend's rows, in one sentence."""
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


def _verified(spec: BackendSpec, checkout: Checkout) -> str:
    """What `newbackend verify NAME` says of this tree, in one sentence."""
    from newbackend.rules.run import verify

    try:
        counts = verify(checkout, names=(spec.name,)).summary()
    except NewbackendError as error:
        return f"could not run: {error.sentence()}"
    found = [f"{counts[word]} {word}{'s' if counts[word] != 1 else ''}" for word in ("error", "warning", "note")]
    open_ = f", {counts['unknown']} could not be decided" if counts["unknown"] else ""
    return f"{counts['pass']} checks passed, {', '.join(found)}{open_}"


@cache
def _data() -> Any:
    import newbackend.catalog

    path = Path(newbackend.catalog.__file__).parent / "pull_request.json"
    return json.loads(path.read_text(encoding="utf-8"))["checklist"]
