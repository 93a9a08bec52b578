"""What `change` is asked for, and the answers that come of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field, fields, replace
from typing import Any

from newbackend.answers import Answers, EngineAnswers, ModelAnswers, merge
from newbackend.catalog import modalities, variant_table
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.records import dataclass
from newbackend.registrations import places
from newbackend.registrations.base import kept
from newbackend.registrations.gallery_index.entries import DEV, entry_name
from newbackend.spec import BackendSpec, make_spec

_TEXTS = ("description", "license", "icon", "urls", "tags")
_METAS = ("meta", "dev-meta")
_GALLERY = "gallery-index"


@dataclass(frozen=True)
class Wish:
    """Answers that replace the present ones, and what is added to and taken from the lists of them."""

    answers: Answers = field(default_factory=Answers)
    add_variants: tuple[str, ...] = ()
    drop_variants: tuple[str, ...] = ()
    add_modalities: tuple[str, ...] = ()
    drop_modalities: tuple[str, ...] = ()
    add_models: tuple[ModelAnswers, ...] = ()
    rename: str = ""
    engine: EngineAnswers | None = None
    """What the new pin's engine is built with, in place of all that the answers said."""

    @property
    def empty(self) -> bool:
        """Whether nothing is asked for."""
        return self == Wish()


def wished(answers: Answers, wish: Wish) -> Answers:
    """The answers with the wish fulfilled. What they say of a dropped platform, and of texts that are replaced, goes
    with it. Raises UsageError for an unknown platform or modality, and when none would be left."""
    served = _list("modality", modalities(), answers.modalities or (), wish.add_modalities, wish.drop_modalities)
    shipped = _list("variant", variant_table().variants, answers.variants or (), wish.add_variants, wish.drop_variants)
    told = wish.answers
    changed = merge(answers, replace(told, pin=None))
    changed = replace(
        changed,
        modalities=told.modalities or tuple(key for key in modalities() if key in served),
        variants=told.variants or variant_table().ordered(shipped),
        pin=_pin(answers, told),
        engine=wish.engine or changed.engine,
        models=(*(changed.models or ()), *wish.add_models) or None,
    )
    return _pruned(answers, changed, told)


def _list(
    word: str, known: Mapping[str, Any], there: Sequence[str], added: Sequence[str], dropped: Sequence[str]
) -> tuple[str, ...]:
    for value in (*added, *dropped):
        if value not in known:
            raise UsageError(f"{word}-unknown", f"{word} {value!r} is not one of {', '.join(known)}", choices=known)
    both = set(added) & set(dropped)
    if both:
        raise UsageError(f"{word}-both", f"{word} {min(both)!r} is both added and dropped")
    return tuple(value for value in dict.fromkeys((*there, *added)) if value not in dropped)


def _pin(answers: Answers, told: Answers) -> Any:
    """A new pin keeps the variable, and of the same project the branch."""
    if told.pin is None:
        return answers.pin
    old = answers.pin
    same = old is not None and old.repo == (told.pin.repo or old.repo)
    return replace(
        told.pin,
        repo=told.pin.repo or (old.repo if old else None),
        sha=told.pin.sha or (old.sha if old and same else None),
        variable=told.pin.variable or (old.variable if old else None),
        branch=told.pin.branch or (old.branch if old and same else None),
    )


def _pruned(old: Answers, new: Answers, told: Answers) -> Answers:
    """The overrides without what they say of dropped platforms, and with what all platforms have for added ones."""
    overrides = {key: dict(value) for key, value in (new.overrides or {}).items()}
    spec = make_spec(old)
    dropped = [variant for variant in spec.variants if variant not in (new.variants or ())]
    added = [variant for variant in new.variants or () if variant not in spec.variants]
    if dropped or added:
        overrides["variants"] = _variants(overrides.get("variants") or {}, spec, dropped, added)
        gone = {entry_name(spec, variant) + channel for variant in dropped for channel in ("", DEV)}
        keys = {key for variant in added for key in variant_table().variants[variant].capability_keys}
        overrides["capabilities"] = {
            key: entry
            for key, entry in (overrides.get("capabilities") or {}).items()
            if entry not in gone and key not in keys
        }
    texts = {row.name for row in fields(Answers) if row.name in _TEXTS and getattr(told, row.name) is not None}
    gallery = (overrides.get("places") or {}).get(_GALLERY)
    if texts and isinstance(gallery, Mapping):
        left = {key: _without(value, texts) if key in _METAS else value for key, value in gallery.items()}
        overrides["places"] = {**overrides["places"], _GALLERY: left}
    return replace(new, overrides={key: value for key, value in overrides.items() if value} or None)


