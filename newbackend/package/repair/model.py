"""What a repair is, and what was left because it could not be repaired."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypedDict

from newbackend.package.archive import Entry
from newbackend.package.model import Package
from newbackend.records import dataclass

SCHEMA = "newbackend/package-fix/1"


class Action(StrEnum):
    """What is done to one path of the package."""

    LINK = "link"
    MODE = "mode"
    RUNPATH = "runpath"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class Repair:
    """One change. `before` and `after` are the target of a link, a mode in octal digits, a list of directories, or for
    a copy the source (a path in the root that it is taken from); `before` is "" for something new. `tag` is the name
    of the list of directories, RPATH or RUNPATH. `source` is the file that is copied."""

    rule: str
    action: Action
    path: str
    before: str
    after: str
    reason: str
    tag: str = ""
    source: Entry | None = None

    @property
    def key(self) -> tuple[str, Action]:
        """Two repairs of one path and action are one."""
        return self.path, self.action


@dataclass(frozen=True, slots=True)
class Left:
    """A finding that such a repair could have been for, and why there is none."""

    rule: str
    path: str
    subject: str
    reason: str


class RepairJson(TypedDict):
    """One change."""

    rule: Annotated[str, "The rule whose finding it repairs, such as PKG102."]
    action: Action
    path: Annotated[str, "The file or link, relative to the package."]
    before: Annotated[str, 'A link\'s target, a mode, the directories of RUNPATH; "" for something new.']
    after: Annotated[str, "The same afterwards; for a copy the path in the root that it is taken from."]
    reason: Annotated[str, "The message of the finding."]


class LeftJson(TypedDict):
    """A finding that is left."""

    rule: str
    path: str
    subject: str
    reason: Annotated[str, "Why it was not repaired."]


@dataclass(frozen=True, slots=True)
class RepairPlan:
    """What to do, in the order in which it has to be done. `package` is the package as it will be."""

    repairs: tuple[Repair, ...]
    left: tuple[Left, ...]
    package: Package

    def repairs_json(self) -> list[RepairJson]:
        """The repairs as they are printed."""
        return [
            {
                "rule": r.rule,
                "action": r.action,
                "path": r.path,
                "before": r.before,
                "after": r.after,
                "reason": r.reason,
            }
            for r in self.repairs
        ]

    def left_json(self) -> list[LeftJson]:
        """What is left as it is printed."""
        return [{"rule": x.rule, "path": x.path, "subject": x.subject, "reason": x.reason} for x in self.left]
