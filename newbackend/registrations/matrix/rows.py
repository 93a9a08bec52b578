"""Rows of the build matrix, as used by the rules."""

from __future__ import annotations

from collections.abc import Iterator

from newbackend.registrations.base import Fact
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context


def text_of(row: Fact, key: str) -> str:
    """A field as text; "" when the row does not have it."""
    return str(row.value.get(key) or "")


def row_name(row: Fact) -> str:
    """How a row is named in a message: its tag suffix, and its architecture where that tells legs apart."""
    leg = text_of(row, "platform-tag")
    suffix = text_of(row, "tag-suffix") or "(no tag-suffix)"
    return f"{suffix} ({leg})" if leg else suffix


def linux_rows(context: Context) -> Iterator[tuple[BackendInfo, Fact]]:
    """Every Linux row with its backend."""
    for info in context.backends.values():
        for row in info.rows:
            yield info, row
