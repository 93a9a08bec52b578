"""`newbackend engine diff`: what a new commit of an engine changes, for a backend or for anybody."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from newbackend.cli.common import open_repo, print_out, style
from newbackend.cli.output.progress import progress
from newbackend.errors import UsageError
from newbackend.records import dataclass
from newbackend.sanitize import one_line
from newbackend.upstream.cplusplus_use import Names, includes_of
from newbackend.upstream.diff import Change
from newbackend.upstream.survey import Code, Survey, changes, survey

if TYPE_CHECKING:
    from newbackend.registrations.support.engine_use import Use

SCHEMA = "newbackend/engine-diff/1"
Read = Callable[[str, Path | None, Callable[..., Survey]], Survey]


@dataclass(frozen=True)
class Compared:
    """What is compared: a backend's name or OWNER/REPO@OLD, the new ref, a clone to read instead of the network, and
    the header."""

    upstream: str
    to: str
    path: Path | None
    header: str


def run_diff(compared: Compared, repo: Path | None, format_: str, read: Read) -> int:
    """Prints the differences. Exit status 1 when one of them crashes or breaks the backend."""
    use: Use | None = None
    name = ""
    if "/" not in compared.upstream.partition("@")[0] and compared.path is None:
        name = compared.upstream
        compared, use = _of_backend(compared, repo)
    upstream, _, old = compared.upstream.partition("@")
    includes = includes_of(use.compiled) if use else ()
    with progress("Reading the upstream"):
        before = read(_at(upstream, old), compared.path, partial(survey, header=compared.header, includes=includes))
        wanted = before.header.api.path if before.header else compared.header
        after = read(_at(upstream, compared.to), compared.path, partial(survey, header=wanted, includes=includes))
    code = _code(use, before) if use else None
    called = set(code.called) if code and before.header else None
    found = changes(before, after, code)
    if format_ == "json":
        print_out(json.dumps(_as_json(name, before, after, called, found), indent=2))
    else:
        print_out("\n".join(_as_text(before, after, called, found)))
    return int(any(change.severity != "harmless" for change in found))


def _code(use: Use, before: Survey) -> Code:
    """What of the engine a backend uses, by its files."""
    functions = [one.name for one in before.header.api.functions] if before.header else []
    names = Names()
    for text in use.compiled:
        names.add(text)
    return Code(use.of(functions), use.build, names, compiled=bool(use.compiled) and use.bound.isdisjoint(functions))


def _at(repo: str, ref: str) -> str:
    return f"{repo}@{ref}" if ref else repo


def _of_backend(compared: Compared, repo: Path | None) -> tuple[Compared, Use]:
    """The pin of a registered backend as the old commit; without --to, a pin that its bindings lag behind is the new
    one. Raises NotFoundError for a backend that is not registered, UsageError for one without a pin."""
    from newbackend.plan.registered import registered_answers
    from newbackend.registrations.support.backend_names import named
    from newbackend.registrations.support.engine_use import cloned, pinned_commit, use_of
    from newbackend.spec import make_spec

    checkout = open_repo(repo)
    name = named(compared.upstream, checkout)
    if "@" in name:
        raise UsageError("engine-diff-name", f"{name!r} is neither a backend nor OWNER/REPO@OLD", hint="pass --to REF")
    spec = make_spec(registered_answers(checkout, name).answers)
    upstream = (spec.pin.repo, spec.pin.variable) if spec.pin else cloned(checkout, spec.directory)
    if upstream is None:
        raise UsageError("engine-no-pin", f"{name} pins no upstream, so there is nothing to compare")
    repo_, variable = upstream
    dockerfile = spec.language.dockerfile_of(name).removeprefix("./") if spec.language.own_dockerfile else ""
    use = use_of(checkout, spec.directory, dockerfile)
    pinned = pinned_commit(checkout, spec.directory, variable) or (spec.pin.sha if spec.pin else "")
    old = use.bound_at or pinned
    to = compared.to or (pinned if old != pinned else "")
    header = compared.header or spec.engine.header or ""
    return replace(compared, upstream=f"{repo_}@{old}", to=to, header=header), use


def _as_json(
    name: str, before: Survey, after: Survey, called: set[str] | None, found: list[Change]
) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "backend": name or None,
        "repo": before.found.repo,
        "from": before.found.sha,
        "to": after.found.sha,
        "header": before.header.api.path if before.header else None,
        "used": sorted(called) if called is not None else None,
        "changes": [asdict(change) for change in found],
        "summary": {
            severity: sum(change.severity == severity for change in found)
            for severity in ("crashes", "breaks", "harmless")
        },
    }


def _as_text(before: Survey, after: Survey, called: set[str] | None, found: list[Change]) -> list[str]:
    paint = style()
    rows = [f"{one_line(before.found.repo)} from {before.found.sha[:12]} to {after.found.sha[:12]}"]
    for change in found:
        text = one_line(f"{change.kind} {change.name}: {change.text}")
        rows.append(f"{paint.bold(change.severity)} {text}  {paint.dim(one_line(change.where))}".rstrip())
    if before.header:
        functions = len(before.header.api.functions)
        called_of = f"the backend names {len(called)} of " if called is not None else ""
        used = f"{called_of}{functions} functions"
        rows.append(f"{one_line(before.header.api.path)}: {used}")
    else:
        rows.append("no C API")
    bad = [change for change in found if change.severity != "harmless"]
    worst = f"{len(bad)} of them break or crash" if bad else "all harmless"
    rows.append(f"{len(found)} changes, {worst}")
    return rows
