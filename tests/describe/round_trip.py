"""The round trip `describe` -> `remove --keep-files` -> `create --answers`, on overlays in memory."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from newbackend.answers_file import dump_answers, parse_answers
from newbackend.checkout.tree import Checkout
from newbackend.describe import describe
from newbackend.plan.build import plan_create, planned
from newbackend.plan.collisions import check_collisions
from newbackend.plan.model import Plan
from newbackend.plan.remove import plan_remove
from newbackend.registrations import places
from newbackend.registrations.base import Change
from newbackend.registrations.matrix.place import Matrix
from newbackend.spec import BackendSpec, make_spec
from newbackend.splice.outcome import AlreadyPresent

# What pages say in prose is their author's; a job's steps are too. That a backend is there is the fact.
WORDS = frozenset(("compatibility-table", "docs-backends", "readme-engines", "test-workflow"))
Facts = frozenset[tuple[str, str, str, str]]


@dataclass(frozen=True)
class Trip:
    """`first` is what the answers would change where nothing was taken out; `lost` and `gained` are (place, key)
    of every fact of any backend that is not as it was before."""

    first: tuple[Change, ...]
    removed: Plan
    created: Plan
    left: frozenset[tuple[str, str]]
    lost: frozenset[tuple[str, str]]
    gained: frozenset[tuple[str, str]]


def facts_of(checkout: Checkout) -> Facts:
    """Every fact of every place: (place, backend, key, value)."""
    found = [
        (place.id, fact.backend, fact.key, "" if place.id in WORDS else _text(fact.value))
        for place in places()
        for fact in place.observe(checkout)
    ]
    # The first importer that matches wins: their order is a fact like any other.
    order = [key for place, _, key, _ in found if place == "importer-registry"]
    return frozenset((*found, ("importer-registry", "", "order", _text(order))))


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def after(checkout: Checkout, plan: Plan) -> Checkout:
    """The checkout as it would be."""
    return planned(plan, checkout)


def described(checkout: Checkout, name: str) -> BackendSpec:
    """A spec by way of the answers file's text, as `create --answers` reads it."""
    text = dump_answers(describe(checkout, name).answers)
    return make_spec(parse_answers(text, "answers.yml"))


def round_trip(checkout: Checkout, before: Facts, name: str) -> Trip:
    """Takes one backend out and puts it back by its described answers."""
    spec = described(checkout, name)
    check_collisions(spec, checkout)
    first = tuple(change for place in places() for change in place.plan(checkout, spec).changes)
    removed = plan_remove(name, checkout, keep_files=True)
    gone = after(checkout, removed)
    left = frozenset((place, key) for place, backend, key, _ in facts_of(gone) if backend == name)
    check_collisions(spec, gone)
    created = plan_create(spec, gone)
    back = facts_of(after(gone, created))
    return Trip(
        tuple(change for change in first if not isinstance(change.outcome, AlreadyPresent)),
        removed,
        created,
        left,
        frozenset((place, key) for place, _, key, _ in before - back),
        frozenset((place, key) for place, _, key, _ in back - before),
    )


def backends(checkout: Checkout) -> list[str]:
    """Every backend that has images."""
    return sorted({fact.backend for fact in Matrix().observe(checkout)})
