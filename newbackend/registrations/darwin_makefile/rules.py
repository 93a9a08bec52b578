"""The make target and the script that build a C++ backend on macOS."""

from __future__ import annotations

from collections.abc import Iterable

from newbackend.checklist import OS
from newbackend.checkout.layout import MAKEFILE
from newbackend.findings import Finding, Location, Severity
from newbackend.rules.context import Context
from newbackend.rules.registry import Result, check, rule, skipped

NO_DARWIN_BUILD = rule(
    "REG821",
    "darwin-build-missing",
    Severity.ERROR,
    what="A C++ backend has a macOS row, and no make target with a script of its own builds it there.",
    why="Go and Python share a script; C++ backends are built by `make backends/NAME-darwin`, and the job stops there.",
    how="Add scripts/build/NAME-darwin.sh and the target that runs it (llama-cpp's is the pattern).",
    incident="ds4's macOS image was in the gallery before anything built it; privacy-filter got its script in "
    "d388f874d (#10513).",
    bad='includeDarwin:\n  - backend: "demo"\n    lang: "go"          # C++ sources, no backends/demo-darwin',
    good="backends/demo-darwin: build\n\tbash ./scripts/build/demo-darwin.sh",
    checklist=OS,
)


@check(NO_DARWIN_BUILD, needs=("matrix", "darwin-makefile"))
def darwin_build(context: Context) -> Iterable[Result]:
    """C++ has no common macOS script; each backend has its own, and a make target that runs it."""
    targets = {fact.backend: fact for fact in context.facts("darwin-makefile") if fact.kind == "darwin-target"}
    for info in context.backends.values():
        if not info.language.own_darwin_build or not info.darwin:
            yield skipped(NO_DARWIN_BUILD, info.name, "it is not a C++ backend with a macOS row")
            continue
        target = targets.get(info.name)
        related = (Location(info.darwin[0].path, info.darwin[0].line),)
        if target is None:
            message = f"there is a macOS row of {info.name} and no target backends/{info.name}-darwin that builds it"
            end = max((fact.line for fact in targets.values()), default=1)
            expected = f"backends/{info.name}-darwin: build\n\tbash ./scripts/build/{info.name}-darwin.sh"
            yield Finding(
                NO_DARWIN_BUILD,
                "target",
                MAKEFILE,
                line=end,
                message=message,
                backend=info.name,
                expected=expected,
                related=related,
            )
        elif not context.checkout.exists(str(target.value)):
            message = f"backends/{info.name}-darwin runs {target.value}, which does not exist"
            yield Finding(
                NO_DARWIN_BUILD,
                "script",
                MAKEFILE,
                line=target.line,
                message=message,
                backend=info.name,
                related=related,
            )
