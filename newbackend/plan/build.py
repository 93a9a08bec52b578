"""Builds plans: loops over the places, then proves the result before anybody sees it.

Every plan is checked on the user's own files, at run time: the edited YAML means old plus new by a
second parser, no other row's route changes, only lines are added, and planning again on the result
gives nothing (design, section 4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from newbackend.answers import to_answers
from newbackend.checkout.filter_engine import FilterUnavailable, path_filter
from newbackend.checkout.layout import MATRIX
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.plan.diff import of_splices, whole_file
from newbackend.plan.model import Edit, Manual, Plan, Present, sha
from newbackend.registrations import places
from newbackend.registrations.base import Change, NewFile
from newbackend.registrations.makefile.place import LISTS
from newbackend.registrations.matrix.place import Matrix
from newbackend.registrations.support.place_overrides import check_place_overrides
from newbackend.registrations.support.yaml_files import document
from newbackend.scaffold.render import RenderedFile, render
from newbackend.spec import BackendSpec
from newbackend.splice.outcome import AlreadyPresent, Inserted, Splice, outcome_word
from newbackend.splice.prove import (
    GrownLine,
    ListEdit,
    MapEdit,
    Proof,
    ProofFailed,
    ValueEdit,
    prove_grown,
    prove_meaning,
)
from newbackend.splice.yaml_list import YamlBroken

Scaffold = Callable[[BackendSpec, Checkout], Mapping[str, RenderedFile]]


def plan_create(spec: BackendSpec, checkout: Checkout, *, scaffold: Scaffold = render) -> Plan:
    """Everything that adds the backend: files, then every registration place.

    With `overrides.places.scaffold: keep` only the registration. Raises UsageError when a proof fails;
    nothing has been written then.
    """
    check_place_overrides(spec, places())
    if spec.keeps_files and not checkout.is_dir(spec.directory):
        raise UsageError(
            "scaffold-missing",
            "the answers say that the backend's files are kept, but there is no such directory",
            where=spec.directory,
            hint="take overrides.places.scaffold out of the answers to have them rendered",
        )
    edits, present, manual = _scaffold_edits(spec, checkout, scaffold)
    changes, skipped = _place_changes(spec, checkout)
    plan = assemble(f"create {spec.name}", to_answers(spec), checkout, changes)
    plan = replace(
        plan,
        edits=(*edits, *plan.edits),
        manual=(*manual, *plan.manual),
        present=(*present, *plan.present),
        skipped=tuple(skipped),
        base={**base_of(edits, checkout), **plan.base},
    )
    after = planned(plan, checkout)
    prove(plan, checkout, after, changes)
    again, _ = _place_changes(spec, after)
    pending = [c for c in again if isinstance(c.outcome, Inserted)]
    if pending:
        first = pending[0]
        raise UsageError("plan-not-idempotent", f"a second run would add {first.reason} again", where=first.path)
    prove_routes(checkout, after, spec.name)
    return plan


def assemble(title: str, answers: Mapping[str, Any], checkout: Checkout, changes: Sequence[Change]) -> Plan:
    """A plan from the places' changes: edits with their own diffs, manual items, what is there already."""
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
    """What each path holds now, as the hash that a stale plan is told by."""
    return {edit.path: sha(edit.base_text(checkout)) for edit in edits}


def _merged(present: Iterable[Present]) -> tuple[Present, ...]:
    """One line per place and reason is enough for what is there already."""
    seen: dict[tuple[str, str], Present] = {}
    for one in present:
        seen.setdefault((one.place, one.reason), one)
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
    """Every file to create: the backend's own, then those that a place brings along."""
    if spec.keeps_files:
        return
    reason = f"the files of {spec.name}"
    for path, file in scaffold(spec, checkout).items():
        yield "scaffold", path, NewFile(file.mode, file.text, reason, ("REG801",))
    for place in places():
        if place.probe(checkout).usable:
            for path, brought in place.files(checkout, spec).items():
                yield place.id, path, brought


