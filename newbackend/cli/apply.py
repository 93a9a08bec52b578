"""`newbackend apply PLAN.json`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from newbackend.cli.common import (
    AllowDirtyOption,
    AllowManualOption,
    FormatOption,
    RepoOption,
    YesOption,
    check_format,
    confirm,
    interactive,
    open_repo,
    print_err,
    print_out,
    refuse_by_hand,
    style,
    verb_app,
)

app = verb_app()


@app.command()
def apply(
    plan: Annotated[Path, typer.Argument(metavar="PLAN.json", help="A plan saved by `create --plan-out`.")],
    yes: YesOption = False,
    allow_dirty: AllowDirtyOption = False,
    allow_manual: AllowManualOption = False,
    repo: RepoOption = None,
    format_: FormatOption = "text",
) -> int:
    """Apply a saved plan, all or nothing.

    At a terminal it asks first, unless --yes is given. Refused when a file that it touches has changed since the plan
    was made, and when it leaves places to do by hand.
    """
    import json

    from newbackend.apply.run import ApplyOptions, apply_plan
    from newbackend.checkout.reading import LIMIT_BYTES, read_named
    from newbackend.cli.output.next_steps import print_written
    from newbackend.cli.output.plan_text import manual, recap, summary
    from newbackend.errors import NotFoundError, UsageError
    from newbackend.plan.as_json import plan_from_json
    from newbackend.plan.change import remember_created

    check_format(format_)
    try:
        text = read_named(plan, LIMIT_BYTES)
    except FileNotFoundError as error:
        raise NotFoundError("plan-missing", "there is no such plan", where=str(plan)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("plan-unreadable", "cannot be read", where=str(plan)) from error
    loaded = plan_from_json(text, str(plan))
    if not allow_manual:
        refuse_by_hand(loaded)
    checkout = open_repo(repo, writes=True)
    count = len({edit.path for edit in loaded.made})
    if not yes and interactive(no_input=False) and format_ == "text":
        print_err(f"{loaded.title}: {recap(loaded)}")
        if not confirm(f"Write these {count} files?"):
            print_err("newbackend: nothing was written")
            return 0
    paths = apply_plan(loaded, checkout.root, ApplyOptions(allow_dirty=allow_dirty))
    remember_created(checkout.root, loaded)
    if format_ == "json":
        print_out(json.dumps({"schema": "newbackend/applied/1", "title": loaded.title, "paths": list(paths)}, indent=2))
        return 0
    print_out(summary(loaded, style()))
    if loaded.manual:
        print_out(manual(loaded, style()))
    print_written(loaded, checkout.root, len(paths))
    return 0
