"""C wrappers for functions that take or give structs by value: the same function with pointers in their place."""

from __future__ import annotations

import json
from dataclasses import replace

from newbackend.upstream.c_api import Function, Parameter
from newbackend.upstream.c_types import StructType, Types
from newbackend.upstream.go_names import is_c_identifier

SUFFIX = "_by_pointer"
_RESULT = "result"


def wrapped(function: Function, types: Types) -> Function | None:
    """The wrapper's declaration; None where no struct by value is taken or given.

    `T f(S s)` becomes `void f_by_pointer(T * result, const S * s)`.
    """
    parameters = tuple(
        Parameter(name, f"const {part.type} *" if isinstance(types.of(part.type), StructType) else part.type)
        for name, part in zip(_arguments(function), function.parameters, strict=True)
    )
    gives = isinstance(types.of(function.result), StructType)
    if not gives and all(new.type == old.type for new, old in zip(parameters, function.parameters, strict=True)):
        return None
    first = (Parameter(_RESULT, f"{function.result} *"),) if gives else ()
    result = "void" if gives else function.result
    return replace(function, name=f"{function.name}{SUFFIX}", result=result, parameters=(*first, *parameters))


def wrappers_c(functions: list[tuple[Function, Function]], include: str) -> str:
    """A C file with the wrappers of these functions, as pairs of original and wrapper."""
    head = [
        "// Functions that take or give structs by value, with pointers: Go passes no big struct by value.",
        f"#include {json.dumps(include, ensure_ascii=False)}",
    ]
    return "\n".join([*head, *(_definition(original, wrapper) for original, wrapper in functions), ""])


def _definition(original: Function, wrapper: Function) -> str:
    gives = len(wrapper.parameters) > len(original.parameters)
    own = wrapper.parameters[1:] if gives else wrapper.parameters
    given = ", ".join(
        f"{'*' if new.type != old.type else ''}{new.name}" for new, old in zip(own, original.parameters, strict=True)
    )
    call = f"{original.name}({given})"
    statement = f"*{_RESULT} = {call};" if gives else f"{call};" if wrapper.result == "void" else f"return {call};"
    parameters = ", ".join(_declared(part) for part in wrapper.parameters) or "void"
    return "\n".join([
        "",
        '__attribute__((visibility("default")))',
        f"{wrapper.result} {wrapper.name}({parameters}) {{",
        f"\t{statement}",
        "}",
    ])  # fmt: skip


def _declared(part: Parameter) -> str:
    if "(*)" in part.type:
        return part.type.replace("(*)", f"(*{part.name})", 1)
    element, bracket, sizes = part.type.partition("[")
    return f"{element.rstrip()} {part.name}{bracket}{sizes}"


def _arguments(function: Function) -> list[str]:
    """Names for the arguments: the header's own, or by place where they have none or one that is taken."""
    names: list[str] = []
    for place, part in enumerate(function.parameters, start=1):
        own = is_c_identifier(part.name) and part.name not in (*names, _RESULT, function.name)
        names.append(part.name if own else f"argument_{place}")
    return names
