"""Builds plans: loops over the places, then proves the result.

Every plan is checked at run time, on the user's own files: a second parser reads the edited YAML as the old value plus
the new items and the edited Makefile as the old one plus the new words and lines, no other row's route changes, only
lines are added, and planning again on the result gives nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from newbackend.answers import as_data
from newbackend.checkout.filter_engine import FilterUnavailable
from newbackend.checkout.layout import MATRIX
from newbackend.checkout.tree import Checkout
from newbackend.child import Beside
from newbackend.errors import UsageError
from newbackend.overrides import SCAFFOLD
from newbackend.plan.diff import of_splices, whole_file
from newbackend.plan.model import Edit, Plan, Present, sha
from newbackend.plan.registered import refuse_registered_otherwise
from newbackend.registrations import places
from newbackend.registrations.base import Change, NewFile
from newbackend.registrations.manual import Manual
from newbackend.registrations.path_filter.place import routes
from newbackend.registrations.support.place_overrides import check_place_overrides
from newbackend.registrations.support.yaml_files import document
from newbackend.scaffold.render import RenderedFile, render
from newbackend.spec import BackendSpec, to_answers
from newbackend.splice.make_items import MakeEdit
from newbackend.splice.outcome import AlreadyPresent, Inserted, Splice, outcome_word
from newbackend.splice.prove import (
    BlocksEdit,
    GrownLine,
    ListEdit,
    MapEdit,
    Proof,
    ProofFailed,
    ValueEdit,
    prove_grown,
    prove_meaning,
)
from newbackend.splice.prove_make import is_makefile, prove_makefile
from newbackend.splice.yaml_blocks import prove_blocks
from newbackend.splice.yaml_nodes import YamlBroken

Scaffold = Callable[[BackendSpec, Checkout], Mapping[str, RenderedFile]]
Remaining = Callable[[Checkout, BackendSpec], Iterable[Manual]]

_LARGE = 200_000
"""Characters of edited files whose proof is worth a second process. LocalAI's have three times as many."""


def nothing(_: Checkout, __: BackendSpec) -> tuple[Manual, ...]:
    """Nothing remains to a person, as far as anybody asks."""
    return ()


def plan_create(
    spec: BackendSpec, checkout: Checkout, *, scaffold: Scaffold = render, remaining: Remaining = nothing
) -> Plan:
    """The plan that adds a backend: its files, then every registration place.

    `remaining` is asked of the result what is left to a person after it (`registrations.remaining`).
    With `overrides.places.scaffold: keep` it has no files. Raises RefusedChange when the backend is registered with
    other answers, UsageError when a proof fails, both before anything is written.
    """
    check_place_overrides(spec, places())
    if spec.keeps_files and not checkout.is_dir(spec.directory):
        raise UsageError(
            "scaffold-missing",
            "the answers say that the backend's files are kept, but there is no such directory",
            where=spec.directory,
            hint="take overrides.places.scaffold out of the answers to have them rendered",
        )
    changes, skipped = _place_changes(spec, checkout)
    refuse_registered_otherwise(spec, checkout, changes)
    edits, present, manual = _scaffold_edits(spec, checkout, scaffold)
    plan = assemble(f"create {spec.name}", as_data(to_answers(spec)), checkout, changes)
    plan = replace(
        plan,
        edits=(*edits, *plan.edits),
        manual=(*manual, *plan.manual),
        present=(*present, *plan.present),
        skipped=tuple(skipped),
        base={**base_of(edits, checkout), **plan.base},
    )
    after = planned(plan, checkout)
    with _proven_beside(plan, checkout, after, changes):
        prove_only_added(plan, checkout, changes)
        again, _ = _place_changes(spec, after)
        pending = [c for c in again if isinstance(c.outcome, Inserted)]
        if pending:
            first = pending[0]
            raise UsageError("plan-not-idempotent", f"a second run would add {first.reason} again", where=first.path)
        prove_routes(checkout, after, spec.name)
        left = tuple(remaining(after, spec))
    return replace(plan, manual=(*plan.manual, *left))


