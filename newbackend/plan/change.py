"""`change` and `update`: one backend's registration and files, from the answers it has to other ones.

Old answers imply old facts and files, new answers new ones. Every place computes the difference and edits it in place;
files are merged with what people changed (`plan.files`). `update` is the change whose answers are those in the
backend's own answers file, which somebody edited, or a newer template (docs/adr/0040).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from newbackend.answers import Answers, as_data, read_answers
from newbackend.answers_file import parse_answers
from newbackend.checkout.gitlink import GITLINK
from newbackend.checkout.tree import Checkout
from newbackend.describe import describe
from newbackend.errors import NotFoundError, UsageError
from newbackend.findings import Finding, Severity, Status
from newbackend.overrides import SCAFFOLD
from newbackend.plan.answers_edit import edited
from newbackend.plan.build import assemble, base_of, planned, prove, prove_routes
from newbackend.plan.collisions import check_changed, check_renamed
from newbackend.plan.compose import composed
from newbackend.plan.dependents import dependents
from newbackend.plan.diff import whole_file
from newbackend.plan.files import Merging, Step, file_steps, modify
from newbackend.plan.model import Edit, Plan
from newbackend.plan.registered import Registered, registered_answers
from newbackend.plan.rename import moved_files, registered_anew, renamed, with_bindings
from newbackend.plan.wish import Wish, only_departures, wished
from newbackend.records import dataclass
from newbackend.registrations import places
from newbackend.registrations.base import Change, NewFile, Place
from newbackend.registrations.difference import plan_difference
from newbackend.registrations.gallery_index.place import GalleryIndex
from newbackend.registrations.manual import Manual
from newbackend.registrations.matrix.place import Matrix
from newbackend.registrations.submodules.place import submodule_path
from newbackend.registrations.support.backend_names import backend_names, unknown_backend
from newbackend.registrations.support.place_overrides import check_place_overrides
from newbackend.rules.run import verify
from newbackend.scaffold.generated import (
    ID_LENGTH,
    answers_file,
    answers_text,
    blob_id,
    file_id,
    generated_files,
    record,
    recorded,
    remember_more,
)
from newbackend.scaffold.render import RenderedFile, answers_path, render
from newbackend.spec import BackendSpec, make_spec, to_answers
from newbackend.splice.outcome import Inserted, Splice

Scaffold = Callable[[BackendSpec, Checkout], Mapping[str, RenderedFile]]
Committed = Callable[[str], str | None]


@dataclass(frozen=True)
class Changed:
    """A plan, the files that it leaves with conflict markers in them, the texts to remember, and the answers file that
    it comes from, "" without one. `names` are those that the backend has before and after, in the gallery too;
    `changes` those of the places, with their proofs."""

    plan: Plan
    conflicts: tuple[str, ...]
    rendered: tuple[str, ...]
    answers_path: str = ""
    names: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Sources:
    """Where old texts come from: by blob id, and a file as it was committed last. `markers`: see `Merging`."""

    base_of: Callable[[str], str | None]
    committed: Committed = lambda _: None
    markers: bool = False


def plan_update(name: str, checkout: Checkout, sources: Sources, *, scaffold: Scaffold = render) -> Changed:
    """The change that the backend's own answers file and the templates of today ask for.

    Raises NotFoundError for a backend without an answers file, else as `plan_change`.
    """
    if not answers_file(checkout, name):
        if name not in backend_names(checkout):
            raise unknown_backend(name, checkout)
        hint = f"`newbackend adopt {name}` writes one; `newbackend change {name}` needs none"
        raise NotFoundError("not-generated", f"{name!r} has no .newbackend.yml to update it from", hint=hint)
    return _plan(f"update {name}", registered_answers(checkout, name), Wish(), checkout, sources, scaffold)


def plan_change(name: str, wish: Wish, checkout: Checkout, sources: Sources, *, scaffold: Scaffold = render) -> Changed:
    """The plan that fulfils a wish about a registered backend.

    Raises NotFoundError for an unknown backend, UsageError for an invalid wish, a file with conflict markers of the
    last change, or a proof that fails; all before anything is written.
    """
    title, known = f"change {name}", registered_answers(checkout, name)
    if wish.rename and wish != Wish(rename=wish.rename):
        return _renamed_and_changed(title, known, wish, checkout, sources, scaffold)
    return _plan(title, known, wish, checkout, sources, scaffold)


def remember_created(root: Path, plan: Plan) -> bool:
    """Stores the texts of the files that a plan created, and its answers, so that the next change finds them."""
    name = str(plan.answers.get("name") or "")
    texts = [edit.content for edit in plan.made if edit.place == SCAFFOLD and edit.content is not None]
    if not name or not texts:
        return False
    return remember_more(root, name, [*texts, answers_text(read_answers(dict(plan.answers), ""))])


def _plan(
    title: str, known: Registered, wish: Wish, checkout: Checkout, sources: Sources, scaffold: Scaffold
) -> Changed:
    if wish.rename:
        return _rename(title, known, wish, checkout, sources, scaffold)
    base, notes = _base_answers(known, checkout, sources)
    wanted = wished(known.answers, wish)
    old, new = (_spec(answers, make_spec(base), checkout) for answers in (base, wanted))
    check_place_overrides(new, places())
    check_changed(old, new, checkout)
    changes = _place_changes(checkout, old, new)
    edits, manual = _place_files(checkout, old, new)
    steps, rendered = _file_steps(known, wanted, checkout, sources, scaffold)
    plan = assemble(title, as_data(replace(to_answers(make_spec(wanted)), generated=None)), checkout, changes)
    files = (*(step.edit for step in steps if step.edit), *edits)
    conflicts = tuple(step.edit.path for step in steps if step.edit and step.conflict)
    plan = replace(
        plan,
        edits=(*files, *plan.edits),
        base={**base_of(files, checkout), **plan.base},
        manual=(*(step.manual for step in steps if step.manual), *manual, *plan.manual),
        present=(),
        notes=(*notes, *(f"{file} has conflicts to resolve" for file in conflicts), *_moved(new, checkout)),
    )
    after = planned(plan, checkout)
    prove(plan, checkout, after, changes)
    prove_routes(checkout, after, new.name)
    prove_others(checkout, after, {old.name, old.gallery, new.name, new.gallery})
    _prove_done(after, old, new)
    names = (old.name, old.gallery, new.name, new.gallery)
    plan = _judged(plan, checkout, after, (old.name, new.name), conflicts)
    return Changed(plan, conflicts, rendered, known.path, names, tuple(changes))


def _rename(
    title: str, known: Registered, wish: Wish, checkout: Checkout, sources: Sources, scaffold: Scaffold
) -> Changed:
    wanted = renamed(known.answers, wish.rename)
    base = make_spec(known.answers)
    old, new = _spec(known.answers, base, checkout), _spec(wanted, make_spec(wanted), checkout)
    if old.name == new.name:
        return Changed(Plan(title, {}, {}), (), ())
    check_place_overrides(new, places())
    check_renamed(old, new, checkout)
    needed = dependents(checkout, old.name)
    if needed:
        where = next(iter(needed.values()))
        raise UsageError("backend-needed", f"{', '.join(needed)} depend on the name {old.name!r}", where=where)
    files = {} if new.keeps_files else dict(scaffold(make_spec(wanted), with_bindings(checkout, old, new)))
    moved, manual = moved_files(known, checkout, (old, new), files, sources.base_of)
    registered, by_hand = registered_anew(checkout, (old, new), (base, make_spec(wanted)))
    brought, left = _place_files(checkout, old, new)
    taken = {edit.path for edit in moved}
    edits = (*moved, *(edit for edit in brought if edit.path not in taken))
    edits = (*edits, *registered)
    answers = as_data(replace(wanted, generated=None))
    plan = Plan(title, answers, base_of(edits, checkout), edits, (*manual, *left, *by_hand), notes=known.notes)
    after = planned(plan, checkout)
    prove_routes(checkout, after, new.name)
    prove_others(checkout, after, {old.name, old.gallery, new.name, new.gallery})
    rendered = (*(file.text for file in files.values()), answers_text(wanted))
    return Changed(_judged(plan, checkout, after, (old.name, new.name), ()), (), rendered)


def _renamed_and_changed(
    title: str, known: Registered, wish: Wish, checkout: Checkout, sources: Sources, scaffold: Scaffold
) -> Changed:
    """The new name first, then the rest on the result of it; both make one plan."""
    first = _rename(title, known, Wish(rename=wish.rename), checkout, sources, scaffold)
    between = planned(first.plan, checkout)
    texts = {file_id(text): text for text in first.rendered}
    later = replace(sources, base_of=lambda blob: texts.get(blob[:ID_LENGTH]) or sources.base_of(blob))
    second = _plan(title, registered_answers(between, wish.rename), replace(wish, rename=""), between, later, scaffold)
    plan = composed(first.plan, second.plan, checkout)
    return replace(second, plan=plan, rendered=(*first.rendered, *second.rendered), answers_path=first.answers_path)


def _judged(plan: Plan, before: Checkout, after: Checkout, names: tuple[str, str], asked_for: Collection[str]) -> Plan:
    """The plan with what `verify` will newly find: an error is left to be done by hand, anything else is a note. Files
    whose conflicts were asked for are not looked at."""
    old, new = names
    if plan.empty:
        return plan
    known = {_under(finding, old, new) for finding in _failures(before, old)}
    fresh = [
        finding
        for finding in _failures(after, new)
        if _under(finding, new, new) not in known and finding.path not in asked_for
    ]
    left = tuple(
        Manual(row.path, row.line, row.expected, f"{row.rule.id}: {row.message}", "verify", (row.rule.id,))
        for row in fresh
        if row.level is Severity.ERROR
    )
    milder = [row for row in fresh if row.level is not Severity.ERROR]
    said = (f"{row.rule.id}, {row.path}:{row.line}: {row.message}" for row in milder)
    return replace(plan, manual=(*plan.manual, *left), notes=(*plan.notes, *said))


def _under(finding: Finding, old: str, new: str) -> tuple[str, ...]:
    """What a finding is about, under the new name of its backend."""
    return (finding.rule.id, finding.subject.replace(old, new), finding.path.replace(old, new))


def _failures(checkout: Checkout, name: str) -> list[Finding]:
    try:
        found = verify(checkout, names=[name]).findings
    except NotFoundError:
        return []
    return [finding for finding in found if finding.status is Status.FAIL]


def _base_answers(known: Registered, checkout: Checkout, sources: Sources) -> tuple[Answers, tuple[str, ...]]:
    """The answers that the registration was made by, and notes about how they were found."""
    if not known.path:
        return known.answers, known.notes
    blob = (known.answers.generated.answers if known.answers.generated else None) or ""
    if blob == blob_id(answers_text(known.answers)):
        return known.answers, ()
    for text, where in ((sources.base_of(blob) if blob else None, known.path), (sources.committed(known.path), "HEAD")):
        try:
            found = parse_answers(text, where) if text else None
        except UsageError:
            continue
        if found is not None and blob in ("", blob_id(answers_text(found))) and found != known.answers:
            return found, ()
    try:
        described = describe(checkout, known.answers.name or "").answers
    except NotFoundError:
        return known.answers, ()
    note = "the answers of the last change are not in git any more, so the registration itself is compared"
    return described, (note,) if blob else ()


def _spec(answers: Answers, base: BackendSpec, checkout: Checkout) -> BackendSpec:
    spec = make_spec(answers)
    return make_spec(only_departures(answers, base, checkout)) if spec.keeps_files else spec


def _place_changes(checkout: Checkout, old: BackendSpec, new: BackendSpec) -> list[Change]:
    return [change for place in places() for change in plan_difference(place, checkout, old, new).changes]


def _place_files(checkout: Checkout, old: BackendSpec, new: BackendSpec) -> tuple[list[Edit], list[Manual]]:
    """Files outside of the backend's directory: made, changed and deleted where nobody edited them."""
    edits: list[Edit] = []
    manual: list[Manual] = []
    for place in places():
        if not place.probe(checkout).usable:
            continue
        before, after = place.files(checkout, old), place.files(checkout, new)
        for path in dict.fromkeys((*before, *after)):
            for item in _place_file(place, checkout, path, before.get(path), after.get(path)):
                (edits if isinstance(item, Edit) else manual).append(item)  # type: ignore[arg-type]
    return edits, manual


