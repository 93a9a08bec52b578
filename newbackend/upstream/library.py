"""Which of a CMake project's libraries a backend uses, and how it becomes a shared one."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from newbackend.records import dataclass
from newbackend.upstream.api import C_API, Header, same
from newbackend.upstream.cmake_declarations import Project
from newbackend.upstream.facts import Confidence, Target

_KIND_WORDS = re.compile(r"(?:[-_.]?(?:shared|static|dll|so|lib|core|c[-_]?api|capi|api|c))+$", re.IGNORECASE)
"""What a library's name says about its form after the project's name."""
_CERTAIN, _LIKELY = 5, 3
_BEST_HEADERS = 3


@dataclass(frozen=True)
class Primary:
    """The library that a backend links, and how it becomes a shared one."""

    target: Target
    shared_by: str
    """The option to pass for a shared library; empty when it is one always, or can be none."""
    confidence: Confidence
    reason: str
    points: int = 0
    """How much speaks for it."""


def linked_library(project: Project, headers: Sequence[Header], names: Sequence[str]) -> Primary | None:
    """The library to link into another one: a static one where it has the API, else the shared one that has."""
    static = chosen_library(project, headers, names, ("static", "library"))
    shared = chosen_library(project, headers, names, ("shared",))
    if shared and shared.points >= _LIKELY and (static is None or static.points < _LIKELY):
        return shared
    return static


def chosen_library(
    project: Project, headers: Sequence[Header], names: Sequence[str], kinds: Sequence[str]
) -> Primary | None:
    """The project's own library that a backend would use, by its headers and its name; among equals the kind that
    comes first in `kinds`."""
    libraries = [
        target for target in project.targets
        if not target.vendored and not target.aside and target.kind in kinds
    ]  # fmt: skip
    if not libraries:
        return None
    signs = _Signs(project, [header.api.path for header in headers[:_BEST_HEADERS]], names)
    ranked = sorted(libraries, key=lambda target: (-signs.points(target)[0], kinds.index(target.kind)))
    best = ranked[0]
    points, reason = signs.points(best)
    confidence: Confidence = (
        "certain" if points >= _CERTAIN else "likely" if points >= _LIKELY or len(ranked) == 1 else "guess"
    )
    return Primary(best, _shared_by(project, best), confidence, reason or "is the first library", points)


class _Signs:
    """What speaks for a library."""

    def __init__(self, project: Project, paths: Sequence[str], names: Sequence[str]) -> None:
        self._project = project
        self._paths = set(paths)
        self._stems = {_stem(path) for path in paths}
        self._best = _stem(paths[0]) if paths else ""
        self._names = names

    def points(self, target: Target) -> tuple[int, str]:
        """How much speaks for a target, and what."""
        files = {_stem(source) for source in target.sources}
        called = (target.name, self._project.outputs.get(target.name, ""))
        words = {word for name in called for word in re.split(r"[-_.]", name.lower())}
        signs = (
            (4, "has the API's header", bool(self._paths.intersection(target.sources))),
            (3, "compiles the API's file", bool(self._stems & files)),
            (3, "compiles a file that is named a C API", any(map(C_API.search, files)) and not self._stems & files),
            (2, "is named like the project", any(self._named(name) for name in called)),
            (1, "is named like the API's header", self._best in words),
        )
        held = [(weight, text) for weight, text, holds in signs if holds]
        return sum(weight for weight, _ in held), ", ".join(text for _, text in held)

    def _named(self, name: str) -> bool:
        plain = _KIND_WORDS.sub("", name)
        return any(same(part, known) for part in (name, plain) for known in self._names if part)


def _stem(path: str) -> str:
    return posixpath.splitext(posixpath.basename(path))[0].lower()


def _shared_by(project: Project, target: Target) -> str:
    if target.kind == "library":
        return "-DBUILD_SHARED_LIBS=ON"
    if target.kind == "shared" and target.when in project.options:
        return f"-D{target.when}=ON"
    return ""
