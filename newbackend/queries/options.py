"""What a checkout lets one choose for a new backend: languages, flavours, platforms, modalities, with refusals."""

from __future__ import annotations

from typing import Annotated, TypedDict

from newbackend.availability import why_no_flavour, why_no_language, why_no_modality
from newbackend.catalog import modalities, variant_table
from newbackend.catalog.import_kinds import DEFAULT_IMPORT, IMPORT_KINDS
from newbackend.catalog.languages import Flavour, Language, languages
from newbackend.checkout.tree import Checkout
from newbackend.suggest import unknown

SCHEMA = "newbackend/options/1"


class FlavourOptions(TypedDict):
    """One way to build a backend of a language."""

    id: str
    title: str
    about: str
    default: Annotated[bool, "Taken when the answers name no flavour."]
    needs_pin: Annotated[bool, "It builds an upstream project, so the answers need a pin."]
    unavailable: Annotated[str, 'Why this checkout cannot build it; "" when it can.']
    variants: Annotated[list[str], "The platforms that it can ship."]
    refused: Annotated[dict[str, str], "Every other platform, with the reason."]
    cpu_variants: Annotated[list[str], "Values of options.cpu_variants."]


class LanguageOptions(TypedDict):
    """One language."""

    id: str
    title: str
    directory: Annotated[str, "Where a backend goes; {name} stands for its name."]
    unavailable: Annotated[str, 'Why this checkout cannot build it; "" when it can.']
    takes_pip: Annotated[bool, "Its engine can be a release on PyPI: `--pip PACKAGE==VERSION`."]
    flavours: list[FlavourOptions]
    modalities: Annotated[list[str], "What its backends can serve in this checkout."]
    refused_modalities: Annotated[dict[str, str], "Every other modality, with the reason."]


class VariantOption(TypedDict):
    """One platform."""

    id: str
    title: str


class ModalityOption(TypedDict):
    """One kind of request."""

    id: str
    title: str
    rpcs: Annotated[list[str], "The calls of backend.proto that it takes."]


class Options(TypedDict):
    """Everything that `create` lets one choose in a checkout."""

    schema: str
    languages: list[LanguageOptions]
    variants: list[VariantOption]
    modalities: list[ModalityOption]
    import_kinds: Annotated[list[str], "Values of import.kind; the first is the default."]


def options(checkout: Checkout, wanted: str | None = None) -> Options:
    """The choices of a checkout, for one language or for all. Raises UsageError for a language that there is not."""
    known = languages()
    if wanted is not None and wanted not in known:
        also = {key: language.other_words for key, language in known.items()}
        raise unknown("lang-unknown", "language", wanted, known, also=also)
    assert IMPORT_KINDS[0] == DEFAULT_IMPORT
    return {
        "schema": SCHEMA,
        "languages": [_language(row, checkout) for key, row in known.items() if wanted in (None, key)],
        "variants": [{"id": key, "title": row.title} for key, row in variant_table().variants.items()],
        "modalities": [{"id": key, "title": row.title, "rpcs": list(row.rpcs)} for key, row in modalities().items()],
        "import_kinds": list(IMPORT_KINDS),
    }


def _language(language: Language, checkout: Checkout) -> LanguageOptions:
    flavour = language.flavours[language.default_flavour]
    reasons = {key: why_no_modality(row, language, flavour, checkout) for key, row in modalities().items()}
    return {
        "id": language.id,
        "title": language.title,
        "directory": language.directory,
        "unavailable": why_no_language(language, checkout),
        "takes_pip": language.takes_pip,
        "flavours": [_flavour(row, language, checkout) for row in language.flavours.values()],
        "modalities": [key for key, reason in reasons.items() if not reason],
        "refused_modalities": {key: reason for key, reason in reasons.items() if reason},
    }


def _flavour(flavour: Flavour, language: Language, checkout: Checkout) -> FlavourOptions:
    others = [key for key in variant_table().variants if key not in flavour.variants]
    return {
        "id": flavour.id,
        "title": flavour.title,
        "about": flavour.about,
        "default": flavour.id == language.default_flavour,
        "needs_pin": flavour.needs_pin,
        "unavailable": why_no_flavour(flavour, checkout),
        "variants": list(flavour.variants),
        "refused": {key: flavour.why_not(key) for key in others},
        "cpu_variants": list(flavour.cpu_variants),
    }
