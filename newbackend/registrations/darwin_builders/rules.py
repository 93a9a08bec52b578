"""The path filter's tables about macOS builds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from newbackend.checklist import FILTER
from newbackend.checkout.filter_engine import FilterUnavailable, path_filter
from newbackend.findings import Finding, Location, Severity
from newbackend.registrations.base import ExpectedFact
from newbackend.registrations.darwin_makefile.place import script_path
from newbackend.rulebook import Scope
from newbackend.rules.context import Context
from newbackend.rules.registry import Result, Undecidable, check, rule, skipped

SCRIPT_SHARED = rule(
    "REG406",
    "darwin-script-rebuilds-all",
    Severity.WARNING,
    what="A change of one backend's macOS build script starts the jobs of other backends.",
    why="A file of scripts/build that no entry of SHARED_BUILD_INPUTS claims counts as an input of every image: a line "
    "in the script of one backend rebuilds all of them, hundreds of jobs.",
    how="Add an entry for the script in front of the catch-all, with `linux: never` and the backend for `darwin`.",
    incident="6e52d0c2e (#10975) gave the scripts of that time their entries; audio-cpp's came later, without one.",
    bad='matches: file => file.startsWith("scripts/build/")      // and nothing about demo-darwin.sh before it',
    good='{\n  matches: file => file === "scripts/build/demo-darwin.sh",\n  linux: never,\n'
    '  darwin: item => item.backend === "demo",\n},',
    checklist=FILTER,
)


@check(SCRIPT_SHARED, needs=("matrix", "darwin-builders"))
def scripts(context: Context) -> Iterable[Result]:
    """What a change of the backend's own macOS script starts, by running the checkout's filter."""
    place = context.places["darwin-builders"]
    facts = [fact for fact in context.facts("darwin-builders") if fact.kind == "shared-input"]
    claimed = {fact.backend for fact in facts}
    for info in context.backends.values():
        script = script_path(info.name)
        if not info.language.own_darwin_build or not info.darwin or not context.checkout.exists(script):
            yield skipped(SCRIPT_SHARED, info.name, "it has no macOS build script of its own")
            continue
        others = set() if info.name in claimed else _started(context, script) - {info.name}
        if others:
            message = f"a change of {script} starts the jobs of {len(others)} other backends"
            wanted = ExpectedFact("shared-input", f"shared-input:{info.name}", info.name, message, (), "shared-input")
            line = max((fact.line for fact in facts), default=1)
            yield Finding(
                SCRIPT_SHARED,
                info.name,
                place.path(context.checkout),
                line=line,
                message=message,
                backend=info.name,
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
        return engine.call(
            f"(found => [...found.filtered, ...found.filteredDarwin].map(row => row.backend))(filterMatrix("
            f"{{includes: {linux}, includesDarwin: {darwin}, changedFiles: [{json.dumps(changed)}]}}))",
            lambda names: {str(name) for name in names},
        )
    except FilterUnavailable as error:
        raise Undecidable(str(error), context.places["path-filter"].path(context.checkout)) from error


DARWIN_WORKFLOW = ".github/workflows/backend_build_darwin.yml"
_BESPOKE = re.compile(r"DARWIN_BESPOKE_BUILDERS\s*=\s*new Set\(\[(.*?)\]\)", re.S)
_CONDITION = re.compile(r"inputs\.backend == '([^']+)'")

BESPOKE = rule(
    "REG404",
    "darwin-builders-differ",
    Severity.WARNING,
    what="DARWIN_BESPOKE_BUILDERS and the conditions in backend_build_darwin.yml do not name the same backends.",
    why="Changes to the generic macOS build then start too many jobs or too few, and a bespoke backend may be built "
    "by both steps.",
    how="Keep the two lists equal.",
    incident="The comment above the set asks for it; audio-cpp was added to both by hand.",
    bad="DARWIN_BESPOKE_BUILDERS = new Set([\"llama-cpp\"])\n# workflow: inputs.backend == 'demo'",
    good='DARWIN_BESPOKE_BUILDERS = new Set(["llama-cpp", "demo"])',
    checklist=FILTER,
)


@check(BESPOKE, needs=("path-filter",), scope=Scope.REPO)
def bespoke(context: Context) -> Iterable[Result]:
    """The set of the path filter against the conditions of the workflow."""
    path = context.places["path-filter"].path(context.checkout)
    match = _BESPOKE.search(context.read(path) or "")
    workflow = context.read(DARWIN_WORKFLOW)
    if not match or workflow is None:
        what = "the path filter has no DARWIN_BESPOKE_BUILDERS" if not match else f"there is no {DARWIN_WORKFLOW}"
        yield skipped(BESPOKE, reason=what)
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
        yield Finding(BESPOKE, name, path, line=line, message=message, backend=backend, related=related)