def _place_file(
    place: Place, checkout: Checkout, path: str, before: NewFile | None, after: NewFile | None
) -> Iterator[Edit | Manual]:
    if before == after:
        return
    file = after or before
    assert file is not None  # the path is of one of them
    mode = GITLINK if file.mode == GITLINK else None
    now = checkout.link(path) if mode else checkout.read(path)
    wanted = after.text if after else None
    if now == wanted:
        return
    diff = whole_file(path, now, wanted, mode)
    if now != (before.text if before else None):
        why = f"{file.reason}: it was changed here, so it is left alone"
        shown = diff if file.needed else whole_file(path, before.text if before else None, wanted, mode)
        yield Manual(path, 1, shown, why, place.id, file.rules, file.needed)
    elif wanted is None:
        yield Edit(path, "delete", place.id, f"{file.reason}: no longer", file.rules, "inserted", diff, mode)
    elif now is None:
        yield Edit(path, "create", place.id, file.reason, file.rules, "inserted", diff, file.mode, wanted)
    else:
        whole = (Splice(0, len(now), wanted),)
        yield Edit(path, "modify", place.id, file.reason, file.rules, "inserted", diff, mode, None, whole)


def _file_steps(
    known: Registered, wanted: Answers, checkout: Checkout, sources: Sources, scaffold: Scaffold
) -> tuple[list[Step], tuple[str, ...]]:
    """The steps of the backend's own files, and the texts to remember."""
    spec = make_spec(wanted)
    if spec.keeps_files:
        return _kept_steps(known, wanted, checkout)
    files = dict(scaffold(spec, checkout))
    fresh = files.pop(answers_path(spec))
    old = recorded(known.answers, {*generated_files(spec.name, checkout), *files})
    steps = file_steps(checkout, old, files, Merging(sources.base_of, sources.markers))
    made = parse_answers(fresh.text, known.path).generated
    made = replace(made, answers=blob_id(answers_text(wanted))) if made else None
    steps.append(_answers_step(known, replace(wanted, generated=made), checkout))
    return steps, (*(file.text for file in files.values()), answers_text(wanted))


