"""What the checkout offers as answers: the backends that are like the new one, what they ship, and whose
importer it can share."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from newbackend.catalog import modalities, variant_table
from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError
from newbackend.registrations.base import Place
from newbackend.registrations.gallery_index.place import GalleryIndex
from newbackend.registrations.importer_drop_in.place import ImporterDropIn
from newbackend.registrations.importer_registry.place import ImporterRegistry
from newbackend.registrations.matrix.place import Matrix, lang_of_dockerfile, variant_of_row
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
            langs[fact.backend] = lang_of_dockerfile(str(fact.value.get("dockerfile") or ""))
        variant = "metal" if fact.kind == "darwin" else variant_of_row(fact.value)
        if variant:
            ships.setdefault(fact.backend, set()).add(variant)
    tags = _tags(checkout)
    of_interest = {tag.lower() for key in wanted if key in modalities() for tag in modalities()[key].tags}
    found = [
        Sibling(backend, variant_table().ordered(ships[backend]), bool(tags.get(backend, set()) & of_interest))
        for backend, its in langs.items()
        if its == lang and backend != name
    ]
    return tuple(sorted(found, key=lambda one: (not one.related, one.name)))


def _tags(checkout: Checkout) -> dict[str, set[str]]:
    return {
        fact.backend: {str(tag).lower() for tag in fact.value.get("tags") or ()}
        for fact in GalleryIndex().observe(checkout)
        if fact.kind == "meta" and "&" in fact.value
    }


def usual_variants(found: Sequence[Sibling], allowed: Collection[str], like: str = "") -> tuple[str, ...]:
    """What to ship by default: what `like` ships, else what more than half of the related siblings do,
    else the CPU alone."""
    model = next((one for one in found if one.name == like), None)
    if model is not None:
        return tuple(variant for variant in model.variants if variant in allowed) or _least(allowed)
    related = [one for one in found if one.related]
    often = [
        variant
        for variant in variant_table().variants
        if variant in allowed and 2 * sum(variant in one.variants for one in related) > len(related)
    ]
    return tuple(often) or _least(allowed)


def _least(allowed: Collection[str]) -> tuple[str, ...]:
    return ("cpu",) if "cpu" in allowed else tuple(allowed)[:1]


@dataclass(frozen=True)
class Host:
    """A backend whose importer, in the file `path`, speaks for `drop_ins` too."""

    name: str
    path: str
    drop_ins: tuple[str, ...]


def hosts(spec: BackendSpec, checkout: Checkout) -> tuple[Host, ...]:
    """The backends whose importer can take this one in, those with drop-ins of the same modality first."""
    place, chip = ImporterDropIn(), import_choice(spec).modality
    facts = [fact for fact in place.observe(checkout) if spec.name != fact.value["of"]]
    related = {str(fact.value["of"]): False for fact in facts}
    for fact in facts:
        related[str(fact.value["of"])] |= fact.value.get("Modality") == chip
    found = []
    for name in sorted(related, key=lambda name: (not related[name], name)):
        its = [fact for fact in facts if fact.value["of"] == name]
        if _takes(place, spec, checkout, {"kind": "drop-in", "of": name}):
            found.append(Host(name, its[0].path, tuple(fact.backend for fact in its if fact.backend != spec.name)))
    return tuple(found)


def host_of(name: str, checkout: Checkout) -> str:
    """The backend whose importer speaks for a drop-in, or ""."""
    return next((str(fact.value["of"]) for fact in ImporterDropIn().observe(checkout) if fact.backend == name), "")


def takes_importer(spec: BackendSpec, checkout: Checkout) -> bool:
    """Whether an importer of the backend's own can be registered here."""
    return _takes(ImporterRegistry(), spec, checkout, {"kind": "importer", "extensions": [".any"]})


def claimants(extensions: Collection[str], checkout: Checkout) -> tuple[str, ...]:
    """The backends whose importer's code names one of the extensions, in their order by name."""
    named = [f'"{extension}"' for extension in extensions]
    found = {
        one.backend for one in importers(checkout) if any(text in (checkout.read(one.path) or "") for text in named)
    }
    return tuple(sorted(found))


def _takes(place: Place, spec: BackendSpec, checkout: Checkout, said: dict[str, Any]) -> bool:
    """Whether a place could make the edits of these answers by itself: what it would leave to a person is
    no offer."""
    try:
        changes = place.plan(checkout, replace(spec, imports={**spec.imports, **said})).changes
    except NewbackendError:
        return False
    return bool(changes) and all(isinstance(change.outcome, Inserted | AlreadyPresent) for change in changes)
