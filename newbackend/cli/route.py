"""`newbackend route FILE...`: which CI jobs a change to these files starts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newbackend.cli.common import FormatOption, RepoOption, check_format, open_repo, print_out, style

if TYPE_CHECKING:
    from newbackend.cli.output.style import Style
    from newbackend.queries.routing import Route, Routes

app = typer.Typer(rich_markup_mode=None)

_MANY = 6


@app.command()
def route(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Paths, as git shows them.")],
    repo: RepoOption = None,
    format_: FormatOption = "text",
) -> int:
    """Which CI jobs a change to these files would start, and which backends would not be rebuilt.

    By the checkout's own path filter. For a file that starts none it says why.
    """
    import json

    from newbackend.queries.routing import as_json, routes

    check_format(format_)
    checkout = open_repo(repo)
    found = routes(checkout, [_inside(checkout.root, path) for path in files])
    print_out(json.dumps(as_json(found), indent=2) if format_ == "json" else _text(found, style()))
    return 0


def _inside(root: Path, path: str) -> str:
    """A path relative to the checkout: as given, or from the current directory when it lies in the checkout."""
    if (root / path).exists() or not Path(path).exists():
        return Path(path).as_posix() if not Path(path).is_absolute() else _relative(root, Path(path))
    return _relative(root, Path.cwd() / path)


def _relative(root: Path, path: Path) -> str:
    from newbackend.errors import UsageError

    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError as error:
        raise UsageError("path-outside", "is not in the checkout", where=str(path)) from error


def _text(found: Routes, paint: Style) -> str:
    rows: list[str] = []
    for one in found.files:
        rows += _file(one, paint)
    jobs = {(fact.kind, fact.key) for one in found.files for fact in one.jobs}
    rows.append("")
    rest = len(found.not_rebuilt)
    rows.append(f"{len(jobs)} job(s) of {len(found.started)} backend(s); {rest} backend(s) would not be rebuilt")
    if 0 < len(found.not_rebuilt) <= _MANY:
        rows.append(f"not rebuilt: {', '.join(found.not_rebuilt)}")
    return "\n".join(rows)


def _file(one: Route, paint: Style) -> list[str]:
    if not one.jobs:
        return [paint.bold(one.path), f"  {paint.yellow('no job')}: {one.why}"]
    rows = [paint.bold(one.path)]
    linux = Counter(fact.backend for fact in one.jobs if fact.kind != "darwin")
    macos = Counter(fact.backend for fact in one.jobs if fact.kind == "darwin")
    names = sorted(linux.keys() | macos.keys())
    for name in names[:_MANY]:
        parts = [f"{linux[name]} Linux"] if linux[name] else []
        parts += [f"{macos[name]} macOS"] if macos[name] else []
        rows.append(f"  {paint.green(name)}: {', '.join(parts)}")
    if len(names) > _MANY:
        rows.append(f"  and {len(names) - _MANY} more backends: {len(one.jobs)} jobs in all")
    if one.remark:
        rows.append(f"  {paint.dim(one.remark)}")
    return rows
