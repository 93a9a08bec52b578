"""`newbackend engine inspect`: everything that one commit of an upstream says, put together."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import field, replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from newbackend.errors import NewbackendError
from newbackend.records import dataclass
from newbackend.upstream import about, api, build_systems
from newbackend.upstream.bound_functions import Refused, choose
from newbackend.upstream.c_types import Types
from newbackend.upstream.cmake import read_cmake
from newbackend.upstream.cmake_declarations import Project
from newbackend.upstream.commit import Commit, Submodule, fetched, opened
from newbackend.upstream.confined import confined
from newbackend.upstream.facts import Gap, Option, Switch
from newbackend.upstream.header_choice import chosen_header, included_in
from newbackend.upstream.header_choice import known as known_of_headers
from newbackend.upstream.library import Primary, chosen_library, linked_library
from newbackend.upstream.loading import Loader, loaders
from newbackend.upstream.makefile import Makefile, read_makefile
from newbackend.upstream.manifest_values import main_crate
from newbackend.upstream.manifests import Manifests, read_manifests
from newbackend.upstream.modality_words import Candidate, candidates
from newbackend.upstream.prose import sentence
from newbackend.upstream.purego import STRUCTS_SINCE
from newbackend.upstream.sources import Sources
from newbackend.upstream.switches import native_option, side_options, switches

Result = TypeVar("Result")
_GGML = ("ggml", "llama.cpp")


@dataclass
class Inspection:
    """What was found out. A part that the upstream does not have is None or empty."""

    repo: str
    sha: str
    systems: list[str]
    cmake: Project | None
    cmake_folder: str
    """Where its `CMakeLists.txt` is, empty for the top."""
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
    """The C API, the best header first."""
    other_headers: list[api.Header]
    """Headers with C linkage that are probably not for users."""
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
    loaders: list[Loader] = field(default_factory=list)
    """Functions of the C API that load a model."""
    calls: dict[str, list[Candidate]] = field(default_factory=dict)
    """By modality: functions of the C API that may be the ones to call."""

    def is_shared(self, target: str) -> bool:
        """Whether CMake builds a target as a shared library."""
        targets = self.cmake.targets if self.cmake else ()
        return any(one.name == target and one.kind == "shared" for one in targets)

    def spoken(self) -> dict[str, list[Candidate]]:
        """`calls` without modalities that nothing but words of several modalities speaks for."""
        return {key: rows for key, rows in self.calls.items() if any(one.confidence == "likely" for one in rows)}


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


def inspection(sources: Sources, unread: dict[str, str], *, header: str = "") -> Inspection:
    """Everything that the files say, put together. `header` is the C API's; without it the best is taken.

    Raises NotFoundError when there is no such header, or it is for C++ alone.
    """
    cmake = read_cmake(sources)
    makefile = read_makefile(sources)
    manifests = read_manifests(sources)
    found, missing = switches(cmake, unread) if cmake else ([], [])
    known = known_of_headers(sources, cmake, makefile)
    headers = api.headers(sources, known)
    if header:
        given = chosen_header(sources, header, moved=True).api
        rest = [other for other in headers.public if other.api.path != given.path]
        headers = replace(headers, public=[api.judged(given.path, known, given), *rest], chosen=True)
    public, names = headers.public, known.names
    primary = chosen_library(cmake, public, names, ("shared", "library", "static")) if cmake else None
    linked = linked_library(cmake, public, names) if cmake else None
    systems = build_systems.systems(cmake, makefile, manifests)
    gaps = [*(cmake.gaps if cmake else []), *(makefile.gaps if makefile else []), *manifests.gaps, *missing]
    gaps += [gap for header in public[:2] for gap in header.api.gaps]
    gaps += [Gap(path, "is too big to be read") for path in sources.too_big]
    if cmake and primary is None:
        first = posixpath.join(sources.cmake_folder, "CMakeLists.txt")
        gaps.append(Gap(first, "no library of the project's own was found"))
    gaps += [*build_systems.unread(sources, systems), *_about_headers(headers, systems)]
    types = Types(public[0].api, tuple(included_in(sources, public[0].api))) if public else None
    return Inspection(
        repo=sources.commit.repo,
        sha=sources.commit.sha,
        systems=systems,
        cmake=cmake,
        cmake_folder=sources.cmake_folder if cmake else "",
        makefile=makefile,
        manifests=manifests,
        primary=primary,
        linked=linked,
        switches=found,
        native=native_option(cmake, unread) if cmake else None,
        side=side_options(cmake) if cmake else [],
        headers=public,
        other_headers=headers.others,
        cplusplus_headers=headers.cplusplus,
        submodules=list(sources.commit.submodules()),
        unread_submodules=unread,
        licence=about.licence(sources) or _declared_licence(manifests),
        description=about.description(sources, _declared(sources.commit.repo, systems, cmake, manifests), names),
        formats=about.model_formats(sources),
        languages=about.languages(sources, systems[0] if systems else ""),
        gaps=_once(gaps, unread),
        not_bound=choose(types.api, types, STRUCTS_SINCE, by_pointer=False).refused if types else [],
        loaders=loaders(types) if types else [],
        calls=candidates(types) if types else {},
    )


def _declared(repo: str, systems: list[str], cmake: Project | None, manifests: Manifests) -> list[about.Found]:
    """What the manifest of the first build system says that the project is."""
    python = manifests.distribution
    crate = main_crate(repo, manifests.crates)
    texts = {
        "cmake": (cmake.description, cmake.description_where) if cmake else ("", ""),
        "python": (python.description, python.path) if python else ("", ""),
        "cargo": (crate.description, crate.path) if crate else ("", ""),
    }
    text, where = texts.get(systems[0] if systems else "", ("", ""))
    return [about.Found(sentence(" ".join(text.split())), where, "certain")] if text else []


def _about_headers(headers: api.Headers, systems: list[str]) -> Iterator[Gap]:
    """What is not sure about the choice of a header."""
    if headers.public and not headers.chosen:
        best, *rest = headers.public
        equal = [header.api.path for header in rest if header.points == best.points]
        if equal:
            text = f"is the first of {len(equal) + 1} headers that may be the C API ({', '.join(equal[:3])})"
            yield Gap(best.api.path, f"{text}; --set engine.header=PATH takes another")
    elif headers.public:
        return
    elif headers.others and {"cmake", "make"}.intersection(systems[:1]):
        nearest = headers.others[0].api.path
        yield Gap("", f"no header is surely the C API; {nearest} has C linkage, and --set engine.header=PATH takes one")
    elif {"cmake", "make"}.intersection(systems[:1]):
        yield Gap("", "no header with a C API was found, so a shim is needed to call it from Go")


def _declared_licence(manifests: Manifests) -> about.Found | None:
    declared = [(crate.licence, crate.path) for crate in manifests.crates]
    if manifests.distribution:
        declared.append((manifests.distribution.licence, manifests.distribution.path))
    return next((about.Found(text, path, "certain") for text, path in declared if text and len(text) < 60), None)


def _once(gaps: list[Gap], unread: dict[str, str]) -> list[Gap]:
    """Each gap once; a folder of an unread submodule is explained by why that could not be read."""
    found: dict[tuple[str, str], Gap] = {}
    for gap in gaps:
        found.setdefault((gap.where, gap.text), gap)
    for path, why in unread.items():
        found[path, why] = Gap(path, f"is a submodule that was not read: {why}")
    return list(found.values())
