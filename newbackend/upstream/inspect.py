"""`newbackend engine inspect`: everything that one commit of an upstream says, put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from newbackend.errors import NewbackendError
from newbackend.upstream import about, api
from newbackend.upstream.bound_functions import Refused, choose
from newbackend.upstream.c_api import Api
from newbackend.upstream.c_types import Types
from newbackend.upstream.cmake import read_cmake
from newbackend.upstream.cmake_declarations import Project
from newbackend.upstream.commit import Commit, Submodule, fetched, opened
from newbackend.upstream.confined import confined
from newbackend.upstream.facts import Confidence, Gap, Option, Switch, Target
from newbackend.upstream.header_choice import included_in
from newbackend.upstream.makefile import Makefile, read_makefile
from newbackend.upstream.manifests import Manifests, read_manifests
from newbackend.upstream.purego import STRUCTS_SINCE
from newbackend.upstream.sources import Sources
from newbackend.upstream.switches import native_option, side_options, switches

Result = TypeVar("Result")
_GGML = ("ggml", "llama.cpp")


@dataclass(frozen=True)
class Primary:
    """The library that a backend links, and how it becomes a shared one."""

    target: Target
    shared_by: str
    """The option to pass for a shared library; empty when it is one always, or can be none."""
    confidence: Confidence
    reason: str


@dataclass
class Inspection:
    """What was found out. A part that the upstream does not have is None or empty."""

    repo: str
    sha: str
    systems: list[str]
    cmake: Project | None
    makefile: Makefile | None
    manifests: Manifests
    primary: Primary | None
    """The library to load at run time: a shared one where there is a choice."""
    linked: Primary | None
    """The library to link into another one: a static one where there is a choice."""
    switches: list[Switch]
    native: Option | None
    side: list[Option]
    headers: list[api.Header]
    cplusplus_headers: list[str]
    submodules: list[Submodule]
    unread_submodules: dict[str, str]
    """Submodules that a build file refers to and that could not be read: path -> why."""
    licence: about.Found | None
    description: about.Found | None
    formats: list[about.Found]
    languages: list[str]
    gaps: list[Gap] = field(default_factory=list)
    not_bound: list[Refused] = field(default_factory=list)
    """Functions of the C API that Go cannot call."""


Work = Callable[[Sources, dict[str, str]], Result]
"""What is done with an upstream's files: they, and the submodules that could not be read (path -> why)."""


def inspect_remote(repo: str, sha: str) -> Inspection:
    """A commit of OWNER/REPO, with the submodules that its build needs."""
    return read_remote(repo, sha, inspection)


def inspect_local(root: Path, revision: str = "HEAD", repo: str = "") -> Inspection:
    """A commit of a clone on this machine; submodules are read where they are checked out. No network."""
    return read_local(root, revision, inspection, repo)


def read_remote(repo: str, sha: str, work: Work[Result]) -> Result:
    """What `work` makes of a commit of OWNER/REPO, in a child process with limits."""
    with fetched(repo, sha) as commit, _with_submodules(commit) as (sources, unread):
        return confined(work, sources, unread)


def read_local(root: Path, revision: str, work: Work[Result], repo: str = "") -> Result:
    """What `work` makes of a commit of a clone on this machine, in a child process with limits."""
    commit = opened(root, revision)
    commit.repo = repo or commit.repo
    parts: dict[str, Commit] = {}
    unread: dict[str, str] = {}
    for submodule in commit.submodules():
        try:
            parts[submodule.path] = opened(root / submodule.path, submodule.commit)
        except NewbackendError as error:
            unread[submodule.path] = error.message
    return confined(work, Sources(commit, parts), unread)


@contextmanager
def _with_submodules(commit: Commit) -> Iterator[tuple[Sources, dict[str, str]]]:
    """The commit with ggml, where that is a submodule: its options are the ones to pass."""
    with ExitStack() as stack:
        parts: dict[str, Commit] = {}
        unread: dict[str, str] = {}
        for submodule in commit.submodules():
            if submodule.path.rpartition("/")[2] not in _GGML:
                continue
            repo = _github(submodule.url)
            if not repo:
                unread[submodule.path] = f"its address {submodule.url!r} is not on GitHub"
                continue
            try:
                parts[submodule.path] = stack.enter_context(fetched(repo, submodule.commit))
            except NewbackendError as error:
                unread[submodule.path] = error.message
        yield Sources(commit, parts), unread


def _github(url: str) -> str:
    parts = urlsplit(url)
    path = parts.path.strip("/").removesuffix(".git")
    return path if parts.hostname == "github.com" and path.count("/") == 1 else ""


