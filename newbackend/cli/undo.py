"""`newbackend undo`."""

from __future__ import annotations

from newbackend.cli.common import (
    FormatOption,
    RepoOption,
    check_format,
    open_repo,
    open_standalone,
    print_out,
    standalone_root,
    style,
    verb_app,
)

app = verb_app()


@app.command()
def undo(repo: RepoOption = None, format_: FormatOption = "text") -> int:
    """Take back the last apply: restore the old bytes of unedited files, and reverse the edits in edited ones.

    Refused, with the file's name, if you have since edited the same lines.
    """
    import json

    from newbackend.apply.run import ApplyOptions
    from newbackend.apply.undo import plan_undo, run_undo
    from newbackend.cli.output.plan_text import summary

    check_format(format_)
    own = standalone_root(repo)
    checkout = open_repo(repo, writes=True) if own is None else open_standalone(own, writes=True)
    plan, record = plan_undo(checkout.root)
    run_undo(checkout.root, plan, record, ApplyOptions(allow_dirty=True))
    if format_ == "json":
        paths = [edit.path for edit in plan.made]
        print_out(json.dumps({"schema": "newbackend/undone/1", "title": record.title, "paths": paths}, indent=2))
        return 0
    paint = style()
    print_out(summary(plan, paint) if not plan.empty else "nothing to do: everything is as it was before")
    print_out(f"undone: {record.title}")
    return 0
