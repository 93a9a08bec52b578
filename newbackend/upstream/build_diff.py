"""What a new commit of an upstream changes for a build that passes options to it and links a target of it."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator

from newbackend.upstream.cmake_declarations import Project
from newbackend.upstream.diff import Change, Severity
from newbackend.upstream.inspect import Inspection

_ALIKE = 0.7


def compare_builds(old: Inspection, new: Inspection, used: Collection[str] | None) -> list[Change]:
    """Differences of build system, options, targets, minimum versions and submodules.

    `used` are the words of the backend's build files: an option or target that is not among them is harmless. Without
    it the target that would be linked and the options for LocalAI's build types count.
    """
    needed = _needed(old) if used is None else used
    found = [*_systems(old, new), *_submodules(old, new)]
    if old.cmake and new.cmake:
        found += [*_options(old.cmake, new, new.cmake, needed), *_targets(old.cmake, new.cmake, needed)]
        found += _minimum(old.cmake, new.cmake)
    return found


def _needed(found: Inspection) -> set[str]:
    options = {option[2:].partition("=")[0] for switch in found.switches for option in switch.options}
    return options | {chosen.target.name for chosen in (found.primary, found.linked) if chosen}


def _systems(old: Inspection, new: Inspection) -> Iterator[Change]:
    for name in old.systems:
        if name not in new.systems:
            severity: Severity = "breaks" if name == old.systems[0] else "harmless"
            yield Change("build", name, "is no longer the build system", "", severity)
    for name in new.systems:
        if name not in old.systems:
            yield Change("build", name, "is a new build system", "", "harmless")


def _options(old: Project, whole: Inspection, new: Project, needed: Collection[str]) -> Iterator[Change]:
    """A vendored project's options count where they are passed; where it cannot be read now, nothing is said."""
    added = [name for name in new.options if name not in old.options]
    for name, before in old.options.items():
        after = new.options.get(name)
        passed = name in needed
        if before.vendored and (not passed or (after is None and whole.unread_submodules)):
            continue
        if after is None:
            near = difflib.get_close_matches(name, added, 1, _ALIKE)
            perhaps = f", perhaps called {near[0]} now" if near else ""
            silent = f"; CMake takes -D{name} without a word and ignores it" if passed else ""
            yield Change("option", name, f"is gone{perhaps}{silent}", before.where, "breaks" if passed else "harmless")
        elif before.default != after.default:
            yield Change("option", name, f"was {before.default}, is {after.default}", after.where, "harmless")
    for name, after in new.options.items():
        if name not in old.options and not after.vendored:
            yield Change("option", name, f"is new: {after.default}", after.where, "harmless")


def _targets(old: Project, new: Project, needed: Collection[str]) -> Iterator[Change]:
    names = {target.name for target in new.targets}
    own = {target.name: target for target in old.targets if not target.vendored and not target.aside}
    for name, target in own.items():
        if name not in names and target.kind != "executable":
            yield Change("target", name, "is gone", target.where, "breaks" if name in needed else "harmless")


def _minimum(old: Project, new: Project) -> Iterator[Change]:
    if old.minimum != new.minimum:
        yield Change("requirement", "cmake", f"was {old.minimum}, is {new.minimum}", new.minimum_where, "harmless")
    for language in new.languages:
        if language not in old.languages and old.languages:
            yield Change(
                "requirement", language, "is a language that the project needs now", "CMakeLists.txt", "harmless"
            )
    for name, where in new.packages.items():
        if name not in old.packages and where.endswith(" REQUIRED"):
            where, _, when = where.removesuffix(" REQUIRED").partition(" if ")
            needs = f"is required now if {when}" if when else "is required now"
            yield Change("requirement", name, needs, where, "harmless" if when else "breaks")


def _submodules(old: Inspection, new: Inspection) -> Iterator[Change]:
    before, after = ({part.path: part for part in found.submodules} for found in (old, new))
    for path, part in before.items():
        if path not in after:
            yield Change("submodule", path, "is gone", ".gitmodules", "harmless")
        elif after[path].commit != part.commit:
            text = f"moved from {part.commit[:12]} to {after[path].commit[:12]}"
            yield Change("submodule", path, text, ".gitmodules", "harmless")
    for path, part in after.items():
        if path not in before:
            yield Change("submodule", path, f"is new: {part.url}", ".gitmodules", "harmless")
