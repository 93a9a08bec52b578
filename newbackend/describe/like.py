"""`--like BACKEND`: the registration profile of a sibling as defaults for a new backend.

Taken over: language and flavour, variants, capability keys, tags, whether the root Makefile tests it, and
the category of its documentation. Not taken over: what is the sibling's own (texts, pin, rows that
depart from the canonical table, entry names).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from newbackend.answers import GENERATED
from newbackend.catalog import variant_table
from newbackend.catalog.languages import Language
from newbackend.checkout.tree import Checkout
from newbackend.describe.backend import describe
from newbackend.errors import UsageError
from newbackend.registrations.gallery_index.place import entry_name
from newbackend.spec import make_spec

_WIRING = ("prepare-test-extra", "test-extra", "docker-build-backends")


def with_profile(answers: Mapping[str, Any], checkout: Checkout) -> tuple[dict[str, Any], list[str]]:
    """The answers with the defaults of the backend that `like` names, and notes on what was left out.

    Answers that are there already win, and a record of what was generated is complete as it is. Raises
    NotFoundError when there is no such backend, UsageError when the answers ask for another language than
    it has.
    """
    like = str(answers.get("like") or "")
    if not like or GENERATED in answers:
        return dict(answers), []
    sibling = describe(checkout, like).answers
    lang = str(answers.get("lang") or sibling["lang"])
    if lang != sibling["lang"]:
        raise UsageError(
            "like-other-language",
            f"--like {like} is a {sibling['lang']} backend, so a {lang} backend cannot be registered like it",
        )
    defaults, notes = _profile(answers, sibling)
    overrides = _merged(defaults.pop("overrides"), answers.get("overrides") or {})
    merged = {**defaults, **{key: value for key, value in answers.items() if value is not None}}
    if overrides:
        merged["overrides"] = overrides
    return merged, notes


def _profile(answers: Mapping[str, Any], sibling: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    spec = make_spec(sibling)
    language = spec.language
    flavour = str(answers.get("flavour") or sibling["flavour"])
    if flavour in language.flavour_needs_pin and not answers.get("pin"):
        flavour = language.default_flavour
    variants = [one for one in spec.variants if _ships(language, flavour, one)]
    left = [one for one in spec.variants if one not in variants]
    notes = [f"{spec.name} also ships {', '.join(left)}, which the template ({flavour}) cannot"] if left else []
    profile: dict[str, Any] = {
        "lang": spec.lang,
        "flavour": flavour,
        "variants": variants,
        "tags": list(spec.tags),
        "overrides": {},
    }
    serves = [one for one in spec.modalities if one in language.modalities_of(flavour)]
    if serves:
        profile["modalities"] = serves
    if spec.docs.get("category"):
        profile["docs"] = {"category": spec.docs["category"]}
    name = str(answers.get("name") or "")
    wanted = answers.get("variants") or variants
    capabilities = _capabilities(spec.overrides.get("capabilities") or {}, sibling, name, wanted) if name else {}
    if capabilities:
        profile["overrides"]["capabilities"] = capabilities
    omit = _untested(sibling)
    if omit:
        profile["overrides"]["places"] = {"makefile": {"omit": omit}}
    return profile, notes


def _ships(language: Language, flavour: str, variant: str) -> bool:
    allowed = variant in language.variants.get(flavour, ())
    return allowed and bool(variant_table().variants[variant].rows_for(language.id, flavour))


def _capabilities(said: Mapping[str, str], sibling: Mapping[str, Any], name: str, variants: Any) -> dict[str, str]:
    """The sibling's departing capability keys, pointing at the same variants of the new backend."""
    spec = make_spec(sibling)
    variant_of = {entry_name(spec, variant): variant for variant in spec.variants}
    found: dict[str, str] = {}
    for key, entry in said.items():
        variant = variant_of.get(entry)
        if not entry:
            found[key] = ""
        elif variant in variants:
            found[key] = variant_table().variants[str(variant)].index_name(spec.lang, name)
    return found


def _untested(sibling: Mapping[str, Any]) -> list[str]:
    """Which of the root Makefile's test and build lists the sibling is not on."""
    omit = ((sibling.get("overrides") or {}).get("places") or {}).get("makefile", {}).get("omit") or []
    return list(_WIRING) if omit is True else [kind for kind in _WIRING if kind in omit]


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Overrides laid over each other, key by key."""
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged
