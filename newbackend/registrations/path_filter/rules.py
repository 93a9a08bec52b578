"""The path filter's answers, by running it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from newbackend.checklist import FILTER
from newbackend.checkout.layout import MATRIX
from newbackend.findings import Finding, Fix, Location, Severity
from newbackend.registrations.base import Change, ExpectedFact, Fact
from newbackend.registrations.matrix.place import DARWIN_LANG, lang_of_row
from newbackend.registrations.path_filter.place import FUNCTIONS
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.observed_spec import observed_spec
from newbackend.rules.registry import Result, check, repair, rule, skipped, unreadable
from newbackend.splice.javascript import filter_function

unreadable(
    "path-filter",
    "REG400",
    "path-filter-unreadable",
    what="The path filter is not JavaScript, or its functions cannot be run.",
    how="Repair the line that the message names; `make test-ci-scripts` runs the filter's own tests.",
    bad='if (item.dockerfile.endsWith("demo") {',
    good='if (item.dockerfile.endsWith("demo")) {',
)

ROUTE_MISSING = rule(
    "REG401",
    "route-missing",
    Severity.ERROR,
    what="The path filter gives a Linux row no directory, or another backend's.",
    why="Its images are built when the backend is added and never again: every later change to it starts no job, "
    "and pull requests look green that built nothing.",
    how="Add a branch to inferBackendPath, before any branch whose suffix the Dockerfile's name also ends with.",
    incident="ds4 was merged without one (e3f9de102) and repaired two days later (621c612b2); it is the most common "
    "omission of all, says the guide.",
    bad='if (item.dockerfile.endsWith("llama-cpp")) { … }   // and nothing for Dockerfile.demo',
    good='if (item.dockerfile.endsWith("demo")) {\n  return `backend/cpp/demo/`;\n}',
    fix=Fix.SAFE,
    checklist=FILTER,
)

DARWIN_ROUTE = rule(
    "REG402",
    "darwin-route-missing",
    Severity.ERROR,
    what="The path filter looks for a macOS row's sources where they are not.",
    why="A C++ backend is driven with lang go, so without a case of its own backend/go/NAME is watched, which does "
    "not exist: no change ever rebuilds the macOS image.",
    how="Add a case to inferBackendPathDarwin that returns backend/cpp/NAME/.",
    incident="The cases of ds4, privacy-filter and audio-cpp were each added after the row.",
    bad="return `backend/${item.lang}/${item.backend}/`;    // and no case for the C++ backend demo",
    good='if (item.backend === "demo") {\n  return `backend/cpp/demo/`;\n}',
    fix=Fix.SAFE,
    checklist=FILTER,
)


@check(ROUTE_MISSING, DARWIN_ROUTE, needs=("matrix", "path-filter"))
def routes(context: Context) -> Iterable[Result]:
    """One finding per backend and wrong answer, whatever its rows count."""
    for info in context.backends.values():
        for system, broken in (("linux", ROUTE_MISSING), ("darwin", DARWIN_ROUTE)):
            mine = [fact for fact in info.routes if fact.kind == system]
            if not mine or not info.directory:
                reason = f"it has no {'macOS' if system == 'darwin' else 'Linux'} rows" if info.directory else ""
                yield skipped(broken, info.name, reason or "it has no directory")
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
        return {row.key for row in info.rows if info.lang and lang_of_row(row.value) != info.lang}
    fits = info.language.darwin_lang or DARWIN_LANG
    return {row.key for row in info.darwin if (row.value.get("lang") or DARWIN_LANG) != fits}


def _wrong(context: Context, info: BackendInfo, system: str, answer: str | None, facts: list[Fact]) -> Finding:
    rows = info.rows if system == "linux" else info.darwin
    keys = {fact.key.partition(":")[2] for fact in facts}
    what = f"{len(facts)} {'macOS ' if system == 'darwin' else ''}row{'s' if len(facts) > 1 else ''} of {info.name}"
    if answer is None:
        problem = f"no directory starts {what}, so a change below {info.directory}/ rebuilds nothing"
    elif not context.checkout.is_dir(answer.rstrip("/")):
        problem = f"{what} wait for changes below {answer}, which does not exist; the sources are in {info.directory}/"
    else:
        problem = f"{what} start on changes below {answer} instead of {info.directory}/: a more general branch is first"
    wanted = _wanted(info, system)
    return Finding(
        ROUTE_MISSING if system == "linux" else DARWIN_ROUTE,
        f"{system}:{answer}",
        facts[0].path,
        line=facts[0].line,
        message=f"{FUNCTIONS[system]}: {problem}",
        backend=info.name,
        expected=context.places["path-filter"].snippet(wanted[:1]),
        related=tuple(Location(MATRIX, row.line) for row in rows if row.key in keys)[:3],
    )


def _wanted(info: BackendInfo, system: str) -> list[ExpectedFact]:
    """The routes that a backend's rows should have, as the path filter's place wants them."""
    rows = info.rows if system == "linux" else info.darwin
    satisfied = ROUTE_MISSING if system == "linux" else DARWIN_ROUTE
    reason = f"a change below {info.directory}/ starts {info.name}'s {'macOS ' if system == 'darwin' else ''}jobs"
    return [
        ExpectedFact(
            system,
            f"{system}:{row.key}",
            {"row": row.value, "route": f"{info.directory}/"},
            reason,
            (satisfied.id,),
            system,
        )
        for row in rows
    ]


@repair(ROUTE_MISSING, DARWIN_ROUTE)
def add_branch(context: Context, finding: Finding) -> Iterable[Change]:
    """Puts the backend's branch into the path filter."""
    info = context.backends[finding.backend]
    spec = observed_spec(info)
    wanted = _wanted(info, "linux" if finding.rule is ROUTE_MISSING else "darwin")
    return context.places["path-filter"].insert(context.checkout, spec, wanted) if spec and wanted else ()


DEAD_BRANCH = rule(
    "REG405",
    "route-unused",
    Severity.NOTE,
    what="A branch of the path filter returns the directory of a backend that is gone.",
    why="It is left over from a removal, and may still catch the Dockerfile of a later backend whose name ends the "
    "same.",
    how="Delete the branch.",
    bad='if (item.dockerfile.endsWith("gone")) { return `backend/cpp/gone/`; }',
    good="// nothing",
    checklist=FILTER,
)


@check(DEAD_BRANCH, needs=("path-filter",))
def dead_branches(context: Context) -> Iterable[Finding]:
    """Branches whose directory does not exist."""
    path = context.places["path-filter"].path(context.checkout)
    source = context.read(path) or ""
    for name in FUNCTIONS.values():
        function = filter_function(source, name)
        for branch in function.branches if function else ():
            parts = branch.result.strip("/").split("/")
            if len(parts) == 3 and "$" not in branch.result and not context.checkout.is_dir("/".join(parts)):
                message = f"{name} has a branch for {branch.word!r} that returns {branch.result}, which does not exist"
                backend = context.known(parts[2])
                yield Finding(
                    DEAD_BRANCH, f"{name} {branch.word}", path, line=branch.line, message=message, backend=backend
                )