def _kept_steps(known: Registered, wanted: Answers, checkout: Checkout) -> tuple[list[Step], tuple[str, ...]]:
    """A backend whose files nobody generated keeps them; only its answers file, if it has one, follows."""
    pinned = _pin_steps(make_spec(known.answers), make_spec(wanted), checkout)
    if not known.path:
        return pinned, ()
    made = replace(wanted, generated=record({}, wanted))
    return [*pinned, _answers_step(known, made, checkout)], (answers_text(wanted),)


def _pin_steps(old: BackendSpec, new: BackendSpec, checkout: Checkout) -> list[Step]:
    """The pin in a Makefile that nobody generated: its commit, and where it is cloned from."""
    path = f"{old.directory}/Makefile"
    text = checkout.read(path)
    if text is None or old.pin is None or new.pin is None or old.pin == new.pin:
        return []
    repo = new.pin.repo
    assigned = re.compile(rf"^({re.escape(old.pin.variable)}[ \t]*\??=[ \t]*){old.pin.sha}\b", re.M)
    changed = assigned.sub(rf"\g<1>{new.pin.sha}", text)
    changed = re.sub(rf"(?<=github\.com/){re.escape(old.pin.repo)}(?![\w-])", lambda _: repo, changed)
    return [] if changed == text else [Step(modify(path, text, changed, f"the pin of {new.name}", None))]


