"""One header of an upstream, with those that it includes."""

from __future__ import annotations

import posixpath

from newbackend.errors import NotFoundError
from newbackend.records import dataclass
from newbackend.upstream import api
from newbackend.upstream.c_api import Api
from newbackend.upstream.cmake import read_cmake
from newbackend.upstream.cmake_declarations import Project
from newbackend.upstream.header import read_header
from newbackend.upstream.makefile import Makefile, read_makefile
from newbackend.upstream.sources import Sources

_BUILT = ("object", "static", "shared")


@dataclass(frozen=True)
class HeaderText:
    """A C API, the text that it was read from, and the headers of the same upstream that it includes."""

    api: Api
    text: str
    included: tuple[Api, ...]


def chosen_header(sources: Sources, wanted: str = "", *, moved: bool = False) -> HeaderText:
    """The header at a path, else the best of the C API. Raises NotFoundError when there is none.

    With `moved` a header of the same name in another folder will do.
    """
    path = wanted or _best(sources)
    if moved and path and not sources.exists(path):
        path = _of_same_name(sources, path)
    text = sources.text(path) if path else None
    if text is None:
        what = f"has no file {wanted}" if wanted else "has no header with a C API"
        raise NotFoundError("header-missing", f"{sources.commit.repo} {what} at {sources.commit.sha[:12]}")
    facts = read_header(text, path)
    if facts.cplusplus:
        raise NotFoundError("header-cplusplus", f"{path} is for C++ alone: without a C API there is nothing to bind")
    return HeaderText(facts, text, tuple(included_in(sources, facts)))


def _of_same_name(sources: Sources, path: str) -> str:
    name = posixpath.basename(path)
    own = [other for other in sources.commit.objects if posixpath.basename(other) == name]
    own = [other for other in own if not sources.vendored(other) and not sources.aside(other)]
    return min(own, key=lambda other: (other.count("/"), other), default=path)


def _best(sources: Sources) -> str:
    project = read_cmake(sources)
    found = api.headers(sources, known(sources, project, read_makefile(sources))).public
    return found[0].api.path if found else ""


def known(sources: Sources, project: Project | None, makefile: Makefile | None) -> api.Known:
    """What the build files say about headers."""
    names = [sources.commit.repo.rpartition("/")[2], *([project.name] if project and project.name else [])]
    libraries = (target for target in project.targets if not target.vendored and not target.aside) if project else ()
    built = (target for target in makefile.targets if target.kind in _BUILT) if makefile else ()
    files = [file for target in (*libraries, *built) if target.kind != "executable" for file in target.sources]
    return api.Known(project.headers if project else {}, names, frozenset(files))


def included_in(sources: Sources, facts: Api) -> list[Api]:
    """The included headers that are in the upstream, by the ends of their paths, each once."""
    found: dict[str, Api] = {}
    waiting = list(facts.includes)
    while waiting and len(found) < 20:
        name = waiting.pop(0).strip('<>"')
        path = next((path for path in _candidates(sources, facts.path, name) if sources.exists(path)), None)
        if path is None or path in found or path == facts.path:
            continue
        found[path] = read_header(sources.text(path) or "", path)
        waiting += found[path].includes
    return list(found.values())


def _candidates(sources: Sources, beside: str, name: str) -> list[str]:
    near = posixpath.normpath(posixpath.join(posixpath.dirname(beside), name))
    ends = sorted((path for path in sources.paths if path.endswith(f"/{name}")), key=lambda path: path.count("/"))
    return [near, name, *ends[:1]]


def header_of(sources: Sources, _unread: dict[str, str], *, wanted: str) -> HeaderText:
    """`chosen_header` as work for `read_remote` and `read_local`."""
    return chosen_header(sources, wanted)
