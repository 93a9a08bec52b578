"""The safe fix of REG901: removes a suppression from a file's text and nothing else.

`without_comment` and `without_entry` raise ValueError when there is no suppression at that line, or when removing it
would change anything else.
"""

from __future__ import annotations

import tomllib

from newbackend.splice.outcome import Splice
from newbackend.suppress.comments import directive_in
from newbackend.suppress.config import entry_lines


def without_comment(path: str, text: str, line: int) -> str:
    """`text` of the file at `path` without the suppression comment at `line`.

    A line with only the comment is deleted; otherwise the rest of the line stays.
    """
    lines = text.split("\n")
    directive = directive_in(path, lines[line - 1]) if 0 < line <= len(lines) else None
    if directive is None:
        raise ValueError(f"no suppression comment at {path}:{line}")
    old = lines[line - 1]
    before, after = old[: directive.start], old[directive.end :]
    kept = before + after.lstrip(" \t") if after.strip() else before.rstrip() + after
    lines[line - 1 : line] = [kept] if kept.strip() else []
    return "\n".join(lines)


def without_entry(text: str, line: int) -> str:
    """The text of a .newbackend.toml without the [[allow]] that begins at `line`."""
    lines = text.split("\n")
    starts = entry_lines(lines)
    if line not in starts:
        raise ValueError(f"no [[allow]] at line {line}")
    place = starts.index(line)
    following = starts[place + 1] if place + 1 < len(starts) else len(lines) + 1
    end = _end_of_entry(lines, line, following)
    result = "\n".join(lines[: line - 1] + lines[end:])
    if _without(_entries(text), place) != _entries(result):
        raise ValueError(f"the [[allow]] at line {line} cannot be taken out by itself")
    return result


def _entries(text: str) -> list[object] | None:
    """The entries as values; None for what is not TOML."""
    try:
        return list(tomllib.loads(text.removeprefix("\ufeff")).get("allow", []))
    except tomllib.TOMLDecodeError:
        return None


def _without(entries: list[object] | None, place: int) -> list[object]:
    """The entries without one; raises ValueError when there is none."""
    if entries is None or place >= len(entries):
        raise ValueError("the file has no such [[allow]]")
    return entries[:place] + entries[place + 1 :]


def _end_of_entry(lines: list[str], line: int, following: int) -> int:
    """The last line to drop: the entry's last assignment and the blank lines after it.

    Comments above the next entry belong to the next entry and stay.
    """
    end = line
    for number in range(line, following):
        stripped = lines[number - 1].strip()
        if stripped and not stripped.startswith("#"):
            end = number
    while end + 1 < following and end < len(lines) - 1 and not lines[end].strip():
        end += 1
    return end


def difference(before: str, after: str) -> Splice:
    """The one splice that deletes from a text the piece that another text lacks."""
    start = 0
    while start < len(after) and before[start] == after[start]:
        start += 1
    end = len(before) - (len(after) - start)
    if before[end:] == after[start:]:
        return Splice(start, end, "")
    tail = 0
    while tail < len(after) - start and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    return Splice(start, len(before) - tail, after[start : len(after) - tail])
