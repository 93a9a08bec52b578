"""Lists of backends: `- **[whisper.cpp](https://…)**: text` is an item about the backend `whisper`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from newbackend.records import dataclass
from newbackend.registrations.compatibility_table.place import linked
from newbackend.registrations.feature_pages.runs import Entry, Run
from newbackend.registrations.support.import_choice import one_line
from newbackend.registrations.support.own_pages import with_page
from newbackend.spec import BackendSpec
from newbackend.splice.lines import Lines
from newbackend.splice.markdown import shown

_ITEM = re.compile(
    r"(?P<bullet>[-*] )(?P<bold>\*\*)?"
    r"(?:\[(?P<text>[^\]\n]+)\]\((?P<link>[^)\s]*)\)|`(?P<code>[^`\n]+)`|(?P<plain>\w[\w .-]*?))"
    r"(?:\*\*)?(?P<separator>(?: \([^)\n]*\))?(?:: | - | – | — ))"
)

_BEGINNING = 500  # characters of a line in which an item says what it is about


@dataclass(frozen=True)
class Items(Run):
    """A list; `forms` are how the items begin: bullet, whether in bold print, and separator."""

    kind: ClassVar[str] = "item"
    forms: tuple[tuple[str, bool, str], ...]

    def rows(self, spec: BackendSpec) -> list[str]:
        last = self.named[-1]
        start, bold, separator = self.forms[self.entries.index(last)]
        text, link = shown(linked(spec))
        plain = f"`{text}`" if not bold and not last.link else text
        words = f"[{text}]({link})" if link and last.link else plain
        strong = "**" if bold else ""
        behind = re.sub(r" \([^)]*\)", "", separator)
        return [f"{start}{strong}{words}{strong}{behind}{with_page(one_line(spec.description) or spec.name, spec)}"]


def item_runs(lines: Lines) -> list[Run]:
    """Runs of items; a line that is indented goes on with the item above."""
    runs: list[list[tuple[Entry, tuple[str, bool, str]]]] = [[]]
    for number, row in enumerate(lines):
        bullet = row.startswith(("- ", "* "))
        match = _ITEM.match(row[:_BEGINNING]) if bullet else None
        if match:
            called = match["text"] or match["code"] or match["plain"]
            form = (match["bullet"], bool(match["bold"]), match["separator"])
            runs[-1].append((Entry("", called, match["link"] or "", number, number), form))
        elif runs[-1] and row.startswith("  ") and row.strip():
            entry, form = runs[-1].pop()
            runs[-1].append((replace(entry, last=number), form))
        elif not bullet and runs[-1]:
            runs.append([])
    return [_items(run) for run in runs if run]


def _items(run: Sequence[tuple[Entry, tuple[str, bool, str]]]) -> Items:
    return Items(tuple(entry for entry, _ in run), tuple(form for _, form in run))
