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
from newbackend.catalog.languages import languages
from newbackend.checkout.filter_engine import FilterUnavailable, path_filter
from newbackend.checkout.layout import MATRIX
from newbackend.checkout.tree import Checkout
from newbackend.errors import NotFoundError, UsageError
from newbackend.places import places
from newbackend.places.base import Change, NewFile
from newbackend.places.gallery_index import GalleryIndex, families, owners
from newbackend.places.makefile import LISTS
from newbackend.places.matrix import Matrix
from newbackend.places.overrides import check_place_overrides
from newbackend.places.yaml_place import document
from newbackend.plan.dependents import dependents
from newbackend.plan.diff import of_splices, whole_file
from newbackend.plan.model import Edit, Manual, Plan, Present, sha
from newbackend.scaffold.generated import ANSWERS_NAME, edited_files
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
        base={**{edit.path: sha(checkout.read(edit.path)) for edit in edits}, **plan.base},
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


def plan_remove(name: str, checkout: Checkout, *, keep_files: bool = False) -> Plan:
    """Everything that takes a backend away: every place's facts under that name, then its files.

    Raises NotFoundError when the checkout knows no such backend, UsageError when its files would go and
    other backends are built from them.
    """
    owner = owners(checkout).get(name)
    if owner:
        raise UsageError("name-of-gallery", f"{name!r} is what the gallery calls the backend {owner!r}; name that")
    names = (name, *families(checkout, name))
    changes = [
        change
        for place in places()
        if place.probe(checkout).usable
        for one in names
        for change in place.revert(checkout, one)
    ]
    _refuse_strangers(name, checkout, changes)
    if not keep_files:
        _refuse_dependents(name, checkout)
    plan = assemble(f"remove {name}", {"name": name}, checkout, changes)
    files = () if keep_files else tuple(_deletions(names, checkout))
    if not changes and not files:
        raise NotFoundError("backend-unknown", f"this checkout knows no backend {name!r}")
    base = {**{edit.path: sha(checkout.read(edit.path)) for edit in files}, **plan.base}
    edited = set(edited_files(name, checkout))
    notes = tuple(f"{edit.path} was edited since it was generated" for edit in files if edit.path in edited)
    ordered = sorted(files, key=lambda edit: edit.path not in edited)
    plan = replace(plan, edits=(*ordered, *plan.edits), base=base, notes=notes)
    after = planned(plan, checkout)
    prove(plan, checkout, after, changes)
    prove_routes(checkout, after, name)
    _prove_others(checkout, after, names)
    return plan


def _prove_others(before: Checkout, after: Checkout, names: Sequence[str]) -> None:
    """No collateral: every fact of every other backend is still there, whatever its value is made of."""
    known = {fact.backend for place in (Matrix(), GalleryIndex()) for fact in place.observe(before)} - set(names)
    for place in places():
        left = {(fact.backend, fact.key) for fact in place.observe(after)}
        for fact in place.observe(before):
            if fact.backend in known and (fact.backend, fact.key) not in left:
                where = f"{fact.path}:{fact.line}"
                raise UsageError("remove-collateral", f"{fact.backend} would lose {fact.key}", where=where)


def _refuse_strangers(name: str, checkout: Checkout, changes: Sequence[Change]) -> None:
    """A directory that nothing registers and nobody generated is not a backend: `common`, `grpc`."""
    directories = [language.directory_of(name) for language in languages().values()]
    found = [path for path in directories if checkout.is_dir(path)]
    if found and not changes and not any(checkout.exists(f"{path}/{ANSWERS_NAME}") for path in found):
        raise NotFoundError(
            "backend-unregistered", f"{name!r} is registered nowhere, so its directory is not touched", where=found[0]
        )


def _refuse_dependents(name: str, checkout: Checkout) -> None:
    found = dependents(checkout, name)
    if found:
        raise UsageError(
            "backend-needed",
            f"{', '.join(found)} {'is' if len(found) == 1 else 'are'} built upon {name!r}",
            where=next(iter(found.values())),
            hint="remove those first, or pass --keep-files to take away only the registration",
        )


def _deletions(names: Sequence[str], checkout: Checkout) -> Iterable[Edit]:
    """The backend's own directory and Dockerfile, and what places keep for it, file by file."""
    name = names[0]
    owners: dict[str, str] = {}
    for language in languages().values():
        paths = list(checkout.files_below(language.directory_of(name)))
        extra = [path.replace("{name}", name) for path in language.extra_files]
        paths += [path for path in extra if paths and checkout.exists(path)]
        owners.update((path, "scaffold") for path in paths)
    for place in places():
        if place.probe(checkout).usable:
            for path in (path for one in names for path in place.own_files(checkout, one)):
                owners.setdefault(path, place.id)
    for path, owner in owners.items():
        diff = whole_file(path, checkout.need(path), None)
        yield Edit(path, "delete", owner, f"the files of {name}", (), "inserted", diff)


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
    base = {edit.path: sha(checkout.read(edit.path)) for edit in edits if edit.made}
    return Plan(title, answers, base, tuple(edits), tuple(manual), _merged(present))


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
        there = checkout.read(path)
        if there is None:
            diff = whole_file(path, None, file.text)
            edits.append(
                Edit(path, "create", place_id, file.reason, file.rules, "inserted", diff, file.mode, file.text)
            )
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


def texts(plan: Plan, checkout: Checkout) -> dict[str, str | None]:
    """The base texts of every path that the plan touches."""
    return {path: checkout.read(path) for path in plan.base}


def planned(plan: Plan, checkout: Checkout) -> Checkout:
    """The checkout as the plan would leave it, without writing anything."""
    return checkout.with_changes({change.path: change.after for change in plan.changes(texts(plan, checkout))})


def prove(plan: Plan, checkout: Checkout, after: Checkout, changes: Sequence[Change]) -> None:
    """Meaning and byte preservation of every modified file; `after` is the checkout with the plan applied.

    Raises UsageError naming the file.
    """
    made = [change for change in changes if isinstance(change.outcome, Inserted)]
    for written in plan.changes(texts(plan, checkout)):
        if written.before is None or written.after is None:
            continue
        mine = [change for change in made if change.path == written.path]
        try:
            proofs = _merge_proofs([proof for change in mine for proof in change.proofs])
            if proofs:
                prove_meaning(written.before, written.after, proofs)
                _prove_valid(after, written.path)
            if plan.title.startswith("create "):
                _prove_only_added(written.before, mine)
        except ProofFailed as error:
            raise UsageError("proof-failed", f"the edit was dropped: {error}", where=written.path) from error


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
        old, new = _routes(before), _routes(after)
    except FilterUnavailable:
        return  # the path-filter place has said so as a manual item
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
