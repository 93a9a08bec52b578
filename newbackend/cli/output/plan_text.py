"""A plan for human eyes: a summary by place, then the diff with the reason and rule behind each hunk."""

from __future__ import annotations

from collections.abc import Iterator

from newbackend.cli.output.style import Style
from newbackend.plan.model import Edit, Plan


def counts(diff: str) -> tuple[int, int]:
    """Added and removed lines of a unified diff."""
    body = diff.splitlines()[2:]
    return sum(row.startswith("+") for row in body), sum(row.startswith("-") for row in body)


def summary(plan: Plan, style: Style) -> str:
    """One line per edit of an existing file; new files by directory; then what is left to a person."""
    rows = [*_created(plan, style), *_modified(plan, style)]
    for path, reason in plan.skipped:
        rows.append(style.dim(f"  skipped    {path}: {reason}"))
    if plan.present:
        rows.append(style.dim(f"  unchanged  {len(plan.present)} facts that are there already"))
    for note in plan.notes:
        rows.append(style.yellow(f"  note       {note}"))
    if plan.empty and not plan.manual:
        rows.append("nothing to do: everything is there already")
    return "\n".join(rows)


def _created(plan: Plan, style: Style) -> Iterator[str]:
    created = [edit for edit in plan.made if edit.op == "create"]
    if created:
        yield style.bold("New files")
    for edit in created:
        flag = " (executable)" if (edit.mode or 0) & 0o100 else ""
        yield f"  {style.green('create')}     {edit.path}{flag}"


def _modified(plan: Plan, style: Style) -> Iterator[str]:
    deleted = [edit for edit in plan.made if edit.op == "delete"]
    if deleted:
        yield style.bold("Deleted files")
    for edit in deleted:
        yield f"  {style.red('delete')}     {edit.path}"
    made = [edit for edit in plan.made if edit.op == "modify"]
    if made:
        yield style.bold("Registration" if plan.title.startswith("create") else "Changes")
    last = ""
    for edit in made:
        if edit.path != last:
            yield f"  {style.cyan(edit.path)}"
            last = edit.path
        added, removed = counts(edit.diff)
        size = f"+{added}" + (f" -{removed}" if removed else "")
        rules = f"  [{' '.join(edit.rules)}]" if edit.rules else ""
        yield f"    {size:>9}  {edit.reason}{style.dim(rules)}"


def manual(plan: Plan, style: Style) -> str:
    """What could not be edited safely, loudly: where, why, and the text to paste."""
    rows: list[str] = []
    for one in plan.manual:
        rows.append(style.red(f"BY HAND  {one.path}:{one.line}: {one.reason}"))
        rows += [f"    {line}" for line in one.snippet.splitlines()]
    return "\n".join(rows)


def diff(plan: Plan, style: Style) -> str:
    """The whole change as one applicable diff text; each hunk's reason stands on a comment line above it."""
    return "\n".join(_hunk(edit, style) for edit in plan.made if edit.diff)


def _hunk(edit: Edit, style: Style) -> str:
    rules = f" [{' '.join(edit.rules)}]" if edit.rules else ""
    rows = [style.dim(f"# {edit.reason}{rules}")]
    for row in edit.diff.splitlines():
        rows.append(style.diff_row(row))
    return "\n".join(rows)
