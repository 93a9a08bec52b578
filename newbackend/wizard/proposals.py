"""Choices, defaults and explanations of questions, from the checkout, the catalog and the pinned upstream. One function
for each part of a question that depends on the answers so far."""

from __future__ import annotations

import re
from collections.abc import Sequence

from newbackend.catalog import Modality, Variant, modalities, variant_table
from newbackend.catalog.languages import Language, languages
from newbackend.checkout.layout import INDEX, MATRIX, layout_of
from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError, UsageError
from newbackend.pin import parse_pin
from newbackend.plan.collisions import holds_files
from newbackend.registrations.gallery_index.place import GalleryIndex
from newbackend.registrations.matrix.place import Matrix
from newbackend.validate import check_name
from newbackend.wizard.offers import Sibling, siblings, usual_variants
from newbackend.wizard.question import Choice, PartialAnswers

_PIN_ERRORS = {
    "pin-form": "Not OWNER/REPO, OWNER/REPO@BRANCH or OWNER/REPO@<40 hex digits>",
    "pin-host": "Only GitHub, because the bump bot follows nothing else",
    "pin-page": "That page names no branch, tag or commit",
}
"""Errors in the few words that a narrow terminal has room for."""


def pin_check(text: str, _: PartialAnswers) -> None:
    """Raises UsageError for a malformed pin."""
    try:
        parse_pin(text or "owner/repo")
    except UsageError as error:
        short = _PIN_ERRORS.get(error.code, error.message)
        raise UsageError(error.code, short, hint=error.hint if error.code == "pin-page" else "") from error


def no_name(_: PartialAnswers) -> str:
    """Raises UsageError: a name has no default."""
    raise UsageError("name-missing", "the backend's name is missing", hint="pass it: newbackend create NAME")


def name_default(partial: PartialAnswers) -> str:
    """The name of the pinned repository, if it is a valid backend name."""
    word = re.sub(r"[^a-z0-9]+", "-", partial.answers.upstream.rpartition("/")[2].lower()).strip("-")
    try:
        return partial.text_before("name") or (free_name(check_name(word), partial.checkout) if word else "")
    except NewbackendError:
        return ""


def free_name(name: str, checkout: Checkout) -> str:
    """Returns the name. Raises UsageError when another backend of the checkout has it."""
    for language in languages().values():
        directory = language.directory_of(name)
        if checkout.exists(f"{directory}/.newbackend.yml"):
            return name  # made by an earlier run, which may be completed
        if holds_files(checkout, directory):
            raise UsageError("name-taken", f"there is a backend {name!r} already in {directory}")
    for place in (Matrix(), GalleryIndex()):
        for fact in place.observe(checkout):
            if fact.backend == name:
                raise UsageError("name-taken", f"the name {name!r} is registered already, at {fact.path}:{fact.line}")
    return name


def no_lang(_: PartialAnswers) -> str:
    """Raises UsageError: the language has no default."""
    hint = f"pass --lang {'|'.join(languages())}"
    raise UsageError("lang-missing", "the language is missing", hint=hint, choices=languages())


def lang_choices(partial: PartialAnswers) -> tuple[Choice, ...]:
    """The languages that this checkout can build."""
    here, name = partial.checkout.exists, partial.answers.name or "<name>"
    rows = [row for row in languages().values() if row.own_dockerfile or here(row.shared_dockerfile)]
    return tuple(Choice(language.id, language.title, _language_effect(language, name)) for language in rows)


def lang_default(partial: PartialAnswers) -> str:
    """The language of the upstream's build files."""
    default = partial.text_before("lang") or partial.upstream.lang
    return default if default in languages() else ""


def _language_effect(language: Language, name: str) -> str:
    shared = "its own" if language.own_dockerfile else "the shared"
    also = ", the path filter" if language.own_dockerfile else ""
    dockerfile = language.dockerfile_of(name).removeprefix("./")
    return f"{language.directory_of(name)}/, {shared} {dockerfile}{also}"


def flavour_choices(partial: PartialAnswers) -> tuple[Choice, ...]:
    """The flavours of the language, without those that need an upstream when there is none."""
    language = partial.language
    return tuple(
        Choice(key, key, f"{flavour.title}; can ship {', '.join(flavour.variants)}")
        for key, flavour in language.flavours.items()
        if partial.answers.upstream or not flavour.needs_pin
    )


