"""Which strings a library keeps, and which ones the caller must free, and with what."""

from __future__ import annotations

from dataclasses import field

from newbackend.records import dataclass
from newbackend.upstream.api import Lifetime, lifetimes
from newbackend.upstream.bound_functions import Refused
from newbackend.upstream.c_api import Api, Function
from newbackend.upstream.c_types import CType, Pointer, Scalar, Types, Void


@dataclass
class Strings:
    """What the results of the bound functions need; `remarks` are on strings that nobody frees."""

    owners: dict[str, Function] = field(default_factory=dict)
    """Function that gives a string -> the one that frees it."""
    kept: set[str] = field(default_factory=set)
    """Functions whose string the library keeps."""
    freeing: set[str] = field(default_factory=set)
    """Functions that free a string, for certain or perhaps: no copy of a string may be given to them."""
    remarks: list[Refused] = field(default_factory=list)


def strings(api: Api, types: Types, functions: list[Function]) -> Strings:
    """Sorts the functions that give a string, by what names and comments say. A guess is a remark, never used."""
    found = Strings()
    bound = {function.name: function for function in functions}
    given = {part.gives: part for part in lifetimes(api) if is_text(types.of(part.type))}
    found.freeing = {part.freed_by for part in given.values() if part.freed_by}
    for function in functions:
        result = types.of(function.result)
        if not is_text(result):
            continue
        lifetime = given.get(function.name)
        if lifetime and not lifetime.freed_by and lifetime.confidence == "likely":
            found.kept.add(function.name)
            continue
        owner = bound.get(lifetime.freed_by) if lifetime else None
        reason = _not_freed(types, lifetime, owner)
        if owner is None or reason:
            text = f"gives a string that is not freed: {reason}"
            found.remarks.append(Refused(function.name, function.where, text))
        else:
            found.owners[function.name] = owner
    return found


def _not_freed(types: Types, lifetime: Lifetime | None, owner: Function | None) -> str:
    if lifetime is None or not lifetime.freed_by:
        return lifetime.reason if lifetime else "nothing says who frees it"
    if lifetime.confidence == "guess":
        return f"{lifetime.freed_by} may free it: {lifetime.reason}"
    if owner is None:
        return f"{lifetime.freed_by} is not bound"
    if len(owner.parameters) != 1:
        return f"{owner.name} takes more than the string"
    kind = types.of(owner.parameters[0].type)
    takes = is_text(kind) or (isinstance(kind, Pointer) and isinstance(kind.to, Void))
    return "" if takes else f"{owner.name} takes no string"


def is_text(kind: CType) -> bool:
    """Whether a type is `char *`, const or not."""
    return isinstance(kind, Pointer) and kind.to == Scalar("byte", 1)
