"""Rows of the build matrix, as used by the rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from newbackend.catalog.variants import Variant, variant_table
from newbackend.registrations.base import Fact
from newbackend.registrations.matrix.place import variant_of
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context

AMD, ARM = "linux/amd64", "linux/arm64"
_RELEASE = re.compile(r"ubuntu[-:]?(\d\d)\.?(\d\d)")


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


def arm_alone(rows: Sequence[Fact]) -> bool:
    """Whether the rows of one tag suffix build for arm64 alone what is built for amd64 in some language."""
    variant = variant_of(rows[0])
    built = {text_of(row, "platforms") for row in rows}
    return built == {ARM} and variant is not None and AMD in _platforms(variant_table().variants[variant])


def _platforms(variant: Variant) -> set[str]:
    """Every platform that the variant is built for in some language."""
    return {row.get("platforms", "") for rows in variant.rows.values() for row in rows}


def other_release(row: Fact) -> str:
    """The Ubuntu release of a row's base image where its ubuntu-version is another one, as `2404`; "" else."""
    base, version = text_of(row, "base-image"), text_of(row, "ubuntu-version")
    match = _RELEASE.search(base)
    release = match[1] + match[2] if match else "2204" if "l4t-jetpack:r36" in base else ""
    return release if release and version and release != version else ""
