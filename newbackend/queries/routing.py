"""Which CI jobs a change to some files starts, by the checkout's own path filter, and why a file starts none."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from newbackend.checkout.filter_engine import FilterUnavailable, path_filter
from newbackend.checkout.layout import INDEX, MATRIX, PROTO
from newbackend.checkout.tree import Checkout
from newbackend.errors import NotFoundError
from newbackend.records import dataclass
from newbackend.registrations.base import Fact
from newbackend.rules.context import Context

_ALWAYS = {
    MATRIX: "every row, unless CI can compare it with the base revision: then only the rows that differ",
    PROTO: "every row, unless the change only adds to it: then none",
}


@dataclass(frozen=True)
class Route:
    """One file: the rows that a change to it starts and a remark, or the reason why it starts none."""

    path: str
    jobs: tuple[Fact, ...]
    remark: str = ""
    why: str = ""


@dataclass(frozen=True)
class Routes:
    """All files, and the backends that none of them starts."""

    files: tuple[Route, ...]
    started: tuple[str, ...]
    not_rebuilt: tuple[str, ...]


def routes(checkout: Checkout, files: Sequence[str]) -> Routes:
    """The jobs of a change to `files` (paths relative to the checkout).

    Raises NotFoundError when the checkout's filter cannot be run.
    """
    context = Context(checkout)
    for place in ("matrix", "path-filter"):
        probe = context.probe(place)
        if not probe.usable:
            reason = probe.absent or f"{context.places[place].path(checkout)} {probe.unrecognised}"
            raise NotFoundError("route-unknown", f"the jobs cannot be told: {reason}")
    try:
        jobs = _jobs(context, files)
    except FilterUnavailable as error:
        raise NotFoundError("route-unknown", f"the jobs cannot be told: {error}") from error
    answers = tuple(_route(context, path, jobs[path]) for path in files)
    started = sorted({fact.backend for route in answers for fact in route.jobs})
    built = sorted({fact.backend for fact in context.facts("matrix")} - set(started))
    return Routes(answers, tuple(started), tuple(built))


def _jobs(context: Context, files: Sequence[str]) -> Mapping[str, tuple[Fact, ...]]:
    engine = path_filter(context.checkout)
    rows = [fact for fact in context.facts("matrix") if fact.kind == "row"]
    darwin = [fact for fact in context.facts("matrix") if fact.kind == "darwin"]
    if not engine.has_filter:
        # Before 2026-07-20 CI compared only each row's own directory.
        answers = [*engine.linux([f.value for f in rows]), *engine.darwin([f.value for f in darwin])]
        return {
            path: tuple(f for f, route in zip(rows + darwin, answers, strict=True) if route and path.startswith(route))
            for path in files
        }
    linux_rows, darwin_rows = ([{**f.value, "#": n} for n, f in enumerate(facts)] for facts in (rows, darwin))

    def read(numbers: Any) -> Mapping[str, tuple[Fact, ...]]:
        return {
            path: (*(rows[n] for n in linux), *(darwin[n] for n in macos))
            for path, (linux, macos) in zip(files, numbers, strict=True)
        }

    return engine.call(
        f"((linux, darwin) => {json.dumps(list(files))}.map(file => {{"
        " const got = filterMatrix({includes: linux, includesDarwin: darwin, changedFiles: [file]});"
        " return [got.filtered.map(row => row['#']), got.filteredDarwin.map(row => row['#'])]; }))"
        f"({json.dumps(linux_rows)}, {json.dumps(darwin_rows)})",
        read,
    )


def _route(context: Context, path: str, jobs: tuple[Fact, ...]) -> Route:
    if jobs:
        return Route(path, jobs, remark=_ALWAYS.get(path, "") or _left_out(context, path, jobs))
    return Route(path, (), why=_why(context, path))


def _left_out(context: Context, path: str, jobs: tuple[Fact, ...]) -> str:
    """The rows of a file's backend that it does not start, in one sentence; "" for none."""
    info = next((info for info in context.backends.values() if path.startswith(f"{info.directory or path}/")), None)
    started = {(fact.kind, fact.key) for fact in jobs}
    left = [fact for fact in info.images if (fact.kind, fact.key) not in started] if info else []
    if not info or not left:
        return ""
    rule = "REG402" if all(fact.kind == "darwin" for fact in left) else "REG401"
    return f"{len(left)} more rows of {info.name} do not start: the path filter looks for them elsewhere ({rule})"


def _why(context: Context, path: str) -> str:
    """Why a file starts nothing, in one sentence without a full stop."""
    parts = path.split("/")
    where = context.places["path-filter"].path(context.checkout)
    if path == INDEX:
        return "the gallery is data that LocalAI reads at run time; no image contains it"
    if path == MATRIX:
        return f"{where} does not look at the matrix itself: touch a file in the backend's directory as well"
    info = context.backends.get(parts[2]) if len(parts) > 3 and parts[0] == "backend" else None
    if info is not None and info.directory == "/".join(parts[:3]):
        if not info.images:
            return f"{info.name} has no rows in {MATRIX}, so nothing ever builds it"
        answers = sorted({str(fact.value) for fact in info.routes})
        if answers == ["None"]:
            return f"inferBackendPath in {where} knows no directory for {info.name}'s rows (REG401)"
        return f"the rows of {info.name} wait for changes below {', '.join(answers)} (REG401)"
    if parts[0] == "backend" and len(parts) > 2:
        return f"it belongs to no backend that has rows, and {where} lists it as no shared build input"
    return "it is neither below a backend's directory nor a shared build input; LocalAI's other workflows may run"


def as_json(result: Routes) -> dict[str, Any]:
    """The routes as plain values."""
    return {
        "schema": "newbackend/route/1",
        "files": [
            {"path": route.path, "jobs": [_job(fact) for fact in route.jobs], "remark": route.remark, "why": route.why}
            for route in result.files
        ],
        "started": list(result.started),
        "not_rebuilt": list(result.not_rebuilt),
    }


def _job(fact: Fact) -> dict[str, str]:
    return {
        "backend": fact.backend,
        "system": "macos" if fact.kind == "darwin" else "linux",
        "tag_suffix": str(fact.value.get("tag-suffix") or ""),
        "platform_tag": str(fact.value.get("platform-tag") or ""),
        "runs_on": str(fact.value.get("runs-on") or ""),
        "row": f"{fact.path}:{fact.line}",
    }
