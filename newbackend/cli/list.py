"""`newbackend list`: every backend with its language, its variants and its health."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from newbackend.cli.common import FormatOption, RepoOption, check_format, open_repo, print_out, style, verb_app

if TYPE_CHECKING:
    from newbackend.style import Style

app = verb_app()


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
    width = max((len(row["name"]) for row in rows), default=4)
    lines = [paint.bold(f"{'NAME':<{width}}  {'LANG':<6}  {'HEALTH':<22}  VARIANTS")]
    for row in rows:
        health = f"{_health(row):<22}"
        colour = paint.red if row["error"] else paint.yellow if row["warning"] else paint.green
        lines.append(
            f"{row['name']:<{width}}  {row['lang'] or '-':<6}  {colour(health)}  {' '.join(row['variants']) or '-'}"
        )
    return "\n".join(lines)


def _health(row: dict[str, Any]) -> str:
    parts = [f"{row[level]} {level}{'s' if row[level] > 1 else ''}" for level in ("error", "warning") if row[level]]
    return ", ".join(parts) or ("unknown" if row["status"] == "unknown" else "ok")
