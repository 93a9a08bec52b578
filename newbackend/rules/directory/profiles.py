"""Requirement files that no row installs."""

from __future__ import annotations

import re
from collections.abc import Iterable

from newbackend.catalog.variants import variant_table
from newbackend.checklist import ROWS
from newbackend.findings import Finding, Severity
from newbackend.rules.context import Context
from newbackend.rules.registry import Result, check, rule, skipped

_FILE = re.compile(r"requirements-(\w+)\.txt\Z")

UNUSED = rule(
    "REG838",
    "requirements-unused",
    Severity.NOTE,
    what="A Python backend has requirements-cpu.txt and no CPU row; for a new backend, the requirements of any profile "
    "that no row builds.",
    why="Somebody wrote down how it is installed there, and nobody can install it: hosts of that kind get no image.",
    how="Add the row with its gallery entries and its capability key (`default` for the CPU), or delete the file.",
    incident="requirements-mps.txt of liquid-audio came with 0245b33ea (#9801), its macOS row with a later commit.",
    bad="backend/python/demo/requirements-cpu.txt      # and rows for CUDA only",
    good="- build-type: ''\n  tag-suffix: '-cpu-demo'\n  backend: \"demo\"",
    checklist=ROWS,
    when_new=Severity.WARNING,
)


@check(UNUSED, needs=("matrix",))
def unused(context: Context) -> Iterable[Result]:
    """Files of profiles that libbackend.sh chooses by the build type."""
    table = variant_table()
    variants = (variant for variant in table.variants.values() if not variant.darwin)
    profiles = {table.requirement_profile(row) for one in variants for rows in one.rows.values() for row in rows}
    for info in context.backends.values():
        if not info.language.copies_directory or not info.rows:
            yield skipped(UNUSED, info.name, "it is no Python backend with a Linux image")
            continue
        built = {table.requirement_profile(row.value) for row in info.rows}
        for name in context.checkout.children(info.directory):
            match = _FILE.match(name)
            asked = profiles if info.name in context.new else {table.plain}
            if match and match[1] in asked - built:
                message = f"{name} says what is installed for {match[1]}, and no row of {info.name} builds that"
                path = f"{info.directory}/{name}"
                yield Finding(UNUSED, match[1], path, line=1, message=message, backend=info.name)
