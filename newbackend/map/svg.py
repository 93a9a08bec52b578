"""The matrix of images as a drawing, for a README."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from newbackend.catalog.languages import languages
from newbackend.map.images import ImageState
from newbackend.map.model import Backend, Map
from newbackend.map.output import MARK
from newbackend.report.svg import Drawing

_NAMES, _CELL, _ROW, _HEAD, _LETTER = 168, 26, 17, 222, 6.6
_ONE_COLUMN = 30
_WORDS = {
    ImageState.BOTH: "built and offered",
    ImageState.BUILT: "built, not offered",
    ImageState.OFFERED: "offered, not built",
    ImageState.MIXED: "one built, another offered",
    ImageState.NONE: "neither",
}


def matrix_svg(map_: Map) -> str:
    """Backends against platforms; more than thirty backends stand in two columns side by side."""
    drawing = Drawing()
    rows = _rows(map_)
    columns = 2 if len(rows) > _ONE_COLUMN else 1
    length = ceil(len(rows) / columns)
    title = f"{map_.name}: {len(map_.backends)} backends" + (f" at {map_.revision}" if map_.revision else "")
    drawing.text(12, 24, title, "bold")
    x = 12.0
    for state in _WORDS:
        _mark(drawing, x + 7, 42, state, "")
        drawing.text(x + 18, 46, _WORDS[state])
        x += 34 + _LETTER * len(_WORDS[state])
    drawing.box(12, 0, x, 0, "rule")
    width = _NAMES + _CELL * len(map_.platforms)
    for number in range(columns):
        _table(drawing, map_, rows[number * length : (number + 1) * length], 12 + number * (width + 30), width)
    return drawing.render(title, MARK)


def _rows(map_: Map) -> list[Backend | str]:
    """The backends below the titles of their languages."""
    titles = {key: language.title for key, language in languages().items()}
    rows: list[Backend | str] = []
    for key in (*titles, *sorted({backend.lang for backend in map_.backends} - titles.keys())):
        mine = [backend for backend in map_.backends if backend.lang == key]
        rows += [titles.get(key) or "no language", *mine] if mine else []
    return rows


def _table(drawing: Drawing, map_: Map, rows: Sequence[Backend | str], x: float, width: float) -> None:
    for number, title in enumerate(map_.platforms.values()):
        drawing.text(x + _NAMES + number * _CELL + 17, _HEAD + 50, title, upright=True)
    y = _HEAD + 58.0
    for row in rows:
        if isinstance(row, str):
            drawing.box(x, y, width, _ROW, "band", radius=0)
            drawing.text(x + 4, y + 13, row, "bold")
        else:
            drawing.path(f"M{x:g} {y + _ROW:g}h{width:g}", "rule")
            drawing.text(x + 4, y + 13, row.name)
            for number, (key, title) in enumerate(map_.platforms.items()):
                cell = row.cells.get(key)
                state = cell.state if cell else ImageState.NONE
                middle = x + _NAMES + number * _CELL + _CELL / 2
                _mark(drawing, middle, y + _ROW / 2, state, f"{row.name}, {title}: {_WORDS[state]}")
        y += _ROW
    drawing.box(x, y, width, 0, "rule")


def _mark(drawing: Drawing, x: float, y: float, state: ImageState, title: str) -> None:
    """A dot, a triangle, a diamond or a speck: told apart by shape as well as by colour."""
    match state:
        case ImageState.BOTH:
            drawing.circle(x, y, 5, "both", title)
        case ImageState.BUILT:
            drawing.shape(f"M{x:g} {y - 6:g}l6 11h-12z", "built", title)
        case ImageState.MIXED:
            drawing.shape(f"M{x:g} {y - 6:g}l6 11h-12z", "offered", title)
        case ImageState.OFFERED:
            drawing.shape(f"M{x:g} {y - 5.5:g}l5.5 5.5l-5.5 5.5l-5.5 -5.5z", "offered", title)
        case _:
            drawing.circle(x, y, 1, "none")
