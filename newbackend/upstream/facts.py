"""What was read of an upstream, as plain values. `where` is `path:line` in the upstream's tree."""

from __future__ import annotations

from typing import Literal

from newbackend.records import dataclass

Confidence = Literal["certain", "likely", "guess"]
"""certain: the file says so. likely: it follows from names and use. guess: one of several readings."""


@dataclass(frozen=True)
class Option:
    """A CMake option or cache variable. `default` is its text; `${...}` in it could not be resolved."""

    name: str
    kind: str
    default: str
    description: str
    where: str
    when: str = ""
    vendored: bool = False


@dataclass(frozen=True)
class Target:
    """One definition of a CMake target, or a rule of a plain Makefile.

    `kind` is `shared`, `static`, `object`, `interface`, `module`, `executable`, or `library` where BUILD_SHARED_LIBS
    decides. `when` is the condition of the definition as the file has it.
    """

    name: str
    kind: str
    where: str
    sources: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    when: str = ""
    vendored: bool = False
    aside: bool = False


@dataclass(frozen=True)
class Gate:
    """An option of the project's own that turns another one on."""

    option: str
    sets: str
    where: str


@dataclass(frozen=True)
class Switch:
    """What to pass to build for one of LocalAI's build types, for instance `-DSD_CUDA=ON` for `cublas`."""

    build_type: str
    options: tuple[str, ...]
    where: str
    confidence: Confidence
    reason: str


@dataclass(frozen=True)
class Gap:
    """What could not be told, in a sentence."""

    where: str
    text: str
