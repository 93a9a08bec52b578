"""The answers of a registered backend: the reverse of `create`, place by place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from newbackend.answers import Answers, EngineAnswers, PinAnswers
from newbackend.checkout.tree import Checkout
from newbackend.describe.facts import Registered, registered
from newbackend.describe.gallery import with_gallery, with_place
from newbackend.describe.guess import flavour_of, modalities_of, pin_of
from newbackend.describe.matrix import departures, rows_by_variant
from newbackend.describe.registries import docs_of, import_of, places_of
from newbackend.describe.release import release_of
from newbackend.errors import UsageError
from newbackend.overrides import KEEP, SCAFFOLD, SECTIONS
from newbackend.pin import Pin, check_pin
from newbackend.records import dataclass
from newbackend.registrations import places
from newbackend.registrations.base import ExpectedFact, Fact, Place, probed
from newbackend.spec import BackendSpec, make_spec, with_overrides

_NOTES_LIMIT = 20


@dataclass(frozen=True)
class Description:
    """Answers for `create --answers`, and notes on guesses and on facts that could not be described.

    `guess` is the note about the modalities, "" when the checkout states them.
    """

    answers: Answers
    notes: tuple[str, ...]
    guess: str = ""


def describe(checkout: Checkout, name: str) -> Description:
    """The answers of a registered backend; `overrides` has what differs from the defaults.

    Raises NotFoundError when no place knows the name. Writes and runs nothing.
    """
    backend = registered(checkout, name)
    rows = rows_by_variant(backend)
    flavour = flavour_of(backend, rows)
    modalities, note = modalities_of(backend)
    answers = Answers(
        name=name,
        lang=backend.lang,
        flavour=flavour,
        modalities=tuple(modalities),
        variants=tuple(rows),
        pin=_pin(backend),
        engine=_engine(backend),
        imports=import_of(backend),
        overrides={"variants": departures(backend, flavour, rows), "places": _scaffold(backend)},
    )
    answers = replace(with_gallery(backend, answers), docs=docs_of(backend, modalities))
    for place_id, wishes in places_of(backend).items():
        answers = with_place(answers, place_id, wishes)
    notes = [note] if note else []
    spec = make_spec(answers)
    for place in places():
        settled, left = _settled(place, backend, answers, spec)
        notes += left
        if settled is not answers:
            answers, spec = settled, with_overrides(spec, settled.overrides or {})
    return Description(_tidy(answers), tuple(notes), note)


def _scaffold(backend: Registered) -> dict[str, Any]:
    return {SCAFFOLD: KEEP} if backend.checkout.is_dir(backend.directory) else {}


def _engine(backend: Registered) -> EngineAnswers | None:
    release = release_of(backend)
    return EngineAnswers(pip=release) if release else None


def _pin(backend: Registered) -> PinAnswers | None:
    pin = pin_of(backend)
    if pin is None:
        return None
    try:
        check_pin(Pin(**pin))
    except UsageError:
        return None  # the bump bot's row becomes a fact of its place
    return PinAnswers(**pin)


def _settled(place: Place, backend: Registered, answers: Answers, spec: BackendSpec) -> tuple[Answers, list[str]]:
    """The answers with a place's differences from what they imply (`spec`), and facts that cannot be described."""
    if not probed(backend.checkout, place).usable:
        return answers, []
    wanted = {fact.key: fact for fact in place.wanted(spec, backend.checkout)}
    observed = {fact.key: fact for fact in reversed(backend.of(place.id))}
    departs: dict[str, Any] = {}
    missing = [fact for fact in wanted.values() if fact.key not in observed]
    if missing:
        departs["omit"] = _omitted(missing, list(wanted.values()))
    other = {key: fact for key, fact in reversed(observed.items()) if _differs(place, wanted.get(key), fact)}
    if place.takes_facts and other:
        departs["facts"] = {key: _plain(fact.value) for key, fact in place.told(other).items()}
        _check(place, spec, departs["facts"])
        other = {key: fact for key, fact in other.items() if key not in departs["facts"]}
    notes = [f"{place.title}: {key} cannot be described, so it is not put back" for key in other]
    if len(notes) > _NOTES_LIMIT:
        notes = [f"{place.title}: {len(notes)} facts cannot be described, so they are not put back"]
    return with_place(answers, place.id, {key: value for key, value in departs.items() if value}), notes


def _differs(place: Place, wanted: ExpectedFact | None, fact: Fact) -> bool:
    if wanted is None:
        return True
    return bool(wanted.value != fact.value) if place.takes_facts else not place.same(wanted.value, fact.value)


def _omitted(missing: list[ExpectedFact], wanted: list[ExpectedFact]) -> Any:
    """What to omit: everything, whole kinds or single keys."""
    if len(missing) == len(wanted):
        return True
    kinds = dict.fromkeys(fact.kind for fact in missing)
    whole = [kind for kind in kinds if all(fact in missing for fact in wanted if fact.kind == kind)]
    return [*whole, *(fact.key for fact in missing if fact.kind not in whole)]


def _check(place: Place, spec: BackendSpec, facts: dict[str, Any]) -> None:
    """Removes facts that the place would refuse to write."""
    for key in list(facts):
        try:
            place.from_answers(spec, key, facts[key])
        except UsageError:
            del facts[key]


def _plain(value: Any) -> Any:
    """A value for YAML: tuples become lists."""
    if isinstance(value, Mapping):
        return {str(key): _plain(content) for key, content in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(content) for content in value]
    return str(value)


def _tidy(answers: Answers) -> Answers:
    """The answers without empty ones, except for texts of the gallery: for an empty text there `create` uses no
    default."""
    overrides = answers.overrides or {}
    return replace(
        answers,
        modalities=answers.modalities or None,
        variants=answers.variants or None,
        description=answers.description or "",
        license=answers.license or "",
        tags=answers.tags or (),
        overrides={key: overrides[key] for key in SECTIONS if overrides.get(key)} or None,
    )