def assemble(title: str, answers: Mapping[str, Any], checkout: Checkout, changes: Sequence[Change]) -> Plan:
    """A plan from the places' changes: edits with their diffs, manual items, and facts that exist already."""
    edits: list[Edit] = []
    manual: list[Manual] = []
    present: list[Present] = []
    for change in changes:
        outcome = change.outcome
        if isinstance(outcome, AlreadyPresent):
            present.append(Present(change.path, outcome.line, change.place, change.reason, change.rules))
            continue
        word = outcome_word(outcome)
        if isinstance(outcome, Inserted):
            text = checkout.need(change.path)
            diff = of_splices(change.path, text, outcome.splices)
            edits.append(
                Edit(
                    change.path,
                    "modify",
                    change.place,
                    change.reason,
                    change.rules,
                    word,
                    diff,
                    None,
                    None,
                    outcome.splices,
                )
            )
            continue
        edits.append(Edit(change.path, "modify", change.place, change.reason, change.rules, word))
        reason = f"{change.reason}: {outcome.reason}"
        manual.append(Manual(change.path, outcome.line, change.snippet, reason, change.place, change.rules))
    made = [edit for edit in edits if edit.made]
    return Plan(title, answers, base_of(made, checkout), tuple(edits), tuple(manual), _merged(present))


def base_of(edits: Iterable[Edit], checkout: Checkout) -> dict[str, str]:
    """The hash of each path's current content, by which `apply` detects a stale plan."""
    return {edit.path: sha(edit.base_text(checkout)) for edit in edits}


def _merged(present: Iterable[Present]) -> tuple[Present, ...]:
    """Facts that exist already, merged to one line per place and reason."""
    seen: dict[tuple[str, str], Present] = {}
    for fact in present:
        seen.setdefault((fact.place, fact.reason), fact)
    return tuple(seen.values())


def _place_changes(spec: BackendSpec, checkout: Checkout) -> tuple[list[Change], list[tuple[str, str]]]:
    changes: list[Change] = []
    skipped: list[tuple[str, str]] = []
    for place in places():
        result = place.plan(checkout, spec)
        changes += result.changes
        if result.skipped:
            skipped.append((place.id, result.skipped))
    return changes, skipped


def _scaffold_edits(
    spec: BackendSpec, checkout: Checkout, scaffold: Scaffold
) -> tuple[list[Edit], list[Present], list[Manual]]:
    edits: list[Edit] = []
    present: list[Present] = []
    manual: list[Manual] = []
    for place_id, path, file in _new_files(spec, checkout, scaffold):
        edit = Edit(path, "create", place_id, file.reason, file.rules, "inserted", "", file.mode, file.text)
        there = edit.base_text(checkout)
        if there is None:
            edits.append(replace(edit, diff=whole_file(path, None, file.text, file.mode)))
        else:
            note = file.reason if there == file.text else f"{file.reason} (edited by hand, kept)"
            present.append(Present(path, 1, place_id, note, file.rules))
    return edits, present, manual


def _new_files(spec: BackendSpec, checkout: Checkout, scaffold: Scaffold) -> Iterable[tuple[str, str, NewFile]]:
    """Every file to create: the backend's own, then those of the places."""
    reason = f"the files of {spec.name}"
    for path, file in ({} if spec.keeps_files else scaffold(spec, checkout)).items():
        yield SCAFFOLD, path, NewFile(file.mode, file.text, reason, ("REG801",))
    for place in places():
        if place.probe(checkout).usable:
            for path, brought in place.files(checkout, spec).items():
                if spec.keeps_files and brought.needed:
                    continue  # it is one of those that are there
                yield place.id, path, brought


def planned(plan: Plan, checkout: Checkout) -> Checkout:
    """The checkout with the plan applied in memory."""
    changes = plan.changes(plan.texts(checkout))
    files = {change.path: change.after for change in changes if not change.is_link}
    links = {change.path: change.after for change in changes if change.is_link}
    return checkout.with_changes(files, links)


@contextmanager
def _proven_beside(plan: Plan, checkout: Checkout, after: Checkout, changes: Sequence[Change]) -> Iterator[None]:
    """Proves the plan (`prove`) while the `with` block goes on, where the files are large. A proof that fails is said,
    whatever the block found."""
    paths = _by_path(plan, changes)
    if sum(len(checkout.need(path)) for path in paths) < _LARGE:
        prove(plan, checkout, after, changes)
        yield
        return
    for path, mine in paths.items():
        if _merge_proofs([proof for change in mine for proof in change.proofs]):
            document(after, path)  # both need it
    proof = Beside(lambda: prove(plan, checkout, after, changes))
    try:
        yield
    finally:
        proof.result()


