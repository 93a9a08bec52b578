"""`newbackend list`: every backend with its language, its variants and its health."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from newbackend.cli.common import FormatOption, RepoOption, check_format, open_repo, print_out, style, verb_app
from newbackend.style import wrapped

if TYPE_CHECKING:
    from newbackend.style import Style

app = verb_app()

_LEAST = 24
"""Columns for the variants; with fewer they stand on lines of their own."""


@app.command(name="list")
def list_backends(repo: RepoOption = None, format_: FormatOption = "text") -> int:
    """List every backend of the checkout: language, variants, health."""
    import json

    from newbackend.queries.listing import listing

    check_format(format_)
    rows = listing(open_repo(repo))
    if format_ == "json":
        print_out(json.dumps({"schema": "newbackend/list/1", "backends": rows}, indent=2))
    else:
        print_out(_table(rows, style()))
    return 0


def _table(rows: list[dict[str, Any]], paint: Style) -> str:
    """Columns as wide as needed; the variants are folded to the width of the terminal, on lines of their own where
    it is narrow."""
    name = max(4, *(len(row["name"]) for row in rows))
    health = max(6, *(len(_health(row)) for row in rows))
    head = f"{'NAME':<{name}}  {'LANG':<6}  {'HEALTH':<{health}}  "
    narrow = 0 < paint.width < len(head) + _LEAST
    indent = 4 if narrow else len(head)
    lines = [paint.bold(head.rstrip() if narrow else f"{head}VARIANTS")]
    for row in rows:
        colour = paint.red if row["error"] else paint.yellow if row["warning"] else paint.green
        first = f"{row['name']:<{name}}  {row['lang'] or '-':<6}  "
        variants = " ".join(row["variants"]) or "-"
        room = max(paint.width - indent, _LEAST) if paint.width else len(variants)
        own, *more = wrapped(variants, room)
        if narrow:
            lines += [f"{first}{colour(_health(row))}", " " * indent + own]
        else:
            lines.append(f"{first}{colour(f'{_health(row):<{health}}')}  {own}")
        lines += [" " * indent + line for line in more]
    return "\n".join(lines)


def _health(row: dict[str, Any]) -> str:
    parts = [f"{row[level]} {level}{'s' if row[level] > 1 else ''}" for level in ("error", "warning") if row[level]]
    return ", ".join(parts) or ("unknown" if row["status"] == "unknown" else "ok")