def planned(plan: Plan, checkout: Checkout) -> Checkout:
    """The checkout as the plan would leave it, without writing anything."""
    changes = plan.changes(plan.texts(checkout))
    files = {change.path: change.after for change in changes if not change.is_link}
    links = {change.path: change.after for change in changes if change.is_link}
    return checkout.with_changes(files, links)


def prove(plan: Plan, checkout: Checkout, after: Checkout, changes: Sequence[Change]) -> None:
    """Meaning and byte preservation of every modified file; `after` is the checkout with the plan applied.

    Raises UsageError naming the file.
    """
    made = [change for change in changes if isinstance(change.outcome, Inserted)]
    for path in dict.fromkeys(edit.path for edit in plan.made if edit.op == "modify"):
        mine = [change for change in made if change.path == path]
        try:
            proofs = _merge_proofs([proof for change in mine for proof in change.proofs])
            if proofs:
                prove_meaning(checkout.need(path), after.need(path), proofs)
                _prove_valid(after, path)
            if plan.title.startswith("create "):
                _prove_only_added(checkout.need(path), mine)
        except ProofFailed as error:
            raise UsageError("proof-failed", f"the edit was dropped: {error}", where=path) from error


def _prove_valid(after: Checkout, path: str) -> None:
    """libyaml must take the edited file too; the second planning pass reads the same composed document."""
    found = document(after, path)
    if isinstance(found, YamlBroken):
        raise ProofFailed(f"the edited document would not be valid YAML: {found.problem}")


def _merge_proofs(edits: Iterable[Proof]) -> list[ListEdit | MapEdit | ValueEdit]:
    """What the whole document must come to: one edit per sequence, indices in the old one."""
    merged: dict[tuple[str, ...], ListEdit] = {}
    others: list[ListEdit | MapEdit | ValueEdit] = []
    for edit in edits:
        if isinstance(edit, ListEdit):
            old = merged.get(edit.path, ListEdit(edit.path))
            merged[edit.path] = ListEdit(edit.path, old.added + edit.added, old.removed | edit.removed)
        elif not isinstance(edit, GrownLine):
            others.append(edit)
    return [*others, *merged.values()]


def _prove_only_added(before: str, changes: Iterable[Change]) -> None:
    """Creating adds whole lines; inside a line only a declared list grows (design, section 4)."""
    for change in changes:
        assert isinstance(change.outcome, Inserted)
        inside = [splice for splice in change.outcome.splices if not _adds_lines(before, splice)]
        grown = [proof for proof in change.proofs if isinstance(proof, GrownLine)]
        prove_grown(before, [splice for splice in inside if not _in_make_list(before, splice)], grown)


def _adds_lines(before: str, splice: Splice) -> bool:
    """Whether a splice only puts whole lines between two lines, or at either end of the file."""
    at_break = splice.start in (0, len(before)) or before[splice.start - 1] == "\n"
    return splice.start == splice.end and at_break


def _in_make_list(before: str, splice: Splice) -> bool:
    """Whether a splice puts a word on one of the root Makefile's one-line lists, however they are broken up."""
    start = before.rfind("\n", 0, splice.start) + 1
    while before[max(0, start - 2) : start - 1] == "\\" and start:
        start = before.rfind("\n", 0, start - 1) + 1
    return splice.start == splice.end and before.startswith(tuple(LISTS), start)


def prove_routes(before: Checkout, after: Checkout, name: str) -> None:
    """No collateral: every row that is not this backend's keeps its route, by the checkout's own function."""
    try:
        old = _routes(before)
    except FilterUnavailable:
        return  # the path-filter place has said so as a manual item
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
    engine = path_filter(checkout)
    rows = Matrix().observe(checkout)
    result: dict[str, tuple[str, str | None]] = {}
    for kind, run in (("row", engine.linux), ("darwin", engine.darwin)):
        mine = [fact for fact in rows if fact.kind == kind]
        for fact, route in zip(mine, run([fact.value for fact in mine]), strict=True):
            result[fact.key] = (fact.backend, route)
    return result
