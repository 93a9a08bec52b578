"""`newbackend adopt`."""

from __future__ import annotations

from typing import Annotated

import typer

from newbackend.cli.carry_out import ChangeOptions, carry_out
from newbackend.cli.common import (
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
def adopt(
    name: Annotated[str, typer.Argument(help="A registered backend.", show_default=False, autocompletion=backends)],
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    repo: RepoOption = None,
    format_: FormatOption = "text",
) -> int:
    """Write a .newbackend.yml for a backend that newbackend did not make; nothing else is changed.

    From then on `newbackend update` follows edits of that file. `newbackend change` works without it, too.
    """
    from newbackend.plan.adopt import plan_adopt
    from newbackend.registrations.support.backend_names import named
    from newbackend.scaffold.generated import remember

    check_format(format_)
    checkout = open_repo(repo, writes=not dry_run)
    name = named(name, checkout)
    adoption = plan_adopt(name, checkout)
    options = ChangeOptions(format_, dry_run=dry_run, yes=yes, allow_dirty=False)
    paths = carry_out(adoption.plan, checkout, f"Adopt {name}?", options)
    if paths:
        remember(checkout.root, name, [adoption.remembered])
        print_err(f"newbackend: {paths[0]} written; `newbackend undo` takes it back")
    return 0
