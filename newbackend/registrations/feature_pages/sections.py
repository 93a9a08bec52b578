"""Sections about one backend each: headings of one level below one heading, most of which name a backend.

`### RF-DETR Native Backend (rfdetr-cpp)` is about `rfdetr-cpp`. Where other headings are in the majority, such as
"Usage" and "Response", the page is not made of such sections.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from newbackend.records import dataclass
from newbackend.registrations.compatibility_table.place import linked
from newbackend.registrations.feature_pages.runs import Entry, Run
from newbackend.registrations.model_gallery.entries import model_name
from newbackend.registrations.support.display_names import squeezed
from newbackend.registrations.support.import_choice import one_line
from newbackend.registrations.support.own_pages import with_page
from newbackend.spec import BackendSpec, to_answers
from newbackend.splice.lines import Lines
from newbackend.splice.markdown import cell, shown
from newbackend.splice.operation import Operation, drop_lines

_HEADING = re.compile(r"(#{2,5})[ \t]+(.*)")
_BACKEND = re.compile(r"\bbackend\b", re.I)
_CALLED = re.compile(r"`([A-Za-z0-9._-]+)`(?:\*\*)? backend\b")
_FIRST = 6  # lines of a section that may say what it is about
_FENCE = re.compile(r"`{3,}|~{3,}")
_MARKS = frozenset("#`~")
"""What lines with a heading or a fence begin with."""
_SUFFIX = re.compile(r"\s+backend\Z", re.I)
_PARENTHESES = re.compile(r"\s*\(([^)]*)\)")
_ALONE = "backends"
"""Below this heading one section is enough to know the form."""


@dataclass(frozen=True)
class Heading:
    """A heading: its level, its text, and its 0-based line."""

    level: int
    text: str
    line: int


@dataclass(frozen=True)
class Sections(Run):
    """`level` is that of the headings, `parent` the heading above them, `titles` their texts; `spaced` says of each
    section whether it ends in a blank line."""

    kind: ClassVar[str] = "section"
    level: int
    parent: str
    titles: tuple[str, ...]
    spaced: tuple[bool, ...]

    @property
    def lists_backends(self) -> bool:
        enough = 1 if self.parent.lower() == _ALONE else 2
        return len(self.named) >= enough and len(self.named) * 2 > len(self.entries)

    def complete(self, spec: BackendSpec) -> bool:
        """A section that says nothing but the name helps nobody."""
        return spec.description not in ("", to_answers(spec).plain_description)

    def rows(self, spec: BackendSpec) -> list[str]:
        titles = [title for title, entry in zip(self.titles, self.entries, strict=True) if entry.backend]
        word = " Backend" if sum(bool(_BACKEND.search(title)) for title in titles) * 2 > len(titles) else ""
        models = [f"local-ai models install {model_name(model)}" for model in spec.models]
        body = [
            f"{'#' * self.level} {spec.name}{word}",
            "",
            f"{linked(spec)} (`{spec.name}` backend): {with_page(cell(one_line(spec.description) or '…'), spec)}",
            "",
            "```bash",
            f"local-ai backends install {spec.gallery}",
            *models,
            "```",
        ]
        return [*body, ""] if self.spaced[self.entries.index(self.named[-1])] else ["", *body]

    def drop(self, lines: Lines, entry: Entry) -> Operation:
        """A section without a blank line behind it, as at the end of a page, goes with the one in front of it."""
        above = lines[entry.last].strip() and entry.first > 0 and not lines[entry.first - 1].strip()
        return drop_lines(lines, entry.first - (1 if above else 0), entry.last)


def section_runs(lines: Lines) -> list[Run]:
    """Every group of sibling headings of a page; code fences are skipped."""
    groups: dict[tuple[int, int], list[Heading]] = {}
    above: list[Heading] = []
    parents: dict[tuple[int, int], str] = {}
    headings = list(_headings(lines))
    for heading in headings:
        above = [other for other in above if other.level < heading.level]
        key = (heading.level, above[-1].line if above else -1)
        parents[key] = above[-1].text if above else ""
        groups.setdefault(key, []).append(heading)
        above.append(heading)
    ends = _ends(len(lines), headings)
    return [_run(lines, ends, group, parents[key]) for key, group in groups.items()]


def _run(lines: Lines, ends: Mapping[int, int], group: Sequence[Heading], parent: str) -> Sections:
    entries = tuple(_entry(lines, heading, ends[heading.line]) for heading in group)
    spaced = tuple(not lines[entry.last].strip() for entry in entries)
    return Sections(entries, group[0].level, parent, tuple(heading.text for heading in group), spaced)


def _headings(lines: Lines) -> Iterator[Heading]:
    """Outside of fenced code, which only a bare fence as long as its first one ends (CommonMark 4.5)."""
    fence = ""
    for number, line in enumerate(lines):
        row = line.strip()
        if row[:1] not in _MARKS:
            continue
        mark = _FENCE.match(row)
        if fence:
            fence = "" if mark and row == mark[0] and row.startswith(fence) else fence
        elif mark:
            fence = "" if mark[0] in row[len(mark[0]) :] else mark[0]
        elif match := _HEADING.match(line):
            yield Heading(len(match[1]), match[2].rstrip(" \t#\r"), number)


def _ends(count: int, headings: Sequence[Heading]) -> Mapping[int, int]:
    """Line of a heading -> the last line of its section: blank lines before the next heading belong to it."""
    ends: dict[int, int] = {}
    next_of: dict[int, int] = {}  # level -> the line of its next heading
    for heading in reversed(headings):
        after = (line for level, line in next_of.items() if level <= heading.level)
        ends[heading.line] = min(after, default=count) - 1
        next_of[heading.level] = heading.line
    return ends


def _entry(lines: Lines, heading: Heading, last: int) -> Entry:
    """By its heading, else by a longer name in its first lines: OmniVoice is "the `omnivoice-cpp` backend"."""
    title, link = shown(heading.text.strip("*` "))
    plain = _PARENTHESES.sub("", title)
    first = range(heading.line + 1, min(heading.line + _FIRST, last + 1))
    called = (name for number in first for name in _CALLED.findall(lines[number]) if squeezed(plain) in squeezed(name))
    names = (*_PARENTHESES.findall(title), plain, _BACKEND.split(plain)[0], plain.split(" - ")[-1], *called)
    bare = tuple(name for name in (name.strip("*` ") for name in names) if name)
    return Entry("", _SUFFIX.sub("", title), link, heading.line, last, bare)
