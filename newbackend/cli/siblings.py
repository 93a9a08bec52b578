"""`newbackend siblings NAME`: where the backends of its kind are named and it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from newbackend.cli.common import FormatOption, RepoOption, check_format, open_repo, print_out, style, verb_app
from newbackend.cli.completion import backends

if TYPE_CHECKING:
    from newbackend.queries.siblings import Found
    from newbackend.style import Style

app = verb_app()
_WIDTH = 100


@app.command()
def siblings(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A registered backend.", show_default=False, autocompletion=backends)
    ],
    repo: RepoOption = None,
    format_: FormatOption = "text",
) -> int:
    """Show the files of the checkout that name most backends of its kind and not this one.

    A file that newbackend knows is marked. One that it does not know may be a new registration file, or a page that
    wants a line.
    """
    import json

    from newbackend.queries.siblings import as_json
    from newbackend.queries.siblings import siblings as found
    from newbackend.registrations.support.backend_names import named

    check_format(format_)
    checkout = open_repo(repo)
    name = named(name, checkout)
    rows = found(checkout, name)
    print_out(json.dumps(as_json(name, rows), indent=2) if format_ == "json" else _text(name, rows, style()))
    return 0


def _text(name: str, rows: list[Found], paint: Style) -> str:
    from newbackend.sanitize import one_line

    if not rows:
        return f"every file that names most backends of its kind names {name} too"
    lines = []
    for row in rows:
        file, kind = row.listing, row.listing.kind
        lines.append(paint.bold(f"{file.path}:{file.line}"))
        lines.append(f"  names {len(file.names)} of {len(kind.members)} other {kind.title}")
        lines.append(f"  {one_line(file.example)[:_WIDTH]}")
        if row.places:
            lines.append(paint.dim(f"  registered there by: {', '.join(row.places)}"))
    unknown = sum(not row.places for row in rows)
    lines += ["", f"{len(rows)} file(s) without {name}; {unknown} of them no registration place knows"]
    return "\n".join(lines)
