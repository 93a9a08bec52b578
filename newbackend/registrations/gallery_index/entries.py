"""The gallery entries of a backend, as values and as text.

A meta entry maps what a host reports (its capability) to an image entry; each variant has an image entry
per channel, `latest` and `master`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from newbackend.catalog import modalities, variant_table
from newbackend.errors import UsageError
from newbackend.registrations.base import answers_for
from newbackend.registrations.matrix.place import rows_of
from newbackend.spec import BackendSpec
from newbackend.splice.yaml_text import block_text, scalar

PLACE_ID = "gallery-index"
DEV = "-development"
_KEY = re.compile(r"[a-z][a-z0-9-]*\Z|<<\Z|&\Z")
_ANCHOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\Z")


def capabilities_of(spec: BackendSpec, suffix: str = "") -> dict[str, str]:
    """Capability key -> image entry name, as looked up by LocalAI's `pkg/system/capabilities.go`; `suffix` is "" or
    `-development`."""
    table = variant_table()
    entries: dict[str, str] = {}
    for variant_id in spec.variants:
        variant = table.variants[variant_id]
        keys = list(variant.capability_keys)
        keys += [key for key, owner in variant.fallback_for.items() if owner not in spec.variants]
        for key in keys:
            entries.setdefault(key, entry_name(spec, variant_id))
    entries.update((spec.overrides.get("capabilities") or {}).items())
    ordered = [key for key in table.capability_order if key in entries]
    ordered += [key for key in entries if key not in ordered]
    return {key: entries[key] + suffix for key in ordered if entries[key]}


def entry_name(spec: BackendSpec, variant_id: str) -> str:
    """Name of a variant's production image entry."""
    override = (spec.overrides.get("variants") or {}).get(variant_id) or {}
    usual = variant_table().variants[variant_id].entry_name(spec.its_flavour.profile, spec.gallery)
    return str(override.get("entry") or usual)


def image_suffixes(spec: BackendSpec, variant_id: str) -> list[str]:
    """The distinct tag suffixes of a variant's rows: one image each."""
    return list(dict.fromkeys(row["tag-suffix"] for row in rows_of(spec, variant_id)))


def meta_tags(spec: BackendSpec) -> list[str]:
    """The gallery tags: the answer, else those of the modalities."""
    if spec.tags:
        return list(spec.tags)
    tags = [tag for modality in spec.modalities for tag in modalities()[modality].tags]
    return list(dict.fromkeys(tags))


def meta_of(spec: BackendSpec) -> dict[str, Any]:
    """The meta entry; `&` is its anchor."""
    value: dict[str, Any] = {"&": spec.anchor, "name": spec.gallery, "alias": spec.gallery}
    if spec.license:
        value["license"] = spec.license
    if spec.icon:
        value["icon"] = spec.icon
    if spec.description:
        value["description"] = spec.description + "\n"
    urls = list(spec.urls) or ([spec.pin.url] if spec.pin else [])
    if urls:
        value["urls"] = urls
    value["tags"] = meta_tags(spec)
    value["capabilities"] = capabilities_of(spec)
    return with_answers(value, answers_for(spec, PLACE_ID).get("meta"))


def dev_meta_of(spec: BackendSpec) -> dict[str, Any]:
    """The meta entry of the development channel."""
    value = {"<<": spec.anchor, "name": spec.gallery + DEV, "capabilities": capabilities_of(spec, DEV)}
    return with_answers(value, answers_for(spec, PLACE_ID).get("dev-meta"))


def image_entries(spec: BackendSpec, variant_id: str, channel: str) -> list[dict[str, Any]]:
    """The image entries of a variant on a channel; `<<` is the anchor that they merge."""
    table = variant_table()
    dev = DEV if channel == "master" else ""
    return [
        {
            "<<": spec.anchor,
            "name": entry_name(spec, variant_id) + dev,
            "uri": f"{table.uri}:{channel}{suffix}",
            "mirrors": [f"{table.mirror}:{channel}{suffix}"],
        }
        for suffix in image_suffixes(spec, variant_id)
    ]


def checked_entry(key: str, value: Any) -> dict[str, Any]:
    """Returns a gallery entry of the answers. Raises UsageError when it could not be written."""
    if not isinstance(value, Mapping):
        raise UsageError("overrides-fact", f"overrides.places.gallery-index.facts.{key} must be a mapping")
    for name, content in value.items():
        inner = content.items() if isinstance(content, Mapping) else ()
        texts = [content] if isinstance(content, str) else [row for row in content if isinstance(row, str)]
        bad = [part for part, _ in (*inner, (name, "")) if not _KEY.match(part)]
        bad += [text for text in texts if name in ("&", "<<") and not _ANCHOR.match(text)]
        bad += [text for _, text in inner if not isinstance(text, str)]
        if bad:
            raise UsageError("overrides-fact", f"overrides.places.gallery-index: {bad[0]!r} is not a plain name")
    return dict(value)


def with_answers(value: dict[str, Any], answers: Any) -> dict[str, Any]:
    """An entry with the fields of the answers; an empty field is removed."""
    merged = {**value, **checked_entry("meta", answers or {})}
    return {key: content for key, content in merged.items() if content != ""}


def entry_lines(value: Mapping[str, Any], indent: int) -> list[str]:
    """An entry as the lines of a list item."""
    pad = " " * indent
    rows: list[str] = []
    if "&" in value:
        rows.append(f"{pad}- &{value['&']}")
    elif "<<" in value:
        rows.append(f"{pad}- !!merge <<: *{value['<<']}")
    for key, content in value.items():
        if key in ("&", "<<"):
            continue
        rows += _field(pad + "  ", key, content)
    if rows and not rows[0].lstrip().startswith("- "):
        rows[0] = f"{pad}- {rows[0].strip()}"
    return rows


def _field(pad: str, key: str, content: Any) -> list[str]:
    if isinstance(content, dict):
        quoted = {name: scalar(value, '"') for name, value in content.items()}
        return [f"{pad}{key}:", *(f"{pad}  {name}: {value}" for name, value in quoted.items())]
    if isinstance(content, list):
        return [f"{pad}{key}:", *(f"{pad}  - {_plain(value)}" for value in content)]
    if key == "description":
        block = block_text(content, len(pad) + 2)
        if block is not None:
            return [f"{pad}{key}: |", *block]
    style = '"' if key in ("name", "alias", "uri", "description") else None
    return [f"{pad}{key}: {_plain(content) if style is None else scalar(content, style)}"]


def _plain(value: str) -> str:
    """A plain scalar where upstream writes one (URLs, tags, image references), else double quotes."""
    if re.fullmatch(r"https?://[A-Za-z0-9/._%~?=&+-]+(?::[A-Za-z0-9/._%~?=&+-]+)*", value):
        return value
    if re.fullmatch(r"[a-z0-9]+/[a-z0-9-]+:[A-Za-z0-9._-]+", value):
        return value
    return scalar(value, None)
