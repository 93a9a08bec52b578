"""`newbackend pr`."""

from __future__ import annotations

from typing import Annotated

import typer

from newbackend.cli.common import FormatOption, RepoOption, check_format, open_repo, print_out, verb_app
from newbackend.cli.completion import backends

app = verb_app()


@app.command()
def pr(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The backend's name.", autocompletion=backends)],
    repo: RepoOption = None,
    format_: FormatOption = "text",
) -> int:
    """Title and description for the pull request that adds a backend.

    The first line is the title; the rest is Markdown with the filled-in checklist.
    """
    from newbackend.cli.backend_spec import spec_of
    from newbackend.pullrequest.state import state_of
    from newbackend.pullrequest.text import as_json, description, title
    from newbackend.registrations.support.backend_names import named
    from newbackend.sanitize import json_text

    check_format(format_)
    checkout = open_repo(repo)
    state = state_of(*spec_of(named(name, checkout), checkout))
    if format_ == "json":
        print_out(json_text(as_json(state)))
    else:
        print_out(f"{title(state)}\n\n{description(state)}")
    return 0
