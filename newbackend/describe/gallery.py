"""The gallery part of the answers: texts, entry names, capability keys, and the fields that depart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from newbackend.catalog import variant_table
from newbackend.describe.facts import Registered
from newbackend.errors import UsageError
from newbackend.registrations.gallery_index.place import DEV, GalleryIndex, capabilities_of, entry_name, image_suffixes
from newbackend.spec import BackendSpec, make_spec

_TEXTS = ("description", "license", "icon", "urls", "tags")
Answers = dict[str, Any]


def with_gallery(found: Registered, answers: Answers) -> Answers:
    """The answers with what the gallery says, and the overrides that give its entries back exactly."""
    said: dict[str, Any] = {}
    if found.gallery != found.name:
        said["name"] = found.gallery
    anchor = _anchor(found)
    if anchor and anchor != found.gallery.replace("-", ""):
        said["anchor"] = anchor
    answers = _place(_with_texts(found, answers), said)
    answers = _with_entries(found, answers)
    answers = _with_capabilities(found, answers)
    return _place(answers, _fields(found, make_spec(answers)))


def _anchor(found: Registered) -> str:
    facts = found.of("gallery-index")
    own = [str(fact.value["&"]) for fact in facts if "&" in fact.value]
    merged = [str(fact.value["<<"]) for fact in facts if "<<" in fact.value]
    return (own or merged or [""])[0]


def _with_texts(found: Registered, answers: Answers) -> Answers:
    """Texts of the meta that the answers file takes; others stay as they are, as a field of the meta."""
    for key in _TEXTS:
        value = found.meta.get(key)
        tried = {**answers, key: value.strip() if isinstance(value, str) else value}
        if value:
            try:
                make_spec(tried)
            except UsageError:
                continue
            answers = tried
    return answers


def _with_entries(found: Registered, answers: Answers) -> Answers:
    spec = make_spec(answers)
    by_uri: dict[str, list[str]] = {}
    for fact in found.of("gallery-index"):
        if "uri" in fact.value and "&" not in fact.value:
            by_uri.setdefault(str(fact.value["uri"]), []).append(str(fact.value.get("name") or ""))
    variants = {key: dict(value) for key, value in (answers["overrides"].get("variants") or {}).items()}
    for variant in spec.variants:
        names = [n for s in image_suffixes(spec, variant) for n in by_uri.get(f"{variant_table().uri}:latest{s}", ())]
        if names and entry_name(spec, variant) not in names:
            variants.setdefault(variant, {})["entry"] = names[0]
    return _overridden(answers, "variants", variants)


def _with_capabilities(found: Registered, answers: Answers) -> Answers:
    wanted = capabilities_of(make_spec(answers))
    real = found.meta.get("capabilities")
    if not isinstance(real, Mapping):
        return answers
    different = {key: str(real.get(key, "")) for key in (*wanted, *real) if wanted.get(key) != real.get(key)}
    return _overridden(answers, "capabilities", different)


def _fields(found: Registered, spec: BackendSpec) -> dict[str, Any]:
    """Fields of the two metas that differ from the expected ones; "" for one that is not there."""
    observed = {fact.key: fact.value for fact in found.of("gallery-index", "meta")}
    expected = {one.key: one.value for one in GalleryIndex().wanted(spec, found.checkout)}
    said: dict[str, Any] = {}
    for word, key in (("meta", f"meta:{found.gallery}"), ("dev-meta", f"meta:{found.gallery}{DEV}")):
        real, wanted = observed.get(key), expected.get(key)
        if real is None or wanted is None or real.get("&", spec.anchor) != spec.anchor:
            continue
        fields = {name: real.get(name, "") for name in (*wanted, *real) if wanted.get(name) != real.get(name)}
        if fields:
            said[word] = fields
    return said


def _overridden(answers: Answers, section: str, value: Mapping[str, Any]) -> Answers:
    overrides = {**answers["overrides"], section: dict(value)}
    return {**answers, "overrides": {key: kept for key, kept in overrides.items() if kept}}


def _place(answers: Answers, said: Mapping[str, Any]) -> Answers:
    places = dict(answers["overrides"].get("places") or {})
    merged = {**(places.get(GalleryIndex.id) or {}), **said}
    if merged:
        places[GalleryIndex.id] = merged
    return _overridden(answers, "places", places)
