"""`newbackend doctor`: what is here, and what will not work because of what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newbackend.cli.common import FormatOption, RepoOption, check_format, print_out, style, verb_app

if TYPE_CHECKING:
    from newbackend.doctor.model import Check, Diagnosis
    from newbackend.style import Style

app = verb_app()


@app.command()
def doctor(
    online: Annotated[bool, typer.Option("--online", help="Ask the upstream host too, five seconds at most.")] = False,
    repo: RepoOption = None,
    format_: FormatOption = "text",
) -> int:
    """Show what is here, and what will not work because of what is missing.

    Exit status 0 when everything is here that `create` and `verify` need, else 1. Nothing of the checkout is run.
    """
    from newbackend.doctor.examine import examine
    from newbackend.errors import Exit, NotFoundError
    from newbackend.sanitize import json_text

    check_format(format_)
    where = repo if repo is not None else Path.cwd()
    if not where.is_dir():
        raise NotFoundError("repo-missing", "there is no such directory", where=str(where))
    diagnosis = examine(where, online=online)
    print_out(json_text(diagnosis.as_json()) if format_ == "json" else _text(diagnosis, style()))
    return Exit.OK if diagnosis.ok else Exit.FINDINGS


def _text(diagnosis: Diagnosis, paint: Style) -> str:
    from newbackend.doctor.examine import GROUPS

    width = max(len(check.title) for check in diagnosis.checks)
    lines = []
    for group, title in GROUPS.items():
        lines += ["", paint.bold(f"For {title}" if group != "network" else "Network")]
        for check in diagnosis.checks:
            if check.group == group:
                lines += _rows(check, width, paint)
    return "\n".join([*lines[1:], "", _verdict(diagnosis)])


def _rows(check: Check, width: int, paint: Style) -> list[str]:
    from newbackend.doctor.model import State

    role = {State.OK: "pass", State.OLD: "warning", State.SKIPPED: "quiet"}.get(check.state)
    word = f"{check.state.value:<7}"
    painted = paint.paint(role or ("error" if check.required else "warning"), word)
    head = f"  {painted}  {check.title:<{width}}  "
    hidden = len(painted) - len(word)
    lines = [_folded(head, check.found, paint, hidden)]
    if check.without and check.state in (State.MISSING, State.OLD):
        lines.append(_folded(" " * (len(head) - hidden), f"so: {check.without}", paint, 0))
    return lines


def _folded(head: str, text: str, paint: Style, hidden: int) -> str:
    """`head text`, folded; `hidden` characters of the head are colour codes. In a narrow terminal the text begins below
    its head."""
    import textwrap

    from newbackend.sanitize import one_line

    indent = len(head) - hidden
    if not paint.width:
        return head + one_line(text)
    if paint.width - indent < 30:
        rows = textwrap.wrap(one_line(text), max(12, paint.width - 9), break_on_hyphens=False)
        return "\n".join(([head.rstrip()] if head.strip() else []) + [" " * 8 + row for row in rows])
    rows = textwrap.wrap(one_line(text), paint.width - indent - 1, break_on_hyphens=False) or [""]
    return ("\n" + " " * indent).join([head + rows[0], *rows[1:]])


def _verdict(diagnosis: Diagnosis) -> str:
    missing = ", ".join(check.title for check in diagnosis.checks if check.fails)
    return f"create and verify will not work here: {missing}" if missing else "create and verify work here"
