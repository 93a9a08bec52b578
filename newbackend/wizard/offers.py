"""What the checkout offers as answers: the backends that are like the new one, and what they ship."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from newbackend.catalog import modalities, variant_table
from newbackend.checkout.tree import Checkout
from newbackend.places.gallery_index import GalleryIndex
from newbackend.places.matrix import Matrix, lang_of_dockerfile, variant_of_row


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
