"""Shared by places in plain text files: the cached lines."""

from __future__ import annotations

from newbackend.checkout.tree import Checkout, cached_by_file
from newbackend.splice.lines import Lines


@cached_by_file
def lines_of(checkout: Checkout, path: str) -> Lines:
    """A file that exists, as lines."""
    return Lines(checkout.need(path))
