"""A map as one file of HTML that asks nobody for anything.

Everything that comes from the checkout goes through two gates: `printable` spells out what cannot be seen, and Jinja
escapes. A policy in the page lets nothing run but the one script below, by its digest, and lets nothing be loaded.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from newbackend import __version__
from newbackend.catalog.languages import languages
from newbackend.catalog.variants import variant_table
from newbackend.findings import Rule, Severity, Status
from newbackend.map.drawings import data_block, drawings
from newbackend.map.gather import OTHER_TITLE
from newbackend.map.hosts import Gets, title_of
from newbackend.map.images import Cell, ImageState
from newbackend.map.model import Backend, Map, Shown
from newbackend.map.output import MARK
from newbackend.map.places import UNEXPECTED, Column, Mark, PlaceCell
from newbackend.sanitize import printable

FOLDER = Path(__file__).with_name("page")
_VIEWS = (
    ("matrix", "Images"),
    ("places", "Places"),
    ("hosts", "Hosts"),
    ("change", "Change"),
    ("repository", "Repository"),
    ("rules", "Rules"),
)
_GETS = {
    Gets.ACCELERATED: ("accelerated", "for its accelerator"),
    Gets.PLAIN: ("for its CPU", "for its CPU"),
    Gets.FALLBACK: ("fall back to the CPU image", "CPU image instead"),
    Gets.UNFIT: ("get an image that cannot start there", "cannot start"),
    Gets.NOTHING: ("cannot be installed", "cannot be installed"),
}
"""What a host gets: of several backends, and of one."""
_STATES = {
    ImageState.MIXED: "one image is built, another is offered that nothing builds",
    ImageState.BOTH: "built and offered",
    ImageState.BUILT: "built, but no gallery entry offers it",
    ImageState.OFFERED: "offered, but nothing builds it",
    ImageState.NONE: "neither built nor offered",
}


def page(map_: Map) -> str:
    """The page."""
    script, style = (_own(name) for name in ("page.js", "page.css"))
    numbers = {backend.name: number for number, backend in enumerate(map_.backends)}
    rendered = (
        _environment()
        .get_template("page.html.j2")
        .render(
            map=map_,
            mark=MARK,
            views=_views(map_),
            languages=[
                (key, row.title) for key, row in languages().items() if any(b.lang == key for b in map_.backends)
            ],
            modalities=[(key, title_of(key)) for key in _modality_order(map_)],
            gets_words=[(key.value, *words) for key, words in _GETS.items()],
            unexpected=UNEXPECTED,
            loop_place=_place_number,
            rules=_rules(map_),
            loop_id=lambda backend: numbers[backend.name],
            policy=_policy(script, style),
            ways=Markup(data_block(drawings(map_))),
            script=Markup(script),
            style=Markup(style),
            version=__version__,
        )
    )
    return rendered + "\n"


def address(name: str) -> str:
    """The fragment of a backend's page; one that is called like a view needs the longer form."""
    known = {view for view, _ in _VIEWS} | {"missing"}
    bare = quote(name, safe="")
    return f"backend={bare}" if name in known or not name else bare


def _policy(script: str, style: str) -> str:
    """The content security policy: nothing but this script and this style."""
    allowed = (_digest(text) for text in (script, style))
    script_src, style_src = allowed
    return (
        f"default-src 'none'; script-src {script_src}; style-src {style_src}; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


@cache
def _own(name: str) -> str:
    """A file that comes with newbackend."""
    return (FOLDER / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalized,
    )
    filters: dict[str, Callable[..., Any]] = {
        "address": lambda backend: address(backend.name),
        "address_of": address,
        "label": _label,
        "worst": _worst,
        "level": _level,
        "place_label": _place_label,
        "short_label": lambda label: label.removesuffix(f": {UNEXPECTED}"),
        "modality_title": title_of,
        "platform_title": _platform_title,
        "gets_word": lambda gets: _GETS[gets][1],
        "there_titles": _there_titles,
        "built": lambda map_, key: _counted(map_, key, (ImageState.BOTH, ImageState.BUILT, ImageState.MIXED)),
        "offered": lambda map_, key: _counted(map_, key, (ImageState.BOTH, ImageState.OFFERED, ImageState.MIXED)),
        "counted": lambda map_, word: sum(backend.counts[Severity(word)] for backend in map_.backends),
        "placed": lambda map_, at, mark: sum(backend.places[at].mark == mark for backend in map_.backends),
    }
    made.filters.update(filters)
    return made


def _finalized(value: Any) -> Any:
    """What a template prints, with everything hidden spelled out."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return printable(value)


def _views(map_: Map) -> list[tuple[str, str]]:
    there = {"hosts"} if map_.hosts else set()
    if map_.backends or not map_.hosts:
        there |= {"matrix", "places"}
    if map_.backends:
        there |= {"repository", "rules"}
    if map_.change:
        there.add("change")
    return [(key, title) for key, title in _VIEWS if key in there]


def _modality_order(map_: Map) -> Iterable[str]:
    """The modalities that something serves, in canonical order."""
    served = {key for host in map_.hosts for key in host.offers} | {m for b in map_.backends for m in b.modalities}
    from newbackend.catalog import modalities

    return [key for key in modalities() if key in served]


def _rules(map_: Map) -> list[Rule]:
    """Each rule that found something, once."""
    shown = [*map_.findings, *(one for backend in map_.backends for one in backend.findings)]
    if map_.change:
        shown += map_.change.healed
    found = {one.entry.first.rule.id: one.entry.first.rule for one in shown}
    return [found[key] for key in sorted(found)]


def _platform_title(variant: str) -> str:
    known = variant_table().variants.get(variant)
    return known.title if known else OTHER_TITLE


def _label(cell: Cell, title: str) -> str:
    """What a screen reader says of a cell."""
    parts = [f"{title}: {_STATES[cell.state]}"]
    if cell.images:
        parts.append(", ".join(image.suffix for image in cell.images))
        if cell.state is not ImageState.BUILT:
            parts.append(f"for {', '.join(cell.hosts)}" if cell.hosts else "no host gets it")
    if cell.findings:
        parts.append(", ".join(dict.fromkeys(f"{found.level.value} {found.rule.id}" for found in cell.findings)))
    return "; ".join(parts)


def _worst(cell: Cell) -> str:
    """The class of a cell's worst finding."""
    failed = [found.level for found in cell.findings if found.status is Status.FAIL]
    return f" {min(failed, key=lambda level: level.rank).value}" if failed else ""


def _level(one: Shown) -> str:
    finding = one.entry.first
    return "unknown" if finding.status is Status.UNKNOWN else finding.level.value


def _place_number(backend: Backend, cell: PlaceCell) -> int:
    return next(number for number, own in enumerate(backend.places) if own is cell)


def _there_titles(backend: Backend, columns: Sequence[Column]) -> str:
    there = [own.title for own, cell in zip(columns, backend.places, strict=True) if cell.mark is Mark.THERE]
    return ", ".join(there) or "nothing"


def _place_label(cell: PlaceCell) -> str:
    """What a screen reader says of a place."""
    head = f"{cell.mark.value.replace('-', ' ')}{f' ({cell.severity.value})' if cell.severity else ''}"
    return ": ".join(part for part in (head, cell.note or cell.where) if part)


def _counted(map_: Map, key: str, states: Iterable[ImageState]) -> int:
    wanted = set(states)
    return sum(backend.cells[key].state in wanted for backend in map_.backends if key in backend.cells)


def shown_backend(backend: Backend) -> str:
    """The address of a backend's page, with its `#`."""
    return f"#{address(backend.name)}"
