"""Checks of the CI path filter, by running it (contract 11.2)."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from newbackend.checkout.filter_engine import FilterUnavailable, path_filter
from newbackend.checkout.layout import MATRIX
from newbackend.findings import CheckResult, Finding, Location, Severity, Status
from newbackend.registrations.base import Fact
from newbackend.registrations.matrix.place import lang_of_dockerfile
from newbackend.registrations.path_filter.place import FUNCTIONS
from newbackend.rules.base import Check, Result, Scope
from newbackend.rules.context import BackendInfo, Context
from newbackend.rules.fixes import fix_route, route_wanted
from newbackend.rules.texts import path_filter as text
from newbackend.splice.javascript import filter_function

DARWIN_WORKFLOW = ".github/workflows/backend_build_darwin.yml"
_SIBLING = re.compile(r"(?:\.\./|/backend/cpp/)([a-z0-9][a-z0-9-]*[a-z0-9])(?=[\s/\"')]|$)", re.M)
_BESPOKE = re.compile(r"DARWIN_BESPOKE_BUILDERS\s*=\s*new Set\(\[(.*?)\]\)", re.S)
_CONDITION = re.compile(r"inputs\.backend == '([^']+)'")


def routes(context: Context) -> Iterable[Result]:
    """REG401 and REG402: one finding per backend and wrong answer, whatever its rows count."""
    for info in context.backends.values():
        for system, rule in (("linux", text.ROUTE_MISSING), ("darwin", text.DARWIN_ROUTE)):
            mine = [fact for fact in info.routes if fact.kind == system]
            if not mine or not info.directory:
                reason = f"it has no {'macOS' if system == 'darwin' else 'Linux'} rows" if info.directory else ""
                yield CheckResult(rule, Status.SKIPPED, info.name, reason or "it has no directory")
                continue
            wrong: dict[str | None, list[Fact]] = defaultdict(list)
            misfits = _misfits(info, system)
            for fact in mine:
                if fact.value != f"{info.directory}/" and fact.key.partition(":")[2] not in misfits:
                    wrong[fact.value].append(fact)
            for answer, facts in wrong.items():
                yield _wrong(context, info, system, answer, facts)


def _misfits(info: BackendInfo, system: str) -> set[str]:
    """Keys of rows that the filter cannot route because they are wrong themselves: of another language's
    Dockerfile (REG105, REG111) or with a lang that nothing builds (REG116)."""
    if system == "linux":
        return {
            row.key
            for row in info.rows
            if info.lang and lang_of_dockerfile(str(row.value.get("dockerfile") or "")) != info.lang
        }
    fits = ("go",) if info.lang in ("go", "cpp") else ("", "python")
    return {row.key for row in info.darwin if str(row.value.get("lang") or "") not in fits}


def _wrong(context: Context, info: BackendInfo, system: str, answer: str | None, facts: list[Fact]) -> Finding:
    rule = text.ROUTE_MISSING if system == "linux" else text.DARWIN_ROUTE
    rows = info.rows if system == "linux" else info.darwin
    keys = {fact.key.partition(":")[2] for fact in facts}
    what = f"{len(facts)} {'macOS ' if system == 'darwin' else ''}row{'s' if len(facts) > 1 else ''} of {info.name}"
    if answer is None:
        problem = f"no directory starts {what}, so a change below {info.directory}/ rebuilds nothing"
    elif not context.checkout.is_dir(answer.rstrip("/")):
        problem = f"{what} wait for changes below {answer}, which does not exist; the sources are in {info.directory}/"
    else:
        problem = f"{what} start on changes below {answer} instead of {info.directory}/: a more general branch is first"
    wanted = route_wanted(info, system)
    return Finding(
        rule,
        f"{system}:{answer}",
        facts[0].path,
        facts[0].line,
        f"{FUNCTIONS[system]}: {problem}",
        info.name,
        expected=context.places["path-filter"].snippet(wanted[:1]),
        related=tuple(Location(MATRIX, row.line) for row in rows if row.key in keys)[:3],
    )


def forks(context: Context) -> Iterable[Finding]:
    """REG403: what a backend's Makefile takes from a sibling directory must start its rows too."""
    engine = path_filter(context.checkout)
    named = {fact.key for fact in context.facts("path-filter-forks")}
    for info in context.backends.values():
        if info.lang != "cpp" or not info.rows:
            continue
        path = f"{info.directory}/Makefile"
        makefile = context.read(path)
        for name, line in _siblings(context, info, makefile or ""):
            changed = f"{context.directories[name]}/Makefile"
            if _starts(engine, info, changed):
                continue
            message = (
                f"{info.name} builds from {context.directories[name]}, but a change there starts none of its "
                f"{len(info.rows)} rows"
            )
            # All that the older script has for forks is an output flag.
            flagged = not engine.has_filter and f"fork:{info.name}:{context.directories[name]}/" in named
            where = context.places["path-filter"].path(context.checkout)
            at = next((fact.line for fact in info.routes), 1)
            related = (Location(path, line),)
            severity = Severity.NOTE if flagged else None
            yield Finding(text.FORK_SOURCES, name, where, at, message, info.name, severity=severity, related=related)


