"""Which build systems an upstream has: those that are read, and those that can only be named."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newbackend.upstream.cmake_declarations import Project
from newbackend.upstream.facts import Gap
from newbackend.upstream.makefile import Makefile
from newbackend.upstream.manifests import Manifests
from newbackend.upstream.sources import Sources

_UNREAD = {
    "autotools": re.compile(r"configure\.(?:ac|in)|Makefile\.am"),
    "Meson": re.compile(r"meson\.build"),
    "Bazel": re.compile(r"MODULE\.bazel|WORKSPACE(?:\.bazel)?"),
    "GN": re.compile(r"BUILD\.gn"),
    "SCons": re.compile(r"SConstruct"),
    "waf": re.compile(r"wscript"),
    "xmake": re.compile(r"xmake\.lua"),
    "premake": re.compile(r"premake5\.lua"),
    "Zig": re.compile(r"build\.zig"),
    "Gradle": re.compile(r"build\.gradle(?:\.kts)?"),
    "Swift": re.compile(r"Package\.swift"),
}
_REQUIREMENTS = "requirements.txt"


def systems(cmake: Project | None, makefile: Makefile | None, manifests: Manifests) -> list[str]:
    """The build systems that are read; one that builds nothing of the engine goes behind one that does."""
    present = {
        "cmake": cmake,
        "make": makefile and makefile.targets,
        "cargo": manifests.crates or manifests.workspace,
        "python": manifests.distribution,
        "go": manifests.go,
    }
    own = any(target for target in cmake.targets if not target.vendored) if cmake else False
    empty = {
        "cmake": not own,
        "make": all(target.kind == "phony" for target in makefile.targets) if makefile else False,
        "python": not manifests.distribution.imports if manifests.distribution else False,
    }
    return sorted((name for name, part in present.items() if part), key=lambda name: empty.get(name, False))


def unread(sources: Sources, read: list[str]) -> Iterator[Gap]:
    """A sentence for what an upstream is built with and what is not read of it."""
    top = sorted(path for path in sources.commit.objects if "/" not in path)
    if {"cmake", "make", "cargo", "go"}.isdisjoint(read):
        for name, pattern in _UNREAD.items():
            file = next((path for path in top if pattern.fullmatch(path)), "")
            if file:
                yield Gap(file, f"{name} builds it, which newbackend does not read")
    if not read and _REQUIREMENTS in top:
        yield Gap(_REQUIREMENTS, "names packages to install, and nothing installs the project itself")
    if not read:
        yield Gap("", "no build system that newbackend knows was found at the top")
