"""What a reading finds: steps, and what it cannot know, each with file and line."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from newbackend.records import dataclass


class Kind(StrEnum):
    """What a step does."""

    MAKE = "make"
    PACKAGE = "package"
    COPY = "copy"
    RUN = "run"
    ENGINE = "engine"


@dataclass(frozen=True)
class Where:
    """A line of a file of the checkout; 1-based."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True)
class Step:
    """One command. `depth` counts the makes and scripts that it is inside of, `condition` is what it depends on as
    far as that is not known, `directory` is where it runs, in the container. The commands of a script that is
    `followed` are steps of their own."""

    kind: Kind
    where: Where
    text: str
    depth: int = 0
    condition: str = ""
    directory: str = ""
    followed: bool = False


@dataclass(frozen=True)
class Copy:
    """Files that a script copies: container paths, the target's last component included."""

    source: str
    target: str
    where: Where
    condition: str = ""


@dataclass(frozen=True)
class Unknown:
    """What cannot be known, with its text and why."""

    where: Where
    text: str
    reason: str


@dataclass(frozen=True)
class Branch:
    """A conditional of a Makefile: its text, and whether its lines are read."""

    where: Where
    text: str
    taken: bool


@dataclass(frozen=True)
class MakeCall:
    """A make of the backend's own Makefile: what it was called with, where the checkout was, and what it prints."""

    directory: str
    goals: tuple[str, ...]
    environment: Mapping[str, str]
    variables: Mapping[str, str]
    places: Mapping[str, str]
    printed: tuple[str, ...]
