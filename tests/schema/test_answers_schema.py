"""The schema of the answers file says the same of a file as `read_answers`, and knows the catalog's values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from specs import DS4

from newbackend import address
from newbackend.answers import Answers, keys_of, read_answers
from newbackend.answers_file import parse_answers, schema_line
from newbackend.catalog import modalities, variant_table
from newbackend.catalog.languages import languages
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.scaffold.render import render
from newbackend.schema.answers_texts import TEXTS
from newbackend.schema.registry import schema
from newbackend.spec import make_spec

SCHEMA = schema("answers")


def accepted(data: Any) -> bool:
    """Whether the schema takes the data."""
    return bool(Draft202012Validator(SCHEMA).is_valid(data))


def paths(section: Any = Answers, above: str = "") -> Iterator[str]:
    for name, key in keys_of(section).items():
        yield above + name
        if key.section:
            yield from paths(key.section, f"{above}{name}.")


def test_every_key_is_described() -> None:
    assert list(TEXTS) == list(paths()), "each key of the answers file has a sentence in schema/answers_texts.py"


@pytest.mark.parametrize(
    "data",
    [
        DS4,
        {},
        None,
        {"name": None, "pin": None, "tags": []},
        {"options": {"glibc_floor": 2.28}, "os_excluded": {"darwin": "no Metal kernels"}},
        {"overrides": {"variants": {"cuda12": {"fields": {"base-image": "x"}}}, "places": {"scaffold": "keep"}}},
        {"overrides": {"places": {"makefile": {"omit": True}, "matrix": {"omit": ["row"], "facts": {"a": "b"}}}}},
        {"engine": {"switches": {"cublas": "-DX=ON"}, "off": ["TESTS"]}, "docs": {"in_house": True}},
    ],
)
def test_what_can_be_read_is_accepted(data: Any) -> None:
    read_answers(data, "test")
    assert accepted(data)


@pytest.mark.parametrize(
    "data",
    [
        {"nmae": "ds4"},
        {"name": 5},
        {"pin": "antirez/ds4"},
        {"pin": {"repository": "antirez/ds4"}},
        {"variants": "cpu"},
        {"variants": [1]},
        {"docs": {"in_house": "yes"}},
        {"os_excluded": {"windows": "never"}},
        {"overrides": {"colours": {}}},
        {"overrides": {"variants": {"tpu": {}}}},
        {"overrides": {"variants": {"cpu": {"rows": []}}}},
        {"overrides": {"variants": {"cpu": {"rows": [{"backend": "x"}]}}}},
        {"overrides": {"places": {"scaffold": "drop"}}},
        {"overrides": {"places": {"matrix": {"omit": "row"}}}},
        {"overrides": {"capabilities": {"default": 1}}},
        [],
        "ds4",
    ],
)
def test_what_cannot_be_read_is_not_accepted(data: Any) -> None:
    with pytest.raises(UsageError):
        read_answers(data, "test")
    assert not accepted(data)


def test_the_catalog_lists_the_values() -> None:
    assert SCHEMA["properties"]["variants"]["items"]["enum"] == list(variant_table().variants)
    assert SCHEMA["properties"]["modalities"]["items"]["enum"] == list(modalities())
    assert not accepted({"lang": "perl"})
    for language in languages().values():
        assert all(accepted({"lang": language.id, "flavour": flavour}) for flavour in language.flavours)
        others = {flavour for other in languages().values() for flavour in other.flavours} - set(language.flavours)
        assert not any(accepted({"lang": language.id, "flavour": flavour}) for flavour in others)


def test_an_answers_file_names_its_schema_once_the_project_has_an_address(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_spec(read_answers(DS4, "test"))
    assert schema_line() == ""
    monkeypatch.setattr(address, "REPOSITORY", "acme/newbackend")
    text = render(made, checkout)[f"{made.directory}/.newbackend.yml"].text
    first = text.splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=https://raw.githubusercontent.com/acme/newbackend/v")
    assert first.endswith("/docs/schema/answers.json")
    assert schema("answers")["$id"] == first.partition("=")[2]
    assert make_spec(parse_answers(text, "test")) == made
