"""`newbackend describe`: the answers file of a registered backend."""

from __future__ import annotations

from typing import Annotated

import typer

from newbackend.cli.common import FormatOption, RepoOption, check_format, open_repo, print_err, print_out

app = typer.Typer(rich_markup_mode=None)


@app.command()
def describe(
    name: Annotated[str, typer.Argument(help="A registered backend.", show_default=False)],
    repo: RepoOption = None,
    format_: FormatOption = "text",
) -> int:
    """Print the answers file of a backend that is registered already: `create --answers` takes it back.

    Only what departs from the canonical table is spelled out, under `overrides`.
    """
    import json

    from newbackend.answers import dump_answers
    from newbackend.describe import describe as described
    from newbackend.describe.header import header

    check_format(format_)
    found = described(open_repo(repo), name)
    if format_ == "json":
        print_out(json.dumps(found.answers, indent=2, ensure_ascii=False))
        for note in found.notes:
            print_err(f"newbackend: {note}")
    else:
        print_out(dump_answers(found.answers, header(found)))
    return 0
