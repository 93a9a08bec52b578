"""One commit of an upstream for a comparison: how it is built, and its C API."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from newbackend.errors import NotFoundError
from newbackend.records import dataclass
from newbackend.upstream.build_diff import compare_builds
from newbackend.upstream.compiled_use import for_compiled
from newbackend.upstream.cplusplus_use import Included, Names, compare_included, included
from newbackend.upstream.diff import Change, Severity, compare, worst_first
from newbackend.upstream.header_choice import HeaderText, chosen_header
from newbackend.upstream.inspect import Inspection, inspection
from newbackend.upstream.sources import Sources


@dataclass(frozen=True)
class Survey:
    """`header` is None when the commit has no C API; `included` are the headers that a backend's own code includes."""

    found: Inspection
    header: HeaderText | None
    included: Included


@dataclass(frozen=True)
class Code:
    """What is known of a backend: the functions that it calls, the words of its build files, and its C or C++ code.

    `compiled`: that code is all that calls the engine, so that nothing is called by what somebody wrote down.
    """

    called: Collection[str]
    build: Collection[str]
    names: Names
    compiled: bool


def survey(sources: Sources, unread: Mapping[str, str], *, header: str, includes: Collection[str] = ()) -> Survey:
    """What a commit says; `header` is a path, else the best is taken. A header that moved is found by its name."""
    found = inspection(sources, dict(unread))
    used = included(sources, includes)
    try:
        return Survey(found, chosen_header(sources, header, moved=True), used)
    except NotFoundError:
        return Survey(found, None, used)


def changes(old: Survey, new: Survey, code: Code | None) -> list[Change]:
    """Everything that differs, the worst first; without a backend's code everything counts."""
    called = code.called if code else None
    found = compare_builds(old.found, new.found, code.build if code else None)
    if old.header and new.header:
        was, now = old.header, new.header
        about = compare(was.api, now.api, included=(was.included, now.included), used=called)
        if code and code.compiled:
            about = [for_compiled(change, was.api, now.api, code.names.words) for change in about]
        found += about
        if was.api.path != now.api.path:
            found.append(Change("header", was.api.path, f"is {now.api.path} now", now.api.path, "breaks"))
    elif old.header:
        path = old.header.api.path
        severity: Severity = "harmless" if called is not None and not called else "breaks"
        found.append(Change("header", path, "is gone, or is for C++ alone", path, severity))
    if code:
        known = {(change.kind, change.name) for change in found}
        header = old.header.api.path if old.header else ""
        more = compare_included(old.included, new.included, code.names, header)
        found += [change for change in more if (change.kind, change.name) not in known]
    return worst_first(found)
