"""`newbackend pr`."""

from __future__ import annotations

from typing import Annotated

import typer

from newbackend.cli.common import (
    DryRunOption,
    FormatOption,
    RepoOption,
    YesOption,
    check_format,
    open_repo,
    print_out,
    verb_app,
)
from newbackend.cli.completion import backends
from newbackend.cli.create_options import NoInputOption

app = verb_app()


@app.command()
def pr(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The backend's name.", autocompletion=backends)],
    open_: Annotated[
        bool, typer.Option("--open", help="Commit on a branch, push it and open the pull request; asks first.")
    ] = False,
    assisted_by: Annotated[
        str | None,
        typer.Option(
            metavar="AGENT:MODEL",
            help="With --open: the AI assistant that took part, for the trailer Assisted-by; none for nobody.",
            show_default=False,
        ),
    ] = None,
    branch: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="With --open: the branch (default: the current one, on master add-NAME).",
            show_default=False,
        ),
    ] = "",
    remote: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="With --open: the remote to push to (default: your fork).", show_default=False
        ),
    ] = "",
    into: Annotated[
        str,
        typer.Option(
            metavar="OWNER/REPO",
            help="With --open: the repository it is for (default: the one go.mod names).",
            show_default=False,
        ),
    ] = "",
    title: Annotated[str, typer.Option(metavar="TEXT", help="With --open: another title.", show_default=False)] = "",
    include: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH", help="With --open: one more changed file to commit.", show_default=False),
    ] = None,
    draft: Annotated[bool, typer.Option("--draft", help="With --open: as a draft, also when it is not ready.")] = False,
    no_input: NoInputOption = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    repo: RepoOption = None,
    format_: FormatOption = "text",
) -> int:
    """Title and description for the pull request that adds a backend; --open opens it.

    The first line is the title; the rest is Markdown with the filled-in checklist. --open commits the backend's changes
    and nothing else, never signs off for you, and pushes by your own git; without gh it prints the address to open.
    """
    from newbackend.cli.backend_spec import spec_of
    from newbackend.errors import UsageError
    from newbackend.proposal.propose import Wishes
    from newbackend.pullrequest.state import state_of
    from newbackend.pullrequest.text import as_json, description
    from newbackend.pullrequest.text import title as title_of
    from newbackend.registrations.support.backend_names import named
    from newbackend.sanitize import json_text

    check_format(format_)
    wishes = Wishes(branch, remote, into, title, tuple(include or ()), assisted_by, draft)
    if not open_ and (wishes != Wishes() or yes or dry_run or no_input):
        raise UsageError("pr-open-only", "these options say how the pull request is opened", hint="add --open")
    checkout = open_repo(repo, writes=open_ and not dry_run)
    state = state_of(*spec_of(named(name, checkout), checkout))
    if open_:
        from newbackend.cli.pr_open import PrOpenOptions, open_pull_request

        return open_pull_request(state, checkout, wishes, PrOpenOptions(format_, yes, dry_run, no_input))
    if format_ == "json":
        print_out(json_text(as_json(state)))
    else:
        print_out(f"{title_of(state)}\n\n{description(state)}")
    return 0
