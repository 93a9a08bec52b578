"""`newbackend schema NAME`: the JSON Schema of something that newbackend reads or prints."""

from __future__ import annotations

from typing import Annotated

import typer

from newbackend.cli.common import FormatOption, check_format, print_out, verb_app
from newbackend.cli.completion import schemas

app = verb_app()


@app.command()
def schema(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="answers, plan, verify, trace, options, error or package; without it, all names.",
            show_default=False,
            autocompletion=schemas,
        ),
    ] = None,
    format_: FormatOption = "text",
) -> int:
    """Print the JSON Schema (draft 2020-12) of what newbackend reads and prints.

    A schema is JSON in either format; --format decides how the list of names and an error are printed.
    """
    from newbackend.sanitize import json_text
    from newbackend.schema.registry import SCHEMAS, schema_text
    from newbackend.suggest import unknown

    check_format(format_)
    if name is None:
        names = list(SCHEMAS)
        listing = json_text({"schema": "newbackend/schemas/1", "names": names})
        print_out(listing if format_ == "json" else "\n".join(names))
        return 0
    if name not in SCHEMAS:
        raise unknown("schema-unknown", "schema", name, SCHEMAS)
    print_out(schema_text(name))
    return 0
