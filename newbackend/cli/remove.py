"""`newbackend remove`."""

from __future__ import annotations

from typing import Annotated

import typer

from newbackend.cli.carry_out import ChangeOptions, carry_out
from newbackend.cli.common import (
    AllowDirtyOption,
    AllowManualOption,
    DryRunOption,
    FormatOption,
    RepoOption,
    YesOption,
    check_format,
    open_repo,
    print_err,
    verb_app,
)
from newbackend.cli.completion import backends

app = verb_app()


@app.command()
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The backend's name.", autocompletion=backends)],
    keep_files: Annotated[bool, typer.Option("--keep-files", help="Leave its directory and Dockerfile.")] = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    allow_dirty: AllowDirtyOption = False,
    allow_manual: AllowManualOption = False,
    repo: RepoOption = None,
    format_: FormatOption = "text",
) -> int:
    """Take a backend out of every registration place, and delete its files.

    Registrations of other backends are never touched, however similar the names are. Refused if other backends are
    built from it. Lists files that were edited since they were generated before it asks.
    """
    from newbackend.plan.remove import plan_remove
    from newbackend.registrations.support.backend_names import named

    check_format(format_)
    checkout = open_repo(repo, writes=not dry_run)
    name = named(name, checkout)
    plan = plan_remove(name, checkout, keep_files=keep_files)
    options = ChangeOptions(format_, dry_run=dry_run, yes=yes, allow_dirty=allow_dirty, allow_manual=allow_manual)
    paths = carry_out(plan, checkout, f"Remove {name}?", options)
    if paths is None:
        return 0
    print_err(f"newbackend: {len(paths)} files changed or deleted; `newbackend undo` takes it back")
    if plan.by_hand:
        print_err(f"newbackend: {len(plan.by_hand)} place(s) could not be edited safely and are left to you, see above")
    return 0
