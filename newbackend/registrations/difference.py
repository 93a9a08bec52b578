"""The difference between two specs of a registered backend, place by place: facts that go, come and change.

What both specs imply is not touched, whatever the file has: somebody may have edited or omitted it on purpose.
"""

from __future__ import annotations

from collections.abc import Sequence

from newbackend.checkout.tree import Checkout
from newbackend.records import dataclass
from newbackend.registrations.base import Altered, Change, ExpectedFact, Fact, Place, PlacePlan, groups
from newbackend.spec import BackendSpec
from newbackend.splice.operation import anchor_missing


@dataclass(frozen=True)
class Difference:
    """Facts of one place: registered ones that go, expected ones that come, and registered ones that change."""

    gone: tuple[Fact, ...]
    fresh: tuple[ExpectedFact, ...]
    altered: tuple[Altered, ...]


def difference(place: Place, checkout: Checkout, old: BackendSpec, new: BackendSpec) -> Difference:
    """What has to change in a usable place."""
    before = {fact.key: fact for fact in place.wanted(old, checkout)}
    after = {fact.key: fact for fact in place.wanted(new, checkout)}
    changed = {key for key, fact in after.items() if key in before and before[key].value != fact.value}
    there = place.observe(checkout)  # a key may be there twice: both are facts of this backend
    return Difference(
        tuple(fact for fact in there if fact.key in before and fact.key not in after),
        tuple(fact for key, fact in after.items() if key not in before),
        tuple(Altered(before[fact.key], after[fact.key], fact) for fact in there if fact.key in changed),
    )


def plan_difference(place: Place, checkout: Checkout, old: BackendSpec, new: BackendSpec) -> PlacePlan:
    """The changes of one place that lead from one spec to the other."""
    probe = place.probe(checkout)
    if probe.absent:
        return PlacePlan()
    if probe.unrecognised:
        expected = [fact for fact in place.wanted(new, checkout) if fact not in place.wanted(old, checkout)]
        refused = anchor_missing(probe.unrecognised, probe.line)
        return PlacePlan(tuple(place.added(checkout, group, refused) for group in groups(expected)))
    wanted = difference(place, checkout, old, new)
    there = {fact.key: fact for fact in place.observe(checkout)}
    changes: list[Change] = []
    missing: list[ExpectedFact] = []
    for fact in wanted.fresh:
        if fact.key in there:
            changes.append(place.there(checkout, fact, there[fact.key]))
        else:
            missing.append(fact)
    changes += _removed(place, checkout, wanted.gone)
    changes += place.revise(checkout, new, missing, wanted.altered)
    return PlacePlan(tuple(changes))


def _removed(place: Place, checkout: Checkout, gone: Sequence[Fact]) -> list[Change]:
    changes: list[Change] = []
    for backend in dict.fromkeys(fact.backend for fact in gone):
        changes += place.remove(checkout, [fact for fact in gone if fact.backend == backend])
    return changes
