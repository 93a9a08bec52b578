"""`newbackend map`: all backends of a checkout on one page of HTML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from newbackend.cli.common import RepoOption, open_repo, print_err, print_out, verb_app

app = verb_app()

FORMATS = ("html", "svg")
_NAME = "newbackend-map"


@app.command(name="map")
def map_(
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where to write it (default: standard output).", show_default=False),
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    follow: Annotated[
        bool,
        typer.Option("--follow", help="Follow makes and scripts of every row, as `trace` does; ten times slower."),
    ] = False,
    repo: RepoOption = None,
) -> int:
    """Show all backends on one page: images by platform, registration places, what each kind of host gets.

    The page is one file without a request to anywhere. It is made from the facts, traces and findings of the other
    verbs.
    """
    from newbackend.map.gather import map_of
    from newbackend.map.output import check_target, target_for, write_map
    from newbackend.map.render import page

    if out is not None:
        check_target(out)
    made = map_of(open_repo(repo), follow=follow)
    text = page(made)
    if out is None and not open_:
        print_out(text)
        return 0
    target = write_map(out or target_for(f"{_NAME}.html"), text)
    print_out(target.as_uri())
    if open_:
        _show(target)
    return 0


def _show(target: Path) -> None:
    import webbrowser

    if not webbrowser.open(target.as_uri()):
        print_err(f"newbackend: no browser could be started; open {target} yourself")
