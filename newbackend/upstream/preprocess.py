"""A C header through the preprocessor, as a compiler on Linux would see it."""

from __future__ import annotations

import io
from typing import Any

from pcpp import Action, OutputDirective, Preprocessor

from newbackend.upstream.facts import Gap

OUTPUT_LIMIT = 4 << 20
"""Characters after preprocessing: macros of a hostile header can grow without end."""


class _TooLong(Exception):
    """The output passed its limit."""


class _Limited(io.StringIO):
    def write(self, text: str) -> int:
        if self.tell() + len(text) > OUTPUT_LIMIT:
            raise _TooLong
        return super().write(text)


class HeaderPreprocessor(Preprocessor):  # type: ignore[misc]
    """pcpp with comments kept and includes left out."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        self.includes: list[str] = []
        self.gaps: list[Gap] = []
        self.define("__GNUC__ 13")
        self.define("__linux__ 1")
        self.define("__x86_64__ 1")

    def expand(self, text: str) -> str | None:
        """The header as a C compiler sees it, with `#line`; None when it could not be done."""
        out = _Limited()
        try:
            self.parse(text, self._path)
            self.write(out)
        except (_TooLong, RecursionError, MemoryError):
            self.gaps.append(Gap(self._path, "grows too big in the preprocessor, so it is not read"))
            return None
        return out.getvalue()

    def on_error(self, file: str, line: int, msg: str) -> None:
        self.gaps.append(Gap(f"{self._path}:{line}", f"the preprocessor says: {msg}"))

    def on_directive_unknown(self, directive: Any, toks: Any, ifpassthru: bool, precedingtoks: Any) -> bool | None:
        """`#error` and `#warning`, which pcpp would print, are for the author of a program; the rest passes."""
        return True if directive.value in ("error", "warning") else None

    def on_include_not_found(self, is_malformed: bool, is_system_include: bool, curdir: str, includepath: str) -> None:
        self.includes.append(includepath)
        raise OutputDirective(Action.IgnoreAndRemove)

    def on_comment(self, tok: object) -> bool:
        return True
