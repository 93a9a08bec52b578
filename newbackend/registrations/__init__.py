"""The registration places: one folder per registration, discovered at run time.

`<name>/place.py` holds a `PLACE`; `<name>/rules*.py` hold the rules about it. A new folder is all that
a new registration takes.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from newbackend.registrations.base import Place


@cache
def registrations() -> tuple[str, ...]:
    """The names of the registrations' packages, sorted."""
    return tuple(
        f"{__name__}.{entry.name}" for entry in iter_modules(__path__) if entry.ispkg and entry.name != "support"
    )


@cache
def places() -> tuple[Place, ...]:
    """Every place, in the order that a reviewer reads them (`Place.order`)."""
    loaded: list[Place] = [import_module(f"{name}.place").PLACE for name in registrations()]
    return tuple(sorted(loaded, key=lambda place: place.order))
