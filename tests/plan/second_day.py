"""What becomes of a registered backend when a platform goes and comes back, or a new one comes; all in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError
from newbackend.findings import Status
from newbackend.plan.build import planned
from newbackend.plan.change import Sources, plan_change
from newbackend.plan.registered import registered_answers
from newbackend.plan.wish import Wish
from newbackend.registrations import places
from newbackend.registrations.gallery_index.place import families
from newbackend.rules.run import verify
from newbackend.spec import make_spec

SOURCES = Sources(lambda _: None)


@dataclass(frozen=True)
class Day:
    """How one trip ended: `identical`, `same facts` or `differs`, the facts that differ, and what was left by hand."""

    backend: str
    what: str
    end: str
    differing: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()


def facts_of(checkout: Checkout, names: tuple[str, ...]) -> dict[tuple[str, str], list[Any]]:
    """Every fact of a backend: place and key -> values."""
    facts: dict[tuple[str, str], list[Any]] = {}
    for place in places():
        for fact in place.observe(checkout):
            if fact.backend in names:
                facts.setdefault((place.id, fact.key), []).append(fact.value)
    return facts


def changed(checkout: Checkout, name: str, wish: Wish) -> tuple[Checkout, tuple[str, ...], Mapping[str, str]]:
    """The checkout with a wish fulfilled, what was left by hand, and the paths that were edited."""
    plan = plan_change(name, wish, checkout, SOURCES).plan
    by_hand = tuple(f"{item.place}: {item.reason}" for item in plan.by_hand)
    return planned(plan, checkout), by_hand, plan.base


def platform_of(checkout: Checkout, name: str) -> str:
    """The platform to drop: the first that is not for plain hosts; "" for a backend that has only one."""
    shipped = registered_answers(checkout, name).answers.variants or ()
    return next((key for key in shipped if key != "cpu"), "") if len(shipped) > 1 else ""


def there_and_back(checkout: Checkout, name: str, variant: str) -> Day:
    """Drops a platform and adds it again."""
    without, left, first = changed(checkout, name, Wish(drop_variants=(variant,)))
    again, more, second = changed(without, name, Wish(add_variants=(variant,)))
    names = (name, *families(checkout, name))
    what, by_hand = f"{variant} dropped and added", (*left, *more)
    if all(checkout.read(path) == again.read(path) for path in {*first, *second}):
        return Day(name, what, "identical", (), by_hand)
    before, after = facts_of(checkout, names), facts_of(again, names)
    differing = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
    return Day(name, what, "differs" if differing else "same facts", tuple(" ".join(key) for key in differing), by_hand)


def siblings_platform(checkout: Checkout, name: str, shipped: Mapping[str, tuple[str, ...]]) -> str:
    """A platform that most backends of the language have and this one does not; "" when there is none."""
    spec = make_spec(registered_answers(checkout, name).answers)
    counts: dict[str, int] = {}
    for other, variants in shipped.items():
        if other.startswith(f"{spec.language.folder}/") and not other.endswith(f"/{name}"):
            for variant in variants:
                counts[variant] = counts.get(variant, 0) + 1
    offered = spec.its_flavour.variants
    wanted = [key for key in sorted(counts, key=lambda key: -counts[key]) if key in offered]
    return next((key for key in wanted if key not in spec.variants), "")


def one_more(checkout: Checkout, name: str, variant: str) -> Day:
    """Adds a platform; the end is the rules that it newly breaks, `clean` for none, and those that the plan did not
    say."""
    known = {finding.fingerprint for finding in verify(checkout, names=[name]).findings}
    plan = plan_change(name, Wish(add_variants=(variant,)), checkout, SOURCES).plan
    after, by_hand = planned(plan, checkout), tuple(f"{item.place}: {item.reason}" for item in plan.by_hand)
    said = " ".join((*by_hand, *plan.notes))
    new = [
        f"{finding.rule.id} {finding.subject}: {finding.message}"
        for finding in verify(after, names=[name]).findings
        if finding.status is Status.FAIL and finding.fingerprint not in known
    ]
    unsaid = tuple(row for row in new if row.split()[0] not in said)
    return Day(name, f"{variant} added", "clean" if not new else "findings", tuple(new), by_hand, unsaid)


def attempt(day: Any, *words: Any) -> Day:
    """A trip, or the error that ended it."""
    try:
        result = day(*words)
        assert isinstance(result, Day)
        return result
    except NewbackendError as error:
        return Day(str(words[1]), str(words[2:]), "error", (error.sentence(),))
