"""Traces as drawings for documents: SVG, and Mermaid for Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from newbackend.catalog.variants import variant_table
from newbackend.report.svg import Drawing, wrapped
from newbackend.sanitize import one_line
from newbackend.trace.rowtrace import RowTrace
from newbackend.trace.stations import Station, stations_of

_WIDTH, _GAP, _LINE, _COLUMNS = 204, 34, 15, 26
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 _./:,=+()\[\]{}*@!?'|~^-]")


def as_svg(traces: Sequence[RowTrace]) -> str:
    """Every row as a line of boxes with arrows between them."""
    drawing = Drawing()
    y = 12.0
    for entry in traces:
        drawing.text(12, y + 12, _title(entry), "bold")
        y += 24
        boxes = [(station, _lines(station)) for station in stations_of(entry)]
        height = 30 + _LINE * max((len(lines) for _, lines in boxes), default=0)
        for number, (station, lines) in enumerate(boxes):
            x = 12 + number * (_WIDTH + _GAP)
            drawing.box(x, y, _WIDTH, height, "box broken" if station.broken else "box")
            drawing.text(x + 10, y + 19, station.title, "bold")
            for row, (text, kind) in enumerate(lines):
                drawing.text(x + 10, y + 37 + row * _LINE, text, kind)
            if number:
                middle = y + height / 2
                drawing.path(f"M{x - _GAP + 5:g} {middle:g}H{x - 6:g}m-6 -5l6 5l-6 5", "arrow")
        y += height + 18
    return drawing.render(f"What CI does with {traces[0].backend}")


def _title(entry: RowTrace) -> str:
    variant = variant_table().variants.get(entry.variant)
    return f"{entry.backend}, {variant.title if variant else 'no known platform'}, {entry.platform}, {entry.suffix}"


def _lines(station: Station) -> list[tuple[str, str]]:
    """The lines of a box, folded, with the class of each."""
    found = []
    for text, where in station.lines:
        found += [(line, "") for line in wrapped(text, _COLUMNS)]
        found += [(line, "dim") for line in wrapped(where, _COLUMNS + 5) if where]
    return found


def as_mermaid(traces: Sequence[RowTrace]) -> str:
    """Every row as a subgraph of a flowchart, one below the other: without a link they would stand side by side."""
    rows = ["flowchart TD"]
    for number, entry in enumerate(traces):
        rows.append(f'  subgraph r{number}["{_quoted(_title(entry))}"]')
        rows.append("    direction LR")
        stations = stations_of(entry)
        for station in stations:
            rows.append(f'    r{number}{station.id}["{_label(station)}"]')
        rows += [
            f"    r{number}{one.id} {'-.->' if one.broken or other.broken else '-->'} r{number}{other.id}"
            for one, other in pairwise(stations)
        ]
        rows.append("  end")
    rows += [f"  r{one} ~~~ r{other}" for one, other in pairwise(range(len(traces)))]
    return "\n".join(rows) + "\n"


def _label(station: Station) -> str:
    lines = (f"{_quoted(text)}{f' ({_quoted(where)})' if where else ''}" for text, where in station.lines)
    return "<br>".join((f"<b>{station.title}</b>", *lines))


def _quoted(text: str) -> str:
    """A text for a label in quotes: what could end it, or be a tag or a comment, by its number (`#35;`).

    Two dollars begin a formula even so, but not with a word joiner (U+2060) between them.
    """
    return _NOT_PLAIN.sub(lambda found: f"#{ord(found[0])};", one_line(text).replace("$$", "$\u2060$"))
