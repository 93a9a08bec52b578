"""`newbackend map`: all backends of a checkout on one page of HTML."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newbackend.cli.common import FORMATS, RepoOption, check_choice, open_repo, print_err, print_out, verb_app
from newbackend.cli.completion import one_of

if TYPE_CHECKING:
    from newbackend.map.model import Map

app = verb_app()

MAP_FORMATS = (*FORMATS, "svg")
_NAME = "newbackend-map"


@app.command(name="map")
def map_(
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where to write it (default: standard output).", show_default=False),
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    base: Annotated[
        str | None,
        typer.Option(
            "--base",
            metavar="REF",
            help="Mark what this work tree adds, removes and breaks since REF.",
            show_default=False,
        ),
    ] = None,
    gallery: Annotated[
        str | None,
        typer.Option(
            "--gallery",
            metavar="PATH|URL",
            help="Only what hosts get of this gallery; no checkout is needed.",
            show_default=False,
        ),
    ] = None,
    follow: Annotated[
        bool,
        typer.Option("--follow", help="Follow makes and scripts of every row, as `trace` does; ten times slower."),
    ] = False,
    repo: RepoOption = None,
    format_: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="|".join(MAP_FORMATS),
            help="text is the page; svg a drawing of the table of images, for a README.",
            autocompletion=one_of(*MAP_FORMATS),
        ),
    ] = "text",
) -> int:
    """Show all backends on one page: images by platform, registration places, what each kind of host gets.

    The page is one file without a request to anywhere. It is made from the facts, traces and findings of the other
    verbs. With --format json it is written only where --out says, and its rows are printed.
    """
    from newbackend.errors import UsageError
    from newbackend.map.output import check_target, target_for, write_map

    check_choice("format", format_, MAP_FORMATS)
    if gallery is not None and format_ == "svg":
        raise UsageError("options-exclusive", "--gallery goes with text and json: it has no table of images to draw")
    if gallery is not None and (base is not None or follow or repo is not None):
        raise UsageError("options-exclusive", "--gallery goes with none of --base, --follow and --repo")
    if out is not None:
        check_target(out)
    made = _of_gallery(gallery) if gallery is not None else _of_checkout(repo, base, follow=follow)
    if out is None and not open_:
        print_out(_as_json(made, "") if format_ == "json" else _drawn(made, format_))
        return 0
    target = write_map(out or target_for(f"{_NAME}.{'svg' if format_ == 'svg' else 'html'}"), _drawn(made, format_))
    print_out(_as_json(made, target.as_uri()) if format_ == "json" else target.as_uri())
    if open_:
        _show(target)
    return 0


def _drawn(made: Map, format_: str) -> str:
    """The page, or the drawing."""
    if format_ == "svg":
        from newbackend.map.svg import matrix_svg

        return matrix_svg(made)
    from newbackend.map.render import page

    return page(made)


def _of_checkout(repo: Path | None, base: str | None, *, follow: bool) -> Map:
    from newbackend.checkout.filter_engine import start_filter

    checkout = open_repo(repo)
    start_filter(checkout)
    if base is None:
        from newbackend.map.gather import map_of

        return map_of(checkout, follow=follow)
    from newbackend.map.change import change_map

    return change_map(checkout, base, follow=follow)


def _of_gallery(where: str) -> Map:
    from newbackend.errors import NotFoundError, UsageError
    from newbackend.gallery.source import open_source
    from newbackend.map.gather import gallery_map

    index = open_source(where).gallery.index
    if index is None:
        raise NotFoundError("gallery-missing", "has no gallery", where=where)
    if not index.entries:
        problem = index.problems[0].message if index.problems else "it has no entries"
        raise UsageError("gallery-unreadable", f"cannot be shown: {problem}", where=where)
    return gallery_map(index, where)


def _as_json(made: Map, address: str) -> str:
    """The rows of the map; `address` is that of the page, "" when none was written."""
    from newbackend.sanitize import json_text

    rows = [
        {
            "name": backend.name,
            "lang": backend.lang,
            "status": backend.status,
            "modalities": list(backend.modalities),
            "variants": list(backend.variants),
            "images": backend.images,
            "since": backend.since,
        }
        for backend in made.backends
    ]
    whole = {"revision": made.revision, "page": address, "backends": rows, "summary": dict(made.summary)}
    return json_text({"schema": "newbackend/map/1", **whole})


def _show(target: Path) -> None:
    import webbrowser

    if not webbrowser.open(target.as_uri()):
        print_err(f"newbackend: no browser could be started; open {target} yourself")