def modality_choices(partial: PartialAnswers) -> tuple[Choice, ...]:
    """What the template implements and this checkout's proto knows."""
    implemented = partial.language.flavours[partial.flavour].modalities
    rpcs = set(layout_of(partial.checkout).proto.rpcs)
    rows = [row for key, row in modalities().items() if key in implemented and rpcs.issuperset(row.rpcs)]
    return tuple(Choice(row.id, row.title, _modality_effect(row)) for row in rows)


def _modality_effect(modality: Modality) -> str:
    return f"implements {', '.join(modality.rpcs)}; gallery tags {', '.join(modality.tags)}"


def modality_default(partial: PartialAnswers) -> tuple[str, ...]:
    usual = ("llm",) if "llm" in partial.language.flavours[partial.flavour].modalities else ()
    return _kept(partial, "modalities", modality_choices(partial)) or usual


def siblings_of(partial: PartialAnswers) -> tuple[Sibling, ...]:
    """The backends of the same language."""
    answers = partial.answers
    return siblings(partial.checkout, answers.lang or "", answers.modalities or (), answers.name or "")


def like_choices(partial: PartialAnswers) -> tuple[Choice, ...]:
    """No backend, then backends of the same modality, then the others."""
    nobody = Choice("", "none", f"its rows go behind the last {partial.language.title} ones")
    return (
        nobody,
        *(
            Choice(row.name, f"{row.name} (serves the same)" if row.related else row.name, _ships(row.variants))
            for row in siblings_of(partial)
        ),
    )


def _ships(variants: Sequence[str]) -> str:
    return f"ships {', '.join(variants)}" if variants else "ships nothing that has a name here"


def variant_choices(partial: PartialAnswers) -> tuple[Choice, ...]:
    """The variants that the flavour supports."""
    flavour = partial.language.flavours[partial.flavour]
    return tuple(
        Choice(key, variant.title, _variant_effect(variant, flavour.profile))
        for key, variant in variant_table().variants.items()
        if key in flavour.variants
    )


def _variant_effect(variant: Variant, profile: str) -> str:
    rows = variant.rows_for(profile)
    images = len({row["tag-suffix"] for row in rows})
    keys = f", capability {', '.join(variant.capability_keys)}" if variant.capability_keys else ""
    return f"{len(rows)} row{'s' * (len(rows) > 1)} in {MATRIX}, {2 * images} entries in {INDEX}{keys}"


def variant_default(partial: PartialAnswers) -> tuple[str, ...]:
    """The variants of the sibling, or of most siblings of the same modality."""
    choices = variant_choices(partial)
    allowed = [choice.value for choice in choices]
    usual = usual_variants(siblings_of(partial), allowed, partial.answers.like or "")
    return _kept(partial, "variants", choices) or usual


def _kept(partial: PartialAnswers, key: str, choices: Sequence[Choice]) -> tuple[str, ...]:
    """The choices made before the user went back, as far as they are still offered."""
    offered = {choice.value for choice in choices}
    return tuple(value for value in partial.before.get(key) or () if value in offered)


def plain_description(partial: PartialAnswers) -> str:
    """The default description, when nobody is asked."""
    source = f" on {partial.answers.upstream}" if partial.answers.upstream else ""
    return f"{partial.answers.name}: a LocalAI backend{source}"


def description_default(partial: PartialAnswers) -> str:
    """The upstream's description."""
    return partial.text_before("description") or partial.upstream.description or plain_description(partial)


def description_explain(partial: PartialAnswers) -> str:
    """Explains the question and where the default comes from."""
    explain = "What users read before they install it, in one line."
    own = partial.upstream.description
    return f"{explain} This is the upstream's own." if own and description_default(partial) == own else explain


def license_default(partial: PartialAnswers) -> str:
    """The upstream's licence, if its text is a known one."""
    return partial.text_before("license") or partial.upstream.license


def license_explain(partial: PartialAnswers) -> str:
    """Explains the question and where the default comes from."""
    explain = "The licence of what is shipped, as an SPDX id such as MIT or Apache-2.0; empty if unknown."
    own = partial.upstream.license
    return f"{explain} Read from the upstream's licence file." if own and license_default(partial) == own else explain


def tags_default(partial: PartialAnswers) -> str:
    """The modalities' tags."""
    tags = [tag for key in partial.answers.modalities or () for tag in modalities()[key].tags]
    return partial.text_before("tags") or ", ".join(dict.fromkeys(tags))


def tags_explain(partial: PartialAnswers) -> str:
    """Explains the question; shows the upstream's keywords, which are not in the default."""
    explain = "What the gallery can be searched by, with commas between."
    keywords = partial.upstream.keywords
    return f"{explain} The upstream's keywords: {', '.join(keywords)}." if keywords else explain
