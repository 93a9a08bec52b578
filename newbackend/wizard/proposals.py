"""Choices, defaults and explanations of questions, from the checkout, the catalog and the pinned upstream. One function
for each part of a question that depends on the answers so far."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from newbackend.availability import why_no_language, why_no_modality
from newbackend.catalog import Modality, Variant, modalities, spoken_of, variant_table
from newbackend.catalog.languages import Flavour, Language, languages
from newbackend.checkout.layout import INDEX, MATRIX
from newbackend.errors import UsageError
from newbackend.pin import parse_pin
from newbackend.registrations.support.own_pages import page_path
from newbackend.registrations.support.siblings import languages_of
from newbackend.wizard.offers import Sibling, siblings, usual_variants
from newbackend.wizard.question import YES, Choice, PartialAnswers

_PIN_ERRORS = {
    "pin-form": "Not OWNER/REPO, OWNER/REPO@BRANCH or OWNER/REPO@<40 hex digits>",
    "pin-host": "Only GitHub, because the bump bot follows nothing else",
    "pin-page": "That page names no branch, tag or commit",
}
"""Errors in the few words that a narrow terminal has room for."""
_FLAVOUR_OPTION = re.compile(r"use --set flavour=([\w-]+)")


PIN_HINTS = {
    "pin-unreachable": "check the name; without network type the commit too, as OWNER/REPO@<40 hex digits>, or leave "
    "it empty",
    "git-missing": "type the commit too, as OWNER/REPO@<40 hex digits>, or leave it empty",
    "pin-no-default-branch": "type a branch too, as OWNER/REPO@BRANCH",
    "pin-unknown-ref": "type another after the @, or none for the default branch",
    "pin-not-full-sha": "type all 40 digits of the commit",
}


def pin_check(text: str, _: PartialAnswers) -> None:
    """Raises UsageError for a malformed pin."""
    try:
        parse_pin(text or "owner/repo")
    except UsageError as error:
        short = _PIN_ERRORS.get(error.code, error.message)
        raise UsageError(error.code, short, hint=error.hint if error.code == "pin-page" else "") from error


def no_lang(_: PartialAnswers) -> str:
    """Raises UsageError: the language has no default."""
    hint = f"pass --lang {'|'.join(languages())}"
    raise UsageError("lang-missing", "the language is missing", hint=hint, choices=languages())


def lang_choices(partial: PartialAnswers) -> tuple[Choice, ...]:
    """The languages, those first that this checkout can build."""
    name = partial.answers.name or "<name>"
    return _sorted(
        Choice(row.id, row.title, _language_effect(row, name), why_no_language(row, partial.checkout))
        for row in languages().values()
    )


def _sorted(choices: Iterable[Choice]) -> tuple[Choice, ...]:
    """The choices, those that are not offered last."""
    return tuple(sorted(choices, key=lambda choice: bool(choice.refused)))


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
    """The flavours of the language, in words."""
    return _sorted(
        Choice(key, flavour.title, _flavour_effect(flavour), _unfit(flavour, partial))
        for key, flavour in partial.language.flavours.items()
    )


def _flavour_effect(flavour: Flavour) -> str:
    about = f"{flavour.about}; " if flavour.about else ""
    return f"{about}can ship {', '.join(flavour.variants)} (flavour {flavour.id})"


def _unfit(flavour: Flavour, partial: PartialAnswers) -> str:
    """Why a flavour is not possible with the answers so far, or ""."""
    answers = partial.answers
    if flavour.needs_pin and not answers.upstream:
        return "it builds an upstream project, and you gave none"
    missing = [key for key in answers.modalities or () if key not in flavour.modalities]
    return f"it cannot serve {', '.join(modalities()[key].title for key in missing)}" if missing else ""


def fitting_flavour(partial: PartialAnswers) -> str:
    """The flavour for what the pinned engine has, of those that are possible; the language's default for any other."""
    flavours, found = partial.language.flavours, partial.interface
    fitting = (key for key, flavour in flavours.items() if found and found.kind and flavour.suits == found.kind)
    return next((key for key in fitting if not _unfit(flavours[key], partial)), partial.language.default_flavour)


def flavour_explain(partial: PartialAnswers) -> str:
    found = partial.interface
    reason = f" {found.reason}." if found and found.reason else ""
    return f"How it is built and what it is linked to.{reason}"


def flavour_default(partial: PartialAnswers) -> str:
    """The earlier answer or the one that fits the engine, unless it is not possible; then the first that is."""
    wanted = partial.text_before("flavour") or fitting_flavour(partial)
    offered = [choice.value for choice in flavour_choices(partial) if not choice.refused]
    return wanted if wanted in offered or not offered else offered[0]


def modality_choices(partial: PartialAnswers) -> tuple[Choice, ...]:
    """The modalities, those first that the template implements and this checkout's proto knows."""
    return _sorted(
        Choice(row.id, row.title, _modality_effect(row), _unserved(row, partial)) for row in modalities().values()
    )


def _unserved(modality: Modality, partial: PartialAnswers) -> str:
    """Why a modality cannot be served, or ""."""
    language = partial.language
    return why_no_modality(modality, language, language.flavours[partial.flavour], partial.checkout)


def _modality_effect(modality: Modality) -> str:
    return f"implements {', '.join(modality.rpcs)}; gallery tags {', '.join(modality.tags)}"


