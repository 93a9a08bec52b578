"""Scripts that several builds share, and what a change to one rebuilds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from newbackend.checklist import FILTER
from newbackend.checkout.filter_engine import FilterUnavailable, path_filter
from newbackend.checkout.tree import Checkout, cached_by_file
from newbackend.findings import Finding, Severity
from newbackend.registrations.base import Fact
from newbackend.registrations.matrix.rows import text_of
from newbackend.rulebook import Scope
from newbackend.rules.context import Context
from newbackend.rules.registry import Undecidable, check, rule

_FILE = re.compile(r"(?<![\w.-])((?:\.docker|scripts/build)/[\w.-]+\.sh)")
_COMMENT = re.compile(r"(?m)^[ \t]*#.*$")
_STAGE = re.compile(r"(?m)^FROM\s+")
_PREBUILT = "BUILDER_BASE_IMAGE"
_BUILDS = re.compile(r"(?m)^[ \t]*(?:make|cmake|cargo|go build|cp|source)\b")

STALE = rule(
    "REG410",
    "shared-input-ignored",
    Severity.WARNING,
    what="A change to a script that builds or packs images does not rebuild all images that use it.",
    why="The change is merged with no image built by it, and is in no image until something else rebuilds the backend. "
    "What it broke shows weeks later, on a commit that has nothing to do with it.",
    how="List the script among the shared build inputs of the path filter, for the backends that use it.",
    bad="// scripts/lib/backend-filter.mjs: SHARED_BUILD_INPUTS without .docker/demo-compile.sh",
    good='{ match: file => file === ".docker/demo-compile.sh", linux: item => item.backend === "demo" }',
    checklist=FILTER,
    added_in="0.2.0",
)


@check(STALE, needs=("matrix", "path-filter"), scope=Scope.REPO)
def shared_inputs(context: Context) -> Iterable[Finding]:
    """Every script that a Dockerfile or a package.sh names, run through the checkout's own filter."""
    users = _users(context)
    try:
        rebuilt = _rebuilt(context, users)
    except FilterUnavailable as error:
        raise Undecidable(str(error), context.places["path-filter"].path(context.checkout), 1) from error
    where = context.places["path-filter"].path(context.checkout)
    for path, rows in sorted(users.items()):
        left = sorted(set(rows) - rebuilt.get(path, set(rows)))
        if left:
            names = ", ".join(left[:4]) + (f" and {len(left) - 4} more" if len(left) > 4 else "")
            some = f"{len(left)} of {len(rows)} backends that use it" if len(rows) > 1 else "the backend that uses it"
            backend = left[0] if len(left) == 1 else ""
            message = f"a change to {path} does not rebuild {some}: {names}"
            yield Finding(STALE, path, where, line=_line_of(context, where, path), message=message, backend=backend)


def _line_of(context: Context, where: str, path: str) -> int:
    """The line of the filter that names a script; 1 when none does."""
    source = context.read(where) or ""
    at = source.find(f'"{path}"')
    return source.count("\n", 0, at) + 1 if at >= 0 else 1


def _users(context: Context) -> Mapping[str, dict[str, Fact]]:
    """Scripts that build or pack -> the backends whose Dockerfile or package.sh uses them, each with a row."""
    users: dict[str, dict[str, Fact]] = {}
    for info in context.backends.values():
        routed = {fact.key for fact in info.routes if fact.value}
        if not info.directory or not info.rows or any(f"linux:{row.key}" not in routed for row in info.rows):
            continue  # a row that no change starts is REG401's
        for name in _scripts_in(context.checkout, f"{info.directory}/package.sh"):
            users.setdefault(name, {})[info.name] = info.rows[0]
        kinds = {(text_of(row, "dockerfile"), bool(row.value.get("builder-base-image"))): row for row in info.rows}
        for (path, _), row in kinds.items():
            prebuilt = bool(row.value.get("builder-base-image"))
            for name in _scripts_of_image(context.checkout, path.removeprefix("./"), prebuilt):
                users.setdefault(name, {})[info.name] = row
    return {path: rows for path, rows in users.items() if _BUILDS.search(context.read(path) or "")}


@cached_by_file
def _scripts_in(checkout: Checkout, path: str) -> frozenset[str]:
    """The shared scripts that a file names outside of comments."""
    text = checkout.read(path) or ""
    shares = ".docker/" in text or "scripts/build/" in text
    return frozenset(_FILE.findall(_COMMENT.sub("", text))) if shares else frozenset()


@cached_by_file
def _scripts_of_image(checkout: Checkout, path: str, prebuilt: bool) -> frozenset[str]:
    """The shared scripts of a Dockerfile that an image is built with: where it has stages for a prebuilt base and
    for none, only those of the stages that such a row takes."""
    named = _scripts_in(checkout, path)
    if not named:
        return named
    stages = [(_PREBUILT in stage.partition("\n")[0], stage) for stage in _STAGE.split(checkout.read(path) or "")[1:]]
    if not any(takes for takes, _ in stages):
        return named
    own = "\n".join(stage for takes, stage in stages if takes == prebuilt)
    return named & frozenset(_FILE.findall(_COMMENT.sub("", own)))


def _rebuilt(context: Context, users: Mapping[str, dict[str, Fact]]) -> Mapping[str, set[str]]:
    """Script -> the backends of its users that the filter rebuilds; empty for a filter without shared inputs."""
    engine = path_filter(context.checkout)
    if not engine.has_filter:
        return {}
    questions = [[path, [dict(row.value) for row in rows.values()]] for path, rows in users.items()]
    return engine.call(
        f"({json.dumps(questions)}).map(([file, rows]) =>"
        " filterMatrix({includes: rows, includesDarwin: [], changedFiles: [file]}).filtered.map(row => row.backend))",
        lambda answers: {path: {str(name) for name in names} for path, names in zip(users, answers, strict=True)},
    )
