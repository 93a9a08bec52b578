"""A JSON Schema from the type of a JSON value.

Types are `TypedDict`s, dataclasses that are printed by `asdict`, and what they are made of. A string in `Annotated`
describes a key, a docstring an object. Objects are open: a later version may print more keys.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

Json = dict[str, Any]

_PLAIN: Mapping[Any, Json] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    NoneType: {"type": "null"},
    Any: {},
    object: {},
}


def schema_of(kind: Any) -> Json:
    """The schema of a type, with the objects that it is made of under `$defs`. Raises TypeError for a type that has no
    JSON."""
    shapes = _Shapes()
    top = shapes.object(kind)
    definitions = {name: shape for name, shape in shapes.definitions.items() if shape}
    return {**top, "$defs": definitions} if definitions else top


class _Shapes:
    """Schemas of types. `definitions` holds the objects by name; each is made once."""

    def __init__(self) -> None:
        self.definitions: dict[str, Json] = {}
        self._kinds: dict[str, Any] = {}

    def of(self, kind: Any) -> Json:
        """The schema of any type; an object is a reference."""
        if kind in _PLAIN:
            return dict(_PLAIN[kind])
        origin, parts = get_origin(kind), get_args(kind)
        make = self._generic(origin)
        if make is not None:
            return make(parts)
        if is_typeddict(kind) or is_dataclass(kind):
            return self._reference(kind)
        if isinstance(kind, type) and issubclass(kind, Enum):
            return {"enum": [member.value for member in kind]}
        raise TypeError(f"{kind!r} has no JSON")

    def _generic(self, origin: Any) -> Callable[[tuple[Any, ...]], Json] | None:
        if origin in (Required, NotRequired):
            return lambda parts: self.of(parts[0])
        if origin is Annotated:
            return lambda parts: {**self.of(parts[0]), "description": str(parts[1])}
        if origin is Literal:
            return lambda parts: {"enum": list(parts)}
        if origin in (Union, UnionType):
            return lambda parts: _any_of([self.of(part) for part in parts])
        if origin in (list, tuple, Sequence):
            return lambda parts: {"type": "array", "items": self.of(parts[0])}
        if origin in (dict, Mapping):
            return lambda parts: {"type": "object", "additionalProperties": self.of(parts[1])}
        return None

    def _reference(self, kind: Any) -> Json:
        name = kind.__name__.removesuffix("Json")
        if self._kinds.setdefault(name, kind) is not kind:
            raise TypeError(f"there are two shapes that are called {name}")
        if name not in self.definitions:
            self.definitions[name] = {}  # holds the place for a shape that contains itself
            self.definitions[name] = self.object(kind)
        return {"$ref": f"#/$defs/{name}"}

    def object(self, kind: Any) -> Json:
        """The schema of an object itself."""
        hints = get_type_hints(kind, include_extras=True)
        if is_dataclass(kind):
            hints = {row.name: hints[row.name] for row in fields(kind)}
        needed = [name for name, hint in hints.items() if get_origin(hint) is not NotRequired]
        made: Json = {"type": "object"}
        if text := _description(kind):
            made["description"] = text
        made["properties"] = {name: self.of(hint) for name, hint in hints.items()}
        if needed:
            made["required"] = needed
        return made


def _description(kind: Any) -> str:
    """The first paragraph of a docstring; "" for one that Python made."""
    text = inspect.cleandoc(kind.__doc__ or "")
    own = not text.startswith((f"{kind.__name__}(", "dict("))
    return " ".join(text.partition("\n\n")[0].split()) if own else ""


def _any_of(parts: list[Json]) -> Json:
    """One of several shapes; plain types are written as one list."""
    if all(set(part) == {"type"} for part in parts):
        return {"type": [part["type"] for part in parts]}
    return {"anyOf": parts}
