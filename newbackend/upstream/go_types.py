"""Go types for the types of a C API: handles, enumerations, callbacks, and structs with C's exact layout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from newbackend.records import dataclass
from newbackend.upstream.c_api import Callback, Enum, Parameter
from newbackend.upstream.c_types import (
    Array,
    CallbackType,
    CType,
    EnumType,
    FunctionPointer,
    Handle,
    Layout,
    Opaque,
    Pointer,
    Scalar,
    StructType,
    Types,
    Void,
)
from newbackend.upstream.go_names import Names, exported, is_c_identifier, parameter
from newbackend.upstream.purego import callback_refusal

_KEYS = frozenset(["user_data", "userdata", "user", "ud", "opaque", "closure"])
"""What the argument is called that a library hands back to a callback. Go memory must not go there: a number does."""


@dataclass(frozen=True)
class BoundStruct:
    """A struct by its names in C (`struct tone_params`, `tone_params.greedy` for one without a name) and in Go."""

    c: str
    go: str
    fields: tuple[tuple[str, str], ...]
    tagged: bool


class GoTypes:
    """Spells types and writes down those that are used, with what they use."""

    def __init__(self, types: Types, names: Names) -> None:
        self._types = types
        self._names = names
        self._given: dict[tuple[type, str], str] = {}
        self._waiting: list[StructType | EnumType | CallbackType | Opaque | Handle] = []
        self._made: dict[str, str] = {}
        self._short = {kind: name for name, kind in types.aliases.items()}
        self.structs: list[BoundStruct] = []
        self.constants: list[tuple[str, str]] = []
        self.remarks: list[tuple[str, str, str]] = []
        for kind in self._own():
            self._name(kind)

    def _own(self) -> Iterator[StructType | EnumType | CallbackType | Opaque]:
        """What the header itself declares, in its order. Names do not depend on use."""
        api = self._types.api
        yield from (Opaque(name) for name in api.opaque if is_c_identifier(name) and name in self._types.opaque)
        yield from (EnumType(enum.name) for enum in api.enums if enum.name)
        yield from (CallbackType(callback.name) for callback in api.callbacks if is_c_identifier(callback.name))
        for struct in api.structs:
            if is_c_identifier(struct.name.replace(".", "_")):
                yield StructType(struct.name)

    def _name(self, kind: StructType | EnumType | CallbackType | Opaque | Handle) -> str:
        key = (type(kind), kind.name)
        if key not in self._given:
            short = self._short.get(f"struct {kind.name}", kind.name)
            self._given[key] = self._names.take(exported(short), "Type")
            self._waiting.append(kind)
        return self._given[key]

    def is_function(self, kind: CType) -> bool:
        return isinstance(kind, CallbackType | FunctionPointer)

    def argument(self, kind: CType, name: str, *, keys: bool) -> str:
        """The type of an argument. `keys`: a `void *` beside it belongs to a callback."""
        if isinstance(kind, Pointer) and kind.const and not isinstance(kind.to, Void):
            if kind.to == Scalar("byte", 1):
                return "string"
            if isinstance(kind.to, Scalar | EnumType):
                return f"[]{self.spelled(kind.to)}"
        return self._or_key(kind, name, keys=keys)

    def _or_key(self, kind: CType, name: str, *, keys: bool) -> str:
        plain = isinstance(kind, Pointer) and isinstance(kind.to, Void)
        return "uintptr" if plain and (keys or name.lower() in _KEYS) else self.spelled(kind)

    def spelled(self, kind: CType) -> str:
        """The type of a field, a result or what a pointer points to."""
        match kind:
            case Scalar():
                return kind.go
            case Pointer():
                return self._pointer(kind.to)
            case Array():
                return f"[{kind.count}]{self.spelled(kind.of)}"
            case StructType() | EnumType() | CallbackType() | Handle():
                return self._name(kind)
            case _:
                return "uintptr"

    def _pointer(self, to: CType) -> str:
        if isinstance(to, Opaque) and to.name in self._types.opaque:
            return self._name(to)
        return f"*{self.spelled(to)}" if self._is_complete(to) else "unsafe.Pointer"

    def _is_complete(self, kind: CType) -> bool:
        if isinstance(kind, Pointer):
            return True
        return not isinstance(self._types.measure(kind), str)

    def text(self) -> list[str]:
        """The declarations; the lists of structs, constants and remarks are complete afterwards."""
        parts: list[str] = []
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            parts += [part for kind in waiting for part in self._declared(kind)]
        parts += [part for enum in self._types.api.enums if not enum.name for part in self._enum(enum, "")]
        return parts

    def _declared(self, kind: StructType | EnumType | CallbackType | Opaque | Handle) -> Iterator[str]:
        name = self._given[type(kind), kind.name]
        match kind:
            case Opaque():
                yield f"// {name} is a pointer to struct {kind.name}; 0 is NULL.\ntype {name} uintptr"
            case Handle():
                yield f"// {name} is {kind.name}, a pointer; 0 is NULL.\ntype {name} uintptr"
            case EnumType():
                yield from self._enum(self._types.enums[kind.name], name)
            case CallbackType():
                yield from self._callback(self._types.callbacks[kind.name], name)
            case StructType():
                yield from self._struct(kind, name)

    def _enum(self, enum: Enum, name: str) -> Iterator[str]:
        if name:
            underlying = self._types.enum_scalar(enum.name).go
            yield f"// {name} is enum {enum.name}.\ntype {name} {underlying}"
        rows: list[tuple[str, str, str]] = []
        for value, number in enum.values:
            if number is None or not is_c_identifier(value):
                self.remarks.append((value, enum.where, "is a constant whose value is not known"))
                continue
            go = self._names.take(exported(value), "Value")
            self.constants.append((value, go))
            rows.append((go, name, f"= {number}"))
        if rows:
            yield "\n".join(["const (", *aligned(rows), ")"])

    def _callback(self, callback: Callback, name: str) -> Iterator[str]:
        parameters = [self._types.argument(part.type) for part in callback.parameters]
        result = self._types.of(callback.result)
        reason = callback_refusal(self._types, labelled(callback.parameters, parameters), result)
        if reason:
            self.remarks.append((callback.name, callback.where, f"is a callback that Go cannot make: {reason}"))
            yield f"// {name} is {callback.name}, a pointer to a function; 0 is NULL.\ntype {name} uintptr"
            return
        function, make = self._names.take(f"{name}Func"), self._names.take(f"New{name}")
        taken = Names()
        given = ", ".join(
            f"{taken.take(parameter(part.name, place))} {self._or_key(kind, part.name, keys=True)}"
            for place, (part, kind) in enumerate(zip(callback.parameters, parameters, strict=True), start=1)
        )
        gives = "" if isinstance(result, Void) else f" {self._or_key(result, '', keys=True)}"
        yield f"// {name} is {callback.name}, a pointer to a function; 0 is NULL.\ntype {name} uintptr"
        yield f"// {function} is what a {name} calls.\ntype {function} func({given}){gives}"
        yield "\n".join([
            f"// {make} makes a C function of fn. It is never released, and a process has 2000 of them: make it once.",
            f"func {make}(fn {function}) {name} {{",
            f"\treturn {name}(purego.NewCallback(fn))",
            "}",
        ])  # fmt: skip

    def _struct(self, kind: StructType, name: str) -> Iterator[str]:
        struct = self._types.structs[kind.name]
        layout = self._types.layout(kind.name)
        if isinstance(layout, str):
            self.remarks.append((kind.name, struct.where, f"is a plain pointer in Go: it {layout}"))
            return
        names = Names()
        fields = tuple(
            (member.name, names.take(exported(member.name) if member.name else "Anonymous"))
            for member in layout.members
        )
        tagged = self._types.aliases.get(kind.name) != f"struct {kind.name}"
        self.structs.append(BoundStruct(kind.name, name, fields, tagged))
        rows = [(field, spelled) for field, spelled in self._rows(layout, [go for _, go in fields])]
        yield "\n".join([f"// {name} is struct {kind.name}.", f"type {name} struct {{", *aligned(rows), "}"])

    def _rows(self, layout: Layout, names: list[str]) -> Iterator[tuple[str, str]]:
        """Fields with padding written out: Go has the same rules, but purego counts the bytes."""
        keys = any(self.is_function(member.type) for member in layout.members)
        end = 0
        for member, name in zip(layout.members, names, strict=True):
            if member.offset > end:
                yield "_", f"[{member.offset - end}]byte"
            yield name, self._or_key(member.type, member.name, keys=keys)
            end = member.offset + member.size
        if layout.size > end:
            yield "_", f"[{layout.size - end}]byte"


def labelled(parameters: Sequence[Parameter], kinds: Sequence[CType]) -> dict[str, CType]:
    """Types by what to call the arguments in a reason: `params (struct tone_params)`."""
    return {
        f"{part.name or f'argument {place}'} ({part.type})": kind
        for place, (part, kind) in enumerate(zip(parameters, kinds, strict=True), start=1)
    }


def aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows of a block in columns, as gofmt puts them."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "\t" + " ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width).rstrip()
        for row in rows
    ]
