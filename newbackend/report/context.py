"""Input of a renderer beside the report: the terminal, the sources, the rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from newbackend.findings import Rule
from newbackend.records import dataclass


@dataclass(frozen=True, slots=True)
class RenderContext:
    """Everything a format may use. A renderer does no I/O.

    `read_line(path, line)` gives a source line (1-based, without its newline), or None when there is
    none: a binary, a missing file, a line past the end. `rules` are the rules of the verb that ran, by
    id: the checklist and the summaries are built from them. `width` is in columns.
    """

    read_line: Callable[[str, int], str | None]
    rules: Mapping[str, Rule]
    tool_version: str
    colour: bool = False
    width: int = 80
    verbose: bool = False
