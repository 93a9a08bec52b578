"""`newbackend engine inspect`: what an upstream says about itself at one commit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newbackend.cli.common import FormatOption, check_format, print_out, style, verb_app

if TYPE_CHECKING:
    from newbackend.upstream.inspect import Inspection

app = verb_app("What does an engine's repository need and offer?")

UpstreamArgument = Annotated[
    str | None, typer.Argument(metavar="OWNER/REPO[@REF]", help="A repository on GitHub.", show_default=False)
]
PathOption = Annotated[
    Path | None,
    typer.Option("--path", metavar="DIR", help="Read a clone on this machine, without network.", show_default=False),
]


@app.callback()
def engine() -> None:
    """What does an engine's repository need and offer?"""


@app.command()
def inspect(
    upstream: UpstreamArgument = None,
    path: PathOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Show long lists whole.")] = False,
    format_: FormatOption = "text",
) -> int:
    """Say how an engine is built and what its C API is, from its files at one commit.

    Nothing is checked out and nothing of it runs. With --path, REF is a revision of that clone.
    """
    import json

    from newbackend.cli.output.progress import progress
    from newbackend.upstream.as_json import as_json
    from newbackend.upstream.text import as_text

    check_format(format_)
    with progress("Reading the upstream"):
        found = _inspect(upstream, path)
    print_out(
        json.dumps(as_json(found), indent=2) if format_ == "json" else as_text(found, style(), everything=everything)
    )
    return 0


def _inspect(upstream: str | None, path: Path | None) -> Inspection:
    from newbackend.errors import NotFoundError, UsageError
    from newbackend.pin import parse_pin, resolve
    from newbackend.upstream.inspect import inspect_local, inspect_remote

    if path is not None:
        if not path.is_dir():
            raise NotFoundError("path-missing", "there is no such directory", where=str(path))
        repo, _, revision = (upstream or "").partition("@")
        return inspect_local(path, revision or "HEAD", repo)
    if upstream is None:
        raise UsageError("upstream-missing", "name a repository, OWNER/REPO", hint="or a clone with --path DIR")
    repo, ref = parse_pin(upstream)
    sha, _ = resolve(repo, ref)
    return inspect_remote(repo, sha)
