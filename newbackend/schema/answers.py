"""The JSON Schema of the answers file, from the declaration of its keys and from the catalog.

It accepts what `answers.read_answers` accepts, and knows the values that the catalog lists. What depends on two answers
(a platform that a flavour cannot ship) is left to `create`, except for the flavours of a language.
"""

from __future__ import annotations

from typing import Any

from newbackend.answers import Answers, Key, ValueKind, keys_of
from newbackend.catalog import modalities, variant_table
from newbackend.catalog.import_kinds import IMPORT_KINDS
from newbackend.catalog.languages import languages
from newbackend.overrides import KEEP, SCAFFOLD, SECTIONS
from newbackend.schema.answers_texts import TEXTS
from newbackend.schema.shapes import Json


def answers_schema() -> Json:
    """The schema of an answers file."""
    whole = _section(Answers, "")
    whole["description"] = "Everything that newbackend needs to know about one backend."
    whole["allOf"] = [
        {
            "if": {"properties": {"lang": {"const": key}}, "required": ["lang"]},
            "then": {"properties": {"flavour": {"enum": [*language.flavours, None]}}},
        }
        for key, language in languages().items()
    ]
    return whole


def _section(section: type[Any], path: str) -> Json:
    properties = {name: _value(key, f"{path}{name}") for name, key in keys_of(section).items()}
    return {"type": ["object", "null"], "additionalProperties": False, "properties": properties}


def _value(key: Key, path: str) -> Json:
    described = {"description": TEXTS[path]} if path in TEXTS else {}
    if path == "overrides":
        return {**described, **_overrides()}
    if key.kind is ValueKind.SECTIONS and key.section is not None:
        item = {**_section(key.section, f"{path}."), "type": "object"}
        return {**described, "type": ["array", "null"], "items": item}
    if key.section is not None:
        return {**_section(key.section, f"{path}."), **described}
    match key.kind:
        case ValueKind.WORDS:
            made: Json = {"type": ["array", "null"], "items": _item(path)}
        case ValueKind.MAPPING:
            made = {"type": ["object", "null"], "additionalProperties": {"type": "string"}}
            if key.known:
                made = {**made, "additionalProperties": False}
                made["properties"] = {name: {"type": "string"} for name in key.known}
        case ValueKind.FLAG:
            made = {"type": ["boolean", "null"]}
        case _:
            made = _text(path)
    return {**described, **made}


def _text(path: str) -> Json:
    """A text. YAML reads an unquoted 2.28 as a number, which a key of a section takes."""
    if path in _known():
        return {"enum": [*_known()[path], None]}
    types = ["string", "number", "null"] if "." in path else ["string", "null"]
    return {"type": types}


def _item(path: str) -> Json:
    return {"enum": _known()[path]} if path in _known() else {"type": "string"}


def _known() -> dict[str, list[str]]:
    """The values of the keys that have a list of them."""
    return {
        "lang": list(languages()),
        "modalities": list(modalities()),
        "variants": list(variant_table().variants),
        "import.kind": list(IMPORT_KINDS),
    }


def _overrides() -> Json:
    """Where a registration differs from the defaults; the keys of a place are its own (docs/answers.md)."""
    line = {"type": "string"}
    row = {"type": "object", "additionalProperties": line}
    rows = {"type": "array", "minItems": 1, "items": {**row, "required": ["tag-suffix"]}}
    variant: Json = {"type": "object", "additionalProperties": False}
    variant["properties"] = {"fields": row, "rows": rows, "entry": line}
    place: Json = {"type": "object"}
    place["properties"] = {
        "omit": {"anyOf": [{"const": True}, {"type": "array", "items": line}]},
        "facts": {"type": "object"},
    }
    shapes: dict[str, Json] = {
        "variants": {"properties": dict.fromkeys(variant_table().variants, variant), "additionalProperties": False},
        "capabilities": {"additionalProperties": line},
        "places": {"properties": {SCAFFOLD: {"const": KEEP}}, "additionalProperties": place},
    }
    properties = {name: {"type": "object", **shapes[name]} for name in SECTIONS}
    return {"type": ["object", "null"], "additionalProperties": False, "properties": properties}
