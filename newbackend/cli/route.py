"""`newbackend route FILE...`: which CI jobs a change to these files starts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newbackend.cli.common import FormatOption, RepoOption, check_format, open_repo, print_out, style, verb_app

if TYPE_CHECKING:
    from newbackend.queries.routing import Route, Routes
    from newbackend.style import Style

app = verb_app()

_MANY = 6


@app.command()
def route(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Paths, as git shows them.")],
    repo: RepoOption = None,
    format_: FormatOption = "text",
) -> int:
    """Show which CI jobs a change to these files would start, and which backends would not be rebuilt.

    Runs the checkout's own path filter. For a file that starts no job it says why.
    """
    import json

    from newbackend.queries.routing import as_json, routes

    check_format(format_)
    checkout = open_repo(repo)
    result = routes(checkout, [_inside(checkout.root, path) for path in files])
    print_out(json.dumps(as_json(result), indent=2) if format_ == "json" else _text(result, style()))
    return 0


def _inside(root: Path, path: str) -> str:
    """A path relative to the checkout: resolved from the current directory if that is in the checkout, else as
    given. A directory ends in a slash, and so stands for any file below it."""
    if (root / path).exists() or not Path(path).exists():
        inside = Path(path).as_posix() if not Path(path).is_absolute() else _relative(root, Path(path))
    else:
        inside = _relative(root, Path.cwd() / path)
    return f"{inside}/" if (root / inside).is_dir() else inside


def _relative(root: Path, path: Path) -> str:
    from newbackend.errors import UsageError

    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError as error:
        raise UsageError("path-outside", "is not in the checkout", where=str(path)) from error


def _text(result: Routes, paint: Style) -> str:
    rows: list[str] = []
    for file in result.files:
        rows += _file(file, paint)
    jobs = {(fact.kind, fact.key) for file in result.files for fact in file.jobs}
    rows.append("")
    rest = len(result.not_rebuilt)
    rows.append(f"{len(jobs)} job(s) of {len(result.started)} backend(s); {rest} backend(s) would not be rebuilt")
    if 0 < len(result.not_rebuilt) <= _MANY:
        rows.append(f"not rebuilt: {', '.join(result.not_rebuilt)}")
    return "\n".join(rows)


def _file(file: Route, paint: Style) -> list[str]:
    if not file.jobs:
        return [paint.bold(file.path), f"  {paint.yellow('no job')}: {file.why}"]
    rows = [paint.bold(file.path)]
    linux = Counter(fact.backend for fact in file.jobs if fact.kind != "darwin")
    macos = Counter(fact.backend for fact in file.jobs if fact.kind == "darwin")
    names = sorted(linux.keys() | macos.keys())
    for name in names[:_MANY]:
        parts = [f"{linux[name]} Linux"] if linux[name] else []
        parts += [f"{macos[name]} macOS"] if macos[name] else []
        rows.append(f"  {paint.green(name)}: {', '.join(parts)}")
    if len(names) > _MANY:
        rows.append(f"  and {len(names) - _MANY} more backends: {len(file.jobs)} jobs in all")
    if file.remark:
        rows.append(f"  {paint.dim(file.remark)}")
    return rows
