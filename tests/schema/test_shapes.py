"""A schema says what a type says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import pytest

from newbackend.schema.shapes import schema_of


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Point:
    """Where."""

    x: int
    y: float | None


class Inner(TypedDict):
    points: tuple[Point, ...]
    below: NotRequired[Inner]


class Whole(TypedDict):
    """Two lines
    are one sentence.

    The rest is for programmers.
    """

    name: Annotated[str, "What it is called."]
    colour: Colour
    kind: Literal["a", "b"]
    either: Inner | str
    maybe: NotRequired[Annotated[list[bool], "Now and then."]]
    rest: dict[str, Any]


def test_every_kind_of_type() -> None:
    made = schema_of(Whole)
    assert made["description"] == "Two lines are one sentence."
    assert made["required"] == ["name", "colour", "kind", "either", "rest"]
    assert made["properties"] == {
        "name": {"type": "string", "description": "What it is called."},
        "colour": {"enum": ["red", "blue"]},
        "kind": {"enum": ["a", "b"]},
        "either": {"anyOf": [{"$ref": "#/$defs/Inner"}, {"type": "string"}]},
        "maybe": {"type": "array", "items": {"type": "boolean"}, "description": "Now and then."},
        "rest": {"type": "object", "additionalProperties": {}},
    }
    point = {"x": {"type": "integer"}, "y": {"type": ["number", "null"]}}
    shape = {"type": "object", "description": "Where.", "properties": point, "required": ["x", "y"]}
    inner = {"points": {"type": "array", "items": {"$ref": "#/$defs/Point"}}, "below": {"$ref": "#/$defs/Inner"}}
    assert made["$defs"] == {
        "Point": shape,
        "Inner": {"type": "object", "properties": inner, "required": ["points"]},
    }


class Bad(TypedDict):
    stream: bytes


def test_a_type_without_json_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="bytes"):
        schema_of(Bad)
