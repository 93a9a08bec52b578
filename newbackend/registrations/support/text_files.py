"""Shared by places in plain text files: the cached lines, and texts that need not be there."""

from __future__ import annotations

import re

from newbackend.checkout.tree import Checkout, cached_by_file
from newbackend.errors import NewbackendError
from newbackend.splice.lines import Lines


@cached_by_file
def lines_of(checkout: Checkout, path: str) -> Lines:
    """A file that exists, as lines."""
    return Lines(checkout.need(path))


def text_or_none(checkout: Checkout, path: str) -> str:
    """A file's text; "" for one that is not there, is no text, or is not read (`checkout.reading`)."""
    try:
        return checkout.read(path) or ""
    except NewbackendError:
        return ""


def holds_name(text: str, name: str) -> bool:
    """Whether a text has a backend's name as a word of its own: `faster-whisper` does not name `whisper`."""
    return re.search(rf"(?<![A-Za-z0-9_-]){re.escape(name)}(?![A-Za-z0-9_-])", text) is not None
