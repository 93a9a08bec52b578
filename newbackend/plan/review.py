"""Review hunk by hunk, like `git add -p`: a pure function from a plan and decisions to a smaller plan.

A hunk is the smallest change that makes sense alone. Some hunks need another: without it a file would not parse, a make
target would not exist or code would not compile. Declining a hunk also declines the hunks that need it. A place says
which of its edits belong together and which need which. All other hunks are independent, because `newbackend verify`
reports the omission: a matrix row and the gallery entries that point at its image are two hunks (docs/wizard.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from newbackend.checkout.gitlink import GITLINK
from newbackend.errors import NotFoundError
from newbackend.overrides import SCAFFOLD
from newbackend.plan.model import Edit, Plan
from newbackend.records import dataclass
from newbackend.registrations import places

if TYPE_CHECKING:
    from newbackend.checkout.tree import Checkout
    from newbackend.findings import Finding
    from newbackend.registrations.base import Place
    from newbackend.spec import BackendSpec

Letter = Literal["y", "n", "a", "d", "q", "k"]


@dataclass(frozen=True)
class Hunk:
    """Edits that are taken or declined together; `needs` are the numbers of the hunks that it depends on."""

    number: int
    edits: tuple[Edit, ...]
    needs: frozenset[int] = frozenset()

    @property
    def path(self) -> str:
        """The file, or the first of several."""
        return self.edits[0].path

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that check it."""
        return tuple(dict.fromkeys(rule for edit in self.edits for rule in edit.rules))

    @property
    def title(self) -> str:
        """The reason for it."""
        return "; ".join(dict.fromkeys(edit.reason for edit in self.edits))


@dataclass(frozen=True)
class Turn:
    """What a front end shows for one decision: the hunk, its position, and the hunks that depend on it."""

    hunk: Hunk
    at: int
    total: int
    dependents: tuple[Hunk, ...]


Ask = Callable[[Turn], Letter]


def review(plan: Plan, ask: Ask) -> Plan:
    """The plan with only the hunks that were taken; its notes list the declined ones.

    `ask` is called once per hunk that can still be taken. "a" and "d" take and decline this hunk and all later ones of
    the same file, "q" declines this and all later ones, "k" goes back to the previous hunk.
    """
    every = hunks(plan)
    taken: dict[int, bool] = {}
    walk: list[int] = []
    while (hunk := _next(every, taken)) is not None:
        letter = ask(Turn(hunk, hunk.number + 1, len(every), dependents(every, hunk)))
        if letter == "k":
            _back(taken, walk)
            continue
        walk.append(hunk.number)
        for other in _meant(every, hunk, letter):
            if other.number not in taken:
                taken[other.number] = letter in ("y", "a") and all(taken.get(need, True) for need in other.needs)
    for hunk in every:
        if not taken[hunk.number]:
            taken.update({other.number: False for other in dependents(every, hunk)})
    return reduced(plan, [hunk for hunk in every if not taken[hunk.number]])


def reduced(plan: Plan, left_out: Sequence[Hunk]) -> Plan:
    """The plan without some hunks: fewer edits, fewer base hashes, one note for each."""
    gone = {id(edit) for hunk in left_out for edit in hunk.edits}
    edits = tuple(edit for edit in plan.edits if id(edit) not in gone)
    touched = {edit.path for edit in edits if edit.made}
    notes = tuple(f"left out: {hunk.title} [{' '.join(hunk.rules)}]" for hunk in left_out)
    base = {path: value for path, value in plan.base.items() if path in touched}
    return replace(plan, edits=edits, base=base, notes=(*plan.notes, *notes))


def hunks(plan: Plan) -> tuple[Hunk, ...]:
    """The plan's edits in order, grouped; `needs` may refer to earlier and later hunks."""
    groups = list(_groups(plan))
    return tuple(Hunk(number, tuple(group), _needs(plan, groups, number)) for number, group in enumerate(groups))


def dependents(every: Sequence[Hunk], hunk: Hunk) -> tuple[Hunk, ...]:
    """Every hunk that needs this one, directly or indirectly."""
    gone = {hunk.number}
    grown = True
    while grown:
        more = {other.number for other in every if other.needs & gone} - gone
        gone |= more
        grown = bool(more)
    return tuple(other for other in every if other.number in gone and other is not hunk)


