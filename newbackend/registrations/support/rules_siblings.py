"""The rule about files that name the siblings of a new backend."""

from __future__ import annotations

from collections.abc import Iterable

from newbackend.checklist import PATTERN
from newbackend.findings import Confidence, Finding, Severity
from newbackend.registrations.support.siblings import kinds_of, listings
from newbackend.rules.context import Context
from newbackend.rules.registry import Result, check, rule, skipped

LEFT_OUT = rule(
    "REG720",
    "named-without-it",
    Severity.NOTE,
    confidence=Confidence.POSSIBLE,
    what="A file that no registration place knows names most backends of a new backend's kind, and not the new one. "
    "Only backends that are judged as new ones are compared.",
    why="LocalAI gets registration files before anybody writes down that they are some; the list of a page is one too.",
    how="Read the line: add the backend, or leave it where the file is about something else.",
    incident="The tables of core/config/backend_capabilities_test.go and the pages of docs/content/features were found "
    "in this way.",
    bad="| `alpha`, `beta`, `gamma` | speech |",
    good="| `alpha`, `beta`, `gamma`, `demo` | speech |",
    checklist=PATTERN,
)


@check(LEFT_OUT, needs=("matrix",))
def left_out(context: Context) -> Iterable[Result]:
    """As `newbackend siblings`, of the files that nobody knows."""
    known = {place.path(context.checkout) for place in context.places.values()}
    for name in context.backends:
        if name not in context.new:
            yield skipped(LEFT_OUT, name, "it is no new backend")
            continue
        for row in listings(context.checkout, name, kinds_of(context.checkout, name)):
            if row.path not in known:
                count = f"{len(row.names)} of {len(row.kind.members)} other {row.kind.title}"
                message = f"names {count}, and not {name}"
                yield Finding(LEFT_OUT, row.path, row.path, line=row.line, message=message, backend=name)