def _siblings(context: Context, info: BackendInfo, makefile: str) -> Iterator[tuple[str, int]]:
    seen: set[str] = set()
    for number, row in enumerate(makefile.split("\n"), start=1):
        for match in _SIBLING.finditer(row.split("#", 1)[0]):
            name = match[1]
            if name != info.name and name in context.directories and name not in seen:
                seen.add(name)
                if context.directories[name].startswith("backend/cpp/"):
                    yield name, number


def _starts(engine: object, info: BackendInfo, changed: str) -> bool:
    """Whether a changed file starts a backend's rows, by the checkout's filterMatrix where it has one, else
    by the directories that inferBackendPath gives (all that the older script looked at)."""
    from newbackend.checkout.filter_engine import PathFilter

    assert isinstance(engine, PathFilter)
    if engine.has_filter:
        rows = json.dumps([fact.value for fact in info.rows])
        arguments = f"{{includes: {rows}, includesDarwin: [], changedFiles: [{json.dumps(changed)}]}}"
        return bool(engine.call(f"filterMatrix({arguments}).filtered.length > 0"))
    return any(changed.startswith(fact.value) for fact in info.routes if fact.kind == "linux" and fact.value)


def bespoke(context: Context) -> Iterable[Result]:
    """REG404."""
    path = context.places["path-filter"].path(context.checkout)
    match = _BESPOKE.search(context.read(path) or "")
    workflow = context.read(DARWIN_WORKFLOW)
    if not match or workflow is None:
        what = "the path filter has no DARWIN_BESPOKE_BUILDERS" if not match else f"there is no {DARWIN_WORKFLOW}"
        yield CheckResult(text.BESPOKE, Status.SKIPPED, reason=what)
        return
    line = (context.read(path) or "")[: match.start()].count("\n") + 1
    ours, theirs = set(re.findall(r"[\"']([^\"']+)[\"']", match[1])), set(_CONDITION.findall(workflow))
    for name in sorted(ours ^ theirs):
        info = context.backends.get(name)
        if info and info.darwin and name in ours:
            continue  # the step itself is missing: REG121
        has, lacks = (path, DARWIN_WORKFLOW) if name in ours else (DARWIN_WORKFLOW, path)
        message = f"{name} is built by a step of its own in {has}, but not in {lacks}"
        backend, related = name if info else "", (Location(DARWIN_WORKFLOW, 1),)
        yield Finding(text.BESPOKE, name, path, line, message, backend, related=related)


def dead_branches(context: Context) -> Iterable[Finding]:
    """REG405."""
    path = context.places["path-filter"].path(context.checkout)
    source = context.read(path) or ""
    for name in FUNCTIONS.values():
        function = filter_function(source, name)
        for branch in function.branches if function else ():
            parts = branch.result.strip("/").split("/")
            if len(parts) == 3 and "$" not in branch.result and not context.checkout.is_dir("/".join(parts)):
                message = f"{name} has a branch for {branch.word!r} that returns {branch.result}, which does not exist"
                backend = parts[2] if parts[2] in context.backends else ""
                yield Finding(text.DEAD_BRANCH, f"{name} {branch.word}", path, branch.line, message, backend)


def guarded(context: Context) -> Iterable[Finding]:
    """`forks`, with an engine that cannot answer turned into an unknown."""
    from newbackend.rules.base import Undecidable

    try:
        yield from forks(context)
    except FilterUnavailable as error:
        raise Undecidable(str(error), context.places["path-filter"].path(context.checkout)) from error


_NEEDS = ("matrix", "path-filter")
CHECKS = (
    Check(
        (text.ROUTE_MISSING, text.DARWIN_ROUTE),
        routes,
        needs=_NEEDS,
        fixers={text.ROUTE_MISSING.id: fix_route("linux"), text.DARWIN_ROUTE.id: fix_route("darwin")},
    ),
    Check((text.FORK_SOURCES,), guarded, needs=_NEEDS),
    Check((text.BESPOKE,), bespoke, needs=("path-filter",), scope=Scope.REPO),
    Check((text.DEAD_BRANCH,), dead_branches, needs=("path-filter",)),
)