def prove_reviewed(plan: Plan, checkout: Checkout, spec: BackendSpec) -> Plan:
    """Returns the reviewed plan after the proofs of every plan: meaning, only added lines, routes.

    Raises UsageError when one fails, before anything is written.
    """
    from newbackend.plan.build import planned, prove, prove_only_added, prove_routes
    from newbackend.splice.outcome import Inserted

    kept = {(edit.place, edit.path, edit.splices) for edit in plan.made}
    changes = [
        change
        for place in places()
        for change in place.plan(checkout, spec).changes
        if isinstance(change.outcome, Inserted) and (change.place, change.path, change.outcome.splices) in kept
    ]
    after = planned(plan, checkout)
    prove(plan, checkout, after, changes)
    prove_only_added(plan, checkout, changes)
    prove_routes(checkout, after, spec.name)
    return plan


def with_new_findings(full: Plan, reviewed: Plan, checkout: Checkout, name: str) -> Plan:
    """The reviewed plan with a note for each finding that declined hunks will cause."""
    red = () if reviewed.empty else new_findings(full, reviewed, checkout, name)
    notes = [f"left red: {row.rule.id} {row.rule.name}, {row.path}:{row.line}: {row.message}" for row in red]
    return replace(reviewed, notes=(*reviewed.notes, *notes))


def new_findings(full: Plan, reviewed: Plan, checkout: Checkout, name: str) -> tuple[Finding, ...]:
    """The findings that `newbackend verify NAME` will report because of declined hunks: those of the reviewed plan's
    result that the full plan's result does not have."""
    from newbackend.plan.build import planned
    from newbackend.rules.run import verify

    def findings(plan: Plan) -> tuple[Finding, ...]:
        try:
            return verify(planned(plan, checkout), names=[name]).findings
        except NotFoundError:  # so many hunks were declined that the checkout does not know the name
            return ()

    known = {finding.fingerprint for finding in findings(full)}
    return tuple(finding for finding in findings(reviewed) if finding.fingerprint not in known)


def _groups(plan: Plan) -> Iterator[list[Edit]]:
    """Groups the new files of each place, then all other edits, joined as the place says."""
    made = list(plan.made)
    seen: set[int] = set()
    for edit in made:
        if id(edit) in seen:
            continue
        group = [other for other in made if other is edit or _joined(edit, other)]
        seen |= {id(other) for other in group}
        yield group


def _joined(edit: Edit, other: Edit) -> bool:
    if edit.place != other.place:
        return False
    if GITLINK in (edit.mode, other.mode):
        return True  # a submodule's commit and its section of .gitmodules need each other
    if edit.op != other.op:
        return False
    if edit.op != "modify":
        return True
    together = _places()[edit.place].together if edit.place in _places() else frozenset()
    return bool(together & set(edit.rules) and together & set(other.rules))


def _needs(plan: Plan, groups: Sequence[Sequence[Edit]], number: int) -> frozenset[int]:
    mine = groups[number]
    place = _places().get(mine[0].place)
    wanted = {need for edit in mine for rule in edit.rules for need in place.needs.get(rule, ())} if place else set()
    needed = set()
    for other, group in enumerate(groups):
        if other == number:
            continue
        rules = {rule for edit in group for rule in edit.rules}
        same_place = group[0].place == mine[0].place
        if (same_place and wanted & rules) or _carries(plan, group, mine):
            needed.add(other)
    return frozenset(needed)


def _places() -> Mapping[str, Place]:
    return {place.id: place for place in places()}


def _carries(plan: Plan, files: Sequence[Edit], mine: Sequence[Edit]) -> bool:
    """Whether an edit refers to these new files: a place's own files, or a backend's whole directory."""
    if files[0].op != "create" or (mine[0].op == "create" and mine[0].mode != GITLINK):
        return False
    whole = files[0].place == SCAFFOLD and not any(fact.place == SCAFFOLD for fact in plan.present)
    return whole or files[0].place == mine[0].place


def _next(every: Sequence[Hunk], taken: dict[int, bool]) -> Hunk | None:
    """The first hunk without a decision; hunks that need a declined one are declined without asking."""
    for hunk in every:
        if hunk.number not in taken:
            if any(taken.get(need) is False for need in hunk.needs):
                taken[hunk.number] = False
                continue
            return hunk
    return None


def _meant(every: Sequence[Hunk], hunk: Hunk, letter: Letter) -> list[Hunk]:
    later = [other for other in every if other.number >= hunk.number]
    if letter == "q":
        return later
    if letter in ("a", "d"):
        return [other for other in later if other.path == hunk.path]
    return [hunk]


def _back(taken: dict[int, bool], walk: list[int]) -> None:
    """Removes the last decision and everything after it."""
    if not walk:
        return
    last = walk.pop()
    for number in [number for number in taken if number >= last]:
        del taken[number]
