"""Hunk by hunk, as `git add -p` walks a diff: a pure function from a plan and decisions to a smaller plan.

A hunk is what makes sense only as a whole. Some hunks need another: without it they would leave a file
that does not parse, a make target that does not exist or code that does not compile. Declining a hunk
declines what needs it. Everything else stands alone on purpose, because `newbackend verify` names such an
omission: a matrix row and the gallery entries that point at its image are two hunks (docs/wizard.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from newbackend.checkout.gitlink import GITLINK
from newbackend.errors import NotFoundError
from newbackend.plan.model import Edit, Plan

if TYPE_CHECKING:
    from newbackend.checkout.tree import Checkout
    from newbackend.findings import Finding
    from newbackend.spec import BackendSpec

Letter = Literal["y", "n", "a", "d", "q", "k"]

SCAFFOLD = "scaffold"
# A make definition and the call that expands it: either alone is an error or dead text.
TOGETHER: Sequence[frozenset[str]] = (frozenset({"REG304", "REG305"}),)
# What a hunk needs, by rule: gallery entries merge the meta's anchor, a list names a make target, leaving
# a backend out of the generic macOS step leaves it to its own step.
NEEDS: Mapping[str, frozenset[str]] = {
    "REG202": frozenset({"REG201"}),
    "REG203": frozenset({"REG201"}),
    "REG306": frozenset({"REG305"}),
    "REG122": frozenset({"REG121"}),
}


@dataclass(frozen=True)
class Hunk:
    """Edits that are taken or left together; `needs` are the numbers of hunks that must be in too."""

    number: int
    edits: tuple[Edit, ...]
    needs: frozenset[int] = frozenset()

    @property
    def path(self) -> str:
        """The file, or for several the first one's."""
        return self.edits[0].path

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that it is there for."""
        return tuple(dict.fromkeys(rule for edit in self.edits for rule in edit.rules))

    @property
    def title(self) -> str:
        """Why it is there."""
        return "; ".join(dict.fromkeys(edit.reason for edit in self.edits))


@dataclass(frozen=True)
class Turn:
    """What a front end shows for one decision: the hunk, its place in the walk, and what goes with it."""

    hunk: Hunk
    at: int
    total: int
    dependents: tuple[Hunk, ...]


Ask = Callable[[Turn], Letter]


def review(plan: Plan, ask: Ask) -> Plan:
    """The plan with only the hunks that were taken; what was left out stands in its notes.

    `ask` is called once per hunk that can still be taken. "a" and "d" decide this hunk and all later ones
    of the same file, "q" leaves this and all later ones out, "k" goes back to the hunk before.
    """
    found = hunks(plan)
    taken: dict[int, bool] = {}
    walk: list[int] = []
    while (hunk := _next(found, taken)) is not None:
        letter = ask(Turn(hunk, hunk.number + 1, len(found), dependents(found, hunk)))
        if letter == "k":
            _back(taken, walk)
            continue
        walk.append(hunk.number)
        for one in _meant(found, hunk, letter):
            if one.number not in taken:
                taken[one.number] = letter in ("y", "a") and all(taken.get(need, True) for need in one.needs)
    for hunk in found:
        if not taken[hunk.number]:
            taken.update({one.number: False for one in dependents(found, hunk)})
    return reduced(plan, [hunk for hunk in found if not taken[hunk.number]])


def reduced(plan: Plan, left_out: Sequence[Hunk]) -> Plan:
    """The plan without some hunks: fewer edits, fewer base hashes, one note for each."""
    gone = {id(edit) for hunk in left_out for edit in hunk.edits}
    edits = tuple(edit for edit in plan.edits if id(edit) not in gone)
    touched = {edit.path for edit in edits if edit.made}
    notes = tuple(f"left out: {hunk.title} [{' '.join(hunk.rules)}]" for hunk in left_out)
    base = {path: value for path, value in plan.base.items() if path in touched}
    return replace(plan, edits=edits, base=base, notes=(*plan.notes, *notes))


def hunks(plan: Plan) -> tuple[Hunk, ...]:
    """The plan's edits in their order, grouped; `needs` points at earlier or later hunks alike."""
    groups = list(_groups(plan))
    return tuple(Hunk(number, tuple(group), _needs(plan, groups, number)) for number, group in enumerate(groups))


