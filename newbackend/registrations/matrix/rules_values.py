"""Values of a row that no other backend has, in fields that have only a few."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import partial

from newbackend.checklist import ROWS
from newbackend.checkout.layout import MATRIX
from newbackend.findings import Confidence, Finding, Severity
from newbackend.registrations.base import Fact
from newbackend.registrations.matrix.rows import other_release, row_name, text_of
from newbackend.rules.context import Context
from newbackend.rules.registry import check, rule
from newbackend.suggest import misspelt

_FIELDS = ("runs-on", "skip-drivers", "ubuntu-version")
_SPELLED = ("base-image", "tag-latest")
"""Fields that may have a new value, and not one that is nearly another."""
_FEW, _MANY, _ENOUGH = 6, 5, 20
"""At most so many values, in the rows of more than so many backends; of more than so many to wonder at a value that is
near no other."""

VALUE = rule(
    "REG133",
    "row-value-alone",
    Severity.WARNING,
    confidence=Confidence.LIKELY,
    what="A row has a runner, a switch or an Ubuntu version that no row of another backend has, in a field that knows "
    "only a few values; an error when it is nearly one of them, or a base image is nearly one that many have; a note "
    "for a CUDA minor version of its own.",
    why="A job for a runner that does not exist waits until GitHub gives it up; a misspelt switch counts as false; a "
    "base image that does not exist cannot be pulled.",
    how="Write one of the values that the other rows have.",
    bad="runs-on: 'ubuntu-lates'",
    good="runs-on: 'ubuntu-latest'",
    checklist=ROWS,
)


@check(VALUE, needs=("matrix",))
def values(context: Context) -> Iterable[Finding]:
    """Each field by itself, and the CUDA version as a whole."""
    rows = [fact for fact in context.facts("matrix") if fact.kind == "row"]
    for key in _FIELDS:
        owners = _owners(rows, partial(text_of, key=key))
        if len(owners) > _FEW + 1 or len(set().union(*owners.values())) <= _MANY:
            continue
        for row in rows:
            value = text_of(row, key)
            if key == "ubuntu-version" and other_release(row):
                continue  # REG112 says which release it has to be
            if value and owners[value] == {row.backend}:
                known = [other for other, backends in owners.items() if backends - {row.backend}]
                close = get_close_matches(value, known, 1, 0.8)
                if not close and len(set().union(*owners.values())) <= _ENOUGH:
                    continue
                hint = f"; {close[0]} is meant" if close else ""
                message = f"the row {row_name(row)} has {key} {value!r}, which no other backend has{hint}"
                yield _finding(context, row, key, message, Severity.ERROR if close else None)
    for key in _SPELLED:
        owners = _owners(rows, partial(text_of, key=key))
        for row in rows:
            value = text_of(row, key)
            usual = [other for other, backends in owners.items() if len(backends - {row.backend}) > _MANY]
            if owners[value] == {row.backend} and (meant := misspelt(value, usual)):
                message = f"the row {row_name(row)} has {key} {value!r}, which no other backend has; {meant} is meant"
                yield _finding(context, row, key, message, Severity.ERROR)
    versions = _owners(rows, _cuda)
    for row in rows:
        if _cuda(row) and versions[_cuda(row)] == {row.backend} and len(versions) > 1:
            message = f"the row {row_name(row)} builds for CUDA {_cuda(row)}, which no other backend does"
            level = Severity.WARNING if row.backend in context.new else Severity.NOTE
            yield _finding(context, row, "cuda-minor-version", message, level)


def _cuda(row: Fact) -> str:
    major, minor = text_of(row, "cuda-major-version"), text_of(row, "cuda-minor-version")
    return f"{major}.{minor}" if major else ""


def _owners(rows: Iterable[Fact], value: Callable[[Fact], str]) -> Mapping[str, set[str]]:
    owners: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        owners[value(row)].add(row.backend)
    return owners


def _finding(context: Context, row: Fact, key: str, message: str, level: Severity | None) -> Finding:
    line = context.lines.field(row, key)
    subject = f"{row_name(row)} {key}"
    return Finding(VALUE, subject, MATRIX, line=line, message=message, backend=row.backend, severity=level)