def inspection(sources: Sources, unread: dict[str, str]) -> Inspection:
    """Everything that the files say, put together."""
    cmake = read_cmake(sources)
    makefile = read_makefile(sources)
    manifests = read_manifests(sources)
    found, missing = switches(cmake, unread) if cmake else ([], [])
    names = [sources.commit.repo.rpartition("/")[2], *([cmake.name] if cmake else [])]
    headers, cplusplus = api.headers(sources, cmake.headers if cmake else {}, names)
    primary = _primary(cmake, headers, names, ("shared", "library", "static")) if cmake else None
    linked = _primary(cmake, headers, names, ("static", "library")) if cmake else None
    gaps = [*(cmake.gaps if cmake else []), *(makefile.gaps if makefile else []), *manifests.gaps, *missing]
    gaps += [gap for header in headers[:2] for gap in header.api.gaps]
    gaps += [Gap(path, "is too big to be read") for path in sources.too_big]
    if cmake and primary is None:
        gaps.append(Gap("CMakeLists.txt", "no library of the project's own was found"))
    systems = _systems(cmake, makefile, manifests)
    if not systems:
        gaps.append(Gap("", "no build system that newbackend knows was found at the top"))
    return Inspection(
        repo=sources.commit.repo,
        sha=sources.commit.sha,
        systems=systems,
        cmake=cmake,
        makefile=makefile,
        manifests=manifests,
        primary=primary,
        linked=linked,
        switches=found,
        native=native_option(cmake) if cmake else None,
        side=side_options(cmake) if cmake else [],
        headers=headers,
        cplusplus_headers=cplusplus,
        submodules=list(sources.commit.submodules()),
        unread_submodules=unread,
        licence=about.licence(sources) or _declared_licence(manifests),
        description=about.description(sources),
        formats=about.model_formats(sources),
        languages=about.languages(sources),
        gaps=_once(gaps, unread),
        not_bound=_not_bound(sources, headers[0].api) if headers else [],
    )


def _not_bound(sources: Sources, best: Api) -> list[Refused]:
    types = Types(best, tuple(included_in(sources, best)))
    return choose(best, types, STRUCTS_SINCE, by_pointer=False).refused


def _systems(cmake: Project | None, makefile: Makefile | None, manifests: Manifests) -> list[str]:
    present = {
        "cmake": cmake,
        "make": makefile and makefile.targets,
        "cargo": manifests.crates or manifests.workspace,
        "python": manifests.distribution,
        "go": manifests.go,
    }
    return [name for name, part in present.items() if part]


def _declared_licence(manifests: Manifests) -> about.Found | None:
    declared = [(crate.licence, crate.path) for crate in manifests.crates]
    if manifests.distribution:
        declared.append((manifests.distribution.licence, manifests.distribution.path))
    return next((about.Found(text, path, "certain") for text, path in declared if text and len(text) < 60), None)


def _primary(project: Project, headers: list[api.Header], names: list[str], kinds: tuple[str, ...]) -> Primary | None:
    """The project's own library that a backend would use, by its headers and its name; among equals the kind that
    comes first in `kinds`."""
    libraries = [
        target for target in project.targets
        if not target.vendored and not target.aside and target.kind in kinds
    ]  # fmt: skip
    if not libraries:
        return None
    stems = {header.api.path.rpartition("/")[2].rpartition(".")[0] for header in headers[:3]}
    paths = {header.api.path for header in headers[:3]}

    def score(target: Target) -> tuple[int, str]:
        points = 0
        reasons: list[str] = []
        if paths.intersection(target.sources):
            points, reasons = points + 4, [*reasons, "has the API's header"]
        if stems.intersection(source.rpartition("/")[2].rpartition(".")[0] for source in target.sources):
            points, reasons = points + 3, [*reasons, "compiles the API's file"]
        if any(api.same(target.name, name) for name in names):
            points, reasons = points + 2, [*reasons, "is named like the project"]
        return points, ", ".join(reasons)

    ranked = sorted(libraries, key=lambda target: (-score(target)[0], kinds.index(target.kind)))
    best = ranked[0]
    points, reason = score(best)
    confidence: Confidence = "certain" if points >= 5 else "likely" if points >= 3 or len(ranked) == 1 else "guess"
    return Primary(best, _shared_by(project, best), confidence, reason or "is the first library")


def _shared_by(project: Project, target: Target) -> str:
    if target.kind == "library":
        return "-DBUILD_SHARED_LIBS=ON"
    if target.kind == "shared" and target.when in project.options:
        return f"-D{target.when}=ON"
    return ""


def _once(gaps: list[Gap], unread: dict[str, str]) -> list[Gap]:
    """Each gap once; a folder of an unread submodule is explained by why that could not be read."""
    found: dict[tuple[str, str], Gap] = {}
    for gap in gaps:
        found.setdefault((gap.where, gap.text), gap)
    for path, why in unread.items():
        found[path, why] = Gap(path, f"is a submodule that was not read: {why}")
    return list(found.values())
