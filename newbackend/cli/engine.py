"""`newbackend engine`: what an upstream says about itself at one commit, bindings to it, and what a new one changes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from newbackend.cli.common import FormatOption, check_format, print_out, style, verb_app

if TYPE_CHECKING:
    from newbackend.upstream.inspect import Work

Result = TypeVar("Result")

app = verb_app("What does an engine's repository need and offer?")

UpstreamArgument = Annotated[
    str | None, typer.Argument(metavar="OWNER/REPO[@REF]", help="A repository on GitHub.", show_default=False)
]
PathOption = Annotated[
    Path | None,
    typer.Option("--path", metavar="DIR", help="Read a clone on this machine, without network.", show_default=False),
]


HeaderOption = Annotated[
    str | None,
    typer.Option(metavar="PATH", help="The header in the repository (default: the best).", show_default=False),
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
    from newbackend.upstream.inspect import inspection
    from newbackend.upstream.text import as_text

    check_format(format_)
    with progress("Reading the upstream"):
        found = _read(upstream, path, inspection)
    print_out(
        json.dumps(as_json(found), indent=2) if format_ == "json" else as_text(found, style(), everything=everything)
    )
    return 0


@app.command()
def bindings(
    upstream: UpstreamArgument = None,
    path: PathOption = None,
    header: HeaderOption = None,
    package: Annotated[str, typer.Option(metavar="NAME", help="The Go package.")] = "main",
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write to a file.", show_default=False)] = None,
) -> int:
    """Print Go bindings of a C API for purego, as LocalAI's Go backends use it.

    Every function of the header is bound, or listed at the end with the reason.
    """
    from functools import partial

    from newbackend.cli.common import print_err, write_output
    from newbackend.cli.output.progress import progress
    from newbackend.upstream.go_file import go_file

    with progress("Reading the upstream"):
        made = _read(upstream, path, partial(go_file, header=header or "", package=package))
    if out:
        write_output(out, made.text)
    else:
        print_out(made.text)
    print_err(f"newbackend: {len(made.functions)} functions bound, {len(made.refused)} not")
    return 0


@app.command()
def diff(
    upstream: Annotated[str, typer.Argument(metavar="OWNER/REPO@OLD", help="The engine at the old commit or tag.")],
    to: Annotated[
        str, typer.Option(metavar="REF", help="The new commit, branch or tag; the default branch if none.")
    ] = "",
    path: PathOption = None,
    header: HeaderOption = None,
    format_: FormatOption = "text",
) -> int:
    """Compare the C API of two commits: what crashes or breaks a program with bindings to the old one.

    Exit status 1 when something does.
    """
    import json
    from dataclasses import asdict
    from functools import partial

    from newbackend.cli.output.progress import progress
    from newbackend.upstream.diff import compare
    from newbackend.upstream.header_choice import header_of

    check_format(format_)
    repo, _, old = upstream.partition("@")
    with progress("Reading the upstream"):
        before = _read(f"{repo}@{old}" if old else repo, path, partial(header_of, wanted=header or ""))
        after = _read(f"{repo}@{to}" if to else repo, path, partial(header_of, wanted=before.api.path))
    changes = compare(before.api, after.api, included=(before.included, after.included))
    if format_ == "json":
        rows = [asdict(change) for change in changes]
        print_out(
            json.dumps({"schema": "newbackend/engine-diff/1", "header": before.api.path, "changes": rows}, indent=2)
        )
    else:
        paint = style()
        for change in changes:
            print_out(
                f"{paint.bold(change.severity)} {change.kind} {change.name}: {change.text}  {paint.dim(change.where)}"
            )
        print_out(f"{before.api.path}: {len(changes)} changes")
    return int(any(change.severity != "harmless" for change in changes))


def _read(upstream: str | None, path: Path | None, work: Work[Result]) -> Result:
    """What `work` makes of OWNER/REPO[@REF], or of a revision of the clone at `path`."""
    from newbackend.errors import NotFoundError, UsageError
    from newbackend.pin import parse_pin, resolve
    from newbackend.upstream.inspect import read_local, read_remote

    if path is not None:
        if not path.is_dir():
            raise NotFoundError("path-missing", "there is no such directory", where=str(path))
        repo, _, revision = (upstream or "").partition("@")
        return read_local(path, revision or "HEAD", work, repo)
    if upstream is None:
        raise UsageError("upstream-missing", "name a repository, OWNER/REPO", hint="or a clone with --path DIR")
    repo, ref = parse_pin(upstream)
    sha, _ = resolve(repo, ref)
    return read_remote(repo, sha, work)
