"""Single lines of the files of a checkout, for reports that show a finding's source."""

from __future__ import annotations

from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError


class SourceLines:
    """Source lines by path and number: 1-based, None where there is no such line."""

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout
        self._split: dict[str, list[str]] = {}

    def __call__(self, path: str, line: int) -> str | None:
        if path not in self._split:
            try:
                text = self._checkout.read(path)
            except NewbackendError:
                text = None
            self._split[path] = [] if text is None else text.split("\n")
        lines = self._split[path]
        return lines[line - 1] if 0 < line <= len(lines) else None
