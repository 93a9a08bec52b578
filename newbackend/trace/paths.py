"""Paths in a container."""

from __future__ import annotations

import posixpath


def normal(path: str) -> str:
    """`posixpath.normpath`, and `/a` for `//a`: POSIX lets two slashes mean something else, Linux does not."""
    whole = posixpath.normpath(path)
    return whole[1:] if whole.startswith("//") else whole
