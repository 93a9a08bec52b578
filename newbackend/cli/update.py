"""`newbackend update`."""

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
def update(
    name: Annotated[str, typer.Argument(help="A backend that newbackend generated.", show_default=False)],
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    allow_dirty: AllowDirtyOption = False,
    repo: RepoOption = None,
    format_: FormatOption = "text",
) -> int:
    """Render a backend's files again from its .newbackend.yml and merge them with your edits.

    An edited file is never replaced: what cannot be merged is left in the file as git shows conflicts, and
    the exit status is 1.
    """
    from newbackend.apply.run import ApplyOptions, apply_plan
    from newbackend.errors import Exit
    from newbackend.scaffold.generated import remember, text_of
    from newbackend.scaffold.update import plan_update

    check_format(format_)
    checkout = open_repo(repo)
    found = plan_update(name, checkout, lambda blob: text_of(checkout.root, blob))
    plan = found.plan
    show(plan, format_=format_, full=dry_run or not yes)
    left = Exit.FINDINGS if found.conflicts or plan.manual else Exit.OK
    if dry_run or plan.empty:
        return left
    if not confirm_or_fail(f"Update {name}?", yes=yes):
        return 0
    paths = apply_plan(plan, checkout.root, ApplyOptions(allow_dirty=allow_dirty))
    remember(checkout.root, name, found.rendered)
    print_err(f"newbackend: {len(paths)} files written; `newbackend undo` takes them back")
    return left
