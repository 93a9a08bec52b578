"""Rules about the extra test workflow, `test-extra.yml`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from newbackend.checklist import TEST_JOB
from newbackend.checkout.layout import BUMP
from newbackend.findings import Finding, Location, Severity
from newbackend.registrations.support.workflow_faults import faults
from newbackend.registrations.support.yaml_files import document
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


WORKFLOW_REFUSED = rule(
    "REG711",
    "workflow-refused",
    Severity.ERROR,
    what="A workflow that backends are registered in is YAML and no workflow: a key twice in a job or a step, a job "
    "without `runs-on` or `steps`, a step with neither `run` nor `uses`, or one that reads a job it does not need.",
    why="GitHub refuses the whole file, so none of its jobs runs any more, on any pull request. What reads a job that "
    "is not in `needs` reads nothing, and a condition on it is never true.",
    how="Compare the job with the one above it, line by line.",
    bad="tests-demo:\n  if: needs.detect-changes.outputs.demo == 'true'      # and no needs\n  runs-on: ubuntu-latest",
    good="tests-demo:\n  needs: detect-changes\n  if: needs.detect-changes.outputs.demo == 'true'\n"
    "  runs-on: ubuntu-latest",
    checklist=TEST_JOB,
    added_in="0.2.0",
)
_WORKFLOWS = (test_workflow.PATH, BUMP)


@check(WORKFLOW_REFUSED, scope=Scope.REPO)
def well_formed(context: Context) -> Iterable[Finding]:
    """The jobs of the workflows that backends are registered in, by GitHub's workflow syntax."""
    for path in _WORKFLOWS:
        for backend, subject, line, message in faults(document(context.checkout, path)):
            yield Finding(WORKFLOW_REFUSED, subject, path, line=line, message=message, backend=context.known(backend))


NOTHING_TESTED = rule(
    "REG712",
    "test-job-without-test",
    Severity.WARNING,
    what="The job of a backend in test-extra.yml runs no test, or runs make in another backend's directory.",
    why="It starts with the backend's changes, and is green whatever the backend does.",
    how="Run the test target of the backend's Makefile, or of the root Makefile.",
    bad="- name: Test demo\n  run: |\n    make -C backend/go/demo",
    good="- name: Test demo\n  run: |\n    make -C backend/go/demo\n    make -C backend/go/demo test",
    checklist=TEST_JOB,
    added_in="0.2.0",
)
_TEST = re.compile(r"(?<![a-z])test", re.I)


@check(NOTHING_TESTED, needs=("test-workflow",))
def tested(context: Context) -> Iterable[Finding]:
    """Whether some command of each job that waits for a backend's output has to do with tests."""
    folders = {info.directory for info in context.backends.values() if info.directory}
    for job in context.facts("test-workflow"):
        if job.kind != "job" or not context.known(job.backend):
            continue
        commands = test_workflow.commands_of(context.checkout, str(job.value))
        if commands and not _TEST.search("\n".join(commands)):
            message = f"no step of the job {job.value} runs a test of {job.backend}"
            yield Finding(NOTHING_TESTED, job.backend, job.path, line=job.line, message=message, backend=job.backend)
        called = {folder for folder, _, _ in make_calls("\n".join(commands))}
        for folder in sorted(called & folders - {context.backends[job.backend].directory}):
            message = f"the job {job.value} waits for changes of {job.backend} and runs make in {folder}"
            yield Finding(NOTHING_TESTED, folder, job.path, line=job.line, message=message, backend=job.backend)
