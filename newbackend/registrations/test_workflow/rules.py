"""Rules about the extra test workflow, `test-extra.yml`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from newbackend.checklist import TEST_JOB
from newbackend.findings import Finding, Location, Severity
from newbackend.registrations.test_workflow import place as test_workflow
from newbackend.rulebook import Scope
from newbackend.rules.backend_makefile import make_calls, makefile_of
from newbackend.rules.context import Context
from newbackend.rules.registry import Result, check, rule, unreadable

unreadable(
    "test-workflow",
    "REG709",
    "test-workflow-unreadable",
    what="`.github/workflows/test-extra.yml` is not YAML, or has no outputs and jobs.",
    why="Its content cannot be compared with the backends that exist.",
    how="Repair what the message names, or, where upstream has changed the page's shape, report it here.",
    bad='if: needs.detect-changes.outputs.demo == "true',
    good="if: needs.detect-changes.outputs.demo == 'true'",
)

_GATE = re.compile(r"needs\.detect-changes\.outputs\.([a-z0-9-]+)")

TEST_JOB_BROKEN = rule(
    "REG710",
    "test-job-never-runs",
    Severity.ERROR,
    what="A job of test-extra.yml waits for an output that detect-changes does not have; a note for an output that "
    "no job reads.",
    why="An unknown output is empty, never 'true': the job is skipped on every pull request and looks fine.",
    how="Add the output `NAME: ${{ steps.detect.outputs.NAME }}`, or the job.",
    bad="outputs: {}\n…\ntests-demo:\n  if: needs.detect-changes.outputs.demo == 'true'",
    good="outputs:\n  demo: ${{ steps.detect.outputs.demo }}",
    checklist=TEST_JOB,
)


@check(TEST_JOB_BROKEN, needs=("test-workflow",), scope=Scope.REPO)
def jobs_and_outputs(context: Context) -> Iterable[Finding]:
    """Outputs of `detect-changes` against the jobs that wait for them."""
    facts = context.facts("test-workflow")
    outputs = {fact.backend: fact for fact in facts if fact.kind == "output"}
    jobs = {fact.backend: fact for fact in facts if fact.kind == "job"}
    read = set(_GATE.findall(context.read(test_workflow.PATH) or ""))
    for name in sorted(jobs.keys() - outputs.keys() - {"run-all"}):
        job = jobs[name]
        message = f"the job {job.value} waits for the output {name}, which detect-changes does not have"
        yield Finding(TEST_JOB_BROKEN, name, job.path, line=job.line, message=message, backend=context.known(name))
    for name in sorted(outputs.keys() - read):
        output = outputs[name]
        message = f"no job reads the output {name}"
        yield Finding(
            TEST_JOB_BROKEN,
            name,
            output.path,
            line=output.line,
            message=message,
            backend=context.known(name),
            severity=Severity.NOTE,
        )


TEST_STEP = rule(
    "REG804",
    "test-step-broken",
    Severity.ERROR,
    what="A step of test-extra.yml runs make in a directory or for a target that does not exist.",
    why="The job fails on every pull request that starts it.",
    how="Add the target to the backend's Makefile, or take the step out.",
    bad="make -C backend/python/demo test      # backend/python/demo/Makefile: no test",
    good="test: install\n\tbash test.sh",
    checklist=TEST_JOB,
)


@check(TEST_STEP)
def sub_makes(context: Context) -> Iterable[Result]:
    """What the jobs of test-extra.yml call. (The root Makefile's own `test-extra` is REG308.)"""
    by_folder = {info.directory: info for info in context.backends.values() if info.directory}
    path = test_workflow.PATH
    for folder, words, line in make_calls(context.read(path) or ""):
        info = by_folder.get(folder)
        if info is None:
            if not context.checkout.is_dir(folder):
                message = f"a step runs make in {folder}, which does not exist"
                yield Finding(TEST_STEP, folder, path, line=line, message=message)
            continue
        makefile = makefile_of(context, info)
        for word in words:
            if makefile and makefile.whole and word not in makefile.targets:
                message = f"a step runs `make {word}` in {folder}, whose Makefile has no such target"
                related = (Location(f"{folder}/Makefile", 1),)
                yield Finding(TEST_STEP, word, path, line=line, message=message, backend=info.name, related=related)
