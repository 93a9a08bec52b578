"""From a registered backend to its answers: the reverse of `create`, place by place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from newbackend.checkout.tree import Checkout
from newbackend.describe.facts import Registered, registered
from newbackend.describe.gallery import with_gallery
from newbackend.describe.guess import flavour_of, modalities_of, pin_of
from newbackend.describe.matrix import departures, rows_by_variant
from newbackend.describe.registries import docs_of, import_of, places_of
from newbackend.errors import UsageError
from newbackend.overrides import KEEP, SCAFFOLD, SECTIONS
from newbackend.pin import Pin, check_pin
from newbackend.registrations import places
from newbackend.registrations.base import ExpectedFact, Fact, Place
from newbackend.spec import BackendSpec, make_spec


@dataclass(frozen=True)
class Description:
    """Answers that `create --answers` takes, and notes about what in them is a guess or could not be said."""

    answers: Mapping[str, Any]
    notes: tuple[str, ...]


def describe(checkout: Checkout, name: str) -> Description:
    """The answers of a registered backend: only what departs from the canonical table is spelled out.

    Raises NotFoundError when no place knows the name. Nothing is written and nothing is run.
    """
    found = registered(checkout, name)
    rows = rows_by_variant(found)
    flavour = flavour_of(found, rows)
    modalities, note = modalities_of(found)
    answers: dict[str, Any] = {
        "name": name,
        "lang": found.lang,
        "flavour": flavour,
        "modalities": modalities,
        "variants": list(rows),
        "overrides": {"variants": departures(found, flavour, rows), "places": _scaffold(found)},
    }
    answers |= {key: value for key, value in (("pin", _pin(found)), ("import", import_of(found))) if value}
    answers = with_gallery(found, answers)
    answers |= {key: value for key, value in (("docs", docs_of(found, modalities)),) if value}
    answers["overrides"]["places"] = {**answers["overrides"].get("places", {}), **places_of(found)}
    notes = [note] if note else []
    for place in places():
        notes += _settle(place, found, answers)
    return Description(_tidy(answers), tuple(notes))


def _scaffold(found: Registered) -> dict[str, Any]:
    return {SCAFFOLD: KEEP} if found.checkout.is_dir(found.directory) else {}


def _pin(found: Registered) -> dict[str, str] | None:
    pin = pin_of(found)
    if pin is None:
        return None
    try:
        check_pin(Pin(**pin))
    except UsageError:
        return None  # the bump bot's row stays as a fact of its place
    return pin


def _settle(place: Place, found: Registered, answers: dict[str, Any]) -> list[str]:
    """Adds what a place has less, more or otherwise than the answers imply; returns what cannot be said."""
    if not place.probe(found.checkout).usable:
        return []
    wanted = {one.key: one for one in place.wanted(make_spec(answers), found.checkout)}
    observed = {fact.key: fact for fact in reversed(found.of(place.id))}
    said: dict[str, Any] = {}
    missing = [one for one in wanted.values() if one.key not in observed]
    if missing:
        said["omit"] = _omitted(missing, list(wanted.values()))
    other = {key: fact for key, fact in reversed(observed.items()) if _differs(place, wanted.get(key), fact)}
    if place.takes_facts and other:
        said["facts"] = {key: _plain(fact.value) for key, fact in other.items()}
        refused = _check(place, make_spec(answers), said["facts"])
        other = {key: other[key] for key in refused}
    said = {key: value for key, value in said.items() if value}
    if said:
        known = answers["overrides"].setdefault("places", {})
        known[place.id] = {**(known.get(place.id) or {}), **said}
    return [f"{place.title}: {key} cannot be described, so it is not put back" for key in other]


def _differs(place: Place, wanted: ExpectedFact | None, fact: Fact) -> bool:
    if wanted is None:
        return True
    return bool(wanted.value != fact.value) if place.takes_facts else not place.same(wanted.value, fact.value)


def _omitted(missing: list[ExpectedFact], wanted: list[ExpectedFact]) -> Any:
    """Everything, else whole kinds, else single keys."""
    if len(missing) == len(wanted):
        return True
    kinds = dict.fromkeys(one.kind for one in missing)
    whole = [kind for kind in kinds if all(one in missing for one in wanted if one.kind == kind)]
    return [*whole, *(one.key for one in missing if one.kind not in whole)]


def _check(place: Place, spec: BackendSpec, facts: dict[str, Any]) -> list[str]:
    """Leaves out facts that the place would refuse to write, and returns their keys."""
    refused = []
    for key in list(facts):
        try:
            place.from_answers(spec, key, facts[key])
        except UsageError:
            del facts[key]
            refused.append(key)
    return refused


def _plain(value: Any) -> Any:
    """A value as YAML has it: tuples as lists."""
    if isinstance(value, Mapping):
        return {str(key): _plain(content) for key, content in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(content) for content in value]
    return str(value)


def _tidy(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers in the order of the answers file, without empty ones."""
    from newbackend.answers import KEYS

    overrides = answers.get("overrides") or {}
    found = {**answers, "overrides": {key: overrides[key] for key in SECTIONS if overrides.get(key)}}
    said = {"description": "", "license": "", "tags": [], **found}  # empty is an answer: nothing is made up for it
    return {key: said[key] for key in KEYS if said.get(key) or key in ("description", "license", "tags")}