def modality_default(partial: PartialAnswers) -> tuple[str, ...]:
    usual = fitting_modality(partial)
    offered = partial.language.flavours[partial.flavour].modalities
    return _kept(partial, "modalities", modality_choices(partial)) or ((usual,) if usual in offered else ())


def fitting_modality(partial: PartialAnswers) -> str:
    """The first modality that the upstream speaks of and that can be served; text if there is none."""
    return next((key for key in spoken(partial) if not _unserved(modalities()[key], partial)), "llm")


def spoken(partial: PartialAnswers) -> dict[str, str]:
    """The modalities that the upstream's description speaks of, each with its phrase."""
    return dict(spoken_of(" . ".join((partial.upstream.description, *partial.upstream.keywords))))


def modality_reason(partial: PartialAnswers, modality: str) -> str:
    """What the upstream's description says for a modality; "" when it speaks of none."""
    phrases = spoken(partial)
    if modality in phrases:
        return f"{partial.answers.upstream} speaks of {phrases[modality]!r}"
    others = ", ".join(map(repr, phrases.values()))
    return f"{partial.answers.upstream} speaks of {others}, which cannot be served here" if others else ""


def modality_explain(partial: PartialAnswers) -> str:
    """Explains the question, and the proposal that the upstream's own words give."""
    reason = modality_reason(partial, fitting_modality(partial))
    return f"The calls that the server answers.{f' {reason}.' if reason else ''}"


def siblings_of(partial: PartialAnswers) -> tuple[Sibling, ...]:
    """The backends of the same language."""
    answers = partial.answers
    return siblings(
        partial.checkout, answers.lang or "", answers.modalities or (), answers.name or "", answers.upstream
    )


def has_siblings(partial: PartialAnswers) -> bool:
    """Whether another backend has the same language; what they serve need not be known for that."""
    its, name = partial.answers.lang, partial.answers.name
    return any(lang == its and backend != name for backend, lang in languages_of(partial.checkout).items())


def like_choices(partial: PartialAnswers) -> tuple[Choice, ...]:
    """No backend, then the backends of the language, those that serve most of the same first."""
    nobody = Choice("", "none", f"its rows go behind the last {partial.language.title} ones")
    return (nobody, *(Choice(row.name, _served(row), _ships(row)) for row in siblings_of(partial)))


def _served(row: Sibling) -> str:
    shared = ", ".join(modalities()[key].title.lower() for key in row.shared)
    return f"{row.name} ({shared})" if shared else row.name


def _ships(row: Sibling) -> str:
    serves = ", ".join(modalities()[key].title.lower() for key in row.serves) or "nothing that has a name here"
    return f"serves {serves}; ships {', '.join(row.variants) or 'nothing that has a name here'}"


def variant_choices(partial: PartialAnswers) -> tuple[Choice, ...]:
    """The variants, those first that the flavour supports."""
    flavour = partial.language.flavours[partial.flavour]
    return _sorted(
        Choice(key, variant.title, _variant_effect(variant, flavour.profile), _unbuilt(key, flavour, partial.language))
        for key, variant in variant_table().variants.items()
    )


def _unbuilt(variant: str, flavour: Flavour, language: Language) -> str:
    """Why a flavour cannot ship a variant, or ""; in words for somebody who cannot type options now."""
    if variant in flavour.variants:
        return ""

    def kind(option: re.Match[str]) -> str:
        return f'as its kind of backend choose "{language.flavours[option[1]].title}"'

    return _FLAVOUR_OPTION.sub(kind, flavour.why_not(variant)).rstrip(".")


def _variant_effect(variant: Variant, profile: str) -> str:
    rows = variant.rows_for(profile)
    if not rows:
        return ""
    images = len({row["tag-suffix"] for row in rows})
    keys = f", capability {', '.join(variant.capability_keys)}" if variant.capability_keys else ""
    return f"{len(rows)} row{'s' * (len(rows) > 1)} in {MATRIX}, {2 * images} entries in {INDEX}{keys}"


def variant_default(partial: PartialAnswers) -> tuple[str, ...]:
    """The variants of the sibling, or of most siblings of the same modality."""
    choices = variant_choices(partial)
    allowed = [choice.value for choice in choices if not choice.refused]
    usual = usual_variants(siblings_of(partial), allowed, partial.answers.like or "")
    return _kept(partial, "variants", choices) or usual


def _kept(partial: PartialAnswers, key: str, choices: Sequence[Choice]) -> tuple[str, ...]:
    """The choices made before the user went back, as far as they are still offered."""
    offered = {choice.value for choice in choices if not choice.refused}
    return tuple(value for value in partial.before.get(key) or () if value in offered)


def plain_description(partial: PartialAnswers) -> str:
    """The default description, when nobody is asked."""
    return partial.answers.plain_description


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


def page_choices(partial: PartialAnswers) -> tuple[Choice, ...]:
    """Without a page of its own, and with one."""
    name = partial.answers.name or ""
    taken = f"there is a page about {name} already" if partial.checkout.exists(page_path(name)) else ""
    return (
        Choice("", "None of its own", "the page about what it serves, and the tables, list it"),
        Choice(YES, "A page of its own", f"{page_path(name)}, from what is known: yours to write on", taken),
    )


def models_explain(_: PartialAnswers) -> str:
    """Explains the question about models."""
    return (
        "Models of the gallery that users install to try it: huggingface://OWNER/REPO/FILE or https://…, with commas "
        "between; empty for none yet. Several builds of one model are grouped."
    )
