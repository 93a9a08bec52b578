"""`newbackend update`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from newbackend.cli.carry_out import ChangeOptions, carry_out
from newbackend.cli.common import (
    AllowDirtyOption,
    AllowManualOption,
    ConflictsOption,
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

if TYPE_CHECKING:
    from newbackend.checkout.tree import Checkout
    from newbackend.plan.change import Changed, Sources

app = verb_app()


@app.command()
def update(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="A backend with a .newbackend.yml.", show_default=False, autocompletion=backends
        ),
    ],
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    conflicts: ConflictsOption = False,
    allow_dirty: AllowDirtyOption = False,
    allow_manual: AllowManualOption = False,
    repo: RepoOption = None,
    format_: FormatOption = "text",
) -> int:
    """Bring a backend's files and registration in line with its .newbackend.yml and the templates of today.

    Edited files are merged, never replaced. What cannot be merged is shown, and nothing is written unless you allow
    it: --conflicts leaves conflicts in the files between git's markers, --allow-manual leaves those files as they are.
    """
    from newbackend.cli.engine_facts import planned_update
    from newbackend.registrations.support.backend_names import named

    check_format(format_)
    checkout = open_repo(repo, writes=not dry_run)
    name = named(name, checkout)
    change = planned_update(name, checkout, sources_of(checkout, markers=conflicts))
    options = ChangeOptions(format_, dry_run=dry_run, yes=yes, allow_dirty=allow_dirty, allow_manual=allow_manual)
    return finish(change, name, f"Update {name}?", checkout, options)


def sources_of(checkout: Checkout, *, markers: bool) -> Sources:
    """The old texts in the checkout's own git."""
    from newbackend.plan.change import Sources
    from newbackend.scaffold.generated import committed, text_of

    root = checkout.root
    return Sources(lambda blob: text_of(root, blob), lambda path: committed(root, path), markers)


def finish(change: Changed, name: str, question: str, checkout: Checkout, options: ChangeOptions) -> int:
    """Carries out a change and remembers what was rendered. Exit status 1 when something is left to do."""
    from newbackend.cli.output.next_steps import print_written
    from newbackend.errors import Exit
    from newbackend.scaffold.generated import remember

    left = Exit.FINDINGS if change.conflicts or (change.plan.by_hand and options.dry_run) else Exit.OK
    options = replace(options, asked_by=change.answers_path)
    paths = carry_out(change.plan, checkout, question, options)
    if paths is None:
        return left if options.dry_run else Exit.OK
    if change.rendered:
        remember(checkout.root, name, change.rendered)
    if paths:
        print_written(change.plan, checkout.root, len(paths))
    elif change.plan.by_hand:
        print_err(f"newbackend: {len(change.plan.by_hand)} place(s) are left to you, see above")
    return Exit.FINDINGS if change.plan.by_hand else left
