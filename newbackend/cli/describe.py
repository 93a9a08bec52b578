"""`newbackend describe`: the answers file of a registered backend."""

from __future__ import annotations

from typing import Annotated

import typer

from newbackend.cli.common import FormatOption, RepoOption, check_format, open_repo, print_err, print_out, verb_app
from newbackend.cli.completion import backends

app = verb_app()


@app.command()
def describe(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A registered backend.", show_default=False, autocompletion=backends)
    ],
    repo: RepoOption = None,
    format_: FormatOption = "text",
) -> int:
    """Print the answers file of a registered backend, for `create --answers`.

    What differs from the defaults is listed under `overrides`.
    """
    from newbackend.answers import as_data
    from newbackend.answers_file import dump_answers, schema_line
    from newbackend.describe import describe as described
    from newbackend.describe.header import header
    from newbackend.registrations.support.backend_names import named
    from newbackend.sanitize import json_text

    check_format(format_)
    checkout = open_repo(repo)
    description = described(checkout, named(name, checkout))
    if format_ == "json":
        print_out(json_text(as_data(description.answers)))
        for note in description.notes:
            print_err(f"newbackend: {note}")
    else:
        print_out(dump_answers(description.answers, schema_line() + header(description)))
    return 0
