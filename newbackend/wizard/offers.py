"""Candidates from the checkout: backends similar to the new one, the variants that they ship, and importers that it can
share."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from newbackend.answers import ImportAnswers
from newbackend.catalog import variant_table
from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError
from newbackend.records import dataclass
from newbackend.registrations.base import Place
from newbackend.registrations.importer_drop_in.place import ImporterDropIn
from newbackend.registrations.importer_registry.place import ImporterRegistry
from newbackend.registrations.matrix.place import Matrix, lang_of_row, variant_of
from newbackend.registrations.support.import_choice import import_choice
from newbackend.registrations.support.importers_dir import importers
from newbackend.registrations.support.served_calls import served_modalities
from newbackend.spec import BackendSpec
from newbackend.splice.outcome import AlreadyPresent, Inserted


@dataclass(frozen=True)
class Sibling:
    """A registered backend of the same language. `serves` are its modalities, `shared` those that are wanted too."""

    name: str
    variants: tuple[str, ...]
    serves: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()

    @property
    def related(self) -> bool:
        """Whether it serves something that is wanted."""
        return bool(self.shared)

    def likeness(self, wanted: Collection[str]) -> float:
        """The shared part of all modalities that it serves or that are wanted."""
        return len(self.shared) / max(1, len({*self.serves, *wanted}))


def siblings(
    checkout: Checkout, lang: str, wanted: Collection[str], name: str = "", upstream: str = ""
) -> tuple[Sibling, ...]:
    """Backends of a language from the build matrix, without `name` itself: those that serve most of the same first,
    among equals those whose name has a word of the new name or of the upstream's OWNER/REPO."""
    ships: dict[str, set[str]] = {}
    langs: dict[str, str] = {}
    for fact in Matrix().observe(checkout):
        if fact.kind == "row":
            langs[fact.backend] = lang_of_row(fact.value)
        variant = variant_of(fact)
        if variant:
            ships.setdefault(fact.backend, set()).add(variant)
    rows = []
    for backend in (backend for backend, its in langs.items() if its == lang and backend != name):
        serves = served_modalities(checkout, backend, lang)
        shared = tuple(key for key in serves if key in wanted)
        rows.append(Sibling(backend, variant_table().ordered(ships.get(backend, ())), serves, shared))
    named = _words(name) | _words(upstream)
    return tuple(
        sorted(rows, key=lambda row: (-row.likeness(wanted), not (row.shared and _words(row.name) & named), row.name))
    )


def _words(text: str) -> set[str]:
    """The words of a name that tell one engine from another."""
    return {word for word in re.split(r"[^a-z0-9]+", text.lower()) if len(word) > 2} - {"cpp", "rust", "the"}


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
