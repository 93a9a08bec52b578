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
    OwnRepository,
    RepoOption,
    YesOption,
    check_format,
    open_repo,
    open_standalone,
    own_repository,
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
        str | None,
        typer.Argument(
            metavar="NAME",
            help="A backend with a .newbackend.yml; not needed in a repository of its own.",
            show_default=False,
            autocompletion=backends,
        ),
    ] = None,
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

    In a repository of its own it also brings the files around the backend up to date, and LocalAI's from the checkout
    that --repo names.
    """
    from newbackend.cli.engine_facts import planned_update
    from newbackend.errors import UsageError
    from newbackend.registrations.support.backend_names import named

    check_format(format_)
    options = ChangeOptions(format_, dry_run=dry_run, yes=yes, allow_dirty=allow_dirty, allow_manual=allow_manual)
    own = own_repository(repo)
    if own is not None:
        return _own_repository(own, name, options, markers=conflicts)
    if name is None:
        raise UsageError("usage", "Missing argument 'NAME'", hint="see `newbackend update --help`")
    checkout = open_repo(repo, writes=not dry_run)
    name = named(name, checkout)
    change = planned_update(name, checkout, sources_of(checkout, markers=conflicts))
    return finish(change, name, f"Update {name}?", checkout, options)


def _own_repository(place: OwnRepository, name: str | None, options: ChangeOptions, *, markers: bool) -> int:
    """The update of a backend in a repository of its own, with files from LocalAI's checkout."""
    from newbackend.cli.standalone import localai
    from newbackend.errors import NotFoundError
    from newbackend.registrations.support.backend_names import named
    from newbackend.standalone.update import name_of, plan_update

    here = open_standalone(place.root, writes=not options.dry_run)
    own = name_of(here)
    if name is not None and named(name, here) != own:
        raise NotFoundError("backend-unknown", f"this repository has the backend {own!r}, not {name!r}", choices=[own])
    with localai(place.localai) as (checkout, revision):
        change = plan_update(here, checkout, revision, sources_of(here, markers=markers))
    return finish(change, own, f"Update {own}?", here, options)


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
