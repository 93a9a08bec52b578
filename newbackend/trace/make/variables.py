"""The variables of one make, with GNU make's origins and precedence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import IntEnum

from newbackend.records import dataclass


class Origin(IntEnum):
    """Where a value comes from; the higher one stays (GNU make manual, 6.10 and `$(origin)`)."""

    DEFAULT = 0
    ENVIRONMENT = 1
    FILE = 2
    COMMAND_LINE = 3
    OVERRIDE = 4
    AUTOMATIC = 5


_ORIGIN_WORDS = {
    Origin.DEFAULT: "default",
    Origin.ENVIRONMENT: "environment",
    Origin.FILE: "file",
    Origin.COMMAND_LINE: "command line",
    Origin.OVERRIDE: "override",
    Origin.AUTOMATIC: "automatic",
}

_BUILT_IN = {
    "MAKE": "make",
    "CC": "cc",
    "CXX": "g++",
    "CPP": "cc -E",
    "AR": "ar",
    "AS": "as",
    "LD": "ld",
    "FC": "f77",
    "RM": "rm -f",
    "INSTALL": "install",
    "MAKE_VERSION": "4.3",
    "SHELL": "/bin/sh",
}
"""GNU make's own variables that LocalAI's Makefiles could use (manual, 10.3)."""


@dataclass(frozen=True)
class Variable:
    """`simple` values are expanded already."""

    value: str
    origin: Origin
    simple: bool = False
    exported: bool | None = None

    @property
    def origin_word(self) -> str:
        """What `$(origin)` says."""
        return _ORIGIN_WORDS[self.origin]


class Variables:
    """Variables by name; a target's own ones lie above those of the file."""

    def __init__(self, environment: Mapping[str, str], command_line: Mapping[str, str]) -> None:
        self._all: dict[str, Variable] = {n: Variable(v, Origin.DEFAULT, simple=False) for n, v in _BUILT_IN.items()}
        for name, value in environment.items():
            if name not in ("SHELL", "MAKE"):
                self._all[name] = Variable(value, Origin.ENVIRONMENT, simple=True, exported=True)
        for name, value in command_line.items():
            self._all[name] = Variable(value, Origin.COMMAND_LINE, simple=False, exported=True)
        self.export_all = False

    def get(self, name: str) -> Variable | None:
        """A variable, or None when it is not defined."""
        return self._all.get(name)

    def set(self, name: str, value: str, origin: Origin, *, simple: bool) -> bool:
        """Defines a variable unless a stronger origin holds it; whether it did."""
        old = self._all.get(name)
        if old and old.origin > origin:
            return False
        self._all[name] = Variable(value, origin, simple, old.exported if old else None)
        return True

    def drop(self, name: str) -> None:
        """`undefine`."""
        self._all.pop(name, None)

    def export(self, name: str, on: bool) -> None:
        """`export NAME` or `unexport NAME`."""
        old = self._all.get(name) or Variable("", Origin.FILE)
        self._all[name] = replace(old, exported=on)

    def exported(self) -> list[str]:
        """Names that recipes find in their environment."""
        return [
            name
            for name, variable in self._all.items()
            if variable.exported
            or (
                self.export_all
                and variable.exported is None
                and variable.origin > Origin.ENVIRONMENT
                and name.isidentifier()
            )
        ]

    def from_files(self) -> list[str]:
        """Names that Makefiles define."""
        return [name for name, variable in self._all.items() if variable.origin in (Origin.FILE, Origin.OVERRIDE)]

    def layer(self) -> Variables:
        """A copy, for what one target defines for itself."""
        other = object.__new__(Variables)
        other._all = dict(self._all)
        other.export_all = self.export_all
        return other
