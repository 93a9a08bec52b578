"""Drawings as SVG, for documents: boxes, texts and marks, in the colours of the reader's theme.

Nothing in them runs, and nothing is loaded. Texts are escaped, and what cannot be seen is spelled out.
"""

from __future__ import annotations

import textwrap
from html import escape

from newbackend.sanitize import one_line

_STYLE = """
text{font:12px "DejaVu Sans",Verdana,Arial,sans-serif;fill:#1b1f24}
.dim{fill:#57606a;font-size:10px}.bold{font-weight:600}
.box{fill:#f4f6f8;stroke:#d5dbe1}.broken{stroke:#b3261e;stroke-dasharray:4 3}
.rule{stroke:#d5dbe1}.band{fill:#f4f6f8}
.arrow{stroke:#57606a;fill:none;stroke-width:1.5}
.both{fill:#0b6bb8}.built{fill:#c77700}.offered{fill:none;stroke:#b3261e;stroke-width:2}
.none{fill:#b6bec7}.paper{fill:#fff}
@media (prefers-color-scheme:dark){
text{fill:#e6eaef}.dim{fill:#9aa6b2}.box,.band{fill:#1a2028;stroke:#313a45}.broken{stroke:#ff8d7e}
.rule{stroke:#313a45}.arrow{stroke:#9aa6b2}.both{fill:#5db2f7}.built{fill:#f0ab3c}.offered{stroke:#ff8d7e}
.none{fill:#4b5663}.paper{fill:#12161c}}
""".strip()


class Drawing:
    """Collects elements; `render` gives the file. Lengths are in pixels, `y` of a text is its baseline."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._width = self._height = 0.0

    def text(self, x: float, y: float, text: str, kind: str = "", *, upright: bool = False) -> None:
        """A text from its left end; `upright` ones read upwards from their lower end."""
        turned = f' transform="rotate(-90 {x:g} {y:g})"' if upright else ""
        self._parts.append(f'<text x="{x:g}" y="{y:g}"{_class(kind)}{turned}>{escape(one_line(text))}</text>')

    def box(self, x: float, y: float, width: float, height: float, kind: str, *, radius: float = 6) -> None:
        """A rectangle."""
        self._reach(x + width, y + height)
        size = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}"'
        self._parts.append(f"<rect {size}{_class(kind)}/>")

    def path(self, data: str, kind: str) -> None:
        """A line or a shape, by the commands of a path."""
        self._parts.append(f'<path d="{data}"{_class(kind)}/>')

    def circle(self, x: float, y: float, radius: float, kind: str, title: str = "") -> None:
        """A dot; the title is what a pointer over it shows."""
        self._parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}"{_class(kind)}>{_title(title)}</circle>')

    def shape(self, data: str, kind: str, title: str) -> None:
        """A shape with a title."""
        self._parts.append(f'<path d="{data}"{_class(kind)}>{_title(title)}</path>')

    def _reach(self, x: float, y: float) -> None:
        self._width, self._height = max(self._width, x), max(self._height, y)

    def render(self, title: str, note: str = "") -> str:
        """The file. `title` is for those who do not see it; `note` is a comment at its beginning."""
        width, height = self._width + 12, self._height + 12
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}"'
        body = "\n".join(self._parts)
        comment = f"<!-- {note} -->\n" if note else ""
        paper = f'<rect width="{width:g}" height="{height:g}" class="paper"/>'
        start = f'{comment}{head} height="{height:g}" role="img">'
        return f"{start}\n{_title(title)}\n<style>{_STYLE}</style>\n{paper}\n{body}\n</svg>\n"


def wrapped(text: str, columns: int) -> list[str]:
    """A text in lines of so many characters at most, broken where nothing else helps."""
    return textwrap.wrap(one_line(text), columns, break_on_hyphens=False) or [""]


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def _title(text: str) -> str:
    return f"<title>{escape(one_line(text))}</title>" if text else ""
