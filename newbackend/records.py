"""`dataclass` for the product's own types: the standard one, at a third of the cost.

The standard decorator compiles up to six functions for each class, and a frozen class sets each field of a new object
by a call. A run defines about 130 classes and lives for less than a second (docs/adr/0122-records.md). Here only
`__init__` is generated. Comparing, hashing and printing are shared, and that nobody changes a frozen object is what
mypy checks: it sees the standard decorator.
"""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass
else:
    from dataclasses import dataclass as _standard

    def dataclass(
        cls: type | None = None, /, *, frozen: bool = False, eq: bool = True, slots: bool = False, kw_only: bool = False
    ) -> Any:
        """The standard `dataclass` with these options; a frozen one is hashable, but not guarded when it runs."""

        def made(cls: type) -> type:
            return _complete(_standard(repr=False, eq=False, slots=slots, kw_only=kw_only)(cls), frozen=frozen, eq=eq)

        return made if cls is None else made(cls)


def _complete(cls: Any, *, frozen: bool, eq: bool) -> type:
    """The class with the methods that it does not write itself."""
    own = vars(cls)
    if "__repr__" not in own:
        cls.__repr__ = _repr
    if not eq:
        return cls  # type: ignore[no-any-return]
    values = _values(tuple(field.name for field in fields(cls) if field.compare))
    if "__eq__" not in own:
        cls.__eq__ = _eq(values)
    # A class that writes `__eq__` itself has the hash None from Python.
    if own.get("__hash__") is None:
        cls.__hash__ = _hash(values) if frozen else None
    return cls  # type: ignore[no-any-return]


def _values(names: tuple[str, ...]) -> Callable[[Any], object]:
    return attrgetter(*names) if names else lambda _: ()


def _eq(values: Callable[[Any], object]) -> Callable[[Any, object], bool]:
    def same(self: Any, other: object) -> bool:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return same


def _hash(values: Callable[[Any], object]) -> Callable[[Any], int]:
    return lambda self: hash(values(self))


def _repr(self: Any) -> str:
    shown = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in fields(self) if field.repr)
    return f"{type(self).__qualname__}({shown})"