def _answers_step(known: Registered, wanted: Answers, checkout: Checkout) -> Step:
    now = checkout.need(known.path)
    text = edited(now, known.path, known.answers, wanted)
    return Step() if text == now else Step(modify(known.path, now, text, "the answers, and what was rendered", None))


def _moved(spec: BackendSpec, checkout: Checkout) -> tuple[str, ...]:
    """A note when a submodule's commit differs from the answers; a person has to decide which one is right."""
    if spec.pin is None or spec.language.pin_style != "submodule":
        return ()
    path = submodule_path(spec)
    commit = checkout.link(path)
    if commit in (None, spec.pin.sha):
        return ()
    return (f"the submodule {path} is at {commit}, and pin.sha in the answers is {spec.pin.sha}",)


def prove_others(before: Checkout, after: Checkout, names: Iterable[str]) -> None:
    """Every fact of every other backend must be what it was. Raises UsageError for one that is not."""
    known_backends = {fact.backend for place in (Matrix(), GalleryIndex()) for fact in place.observe(before)}
    others = known_backends - set(names)
    for place in places():
        left = [(fact.backend, fact.key, fact.value) for fact in place.observe(after)]
        for fact in place.observe(before):
            known = (fact.backend, fact.key, fact.value)
            if fact.backend not in others:
                continue
            if known not in left:
                where = f"{fact.path}:{fact.line}"
                message = f"{fact.backend or fact.key} would change: {fact.key}"
                raise UsageError("change-collateral", message, where=where)
            left.remove(known)


def _prove_done(after: Checkout, old: BackendSpec, new: BackendSpec) -> None:
    """The same change again must find nothing left to do."""
    pending: Sequence[Change] = [
        change for change in _place_changes(after, old, new) if isinstance(change.outcome, Inserted)
    ]
    if pending:
        first = pending[0]
        raise UsageError("plan-not-idempotent", f"a second run would change {first.reason} again", where=first.path)
