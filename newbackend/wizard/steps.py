"""The questions in their order, and the one check behind each: a spec of what is known so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from newbackend.catalog.languages import languages
from newbackend.errors import UsageError
from newbackend.pin import parse_pin
from newbackend.spec import BackendSpec, make_spec
from newbackend.wizard.offers import siblings
from newbackend.wizard.protocol import Frontend, SoFar

_STAND_IN_PIN = {"repo": "owner/repo", "sha": "0" * 40, "branch": "main", "variable": "X_VERSION"}


def _has_flavours(so_far: SoFar) -> bool:
    return len(languages()[str(so_far.answers["lang"])].flavours) > 1


def _has_siblings(so_far: SoFar) -> bool:
    answers = so_far.answers
    return bool(siblings(so_far.checkout, str(answers["lang"]), answers["modalities"], str(answers["name"])))


@dataclass(frozen=True)
class Step:
    """One question: whose method answers it, whether it comes up at all, and whether a backend can do
    without an answer. It is asked again when an answer in `hangs_on` changes."""

    key: str
    title: str
    ask: Callable[[Frontend, SoFar], Any]
    applies: Callable[[SoFar], bool] = lambda _: True
    optional: bool = False
    hangs_on: frozenset[str] = frozenset()


STEPS: tuple[Step, ...] = (
    Step("pin", "upstream", lambda front, so_far: front.pin(so_far), optional=True),
    Step("name", "name", lambda front, so_far: front.name(so_far)),
    Step("lang", "language", lambda front, so_far: front.lang(so_far)),
    Step("flavour", "flavour", lambda front, so_far: front.flavour(so_far), _has_flavours, optional=True),
    Step("modalities", "serves", lambda front, so_far: front.modalities(so_far)),
    Step(
        "like",
        "beside",
        lambda front, so_far: front.like(so_far),
        _has_siblings,
        optional=True,
        hangs_on=frozenset({"lang"}),
    ),
    Step("variants", "platforms", lambda front, so_far: front.variants(so_far)),
    Step("description", "description", lambda front, so_far: front.description(so_far), optional=True),
    Step("license", "licence", lambda front, so_far: front.license(so_far), optional=True),
    Step("tags", "tags", lambda front, so_far: front.tags(so_far), optional=True),
)
KEYS: tuple[str, ...] = tuple(step.key for step in STEPS)


def step_of(key: str) -> Step:
    """The step of an answer's key; raises KeyError for a key that is never asked for."""
    return next(step for step in STEPS if step.key == key)


def possible(answers: Mapping[str, Any]) -> BackendSpec:
    """Checks the answers there are, with stand-ins for those that are missing.

    Raises UsageError for the first that will not do, in the words of `make_spec`.
    """
    known = dict(answers)
    known.setdefault("name", "stand-in")
    if "lang" not in known:  # nothing can be said yet about what hangs on it
        hangs = ("flavour", "variants", "modalities", "options")
        known = {key: value for key, value in known.items() if key not in hangs}
        known["lang"] = next(iter(languages()))
    language = languages().get(str(known["lang"]))
    if language is not None:
        flavour = str(known.get("flavour") or language.default_flavour)
        known.setdefault("variants", language.variants.get(flavour, ())[:1])
        known.setdefault("modalities", language.modalities_of(flavour)[:1])
    if isinstance(known.get("pin"), Mapping):
        parse_pin(str(known["pin"].get("repo") or ""))
    if any(0xD800 <= ord(ch) <= 0xDFFF for ch in str(known.get("description") or "")):
        raise UsageError("description-not-utf8", "the description is not valid UTF-8")
    known["pin"] = _STAND_IN_PIN if known.get("pin") or "pin" not in answers else None
    return make_spec(known)
