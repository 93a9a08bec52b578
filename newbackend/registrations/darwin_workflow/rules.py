"""The workflow's steps for C++ backends on macOS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from newbackend.checklist import OS
from newbackend.findings import Finding, Location, Rule, Severity
from newbackend.registrations.base import ExpectedFact
from newbackend.registrations.darwin_workflow import place as darwin_workflow
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.registry import Result, check, rule, skipped, unreadable

unreadable(
    "darwin-workflow",
    "REG123",
    "darwin-workflow-unreadable",
    what="`.github/workflows/backend_build_darwin.yml` is not YAML, or has no list of build steps.",
    why="A workflow that does not parse is not run at all, and no rule can see which backends it builds.",
    how="Repair the line that the message names, or, where upstream has changed the workflow's shape, report it here.",
    bad="- if: inputs.backend == 'demo\n  run: make backends/demo-darwin",
    good="- if: inputs.backend == 'demo'\n  run: make backends/demo-darwin",
)

STEP_MISSING = rule(
    "REG121",
    "darwin-step-missing",
    Severity.ERROR,
    what="A C++ backend has a macOS row, and backend_build_darwin.yml has no step that builds it.",
    why="A C++ backend has a make target of its own; the workflow's generic step looks for its sources in backend/go, "
    "finds none, and the macOS job of the backend fails.",
    how="Add a step with `if: inputs.backend == 'NAME'` that runs `make backends/NAME-darwin`.",
    bad='- backend: "demo"                       # includeDarwin, and no step of the workflow for demo\n  lang: "go"',
    good="- name: Build demo backend (Darwin Metal)\n  if: inputs.backend == 'demo'\n  run: |\n"
    "    make backends/demo-darwin",
    checklist=OS,
)

NOT_EXCLUDED = rule(
    "REG122",
    "darwin-built-twice",
    Severity.ERROR,
    what="A backend has a step of its own in backend_build_darwin.yml, and the generic step does not leave it out.",
    why="After its own step the generic one runs as well: it looks for backend/go/NAME, which a C++ backend does not "
    "have, and the job fails.",
    how="Append ` && inputs.backend != 'NAME'` to the condition of the generic step.",
    bad="- if: inputs.backend == 'demo'\n…\n- if: inputs.backend != 'other'",
    good="- if: inputs.backend == 'demo'\n…\n- if: inputs.backend != 'other' && inputs.backend != 'demo'",
    checklist=OS,
)


@check(STEP_MISSING, NOT_EXCLUDED, needs=("matrix", "darwin-workflow"))
def steps(context: Context) -> Iterable[Result]:
    """The step of a backend's own, and its name in the generic step's condition."""
    facts = context.facts("darwin-workflow")
    own = {fact.backend: fact.line for fact in facts if fact.kind == "step"}
    excluded = {fact.backend: fact.line for fact in facts if fact.kind == "exclusion"}
    source = context.read(darwin_workflow.PATH) or ""
    for info in context.backends.values():
        name = info.name
        if not info.language.own_darwin_build or not info.darwin:
            yield skipped(STEP_MISSING, name, "it is not a C++ backend with a macOS row")
        elif name not in own and f"make backends/{name}-darwin" not in source:
            message = f"there is a macOS row of {name}, and no step runs `make backends/{name}-darwin`"
            yield _lacking(context, STEP_MISSING, info, max(own.values(), default=1), message, "step")
        if name not in own or not excluded:
            reason = "the generic step leaves out nobody" if name in own else "it has no step of its own"
            yield skipped(NOT_EXCLUDED, name, reason)
        elif name not in excluded:
            message = f"{name} has a step of its own, and the generic step builds it once more"
            yield _lacking(context, NOT_EXCLUDED, info, max(excluded.values()), message, "exclusion")


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
        line=line,
        message=message,
        backend=info.name,
        expected=context.places["darwin-workflow"].snippet([wanted]),
        related=tuple(Location(fact.path, fact.line) for fact in info.darwin[:1]),
    )