def prove(plan: Plan, checkout: Checkout, after: Checkout, changes: Sequence[Change]) -> None:
    """Every modified YAML file and Makefile means what was intended; `after` is the checkout with the plan applied.

    Raises UsageError naming the file.
    """
    for path, mine in _by_path(plan, changes).items():
        proofs = _merge_proofs([proof for change in mine for proof in change.proofs])
        if is_makefile(path):
            with _naming(path):
                edits = [proof for change in mine for proof in change.proofs if isinstance(proof, MakeEdit)]
                prove_makefile(checkout.need(path), after.need(path), edits)
        if parts := [proof for change in mine for proof in change.proofs if isinstance(proof, BlocksEdit)]:
            with _naming(path):
                prove_blocks(checkout.need(path), after.need(path), parts)
        if proofs:
            with _naming(path):
                _prove_valid(after, path)
                prove_meaning(checkout.need(path), after.need(path), proofs)


def prove_only_added(plan: Plan, checkout: Checkout, changes: Sequence[Change]) -> None:
    """Creating adds whole lines; inside a line only a declared list grows. Raises UsageError naming the file."""
    for path, mine in _by_path(plan, changes).items():
        before = checkout.need(path)
        for change in mine:
            inside = [splice for splice in change.splices if not _adds_lines(before, splice)]
            with _naming(path):
                prove_grown(before, inside, [proof for proof in change.proofs if isinstance(proof, GrownLine)])


def _by_path(plan: Plan, changes: Sequence[Change]) -> dict[str, list[Change]]:
    """The changes that are made of every file of a place that the plan modifies."""
    made = [change for change in changes if change.splices]
    paths = dict.fromkeys(edit.path for edit in plan.made if edit.op == "modify" and edit.place != SCAFFOLD)
    return {path: [change for change in made if change.path == path] for path in paths}


@contextmanager
def _naming(path: str) -> Iterator[None]:
    """Turns a failed proof into an error that names the file."""
    try:
        yield
    except ProofFailed as error:
        raise UsageError("proof-failed", f"the edit was dropped: {error}", where=path) from error


def _prove_valid(after: Checkout, path: str) -> None:
    """libyaml must accept the edited file too. The second planning pass reads the same composed document."""
    composed = document(after, path)
    if isinstance(composed, YamlBroken):
        raise ProofFailed(f"the edited document would not be valid YAML: {composed.problem}")


def _merge_proofs(edits: Iterable[Proof]) -> list[ListEdit | MapEdit | ValueEdit]:
    """The expected result for the whole document: one edit per sequence, with indices into the old one."""
    merged: dict[tuple[str, ...], ListEdit] = {}
    others: list[ListEdit | MapEdit | ValueEdit] = []
    for edit in edits:
        if isinstance(edit, ListEdit):
            old = merged.get(edit.path, ListEdit(edit.path))
            merged[edit.path] = ListEdit(edit.path, old.added + edit.added, old.removed | edit.removed)
        elif not isinstance(edit, GrownLine | MakeEdit | BlocksEdit):
            others.append(edit)
    return [*others, *merged.values()]


def _adds_lines(before: str, splice: Splice) -> bool:
    """Whether a splice only puts whole lines between two lines, or at either end of the file."""
    at_break = splice.start in (0, len(before)) or before[splice.start - 1] == "\n"
    return splice.start == splice.end and at_break


def prove_routes(before: Checkout, after: Checkout, name: str) -> None:
    """No collateral: every row that is not this backend's keeps its route, by the checkout's own function."""
    try:
        old = _routes(before)
    except FilterUnavailable:
        return  # the path-filter place has reported it as a manual item
    try:
        new = _routes(after)
    except FilterUnavailable as error:
        raise UsageError(
            "filter-broken", f"the edit was dropped: the edited path filter would not run: {error}"
        ) from error
    for key, (backend, route) in old.items():
        if backend != name and new.get(key, (backend, route))[1] != route:
            raise UsageError("route-collateral", f"the row {key} of {backend} would change its route", where=MATRIX)


def _routes(checkout: Checkout) -> dict[str, tuple[str, str | None]]:
    return {row.key: (row.backend, route) for row, route in routes(checkout)}
