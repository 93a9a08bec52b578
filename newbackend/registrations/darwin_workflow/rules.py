"""Checks of what C++ backends need on macOS beside their row: a step, its exclusion, a rule for their script.

(The make target and the script themselves are REG821, the word on `.NOTPARALLEL` is REG301.)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from newbackend.checkout.filter_engine import FilterUnavailable, path_filter
from newbackend.findings import CheckResult, Finding, Location, Rule, Status
from newbackend.registrations.base import ExpectedFact
from newbackend.registrations.darwin_makefile.place import script_path
from newbackend.registrations.darwin_workflow import place as darwin_workflow
from newbackend.rules.base import Check, Result, Undecidable
from newbackend.rules.context import BackendInfo, Context
from newbackend.rules.texts import darwin_build as text


def steps(context: Context) -> Iterable[Result]:
    """REG121 and REG122: the step of a backend's own, and its name in the generic step's condition."""
    facts = context.facts("darwin-workflow")
    own = {fact.backend: fact.line for fact in facts if fact.kind == "step"}
    excluded = {fact.backend: fact.line for fact in facts if fact.kind == "exclusion"}
    source = context.read(darwin_workflow.PATH) or ""
    for info in context.backends.values():
        name = info.name
        if info.lang != "cpp" or not info.darwin:
            yield CheckResult(text.STEP_MISSING, Status.SKIPPED, name, "it is not a C++ backend with a macOS row")
        elif name not in own and f"make backends/{name}-darwin" not in source:
            message = f"there is a macOS row of {name}, and no step runs `make backends/{name}-darwin`"
            yield _lacking(context, text.STEP_MISSING, info, max(own.values(), default=1), message, "step")
        if name not in own or not excluded:
            reason = "the generic step leaves out nobody" if name in own else "it has no step of its own"
            yield CheckResult(text.NOT_EXCLUDED, Status.SKIPPED, name, reason)
        elif name not in excluded:
            message = f"{name} has a step of its own, and the generic step builds it once more"
            yield _lacking(context, text.NOT_EXCLUDED, info, max(excluded.values()), message, "exclusion")


def _lacking(context: Context, rule: Rule, info: BackendInfo, line: int, message: str, kind: str) -> Finding:
    """A finding about the workflow, with the text that the place would put in."""
    values: Mapping[str, object] = {
        "step": {
            "name": f"Build {info.name} backend (Darwin Metal)",
            "if": f"inputs.backend == '{info.name}'",
            "run": f"make backends/{info.name}-darwin\n",
        },
        "exclusion": info.name,
    }
    wanted = ExpectedFact(kind, f"{kind}:{info.name}", values[kind], message, (rule.id,), kind)
    return Finding(
        rule,
        info.name,
        darwin_workflow.PATH,
        line,
        message,
        info.name,
        expected=context.places["darwin-workflow"].snippet([wanted]),
        related=tuple(Location(fact.path, fact.line) for fact in info.darwin[:1]),
    )


def scripts(context: Context) -> Iterable[Result]:
    """REG406: what a change of the backend's own macOS script starts, by running the checkout's filter."""
    place = context.places["darwin-builders"]
    facts = [fact for fact in context.facts("darwin-builders") if fact.kind == "shared-input"]
    claimed = {fact.backend for fact in facts}
    for info in context.backends.values():
        script = script_path(info.name)
        if info.lang != "cpp" or not info.darwin or not context.checkout.exists(script):
            yield CheckResult(text.SCRIPT_SHARED, Status.SKIPPED, info.name, "it has no macOS build script of its own")
            continue
        others = set() if info.name in claimed else _started(context, script) - {info.name}
        if others:
            message = f"a change of {script} starts the jobs of {len(others)} other backends"
            wanted = ExpectedFact("shared-input", f"shared-input:{info.name}", info.name, message, (), "shared-input")
            line = max((fact.line for fact in facts), default=1)
            yield Finding(
                text.SCRIPT_SHARED,
                info.name,
                place.path(context.checkout),
                line,
                message,
                info.name,
                expected=place.snippet([wanted]),
                related=(Location(script),),
            )


def _started(context: Context, changed: str) -> set[str]:
    """The backends whose jobs a change of one file starts; none where the checkout has no filterMatrix."""
    try:
        engine = path_filter(context.checkout)
        if not engine.has_filter:
            return set()
        facts = context.facts("matrix")
        linux, darwin = (json.dumps([fact.value for fact in facts if fact.kind == kind]) for kind in ("row", "darwin"))
        found = engine.call(
            f"(found => [...found.filtered, ...found.filteredDarwin].map(row => row.backend))(filterMatrix("
            f"{{includes: {linux}, includesDarwin: {darwin}, changedFiles: [{json.dumps(changed)}]}}))"
        )
    except FilterUnavailable as error:
        raise Undecidable(str(error), context.places["path-filter"].path(context.checkout)) from error
    return {str(name) for name in found}


UNREADABLE: Mapping[str, Rule] = {"darwin-workflow": text.WORKFLOW_UNREADABLE}
CHECKS = (
    Check((text.STEP_MISSING, text.NOT_EXCLUDED), steps, needs=("matrix", "darwin-workflow")),
    Check((text.SCRIPT_SHARED,), scripts, needs=("matrix", "darwin-builders")),
)
