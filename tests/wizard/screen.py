"""What a person sees: the few control sequences that the wizard's terminal output is made of, acted on.

Lines that scroll off the top are kept, so a row number stays the same for the whole run.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\x1b\[([0-9;?]*)([@-~])|\x1b\][^\x07]*\x07|\x1b[()][A-Z0-9]|\x1b.|[\x00-\x1f]|[^\x1b\x00-\x1f]+")


class Screen:
    """A terminal of some size; `feed` takes output, `lines` are all rows from the first on."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._cells: list[list[str]] = [[]]
        self._x = self._y = 0
        self._wraps = True
        self._rest = ""

    @property
    def lines(self) -> list[str]:
        """Every row, without the blanks at its end."""
        return ["".join(row).rstrip() for row in self._cells]

    @property
    def cursor(self) -> tuple[int, int]:
        """Row and column on the visible screen, from 1."""
        return self._y - self._top + 1, min(self._x, self.columns - 1) + 1

    def feed(self, text: str) -> None:
        """Acts on output; a control sequence may come in two pieces."""
        text = self._rest + text
        cut = re.search(r"\x1b(?:\[[0-9;?]*)?\Z", text)
        self._rest = text[cut.start() :] if cut else ""
        for token in _TOKEN.finditer(text[: cut.start()] if cut else text):
            if token[2]:
                self._control(token[1], token[2])
            elif token[0] == "\n":
                self._down()
            elif token[0] == "\r":
                self._x = 0
            elif token[0] == "\b":
                self._x = max(0, self._x - 1)
            elif token[0] >= " ":
                for character in token[0]:
                    self._put(character)

    def _put(self, character: str) -> None:
        if self._x >= self.columns:
            if self._wraps:
                self._x = 0
                self._down()
            else:
                self._x = self.columns - 1
        row = self._cells[self._y]
        row += " " * (self._x + 1 - len(row))
        row[self._x] = character
        self._x += 1

    def _down(self) -> None:
        self._y += 1
        if self._y == len(self._cells):
            self._cells.append([])

    @property
    def _top(self) -> int:
        return max(0, len(self._cells) - self.rows)

    def _control(self, given: str, kind: str) -> None:
        numbers = [int(part) for part in given.lstrip("?").split(";") if part.isdigit()]
        count = max(1, numbers[0]) if numbers else 1
        if kind == "A":
            self._y = max(self._top, self._y - count)
        elif kind == "B":
            for _ in range(count):
                self._down()
        elif kind == "C":
            self._x = min(self.columns - 1, self._x + count)
        elif kind == "D":
            self._x = max(0, min(self._x, self.columns - 1) - count)
        elif kind == "G":
            self._x = count - 1
        elif kind == "K":
            self._erase_line(numbers[0] if numbers else 0)
        elif kind == "J":
            self._erase_line(0)
            for row in self._cells[self._y + 1 :]:
                row.clear()
        elif given == "?7":
            self._wraps = kind == "h"

    def _erase_line(self, what: int) -> None:
        row = self._cells[self._y]
        if what == 0:
            del row[self._x :]
        elif what == 1:
            row[: self._x] = " " * min(self._x, len(row))
        else:
            row.clear()
