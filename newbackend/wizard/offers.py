"""Candidates from the checkout: backends similar to the new one, the variants that they ship, and importers that it can
share."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from newbackend.answers import ImportAnswers
from newbackend.catalog import modalities, variant_table
from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError
from newbackend.registrations.base import Place
from newbackend.registrations.gallery_index.place import GalleryIndex
from newbackend.registrations.importer_drop_in.place import ImporterDropIn
from newbackend.registrations.importer_registry.place import ImporterRegistry
from newbackend.registrations.matrix.place import Matrix, lang_of_row, variant_of
from newbackend.registrations.support.import_choice import import_choice
from newbackend.registrations.support.importers_dir import importers
from newbackend.spec import BackendSpec
from newbackend.splice.outcome import AlreadyPresent, Inserted


@dataclass(frozen=True)
class Sibling:
    """A registered backend of the same language. `related` when its gallery tags name a wanted modality."""

    name: str
    variants: tuple[str, ...]
    related: bool


def siblings(checkout: Checkout, lang: str, wanted: Collection[str], name: str = "") -> tuple[Sibling, ...]:
    """Backends of a language from the build matrix, related ones first, without `name` itself."""
    ships: dict[str, set[str]] = {}
    langs: dict[str, str] = {}
    for fact in Matrix().observe(checkout):
        if fact.kind == "row":
            langs[fact.backend] = lang_of_row(fact.value)
        variant = variant_of(fact)
        if variant:
            ships.setdefault(fact.backend, set()).add(variant)
    tags = _tags(checkout)
    of_interest = {tag.lower() for key in wanted if key in modalities() for tag in modalities()[key].tags}
    rows = [
        Sibling(backend, variant_table().ordered(ships[backend]), bool(tags.get(backend, set()) & of_interest))
        for backend, its in langs.items()
        if its == lang and backend != name
    ]
    return tuple(sorted(rows, key=lambda row: (not row.related, row.name)))


def _tags(checkout: Checkout) -> dict[str, set[str]]:
    return {
        fact.backend: {str(tag).lower() for tag in fact.value.get("tags") or ()}
        for fact in GalleryIndex().observe(checkout)
        if fact.kind == "meta" and "&" in fact.value
    }


def usual_variants(rows: Sequence[Sibling], allowed: Collection[str], like: str = "") -> tuple[str, ...]:
    """The default variants: those of `like`, else those of more than half of the related siblings, else CPU only."""
    model = next((row for row in rows if row.name == like), None)
    if model is not None:
        return tuple(variant for variant in model.variants if variant in allowed) or _least(allowed)
    related = [row for row in rows if row.related]
    often = [
        variant
        for variant in variant_table().variants
        if variant in allowed and 2 * sum(variant in row.variants for row in related) > len(related)
    ]
    return tuple(often) or _least(allowed)


def _least(allowed: Collection[str]) -> tuple[str, ...]:
    plain = variant_table().plain
    return (plain,) if plain in allowed else tuple(allowed)[:1]


@dataclass(frozen=True)
class Host:
    """A backend whose importer, in the file `path`, also handles the backends in `drop_ins`."""

    name: str
    path: str
    drop_ins: tuple[str, ...]


def hosts(spec: BackendSpec, checkout: Checkout) -> tuple[Host, ...]:
    """The backends whose importer can handle this one too, those with drop-ins of the same modality first."""
    place, chip = ImporterDropIn(), import_choice(spec).modality
    facts = [fact for fact in place.observe(checkout) if spec.name != fact.value["of"]]
    related = {str(fact.value["of"]): False for fact in facts}
    for fact in facts:
        related[str(fact.value["of"])] |= fact.value.get("Modality") == chip
    rows = []
    for name in sorted(related, key=lambda name: (not related[name], name)):
        its = [fact for fact in facts if fact.value["of"] == name]
        if _takes(place, spec, checkout, ImportAnswers(kind="drop-in", of=name)):
            rows.append(Host(name, its[0].path, tuple(fact.backend for fact in its if fact.backend != spec.name)))
    return tuple(rows)


def host_of(name: str, checkout: Checkout) -> str:
    """The backend whose importer handles a drop-in, or ""."""
    return next((str(fact.value["of"]) for fact in ImporterDropIn().observe(checkout) if fact.backend == name), "")


def takes_importer(spec: BackendSpec, checkout: Checkout) -> bool:
    """Whether this checkout can register an importer for the backend."""
    return _takes(ImporterRegistry(), spec, checkout, ImportAnswers(kind="importer", extensions=(".any",)))


def claimants(extensions: Collection[str], checkout: Checkout) -> tuple[str, ...]:
    """The backends whose importer's code names one of the extensions, in their order by name."""
    named = [f'"{extension}"' for extension in extensions]
    names = {
        row.backend for row in importers(checkout) if any(text in (checkout.read(row.path) or "") for text in named)
    }
    return tuple(sorted(names))


def _takes(place: Place, spec: BackendSpec, checkout: Checkout, imports: ImportAnswers) -> bool:
    """Whether a place can make all edits for these answers. A choice that needs manual edits is not offered."""
    try:
        changes = place.plan(checkout, replace(spec, imports=replace(imports, modality=spec.imports.modality))).changes
    except NewbackendError:
        return False
    return bool(changes) and all(isinstance(change.outcome, Inserted | AlreadyPresent) for change in changes)
