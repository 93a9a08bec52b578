"""One commit of an upstream for a comparison: how it is built, and its C API."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from newbackend.errors import NotFoundError
from newbackend.upstream.build_diff import compare_builds
from newbackend.upstream.diff import Change, Severity, compare, worst_first
from newbackend.upstream.header_choice import HeaderText, chosen_header
from newbackend.upstream.inspect import Inspection, inspection
from newbackend.upstream.sources import Sources


@dataclass(frozen=True)
class Survey:
    """`header` is None when the commit has no C API."""

    found: Inspection
    header: HeaderText | None


def survey(sources: Sources, unread: Mapping[str, str], *, header: str) -> Survey:
    """What a commit says; `header` is a path, else the best is taken. A header that moved is found by its name."""
    found = inspection(sources, dict(unread))
    try:
        return Survey(found, chosen_header(sources, header, moved=True))
    except NotFoundError:
        return Survey(found, None)


def changes(old: Survey, new: Survey, *, called: Collection[str] | None, words: Collection[str] | None) -> list[Change]:
    """Everything that differs, the worst first.

    `called` are the functions that a backend calls, `words` those of its build files; None where no backend is known.
    """
    found = compare_builds(old.found, new.found, words)
    if old.header and new.header:
        was, now = old.header, new.header
        found += compare(was.api, now.api, included=(was.included, now.included), used=called)
        if was.api.path != now.api.path:
            found.append(Change("header", was.api.path, f"is {now.api.path} now", now.api.path, "breaks"))
    elif old.header:
        path = old.header.api.path
        severity: Severity = "harmless" if called is not None and not called else "breaks"
        found.append(Change("header", path, "is gone, or is for C++ alone", path, severity))
    return worst_first(found)
