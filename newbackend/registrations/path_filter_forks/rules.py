"""Backends that are built from another backend's sources."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from newbackend.checklist import FILTER
from newbackend.checkout.filter_engine import FilterUnavailable, PathFilter, path_filter
from newbackend.findings import Confidence, Finding, Location, Severity
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.registry import Undecidable, check, rule

_SIBLING = re.compile(r"(?:\.\./|/backend/cpp/)([a-z0-9][a-z0-9-]*[a-z0-9])(?=[\s/\"')]|$)", re.M)


FORK_SOURCES = rule(
    "REG403",
    "fork-not-rebuilt",
    Severity.ERROR,
    confidence=Confidence.LIKELY,
    what="A backend builds from another backend's sources, and a change there does not start its jobs.",
    why="A fix in the shared sources reaches the one image and not the other, and a change that breaks the fork is "
    "noticed by the next person who touches it.",
    how="Name the backend in backendChanged beside the other forks.",
    incident="turboquant's comment promised it and only its output flag was set; bonsai came later.",
    bad='return backend === "turboquant" && changedFiles.some(file => file.startsWith("backend/cpp/llama-cpp/"));',
    good='return (backend === "turboquant" || backend === "demo") && …',
    checklist=FILTER,
)


@check(FORK_SOURCES, needs=("matrix", "path-filter"))
def forks(context: Context) -> Iterable[Finding]:
    """What a backend's Makefile takes from a sibling directory must start its rows too."""
    where = context.places["path-filter"].path(context.checkout)
    try:
        engine = path_filter(context.checkout)
        for info in context.backends.values():
            if info.language.own_dockerfile and info.rows:
                yield from _not_started(context, engine, info, where)
    except FilterUnavailable as error:
        raise Undecidable(str(error), where) from error


def _not_started(context: Context, engine: PathFilter, info: BackendInfo, where: str) -> Iterator[Finding]:
    named = {fact.key for fact in context.facts("path-filter-forks")}
    path = f"{info.directory}/Makefile"
    for name, line in _siblings(context, info, context.read(path) or ""):
        folder = context.directories[name]
        if _starts(engine, info, f"{folder}/Makefile"):
            continue
        # All that the older script has for forks is an output flag.
        flagged = not engine.has_filter and f"fork:{info.name}:{folder}/" in named
        yield Finding(
            FORK_SOURCES,
            name,
            where,
            line=next((fact.line for fact in info.routes), 1),
            message=f"{info.name} builds from {folder}, but a change there starts none of its {len(info.rows)} rows",
            backend=info.name,
            severity=Severity.NOTE if flagged else None,
            related=(Location(path, line),),
        )


def _siblings(context: Context, info: BackendInfo, makefile: str) -> Iterator[tuple[str, int]]:
    seen: set[str] = set()
    for number, row in enumerate(makefile.split("\n"), start=1):
        for match in _SIBLING.finditer(row.split("#", 1)[0]):
            name = match[1]
            if name != info.name and name in context.directories and name not in seen:
                seen.add(name)
                if context.directories[name].startswith("backend/cpp/"):
                    yield name, number


def _starts(engine: PathFilter, info: BackendInfo, changed: str) -> bool:
    """Whether a changed file starts a backend's rows, by the checkout's filterMatrix where it has one, else
    by the directories that inferBackendPath gives (all that the older script looked at)."""
    if engine.has_filter:
        rows = json.dumps([fact.value for fact in info.rows])
        arguments = f"{{includes: {rows}, includesDarwin: [], changedFiles: [{json.dumps(changed)}]}}"
        return engine.call(f"filterMatrix({arguments}).filtered.length > 0", bool)
    return any(changed.startswith(fact.value) for fact in info.routes if fact.kind == "linux" and fact.value)