def _without(value: Mapping[str, Any], keys: Collection[str]) -> dict[str, Any]:
    return {key: content for key, content in value.items() if key not in keys}


def _variants(
    departures: Mapping[str, Any], spec: BackendSpec, dropped: Sequence[str], added: Sequence[str]
) -> dict[str, Any]:
    """Departures of the platforms that stay; an added one gets the fields that all rows of its system depart in."""
    fields = {variant: value for variant, value in departures.items() if variant not in dropped}
    for variant in added:
        darwin = variant_table().variants[variant].darwin
        mates = [key for key in spec.variants if variant_table().variants[key].darwin == darwin]
        rows = [departures.get(key) or {} for key in mates]
        own = [dict(row.get("fields") or {}) for row in rows if "rows" not in row]
        common = {key: value for key, value in own[0].items() if all(o.get(key) == value for o in own)} if own else {}
        common = {key: value for key, value in common.items() if _of_any_platform(spec, key, (*mates, variant))}
        if common:
            fields[variant] = {"fields": common}
        if _named_by_backend(spec):
            entry = variant_table().variants[variant].entry_name(spec.its_flavour.profile, spec.name)
            fields[variant] = {**fields.get(variant, {}), "entry": entry}
    return fields


def _of_any_platform(spec: BackendSpec, field: str, variants: Sequence[str]) -> bool:
    """Whether the canonical rows of all these platforms say the same in a field."""
    profile = spec.its_flavour.profile
    values = {row.get(field) for key in variants for row in variant_table().variants[key].rows_for(profile)}
    return len(values) == 1


def _named_by_backend(spec: BackendSpec) -> bool:
    """Whether the images are named by the backend, and the gallery entry is called otherwise."""
    profile, table = spec.its_flavour.profile, variant_table().variants
    usual = [entry_name(spec, variant) == table[variant].entry_name(profile, spec.name) for variant in spec.variants]
    return spec.gallery != spec.name and any(usual) and usual.count(True) * 2 > len(usual)


def only_departures(answers: Answers, base: BackendSpec, checkout: Checkout) -> Answers:
    """Answers of a backend whose files are kept, without overrides that only repeat what the registration says.

    A change is the difference of two expectations; what a place has beside or instead of them is left as it is. What
    was omitted from the `base` stays omitted; it says nothing about what is new.
    """
    spec = make_spec(answers)
    sections = {key: dict(value) for key, value in (spec.overrides.get("places") or {}).items() if key != "scaffold"}
    for place in places():
        mine = sections.get(place.id)
        if mine is None or not place.probe(checkout).usable:
            continue
        expected = place.expect(base, checkout)
        keys = {fact.key for fact in expected}
        there = {fact.key for fact in kept(base, place.id, expected)}
        facts = {key: value for key, value in (mine.get("facts") or {}).items() if key not in keys}
        narrowed = {**mine, "facts": facts, "omit": sorted(keys - there)}
        sections[place.id] = {key: value for key, value in narrowed.items() if value and key not in _METAS}
    sections = {key: value for key, value in sections.items() if value}
    scaffold = (spec.overrides.get("places") or {}).get("scaffold")
    overrides = {**spec.overrides, "places": {**({"scaffold": scaffold} if scaffold else {}), **sections}}
    return replace(answers, overrides={key: value for key, value in overrides.items() if value} or None)
