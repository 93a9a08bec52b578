"""The rule registry: every rule of `newbackend verify`, from one place.

A family is a module in `families/` with a tuple `CHECKS` (and, when it reads places of its own, a
mapping `UNREADABLE` from place id to rule). Help, `newbackend rule`, docs/rules.md, SARIF and the
checklist are generated from what is registered here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING

from newbackend.findings import Rule, registry

if TYPE_CHECKING:
    from newbackend.rules.base import Check

__all__ = ["checks", "place_rules", "rules"]


@cache
def _families() -> tuple[ModuleType, ...]:
    from newbackend.registrations import registrations

    rooms = (*registrations(), f"{__name__}.directory", f"{__name__}.families")
    return tuple(import_module(name) for room in rooms for name in _rule_modules(room))


def _rule_modules(room: str) -> list[str]:
    from pkgutil import iter_modules

    names = sorted(entry.name for entry in iter_modules(import_module(room).__path__))
    beside_a_place = "place" in names
    return [f"{room}.{name}" for name in names if not beside_a_place or name.startswith("rules")]


@cache
def checks() -> tuple[Check, ...]:
    """Every check of every family, families in the order of their module names."""
    return tuple(check for family in _families() for check in family.CHECKS)


@cache
def place_rules() -> Mapping[str, Rule]:
    """Place id -> the rule that reports its file as unreadable."""
    from newbackend.rules.unreadable import PLACE_RULES

    found = dict(PLACE_RULES)
    for family in _families():
        found.update(getattr(family, "UNREADABLE", {}))
    return MappingProxyType(found)


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by id, in order of id. Raises ValueError when an id or a name is taken twice."""
    from newbackend.suppress.rules import SUPPRESSION_RULES

    every = [*place_rules().values(), *(rule for check in checks() for rule in check.rules), *SUPPRESSION_RULES]
    return MappingProxyType(dict(sorted(registry(every).items())))
