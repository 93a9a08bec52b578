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
    check_format,
    open_repo,
    print_out,
    refuse_by_hand,
    style,
    verb_app,
)

app = verb_app()


@app.command()
def apply(
    plan: Annotated[Path, typer.Argument(metavar="PLAN.json", help="A plan saved by `create --plan-out`.")],
    allow_dirty: AllowDirtyOption = False,
    allow_manual: AllowManualOption = False,
    repo: RepoOption = None,
    format_: FormatOption = "text",
) -> int:
    """Apply a saved plan, all or nothing.

    Refused when a file that it touches has changed since the plan was made, and when it leaves places to do by hand.
    """
    import json

    from newbackend.apply.run import ApplyOptions, apply_plan
    from newbackend.checkout.reading import LIMIT_BYTES, read_named
    from newbackend.cli.output.plan_text import manual, summary
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
    paths = apply_plan(loaded, checkout.root, ApplyOptions(allow_dirty=allow_dirty))
    remember_created(checkout.root, loaded)
    if format_ == "json":
        print_out(json.dumps({"schema": "newbackend/applied/1", "title": loaded.title, "paths": list(paths)}, indent=2))
        return 0
    print_out(summary(loaded, style()))
    if loaded.manual:
        print_out(manual(loaded, style()))
    return 0
