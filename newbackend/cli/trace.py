"""`newbackend trace NAME`: what CI does with each row of a backend."""

from __future__ import annotations

from typing import Annotated

import typer

from newbackend.cli.common import FormatOption, RepoOption, check_format, open_repo, print_out, style, verb_app

app = verb_app()


@app.command()
def trace(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A backend.")],
    variant: Annotated[
        str,
        typer.Option("--variant", metavar="V", help="Only rows of this variant, as cuda13, or with this tag suffix."),
    ] = "",
    full: Annotated[bool, typer.Option("--full", help="Every command, not each line of a file once.")] = False,
    repo: RepoOption = None,
    format_: FormatOption = "text",
) -> int:
    """Follow the rows of a backend through CI: job, Dockerfile, make, package, image, tags, gallery, hosts.

    Everything is read; no command of the checkout runs. What only the build machine knows is said as unknown.
    """
    import json

    from newbackend.registrations.support.backend_names import named
    from newbackend.rules.context import Context
    from newbackend.trace.rowtrace import trace as trace_rows

    check_format(format_)
    checkout = open_repo(repo)
    traces = trace_rows(Context(checkout), named(name, checkout), variant)
    if format_ == "json":
        from newbackend.trace.as_json import as_json

        print_out(json.dumps(as_json(traces[0].backend, traces), indent=2))
    else:
        from newbackend.trace.tree import as_text

        print_out(as_text(traces, style(), full=full))
    return 0
