"""An inspection as a flat list of facts, each with its place and how sure it is: the form that scripts read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from newbackend.records import dataclass
from newbackend.upstream.facts import Confidence
from newbackend.upstream.inspect import Inspection


@dataclass(frozen=True)
class Fact:
    """One fact; `line` is 0 where the place is a whole file or the tree."""

    kind: str
    name: str
    value: str
    path: str
    line: int
    confidence: Confidence

    def as_json(self) -> dict[str, Any]:
        """Its fields."""
        return {name: getattr(self, name) for name in ("kind", "name", "value", "path", "line", "confidence")}


def build_system(found: Inspection) -> str:
    """The build system that a backend would use, `none` without one."""
    return found.systems[0] if found.systems else "none"


def facts(found: Inspection) -> list[Fact]:
    """Every fact, kind after kind."""
    return [*_project(found), *_cmake(found), *_make(found), *_packages(found), *_headers(found), *_submodules(found)]


def place(where: str) -> tuple[str, int]:
    """`path:line` (and what may follow) taken apart."""
    path, _, line = where.partition(" ")[0].rpartition(":")
    return (path, int(line)) if path and line.isdigit() else (where.partition(" ")[0], 0)


def _fact(kind: str, name: str, value: str, where: str, confidence: Confidence = "certain") -> Fact:
    return Fact(kind, name, value, *place(where), confidence)


def _project(found: Inspection) -> Iterator[Fact]:
    for kind, part in (("licence", found.licence), ("description", found.description)):
        if part:
            yield _fact(kind, part.value, part.value, part.where, part.confidence)
    for part in found.formats:
        yield _fact("model-format", part.value, part.value, part.where, part.confidence)


def _cmake(found: Inspection) -> Iterator[Fact]:
    project = found.cmake
    if project is None:
        return
    if project.minimum:
        yield _fact("minimum", "cmake", project.minimum, project.minimum_where)
    for role, chosen in (("loaded", found.primary), ("linked", found.linked)):
        if chosen:
            target = chosen.target
            yield _fact(
                "library", target.name, " ".join([role, chosen.shared_by]).strip(), target.where, chosen.confidence
            )
    for target in project.targets:
        yield _fact("target", target.name, target.kind, target.where)
    for option in project.options.values():
        yield _fact("option", option.name, option.default, option.where)
    for switch in found.switches:
        yield _fact("accelerator", switch.build_type, " ".join(switch.options), switch.where, switch.confidence)
    if found.native:
        sure: Confidence = "certain" if found.native.name in project.options else "guess"
        yield _fact("native", found.native.name, found.native.default, found.native.where, sure)
    for option in found.side:
        yield _fact("not-needed", option.name, option.default, option.where, "likely")


def _make(found: Inspection) -> Iterator[Fact]:
    for target in found.makefile.targets if found.makefile else ():
        yield _fact("target", target.name, target.kind, target.where)


def _packages(found: Inspection) -> Iterator[Fact]:
    manifests = found.manifests
    for crate in manifests.crates:
        yield _fact("package", crate.name, f"cargo {', '.join(crate.kinds)}".strip(), crate.path)
    python = manifests.distribution
    if python:
        yield _fact("package", python.name, "python", python.path)
        if python.requires_python:
            yield _fact("minimum", "python", python.requires_python, python.path)
    if manifests.go:
        yield _fact("package", manifests.go.name, "go", manifests.go.path)


def _headers(found: Inspection) -> Iterator[Fact]:
    for number, header in enumerate(found.headers):
        confidence: Confidence = "likely" if number == 0 else "guess"
        yield _fact("header", header.api.path, header.why, header.api.path, confidence)
    for header in found.other_headers:
        yield _fact("header", header.api.path, f"probably not for users: {header.why}", header.api.path, "guess")
    for loader in found.loaders:
        yield _fact("load", loader.function.name, f"freed by {loader.free}", loader.function.where, "likely")
    for modality, rows in found.spoken().items():
        for one in rows:
            yield _fact("call", one.function.name, modality, one.function.where, one.confidence)
    for path in found.cplusplus_headers:
        yield _fact("header-cplusplus", path, "for C++ alone: a shim is needed", path)


def _submodules(found: Inspection) -> Iterator[Fact]:
    for part in found.submodules:
        yield _fact("submodule", part.path, f"{part.url} {part.commit}".strip(), ".gitmodules")
