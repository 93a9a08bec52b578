"""What a new version of a header changes for a program that was built against the old one."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Literal

from newbackend.records import dataclass
from newbackend.upstream.bound_functions import signature
from newbackend.upstream.bound_strings import is_text
from newbackend.upstream.c_api import Api, Callback, Function, Struct
from newbackend.upstream.c_types import (
    Array,
    CallbackType,
    CType,
    EnumType,
    Layout,
    Pointer,
    Scalar,
    StructType,
    Types,
    Unknown,
)

Severity = Literal["crashes", "breaks", "harmless"]
"""crashes: old bindings call wrongly or write where they must not. breaks: they do not start, or code that uses them
does not compile with new ones. harmless: neither."""
Kind = Literal[
    "function", "struct", "constant", "callback", "handle", "header", "option", "target", "requirement", "submodule",
    "build", "type",
]  # fmt: skip
_ALIKE = 0.6
_CANDIDATES = 100
_SHOWN = 4


@dataclass(frozen=True)
class Change:
    """One difference. `where` is in the new header, for what is gone in the old one."""

    kind: Kind
    name: str
    text: str
    where: str
    severity: Severity


def compare(
    old: Api,
    new: Api,
    *,
    included: tuple[Sequence[Api], Sequence[Api]] = ((), ()),
    used: Collection[str] | None = None,
) -> list[Change]:
    """Differences, the worst first, then by name.

    `included` are the headers to look up types in, old and new. `used` are the functions that the backend binds: what
    they do not need is harmless. Without it every function counts.
    """
    found = list(_Comparison(Types(old, included[0]), Types(new, included[1]), used).changes())
    return worst_first(found)


def worst_first(found: Iterable[Change]) -> list[Change]:
    """Changes by severity, then by kind and name."""
    order: list[Severity] = ["crashes", "breaks", "harmless"]
    return sorted(found, key=lambda change: (order.index(change.severity), change.kind, change.name))


class _Comparison:
    def __init__(self, old: Types, new: Types, used: Collection[str] | None) -> None:
        self._old = old
        self._new = new
        self._used = used
        self._needed = _needed(old, used)

    def changes(self) -> Iterator[Change]:
        """Every difference."""
        yield from self._functions()
        yield from self._structs()
        yield from self._constants()
        yield from self._callbacks()
        for name in self._old.api.opaque:
            if name not in self._new.opaque and name not in self._new.structs:
                yield Change("handle", name, "is gone", self._old.opaque[name], self._weighed("breaks", name))

    def _weighed(self, severity: Severity, name: str) -> Severity:
        """A change of what is not needed is harmless."""
        return severity if self._needed is None or name in self._needed else "harmless"

    def _functions(self) -> Iterator[Change]:
        old = {function.name: function for function in self._old.api.functions}
        new = {function.name: function for function in self._new.api.functions}
        added = [function for name, function in new.items() if name not in old]
        alike: dict[tuple[object, ...], list[str]] = {}
        for function in added:
            alike.setdefault(tuple(_types(self._new, function)), []).append(function.name)
        for name, before in old.items():
            severity: Severity = "breaks" if self._used is None or name in self._used else "harmless"
            after = new.get(name)
            if after is None:
                perhaps = _renamed(name, alike.get(tuple(_types(self._old, before)), []))
                yield Change("function", name, f"is gone{perhaps}", before.where, severity)
                continue
            worst, text = self._function(before, after)
            if text:
                yield Change("function", name, text, after.where, worst if severity == "breaks" else "harmless")
        yield from (Change("function", one.name, "is new", one.where, "harmless") for one in added)

    def _function(self, before: Function, after: Function) -> tuple[Severity, str]:
        was, now = _types(self._old, before), _types(self._new, after)
        text = f"was {_prototype(before)}, is {_prototype(after)}{self._aliases(before)}"
        if [_without_const(kind) for kind in was] != [_without_const(kind) for kind in now]:
            return "crashes", text
        if was != now:
            return ("breaks" if any(map(_const_matters, was, now)) else "harmless"), text
        return "harmless", "is deprecated now" if after.deprecated and not before.deprecated else ""

    def _aliases(self, before: Function) -> str:
        """Names of types that mean something else now."""
        words = dict.fromkeys(word for text in _spellings(before) for word in text.replace("*", " ").split())
        changed = [word for word in words if self._old.aliases.get(word) != self._new.aliases.get(word)]
        return "".join(f"; {word} was {self._old.aliases.get(word)}" for word in changed if word in self._old.aliases)

    def _structs(self) -> Iterator[Change]:
        old, new = ({struct.name: struct for struct in types.api.structs} for types in (self._old, self._new))
        for name, before in old.items():
            if name not in new:
                if name not in self._new.structs:
                    opaque = name in self._new.opaque
                    text = "is a handle now, without fields" if opaque else "is gone"
                    yield Change("struct", name, text, before.where, self._weighed("breaks", name))
                continue
            severity, text = self._struct(name)
            if text:
                yield Change("struct", name, text, new[name].where, self._weighed(severity, name))
        for name, after in new.items():
            if name not in old:
                yield Change("struct", name, "is new", after.where, "harmless")

    def _struct(self, name: str) -> tuple[Severity, str]:
        """Compares layouts; where there is none, the fields as they are spelled."""
        was, now = self._old.layout(name), self._new.layout(name)
        if isinstance(was, str) or isinstance(now, str):
            return "crashes", _respelled(self._old.structs[name], self._new.structs[name])
        text = _moved(was, now)
        if text:
            return "crashes", f"has {now.size} bytes, had {was.size}; {text}"
        renamed = [
            f"{one.name} is {other.name}"
            for one, other in zip(was.members, now.members, strict=True)
            if one.name != other.name
        ]
        return "breaks", f"has other names for fields: {', '.join(renamed)}" if renamed else ""

    def _constants(self) -> Iterator[Change]:
        old, new = (
            {name: (value, enum) for enum in types.api.enums for name, value in enum.values}
            for types in (self._old, self._new)
        )
        for name, (value, enum) in old.items():
            if name not in new:
                severity = self._weighed("breaks", enum.name or name)
                yield Change("constant", name, "is gone", enum.where, severity)
            elif new[name][0] != value:
                severity = self._weighed("crashes", enum.name or name)
                yield Change("constant", name, f"was {value}, is {new[name][0]}", new[name][1].where, severity)
        for name, (value, enum) in new.items():
            if name not in old:
                yield Change("constant", name, f"is new: {value}", enum.where, "harmless")

    def _callbacks(self) -> Iterator[Change]:
        new = {callback.name: callback for callback in self._new.api.callbacks}
        for before in self._old.api.callbacks:
            after = new.get(before.name)
            if after is None:
                if before.name not in self._new.callbacks:
                    severity = self._weighed("breaks", before.name)
                    yield Change("callback", before.name, "is gone", before.where, severity)
                continue
            was, now = _callback(self._old, before), _callback(self._new, after)
            if was != now:
                text = f"was {_prototype(before)}, is {_prototype(after)}"
                yield Change("callback", before.name, text, after.where, self._weighed("crashes", before.name))


def _moved(was: Layout, now: Layout) -> str:
    """How fields are not where, or what, they were; empty where at most names differ."""
    before, after = ({member.name: member for member in layout.members} for layout in (was, now))
    both = [name for name in before if name in after]
    moved = [name for name in both if before[name].offset != after[name].offset]
    retyped = [name for name in both if _plain(before[name].type) != _plain(after[name].type)]
    places = [[(one.offset, one.size, _plain(one.type)) for one in layout.members] for layout in (was, now)]
    if was.size == now.size and places[0] == places[1] and not moved:
        return ""
    said = _said(list(before), list(after), {"moved": moved, "with another type": retyped})
    return said or "what its fields are made of has another size"


def _respelled(was: Struct, now: Struct) -> str:
    """How fields differ that have no layout; empty where they do not."""
    before, after = ({part.name: part.type for part in struct.fields} for struct in (was, now))
    if was.fields == now.fields:
        return ""
    retyped = [name for name in before if name in after and before[name] != after[name]]
    return _said(list(before), list(after), {"with another type": retyped}) or "its fields are in another order"


def _said(before: list[str], after: list[str], others: dict[str, list[str]]) -> str:
    parts = {
        "gone": [name for name in before if name not in after],
        "new": [name for name in after if name not in before],
        **others,
    }
    return "; ".join(f"{word}: {_some(names)}" for word, names in parts.items() if names)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"


def _renamed(gone: str, same: list[str]) -> str:
    """What a function is perhaps called now, of new ones with the same types."""
    alike = difflib.get_close_matches(gone, same[:_CANDIDATES], n=1, cutoff=_ALIKE)
    return f", perhaps called {alike[0]} now" if alike else ""


def _types(types: Types, function: Function) -> list[CType | str | bool]:
    """What a call passes; a type that is not known is its spelling."""
    arguments, result = signature(types, function)
    pairs = zip([*arguments, result], _spellings(function), strict=True)
    kinds: list[CType | str | bool] = [text if _unknown(kind) else kind for kind, text in pairs]
    return [*kinds, function.variadic]


def _callback(types: Types, callback: Callback) -> list[CType]:
    arguments = [types.argument(part.type) for part in callback.parameters]
    return [_plain(kind) for kind in (*arguments, types.of(callback.result))]


def _spellings(function: Function | Callback) -> list[str]:
    return [*(part.type for part in function.parameters), function.result]


def _unknown(kind: CType) -> bool:
    while isinstance(kind, Pointer | Array):
        kind = kind.to if isinstance(kind, Pointer) else kind.of
    return isinstance(kind, Unknown)


def _without_const(kind: CType | str | bool) -> CType | str | bool:
    return kind if isinstance(kind, str | bool) else _plain(kind)


def _plain(kind: CType) -> CType:
    if isinstance(kind, Pointer):
        return Pointer(_plain(kind.to), const=False)
    return Array(_plain(kind.of), kind.count) if isinstance(kind, Array) else kind


def _const_matters(was: CType | str | bool, now: CType | str | bool) -> bool:
    """Go's type of a string or an array of numbers depends on `const`, and so does who frees a string."""
    if was == now or not isinstance(was, Pointer) or not isinstance(now, Pointer) or was.const == now.const:
        return False
    return is_text(was) or isinstance(was.to, Scalar | EnumType)


def _prototype(function: Function | Callback) -> str:
    more = ["..."] if isinstance(function, Function) and function.variadic else []
    return f"{function.result} ({', '.join([*(part.type for part in function.parameters), *more])})"


def _needed(types: Types, used: Collection[str] | None) -> set[str] | None:
    """Names of the types that these functions need, and what those need; None when all count."""
    if used is None:
        return None
    waiting: list[CType] = []
    for function in types.api.functions:
        if function.name in used:
            arguments, result = signature(types, function)
            waiting += [*arguments, result]
    found: set[str] = set()
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, Pointer | Array):
            waiting.append(kind.to if isinstance(kind, Pointer) else kind.of)
            continue
        name = getattr(kind, "name", "")
        if not name or name in found:
            continue
        found.add(name)
        if isinstance(kind, StructType):
            waiting += [types.of(part.type) for part in types.structs[name].fields]
        elif isinstance(kind, CallbackType):
            waiting += [types.of(text) for text in _spellings(types.callbacks[name])]
    return found