def dependents(found: Sequence[Hunk], hunk: Hunk) -> tuple[Hunk, ...]:
    """Every hunk that cannot stay without this one, directly or by another."""
    gone = {hunk.number}
    grown = True
    while grown:
        more = {one.number for one in found if one.needs & gone} - gone
        gone |= more
        grown = bool(more)
    return tuple(one for one in found if one.number in gone and one is not hunk)


def prove_reviewed(plan: Plan, checkout: Checkout, spec: BackendSpec) -> Plan:
    """The reviewed plan itself, after the proofs that every plan passes: meaning, only added lines, routes.

    Raises UsageError when one fails; nothing has been written then.
    """
    from newbackend.plan.build import planned, prove, prove_routes
    from newbackend.registrations import places
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
    prove_routes(checkout, after, spec.name)
    return plan


def new_findings(full: Plan, reviewed: Plan, checkout: Checkout, name: str) -> tuple[Finding, ...]:
    """What `newbackend verify NAME` will find because of what was left out: its findings on the reviewed
    result that the full one would not have."""
    from newbackend.plan.build import planned
    from newbackend.rules.run import verify

    def findings(plan: Plan) -> tuple[Finding, ...]:
        try:
            return verify(planned(plan, checkout), names=[name]).findings
        except NotFoundError:  # so much was left out that the checkout does not know the name
            return ()

    known = {finding.fingerprint for finding in findings(full)}
    return tuple(finding for finding in findings(reviewed) if finding.fingerprint not in known)


def _groups(plan: Plan) -> Iterator[list[Edit]]:
    """New files of one place together, then every other edit, joined where TOGETHER says so."""
    made = list(plan.made)
    seen: set[int] = set()
    for edit in made:
        if id(edit) in seen:
            continue
        group = [one for one in made if one is edit or _joined(edit, one)]
        seen |= {id(one) for one in group}
        yield group


def _joined(one: Edit, other: Edit) -> bool:
    if one.place != other.place:
        return False
    if GITLINK in (one.mode, other.mode):
        return True  # a submodule's commit and its entry mean nothing without one another
    if one.op != other.op:
        return False
    if one.op != "modify":
        return True
    return any(set(one.rules) & pair and set(other.rules) & pair for pair in TOGETHER)


def _needs(plan: Plan, groups: Sequence[Sequence[Edit]], number: int) -> frozenset[int]:
    mine = groups[number]
    wanted = frozenset(need for edit in mine for rule in edit.rules for need in NEEDS.get(rule, ()))
    found = set()
    for other, group in enumerate(groups):
        if other == number:
            continue
        rules = {rule for edit in group for rule in edit.rules}
        same_place = group[0].place == mine[0].place
        if (same_place and wanted & rules) or _carries(plan, group, mine):
            found.add(other)
    return frozenset(found)


def _carries(plan: Plan, files: Sequence[Edit], mine: Sequence[Edit]) -> bool:
    """Whether new files are what an edit speaks of: a place's own files, or a backend's whole directory."""
    if files[0].op != "create" or (mine[0].op == "create" and mine[0].mode != GITLINK):
        return False
    whole = files[0].place == SCAFFOLD and not any(one.place == SCAFFOLD for one in plan.present)
    return whole or files[0].place == mine[0].place


def _next(found: Sequence[Hunk], taken: dict[int, bool]) -> Hunk | None:
    """The first hunk without a decision; one that needs a declined hunk is declined unasked."""
    for hunk in found:
        if hunk.number not in taken:
            if any(taken.get(need) is False for need in hunk.needs):
                taken[hunk.number] = False
                continue
            return hunk
    return None


def _meant(found: Sequence[Hunk], hunk: Hunk, letter: Letter) -> list[Hunk]:
    later = [one for one in found if one.number >= hunk.number]
    if letter == "q":
        return later
    if letter in ("a", "d"):
        return [one for one in later if one.path == hunk.path]
    return [hunk]


def _back(taken: dict[int, bool], walk: list[int]) -> None:
    """Forgets the last decision and everything after it."""
    if not walk:
        return
    last = walk.pop()
    for number in [number for number in taken if number >= last]:
        del taken[number]
