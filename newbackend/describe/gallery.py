"""The gallery part of the answers: texts, entry names, capability keys, and fields that differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from newbackend.answers import Answers, merge, read_answers
from newbackend.catalog import variant_table
from newbackend.describe.facts import Registered
from newbackend.errors import UsageError
from newbackend.registrations.gallery_index.entries import DEV, capabilities_of, entry_name, image_suffixes
from newbackend.registrations.gallery_index.place import GalleryIndex
from newbackend.spec import BackendSpec, make_spec, with_overrides

_TEXTS = ("description", "license", "icon", "urls", "tags")


def with_gallery(backend: Registered, answers: Answers) -> Answers:
    """The answers with the gallery's values, and the overrides that reproduce its entries exactly."""
    departing: dict[str, Any] = {}
    if backend.gallery != backend.name:
        departing["name"] = backend.gallery
    anchor = _anchor(backend)
    if anchor and anchor != backend.gallery.replace("-", ""):
        departing["anchor"] = anchor
    answers = with_place(_with_texts(backend, answers), GalleryIndex.id, departing)
    spec = make_spec(answers)
    answers = _with_entries(backend, answers, spec)
    spec = with_overrides(spec, answers.overrides or {})
    answers = _with_capabilities(backend, answers, spec)
    spec = with_overrides(spec, answers.overrides or {})
    return with_place(answers, GalleryIndex.id, _fields(backend, spec))


def _anchor(backend: Registered) -> str:
    facts = backend.of("gallery-index")
    own = [str(fact.value["&"]) for fact in facts if "&" in fact.value]
    merged = [str(fact.value["<<"]) for fact in facts if "<<" in fact.value]
    return (own or merged or [""])[0]


def _with_texts(backend: Registered, answers: Answers) -> Answers:
    """Texts of the meta that the answers file has keys for; other fields become overrides."""
    values = {key: value for key in _TEXTS if (value := backend.meta.get(key))}
    texts = {key: value.strip() if isinstance(value, str) else value for key, value in values.items()}
    whole = _accepted(answers, texts)
    if whole is not None:
        return whole
    for key, value in texts.items():
        answers = _accepted(answers, {key: value}) or answers
    return answers


def _accepted(answers: Answers, texts: Mapping[str, Any]) -> Answers | None:
    """The answers with more texts; None when one of them is refused."""
    try:
        merged = merge(answers, read_answers(texts, ""))
        make_spec(merged)
    except UsageError:
        return None
    return merged


def _with_entries(backend: Registered, answers: Answers, spec: BackendSpec) -> Answers:
    by_uri: dict[str, list[str]] = {}
    for fact in backend.of("gallery-index"):
        if "uri" in fact.value and "&" not in fact.value:
            by_uri.setdefault(str(fact.value["uri"]), []).append(str(fact.value.get("name") or ""))
    variants = {key: dict(value) for key, value in _section(answers, "variants").items()}
    for variant in spec.variants:
        names = [n for s in image_suffixes(spec, variant) for n in by_uri.get(f"{variant_table().uri}:latest{s}", ())]
        if names and entry_name(spec, variant) not in names:
            variants.setdefault(variant, {})["entry"] = names[0]
    return _overridden(answers, "variants", variants)


def _with_capabilities(backend: Registered, answers: Answers, spec: BackendSpec) -> Answers:
    wanted = capabilities_of(spec)
    real = backend.meta.get("capabilities")
    if not isinstance(real, Mapping):
        return answers
    different = {key: str(real.get(key, "")) for key in (*wanted, *real) if wanted.get(key) != real.get(key)}
    return _overridden(answers, "capabilities", different)


def _fields(backend: Registered, spec: BackendSpec) -> dict[str, Any]:
    """Fields of the two metas that differ from the expected ones; "" for a missing field."""
    observed = {fact.key: fact.value for fact in backend.of("gallery-index", "meta")}
    expected = {fact.key: fact.value for fact in GalleryIndex().wanted(spec, backend.checkout)}
    departing: dict[str, Any] = {}
    for word, key in (("meta", f"meta:{backend.gallery}"), ("dev-meta", f"meta:{backend.gallery}{DEV}")):
        real, wanted = observed.get(key), expected.get(key)
        if real is None or wanted is None or real.get("&", spec.anchor) != spec.anchor:
            continue
        fields = {name: real.get(name, "") for name in (*wanted, *real) if wanted.get(name) != real.get(name)}
        if fields:
            departing[word] = fields
    return departing


def _section(answers: Answers, section: str) -> Mapping[str, Any]:
    return (answers.overrides or {}).get(section) or {}


def _overridden(answers: Answers, section: str, value: Mapping[str, Any]) -> Answers:
    overrides = {**(answers.overrides or {}), section: dict(value)}
    return replace(answers, overrides={key: kept for key, kept in overrides.items() if kept})


def with_place(answers: Answers, place_id: str, departures: Mapping[str, Any]) -> Answers:
    """The answers with more overrides of one registration place."""
    if not departures:
        return answers
    places = _section(answers, "places")
    return _overridden(answers, "places", {**places, place_id: {**(places.get(place_id) or {}), **departures}})
