"""Lines of a text with their offsets and endings, shared by the editors."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import accumulate

from newbackend.records import dataclass
from newbackend.splice.outcome import Splice


@dataclass(frozen=True)
class Lines:
    """A text cut at its line endings. Line numbers here are 0-based; users see them 1-based."""

    text: str

    @cached_property
    def starts(self) -> list[int]:
        """Offset of each line's first character."""
        starts = list(accumulate((len(row) + 1 for row in self.text.split("\n")[:-1]), initial=0))
        if starts[-1] == len(self.text) and len(starts) > 1:
            starts.pop()
        return starts

    @cached_property
    def newline(self) -> str:
        """The ending that most lines use: LF or CRLF."""
        crlf = self.text.count("\r\n")
        return "\r\n" if crlf and crlf * 2 >= self.text.count("\n") else "\n"

    @cached_property
    def _rows(self) -> list[str]:
        """Every line without its ending."""
        rows = [row.rstrip("\r\n") for row in self.text.split("\n")]
        return rows[: len(self.starts)]

    def __len__(self) -> int:
        return len(self.starts)

    def end(self, line: int) -> int:
        """Offset just after a line, its ending included."""
        return self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)

    def __getitem__(self, line: int) -> str:
        """A line without its ending."""
        return self._rows[line]

    def __iter__(self) -> Iterator[str]:
        """The lines without their endings."""
        return iter(self._rows)

    def indent(self, line: int) -> str:
        """The white space that a line begins with."""
        return self[line][: len(self[line]) - len(self[line].lstrip())]

    def line_at(self, offset: int) -> int:
        """The line that an offset is in."""
        return bisect_right(self.starts, offset) - 1

    def after(self, line: int, new: list[str]) -> tuple[int, str]:
        """Offset and text that put `new` lines right after `line`, in the file's own line ending.

        A file without a final newline keeps having none: the break goes in front instead.
        """
        at = self.end(line)
        body = self.newline.join(new)
        if at and self.text[at - 1 : at] != "\n":
            return at, self.newline + body
        return at, body + self.newline

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Offsets of whole lines first..last; at the end of a file without a final newline the
        break before them goes, so that removing undoes `after`."""
        start, end = self.starts[first], self.end(last)
        if end == len(self.text) and not self.text.endswith("\n") and first > 0:
            start -= 2 if self.text[start - 2 : start] == "\r\n" else 1
        return start, end

    def cut(self, ranges: Iterable[tuple[int, int]]) -> tuple[Splice, ...]:
        """Splices that delete whole-line ranges (first, last), adjacent ones as one."""
        merged: list[list[int]] = []
        for first, last in sorted(ranges):
            if merged and first <= merged[-1][1] + 1:
                merged[-1][1] = max(merged[-1][1], last)
            else:
                merged.append([first, last])
        return tuple(Splice(*self.span(first, last), "") for first, last in merged)


def step_of(indent: str) -> str:
    """One level more of an indentation: a tab where tabs are used, else two spaces, as LocalAI's scripts have it."""
    return "\t" if indent.startswith("\t") else "  "
