"""A plan as text: a summary by place, then the diff with the reason and rules of each hunk."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from newbackend.checkout.gitlink import GITLINK
from newbackend.overrides import SCAFFOLD
from newbackend.plan.model import Edit, Plan
from newbackend.sanitize import one_line
from newbackend.style import Style


def counts(diff: str) -> tuple[int, int]:
    """Added and removed lines of a unified diff."""
    rows = diff.splitlines()
    body = rows[next((number for number, row in enumerate(rows) if row.startswith("+++ ")), 0) + 1 :]
    return sum(row.startswith("+") for row in body), sum(row.startswith("-") for row in body)


def summary(plan: Plan, style: Style) -> str:
    """One line per edit of an existing file, new files by directory, then what has to be done by hand."""
    rows = [*_created(plan, style), *_modified(plan, style)]
    for path, reason in plan.skipped:
        rows.append(_aside("  skipped    ", f"{path}: {reason}", style.dim, style))
    if plan.present:
        rows.append(_aside("  unchanged  ", f"{len(plan.present)} facts that are there already", style.dim, style))
    rows += notes(plan, style)
    if plan.empty and not plan.by_hand:
        rows.append("nothing to do: everything is there already")
    return "\n".join(rows)


def notes(plan: Plan, style: Style) -> list[str]:
    """What was assumed, what was declined, and which checks fail because of it."""
    return [_aside("  note       ", note, style.yellow, style) for note in plan.notes]


def recap(plan: Plan) -> str:
    """The plan in one line: `30 files, 21 new, 9 changed, +1047 -3`, and what is left to a person."""
    files: dict[str, str] = {edit.path: edit.op for edit in plan.made}
    kinds = {"create": "new", "modify": "changed", "delete": "deleted"}
    parts = [f"{list(files.values()).count(op)} {word}" for op, word in kinds.items() if op in files.values()]
    sizes = [counts(edit.diff) for edit in plan.made]
    lines = f"+{sum(added for added, _ in sizes)} -{sum(removed for _, removed in sizes)}"
    by_hand = f"; {len(plan.by_hand)} by hand" if plan.by_hand else ""
    to_do = f"; {len(plan.to_do)} to do" if plan.to_do else ""
    total = f"{len(files)} file{'' if len(files) == 1 else 's'}"
    return f"{', '.join([total, *parts, lines])}{by_hand}{to_do}"


def _aside(head: str, text: str, paint: Callable[[str], str], style: Style) -> str:
    return "\n".join(paint(row) for row in Style(False, style.width).folded(head, text).splitlines())


def _created(plan: Plan, style: Style) -> Iterator[str]:
    """New files, grouped by reason."""
    created = [edit for edit in plan.made if edit.op == "create"]
    if created:
        yield style.bold("New files")
    last = ""
    for edit in created:
        if edit.reason != last:
            rules = f"  [{' '.join(edit.rules)}]" if edit.rules else ""
            yield f"  {edit.reason}{style.dim(rules)}"
            last = edit.reason
        flag = _flag(edit.mode or 0)
        size = f"+{counts(edit.diff)[0]}"
        yield f"    {size:>9}  {style.green('create')} {edit.path}{flag}"


def _flag(mode: int) -> str:
    if mode == GITLINK:
        return " (submodule)"
    return " (executable)" if mode & 0o100 else ""


def _modified(plan: Plan, style: Style) -> Iterator[str]:
    deleted = [edit for edit in plan.made if edit.op == "delete"]
    if deleted:
        yield style.bold("Deleted files")
    for edit in deleted:
        yield f"  {style.red('delete')}     {edit.path}"
    made = [edit for edit in plan.made if edit.op == "modify"]
    if made:
        yield style.bold("Changes" if any(edit.place == SCAFFOLD for edit in made) else "Registration")
    last = ("", "")
    for edit in made:
        if (edit.place, edit.path) != last:
            yield f"  {place_title(edit.place)}  {style.cyan(edit.path)}"
            last = (edit.place, edit.path)
        added, removed = counts(edit.diff)
        size = f"+{added}" + (f" -{removed}" if removed else "")
        rules = f"  [{' '.join(edit.rules)}]" if edit.rules else ""
        yield style.folded(f"    {size:>9}  ", edit.reason, rules)


def place_title(place_id: str) -> str:
    """The title of a place; its id when it is not a registration place."""
    from newbackend.registrations import places

    return next((place.title for place in places() if place.id == place_id), place_id)


def manual(plan: Plan, style: Style) -> str:
    """What could not be edited safely, then what remains to a person: where, why, and the text to paste."""
    rows: list[str] = []
    for items, head, paint in ((plan.by_hand, "BY HAND", style.red), (plan.to_do, "TO DO  ", style.yellow)):
        for item in items:
            rows.append(paint(one_line(f"{head}  {item.path}:{item.line}: {item.reason}")))
            rows += [f"    {line}" for line in item.snippet.splitlines()]
    return "\n".join(rows)


def diff(plan: Plan, style: Style) -> str:
    """The whole change for a reader; each hunk has its reason on a comment line above it."""
    rows: list[str] = []
    for edit in plan.made:
        if edit.diff:
            rows += [style.dim(_reason(edit)), *map(style.diff_row, edit.diff.splitlines())]
    return "\n".join(rows)


def patch(plan: Plan) -> str:
    """The same to apply: byte for byte, with the line ends of the files."""
    return "".join(f"{_reason(edit)}\n{edit.diff}" for edit in plan.made if edit.diff)


def _reason(edit: Edit) -> str:
    rules = f" [{' '.join(edit.rules)}]" if edit.rules else ""
    return f"# {one_line(edit.reason)}{rules}"
