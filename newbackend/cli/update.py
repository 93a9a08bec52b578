"""`newbackend update`."""

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
def update(
    name: Annotated[
        str, typer.Argument(help="A backend that newbackend generated.", show_default=False, autocompletion=backends)
    ],
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    allow_dirty: AllowDirtyOption = False,
    allow_manual: AllowManualOption = False,
    repo: RepoOption = None,
    format_: FormatOption = "text",
) -> int:
    """Render a backend's files again from its .newbackend.yml and merge them with your edits.

    Edited files are merged, never replaced. A conflict is left in the file between git's markers, and the exit status
    is 1.
    """
    from newbackend.errors import Exit
    from newbackend.plan.update import plan_update
    from newbackend.registrations.support.backend_names import named
    from newbackend.scaffold.generated import remember, text_of

    check_format(format_)
    checkout = open_repo(repo, writes=not dry_run)
    name = named(name, checkout)
    change = plan_update(name, checkout, lambda blob: text_of(checkout.root, blob))
    left = Exit.FINDINGS if change.conflicts or change.plan.manual else Exit.OK
    nothing = dry_run or change.plan.empty
    options = ChangeOptions(format_, dry_run=nothing, yes=yes, allow_dirty=allow_dirty, allow_manual=allow_manual)
    paths = carry_out(change.plan, checkout, f"Update {name}?", options)
    if paths is None:
        return left if nothing else Exit.OK
    remember(checkout.root, name, change.rendered)
    print_err(f"newbackend: {len(paths)} files written; `newbackend undo` takes them back")
    return left
