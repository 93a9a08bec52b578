"""Whether generated bindings are of the commit that the Makefile pins."""

from __future__ import annotations

from collections.abc import Iterable

from newbackend.checklist import DIRECTORY
from newbackend.errors import NewbackendError
from newbackend.findings import Finding, Location, Severity
from newbackend.registrations.support.engine_use import BINDINGS, bound_commit
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.registry import Result, check, rule, skipped
from newbackend.splice.lines import Lines
from newbackend.splice.make_reader import Kind, read

OTHER_COMMIT = rule(
    "REG860",
    "bindings-other-commit",
    Severity.NOTE,
    what="The bindings of a Go backend were generated from the engine's header at one commit, and the Makefile pins "
    "another one.",
    why="The bump bot moves the pin and not the bindings. New functions are missing; what changed or went stops the "
    "build in cpp/bindings.c.",
    how="`newbackend engine diff NAME` says whether anything that matters changed; `newbackend update NAME` generates "
    "the bindings again.",
    bad="// upstream: example/demo.cpp@1111111111111111111111111111111111111111      # DEMO_VERSION?=2222…",
    good="// upstream: example/demo.cpp@2222222222222222222222222222222222222222      # DEMO_VERSION?=2222…",
    checklist=DIRECTORY,
)


@check(OTHER_COMMIT)
def other_commit(context: Context) -> Iterable[Result]:
    """Backends with bindings that newbackend generated."""
    for info in context.backends.values():
        path = f"{info.directory}/{BINDINGS}"
        bound = bound_commit(_text(context, path)) if info.directory and context.checkout.exists(path) else ""
        if not bound:
            yield skipped(OTHER_COMMIT, info.name, "it has no bindings that newbackend generated")
            continue
        pins = _pins(context, info)
        if pins and bound not in pins:
            commit, line = next(iter(pins.items()))
            yield Finding(
                OTHER_COMMIT,
                "bindings",
                path,
                line=3,
                message=f"the bindings are of {bound[:12]}, and the Makefile pins {commit[:12]}",
                backend=info.name,
                expected=commit,
                related=(Location(f"{info.directory}/Makefile", line),),
            )


def _pins(context: Context, info: BackendInfo) -> dict[str, int]:
    """Commits that variables of the Makefile have, with their lines."""
    found: dict[str, int] = {}
    for statement in read(Lines(_text(context, f"{info.directory}/Makefile"))).statements:
        if statement.kind is Kind.VARIABLE and len(statement.value) == 40 and statement.name.endswith("_VERSION"):
            found[statement.value] = statement.first + 1
    return found


def _text(context: Context, path: str) -> str:
    try:
        return context.read(path) or ""
    except NewbackendError:
        return ""  # not text
