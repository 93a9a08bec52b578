"""One hunk of a review for human eyes: where, why, its diff, and what declining it means."""

from __future__ import annotations

from newbackend.cli.output.plan_text import counts, place_title
from newbackend.cli.output.style import Style
from newbackend.plan.review import Hunk, Turn

_FILES_SHOWN = 40


def hunk(turn: Turn, style: Style, *, full: bool) -> str:
    """The hunk with its heading. New files are only named unless `full`; their text is in the whole diff."""
    rows = [style.bold(f"({turn.at}/{turn.total}) {_heading(turn.hunk)}")]
    rows.append(f"  {turn.hunk.title}")
    if turn.hunk.edits[0].op == "create" and not full:
        rows += _files(turn.hunk, style)
    else:
        rows += [style.diff_row(row) for edit in turn.hunk.edits for row in edit.diff.splitlines()]
    rows.append(style.yellow(f"  without it: {_red(turn.hunk)}"))
    if turn.dependents:
        rows.append(style.yellow(f"  needed by: {'; '.join(one.title for one in turn.dependents)}"))
    return "\n".join(rows)


def _heading(one: Hunk) -> str:
    title = place_title(one.edits[0].place)
    added = sum(counts(edit.diff)[0] for edit in one.edits)
    paths = dict.fromkeys(edit.path for edit in one.edits)
    where = one.path if len(paths) == 1 else f"{len(paths)} files"
    return f"{title}: {where} +{added}"


def _files(one: Hunk, style: Style) -> list[str]:
    rows = [style.green(f"  create {edit.path} +{counts(edit.diff)[0]}") for edit in one.edits[:_FILES_SHOWN]]
    more = len(one.edits) - _FILES_SHOWN
    return [*rows, f"  and {more} more"] if more > 0 else rows


def _red(one: Hunk) -> str:
    """The checks that stay red when a hunk is left out."""
    named = [f"{rule} {rule_name(rule)}".strip() for rule in one.rules]
    return f"`newbackend verify` fails {', '.join(named)}" if named else "no check fails"


def rule_name(rule_id: str) -> str:
    """The kebab-case name of a rule; "" for one that no registry has."""
    from newbackend.rules import rules

    rule = rules().get(rule_id)
    return rule.name if rule else ""
