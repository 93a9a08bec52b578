"""One hunk of a review as text: path, reason, diff, and the rules that check it."""

from __future__ import annotations

from collections.abc import Sequence

from newbackend.cli.output.plan_text import counts, place_title
from newbackend.plan.review import Hunk, Turn
from newbackend.style import Style

_FILES_SHOWN = 40
_NAMED = 4


def hunk(turn: Turn, style: Style, *, full: bool) -> str:
    """The hunk with its heading. New files are only named unless `full`; their text is in the whole diff."""
    rows = [style.bold(f"({turn.at}/{turn.total}) {_heading(turn.hunk)}")]
    rows.append(f"  {turn.hunk.title}")
    if turn.hunk.edits[0].op == "create" and not full:
        rows += _files(turn.hunk, style)
    else:
        rows += [style.diff_row(row) for edit in turn.hunk.edits for row in edit.diff.splitlines()]
    rows += _aside("  checked by: ", _checks(turn.hunk), style)
    if turn.dependents:
        rows += _aside("  goes with it: ", _named(turn.dependents), style)
    return "\n".join(rows)


def _aside(head: str, text: str, style: Style) -> list[str]:
    return [style.yellow(row) for row in Style(False, style.width).folded(head, text).splitlines()]


def _named(dependents: Sequence[Hunk]) -> str:
    """The hunks that depend on this one; a few by name."""
    titles = [dependent.title for dependent in dependents]
    if len(titles) <= _NAMED:
        return "; ".join(titles)
    return f"{'; '.join(titles[: _NAMED - 1])}; and {len(titles) - _NAMED + 1} more"


def _heading(item: Hunk) -> str:
    title = place_title(item.edits[0].place)
    added = sum(counts(edit.diff)[0] for edit in item.edits)
    paths = dict.fromkeys(edit.path for edit in item.edits)
    where = item.path if len(paths) == 1 else f"{len(paths)} files"
    return f"{title}: {where} +{added}"


def _files(item: Hunk, style: Style) -> list[str]:
    rows = [style.green(f"  create {edit.path} +{counts(edit.diff)[0]}") for edit in item.edits[:_FILES_SHOWN]]
    more = len(item.edits) - _FILES_SHOWN
    return [*rows, f"  and {more} more"] if more > 0 else rows


def _checks(item: Hunk) -> str:
    """The rules that fail without the hunk."""
    return ", ".join(f"{rule} {rule_name(rule)}".strip() for rule in item.rules) or "nothing"


def rule_name(rule_id: str) -> str:
    """The kebab-case name of a rule; "" for an unknown id."""
    from newbackend.rules import rules

    rule = rules().get(rule_id)
    return rule.name if rule else ""
