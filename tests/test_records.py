"""Our `dataclass` is the standard one: objects compare, hash, print and are replaced as there."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import field, replace
from typing import Any

import pytest

from newbackend import records

Decorator = Callable[..., Any]


@pytest.fixture(params=[dataclasses.dataclass, records.dataclass], ids=["standard", "ours"])
def dataclass(request: pytest.FixtureRequest) -> Decorator:
    """Both: what is asked of one is true of the other."""
    decorator: Decorator = request.param
    return decorator


def point(dataclass: Decorator, **options: bool) -> Any:
    class Point:
        x: int
        y: list[int] = field(default_factory=list)
        seen: int = field(default=0, compare=False, repr=False)

    Point.__qualname__ = "Point"
    return dataclass(**options)(Point)


@pytest.mark.parametrize("options", [{}, {"frozen": True}, {"slots": True}, {"frozen": True, "slots": True}])
def test_objects_compare_print_and_are_replaced_as_usual(dataclass: Decorator, options: dict[str, bool]) -> None:
    cls = point(dataclass, **options)
    one = cls(1)
    assert one == cls(1, seen=2) != cls(2)
    assert one != object()
    assert repr(one) == "Point(x=1, y=[])"
    assert replace(one, x=2) == cls(2)
    assert cls(x=1).y is not one.y
    assert hasattr(one, "__dict__") is ("slots" not in options)
    assert [row.name for row in dataclasses.fields(one)] == ["x", "y", "seen"]


def test_a_frozen_object_has_the_hash_of_its_fields_and_another_has_none(dataclass: Decorator) -> None:
    frozen, plain = point(dataclass, frozen=True), point(dataclass)
    assert hash(frozen(1, ())) == hash(frozen(1, (), 5))
    assert len({frozen(1, ()), frozen(1, ()), frozen(2, ())}) == 2
    with pytest.raises(TypeError, match="unhashable"):
        hash(plain(1))


def test_without_eq_an_object_is_itself(dataclass: Decorator) -> None:
    cls = point(dataclass, frozen=True, eq=False)
    first, second = cls(1), cls(1)
    assert first != second
    assert len({first, second}) == 2


def test_a_class_without_fields_and_one_by_keyword(dataclass: Decorator) -> None:
    class Empty:
        pass

    empty, named = dataclass(frozen=True)(Empty), point(dataclass, kw_only=True)
    assert empty() == empty()
    assert hash(empty()) == hash(empty())
    assert named(x=1).x == 1
    with pytest.raises(TypeError):
        named(1)


def test_what_a_class_writes_itself_stays(dataclass: Decorator) -> None:
    class Own:
        x: int

        def __eq__(self, other: object) -> bool:
            return True

        def __repr__(self) -> str:
            return "mine"

    class Hashed:
        x: int

        def __hash__(self) -> int:
            return 7

    own, hashed = dataclass(frozen=True)(Own), dataclass(frozen=True)(Hashed)
    assert own(1) == own(2)
    assert repr(own(1)) == "mine"
    assert hash(own(1)) != hash(own(2))
    assert hash(hashed(1)) == 7


def test_a_subclass_has_its_own_fields_too(dataclass: Decorator) -> None:
    base = point(dataclass, frozen=True)
    more = dataclass(frozen=True)(type("More", (base,), {"__annotations__": {"z": int}, "z": 0}))
    assert more(1, (), z=2) != more(1, (), z=3)
    assert more(1, ()) != base(1, ())
    assert repr(more(1, (), z=2)).endswith("More(x=1, y=(), z=2)")
