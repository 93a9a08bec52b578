"""`newbackend update`."""

from __future__ import annotations

from typing import Annotated

import typer

from newbackend.cli.common import (
    AllowDirtyOption,
    DryRunOption,
    FormatOption,
    RepoOption,
    YesOption,
    check_format,
    confirm,
    interactive,
    open_repo,
    out,
    style,
    talk,
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
    import json

    from newbackend.apply.run import ApplyOptions, apply_plan
    from newbackend.cli.output.plan_text import diff, manual, summary
    from newbackend.errors import Exit, UsageError
    from newbackend.plan.as_json import plan_to_json
    from newbackend.scaffold.generated import remember, text_of
    from newbackend.scaffold.update import plan_update

    check_format(format_)
    checkout = open_repo(repo)
    found = plan_update(name, checkout, lambda blob: text_of(checkout.root, blob))
    plan = found.plan
    if format_ == "json":
        out(json.dumps(plan_to_json(plan), indent=2, ensure_ascii=False))
    else:
        if not plan.empty and (dry_run or not yes):
            out(diff(plan, style()) + "\n")
        out(summary(plan, style()))
        if plan.manual:
            out(manual(plan, style()))
    left = Exit.FINDINGS if found.conflicts or plan.manual else Exit.OK
    if dry_run or plan.empty:
        return left
    if not yes:
        if not interactive(no_input=False):
            raise UsageError(
                "not-confirmed", "nothing was written", hint="pass --yes to apply, or --dry-run to only look"
            )
        if not confirm(f"Update {name}?"):
            talk("newbackend: nothing was written")
            return 0
    paths = apply_plan(plan, checkout.root, ApplyOptions(allow_dirty=allow_dirty))
    remember(checkout.root, name, found.rendered)
    talk(f"newbackend: {len(paths)} files written; `newbackend undo` takes them back")
    return left
