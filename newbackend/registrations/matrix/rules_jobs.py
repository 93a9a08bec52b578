"""How many rows a matrix job gets."""

from __future__ import annotations

import re
from collections.abc import Iterable

from newbackend.checklist import ROWS
from newbackend.checkout.layout import FILTER_SCRIPT, MATRIX
from newbackend.findings import Finding, Severity
from newbackend.registrations.matrix.rows import text_of
from newbackend.rulebook import Scope
from newbackend.rules.context import Context
from newbackend.rules.registry import check, rule

JOBS_PER_MATRIX = 256
"""GitHub's limit; the checkout's own script names it too, and refuses a shard that reaches it."""
_SHARDS = re.compile(r"^const SINGLEARCH_SHARDS\s*=\s*(\d+)", re.M)
_LIMIT = re.compile(r"^const GHA_MATRIX_LIMIT\s*=\s*(\d+)", re.M)

JOB_LIMIT = rule(
    "REG113",
    "job-limit",
    Severity.ERROR,
    what="A matrix job gets more rows than GitHub starts: 256.",
    why="Nothing fails visibly: the job waits for ever and builds none of its rows.",
    how="Raise SINGLEARCH_SHARDS and add the matching jobs to backend.yml and backend_pr.yml.",
    incident="The v4.6.1 tag build had 268 single-arch rows and started none of them.",
    bad="const SINGLEARCH_SHARDS = 1;   // 268 single-arch rows",
    good="const SINGLEARCH_SHARDS = 4;",
    checklist=ROWS,
)


@check(JOB_LIMIT, needs=("matrix",), scope=Scope.REPO)
def job_limit(context: Context) -> Iterable[Finding]:
    """Rows per matrix job, by the checkout's own way of cutting them up."""
    rows = [fact for fact in context.facts("matrix") if fact.kind == "row"]
    single = [fact for fact in rows if not text_of(fact, "platform-tag")]
    script = context.read(FILTER_SCRIPT) or ""
    match, named = _SHARDS.search(script), _LIMIT.search(script)
    shards = max(int(match[1]), 1) if match else 1
    top = min(int(named[1]), JOBS_PER_MATRIX) if named else JOBS_PER_MATRIX
    limit = top - 1 if match else top
    jobs = {
        "single-arch": -(-len(single) // shards),
        "multi-arch": len(rows) - len(single),
        "macOS": len(context.facts("matrix")) - len(rows),
    }
    for job, count in jobs.items():
        if count > (limit if job == "single-arch" else top):
            message = f"the {job} job would get {count} rows; the limit of one matrix is {top}, above it none starts"
            yield Finding(JOB_LIMIT, job, MATRIX, line=context.last_line("matrix", "row"), message=message)
