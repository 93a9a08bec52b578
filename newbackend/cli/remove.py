"""`newbackend remove`."""

from __future__ import annotations

from typing import Annotated

import typer

from newbackend.cli.change import confirm_or_fail, show
from newbackend.cli.common import (
    AllowDirtyOption,
    DryRunOption,
    FormatOption,
    RepoOption,
    YesOption,
    check_format,
    open_repo,
    print_err,
)

app = typer.Typer(rich_markup_mode=None)


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="The backend's name.")],
    keep_files: Annotated[bool, typer.Option("--keep-files", help="Leave its directory and Dockerfile.")] = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    allow_dirty: AllowDirtyOption = False,
    repo: RepoOption = None,
    format_: FormatOption = "text",
) -> int:
    """Take a backend out of every registration place, and delete its files.

    Another backend's facts are never touched, however alike the names are. Refused for a backend that
    others are built from; files that were edited since they were generated are named first.
    """
    from newbackend.apply.run import ApplyOptions, apply_plan
    from newbackend.plan.remove import plan_remove

    check_format(format_)
    checkout = open_repo(repo)
    plan = plan_remove(name, checkout, keep_files=keep_files)
    show(plan, format_=format_, full=dry_run or not yes)
    if dry_run or not confirm_or_fail(f"Remove {name}?", yes=yes):
        return 0
    paths = apply_plan(plan, checkout.root, ApplyOptions(allow_dirty=allow_dirty))
    print_err(f"newbackend: {len(paths)} files changed or deleted; `newbackend undo` takes it back")
    if plan.manual:
        print_err(f"newbackend: {len(plan.manual)} place(s) could not be edited safely and are left to you, see above")
    return 0
