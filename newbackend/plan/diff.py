"""Unified diffs. The position of a splice is known, so hunks are exact: an insertion is shown where it was made, not
where a matching algorithm would move it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from functools import lru_cache

from newbackend.checkout.gitlink import GITLINK
from newbackend.records import dataclass
from newbackend.splice.lines import Lines
from newbackend.splice.outcome import Splice, apply_splices

CONTEXT = 3
_NO_NEWLINE = "\\ No newline at end of file"


@dataclass(frozen=True)
class _Block:
    """Old lines [first, last) become `new`; lines keep their endings."""

    first: int
    last: int
    new: tuple[str, ...]


def whole_file(path: str, before: str | None, after: str | None, mode: int | None = None) -> str:
    """The diff of a created (before None), deleted (after None) or rewritten file; "" when equal.

    A `mode` other than a plain file's is printed in git's extended header, so that `git apply` keeps it. With the mode
    of a gitlink the texts are commits.
    """
    if before == after:
        return ""
    names = [*_head(path, before, after, mode), *_names(path, created=before is None, deleted=after is None)]
    if mode == GITLINK:
        before, after = (text and f"Subproject commit {text}\n" for text in (before, after))
    old, new = _rows(before or ""), _rows(after or "")
    rows: list[str] = []
    for line in list(difflib.unified_diff(old, new, n=CONTEXT))[2:]:
        rows += _shown(line[0], line[1:]) if not line.startswith("@@") else [line.rstrip("\n")]
    return "\n".join([*names, *rows]) + "\n"


def of_splices(path: str, text: str, splices: Sequence[Splice]) -> str:
    """The diff of a text that these splices alone make."""
    lines = _lines(text)
    blocks = list(_blocks(lines, splices))
    if not blocks:
        return ""
    rows = list(_names(path, created=False, deleted=False))
    shift = 0
    for hunk in _hunks(blocks):
        start = max(0, hunk[0].first - CONTEXT)
        stop = min(len(lines) if text else 0, hunk[-1].last + CONTEXT)
        body: list[str] = []
        at = start
        for block in hunk:
            body += _old(lines, " ", at, block.first)
            body += _old(lines, "-", block.first, block.last)
            body += [row for line in block.new for row in _shown("+", line)]
            at = block.last
        body += _old(lines, " ", at, stop)
        grown = sum(len(block.new) - (block.last - block.first) for block in hunk)
        size = stop - start
        rows.append(f"@@ -{_range(start, size)} +{_range(start + shift, size + grown)} @@")
        rows += body
        shift += grown
    return "\n".join(rows) + "\n"


@lru_cache(maxsize=1)
def _lines(text: str) -> Lines:
    """Cached: a plan has several edits of one file in a row."""
    return Lines(text)


def _old(lines: Lines, sign: str, first: int, last: int) -> list[str]:
    """Diff rows of the old lines [first, last)."""
    ends = ((lines.starts[number], lines.end(number)) for number in range(first, last))
    return [row for start, end in ends for row in _shown(sign, lines.text[start:end])]


def _range(start: int, size: int) -> str:
    """A hunk range; an empty one counts from the line before it, as diff does."""
    return f"{start + 1 if size else start},{size}"


def _head(path: str, before: str | None, after: str | None, mode: int | None) -> list[str]:
    """git's extended header, for what the file names do not show (git-diff(1), "generating patch text")."""
    shown_mode = GITLINK if mode == GITLINK else 0o100755 if (mode or 0) & 0o100 else 0
    rows = [f"diff --git a/{path} b/{path}"]
    if shown_mode and before is None:
        return [*rows, f"new file mode {shown_mode:o}"]
    if shown_mode == GITLINK and after is None:
        return [*rows, f"deleted file mode {shown_mode:o}"]
    if shown_mode == GITLINK:
        return [*rows, f"index {before}..{after} {shown_mode:o}"]
    return []


def _names(path: str, *, created: bool, deleted: bool) -> tuple[str, str]:
    return ("--- /dev/null" if created else f"--- a/{path}", "+++ /dev/null" if deleted else f"+++ b/{path}")


def _rows(text: str) -> list[str]:
    return list(_split(text))


def _split(text: str) -> Iterator[str]:
    """Lines cut at LF only: a lone CR or a form feed is text, not a line end."""
    at = 0
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end == -1 else end + 1
        yield text[at:end]
        at = end


def _shown(sign: str, line: str) -> list[str]:
    """A diff row; a carriage return stays, so that applying the diff keeps it."""
    if line.endswith("\n"):
        return [sign + line[:-1]]
    return [sign + line, _NO_NEWLINE]


def _blocks(lines: Lines, splices: Sequence[Splice]) -> Iterator[_Block]:
    """Splices as changes of whole lines; those that touch one another become one block."""
    ordered = sorted(splices, key=lambda splice: (splice.start, splice.end))
    group: list[Splice] = []
    for splice in ordered:
        if group and lines.line_at(splice.start) > lines.line_at(max(s.end for s in group)):
            yield _block(lines, group)
            group = []
        group.append(splice)
    if group:
        yield _block(lines, group)


def _block(lines: Lines, group: Sequence[Splice]) -> _Block:
    text = lines.text
    start, end = group[0].start, max(splice.end for splice in group)
    first = lines.line_at(start)
    begin = lines.starts[first]
    at_end = end == len(text)
    if all(splice.start == splice.end == start for splice in group) and (
        start == begin or (at_end and text.endswith("\n"))
    ):
        number = first if start == begin else len(lines)
        return _Block(number, number, tuple(_rows("".join(splice.text for splice in group))))
    last = lines.line_at(end)
    if end > lines.starts[last] or end == start:
        finish = lines.end(last)
    else:
        last -= 1
        finish = end
    inner = [Splice(s.start - begin, s.end - begin, s.text) for s in group]
    return _Block(first, last + 1, tuple(_rows(apply_splices(text[begin:finish], inner))))


def _hunks(blocks: Sequence[_Block]) -> Iterator[list[_Block]]:
    """Blocks whose contexts touch share a hunk."""
    hunk: list[_Block] = []
    for block in blocks:
        if hunk and block.first - hunk[-1].last > 2 * CONTEXT:
            yield hunk
            hunk = []
        hunk.append(block)
    if hunk:
        yield hunk
