"""`--like BACKEND`: defaults for a new backend from a sibling's registration.

Copied: language and flavour, variants, what it serves with its tags, whether the root Makefile tests it, the category
of its documentation, and capability keys that lead to another variant which runs there. Not copied: what is specific to
the sibling (texts, pin, rows that differ from the defaults, entry names), what `verify` rejects (a capability key that
is missing or leads nowhere, a list of builds that it is not in), and a modality that is only a guess.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from newbackend.answers import Answers, DocsAnswers, merge
from newbackend.catalog import variant_table
from newbackend.checkout.tree import Checkout
from newbackend.describe.backend import describe
from newbackend.errors import UsageError
from newbackend.registrations.gallery_index.entries import entry_name
from newbackend.spec import BackendSpec, make_spec

_TESTS = ("prepare-test-extra", "test-extra")


def with_sibling(answers: Answers, checkout: Checkout) -> tuple[Answers, list[str]]:
    """The answers completed from the backend in `like`, and notes on what could not be copied.

    Given answers win, and answers with a record of generated files are complete already. Raises NotFoundError when
    there is no such backend, UsageError when it has another language than the answers.
    """
    if not _lends(answers):
        return answers, []
    described = describe(checkout, answers.like or "")
    like = make_spec(described.answers)
    if answers.lang not in (None, like.lang):
        raise UsageError(
            "like-other-language",
            f"--like {like.name} is a {like.lang} backend, so a {answers.lang} backend cannot be registered like it",
        )
    language, flavour = like.language, answers.flavour or like.flavour
    if language.flavours[flavour].needs_pin and not answers.upstream:
        flavour = language.default_flavour
    its = language.flavours[flavour]
    variants = tuple(variant for variant in like.variants if variant in its.variants)
    known = () if described.guess else like.modalities
    modalities = tuple(modality for modality in known if modality in its.modalities)
    tags = like.tags if modalities and set(answers.modalities or modalities) == set(modalities) else None
    left = [variant for variant in like.variants if variant not in variants]
    notes = [f"{like.name} also ships {', '.join(left)}, which the template ({flavour}) cannot"] if left else []
    if described.guess and not answers.modalities:
        notes.append(f"{like.name} does not say what it serves, so that is not taken from it")
    defaults = Answers(lang=like.lang, flavour=flavour, variants=variants, tags=tags, modalities=modalities or None)
    return merge(defaults, answers), notes


def with_wiring(answers: Answers, checkout: Checkout) -> Answers:
    """Complete answers with differences of the backend in `like` that no question covers: the category of its
    documentation, its capability keys, and lists of the root Makefile that it is not in. Given answers win."""
    if not _lends(answers):
        return answers
    like = make_spec(describe(checkout, answers.like or "").answers)
    overrides: dict[str, Any] = {}
    if capabilities := _capabilities(like, answers.name or "", answers.variants or ()):
        overrides["capabilities"] = capabilities
    if omit := _untested(like):
        overrides["places"] = {"makefile": {"omit": omit}}
    merged = merge(Answers(docs=DocsAnswers(category=like.docs.category) if like.docs.category else None), answers)
    return replace(merged, overrides=_merged(overrides, answers.overrides or {}) or None)


def _lends(answers: Answers) -> bool:
    return bool(answers.like) and answers.generated is None


def _capabilities(like: BackendSpec, name: str, variants: Collection[str]) -> dict[str, str]:
    """The sibling's differing capability keys that lead to a variant which runs there, for the same variants of the
    new backend."""
    variant_of = {entry_name(like, variant): variant for variant in like.variants}
    keys: dict[str, str] = {}
    for key, entry in (like.overrides.get("capabilities") or {}).items():
        variant = variant_table().variants.get(variant_of.get(entry, ""))
        if variant and variant.id in variants and variant.loads_on(key):
            keys[key] = variant.entry_name(like.its_flavour.profile, name)
    return keys


def _untested(like: BackendSpec) -> list[str]:
    """The test lists of the root Makefile that the sibling is not in."""
    omit = (like.overrides.get("places") or {}).get("makefile", {}).get("omit") or []
    return list(_TESTS) if omit is True else [kind for kind in _TESTS if kind in omit]


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Overrides merged key by key."""
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged
