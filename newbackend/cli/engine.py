"""`newbackend engine`: what an upstream says about itself at one commit, bindings to it, and what a new one changes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from newbackend.cli.common import FormatOption, RepoOption, check_format, print_out, style, verb_app

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
        found = read(upstream, path, inspection)
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
    format_: FormatOption = "text",
) -> int:
    """Print Go bindings of a C API for purego, as LocalAI's Go backends use it.

    Every function of the header is bound, or listed at the end with the reason.
    """
    from dataclasses import asdict
    from functools import partial

    from newbackend.cli.common import print_err, write_output
    from newbackend.cli.output.progress import progress
    from newbackend.sanitize import json_text
    from newbackend.upstream.go_file import go_file

    check_format(format_)
    with progress("Reading the upstream"):
        made = read(upstream, path, partial(go_file, header=header or "", package=package))
    if out:
        write_output(out, made.text)
    if format_ == "json":
        data = {"bound": dict(made.functions), "refused": [asdict(one) for one in made.refused], "text": made.text}
        print_out(json_text({"schema": "newbackend/engine-bindings/1", **data}))
        return 0
    if not out:
        print_out(made.text)
    print_err(f"newbackend: {len(made.functions)} functions bound, {len(made.refused)} not")
    return 0


@app.command()
def diff(
    upstream: Annotated[
        str,
        typer.Argument(
            metavar="NAME|OWNER/REPO@OLD", help="A backend, or an engine at the old commit or tag.", show_default=False
        ),
    ],
    to: Annotated[
        str, typer.Option(metavar="REF", help="The new commit, branch or tag.", show_default="the default branch")
    ] = "",
    path: PathOption = None,
    header: HeaderOption = None,
    repo: RepoOption = None,
    format_: FormatOption = "text",
) -> int:
    """Compare two commits of an engine: its C API, the options and targets of its build, what it requires.

    For a backend of this checkout, what it does not use is harmless, and the old commit is the one that its bindings
    were generated from, or its Makefile pins. Exit status 1 when the backend would crash or not build.
    """
    from newbackend.cli.engine_diff import Compared, run_diff

    check_format(format_)
    return run_diff(Compared(upstream, to, path, header or ""), repo, format_, read)


def read(upstream: str | None, path: Path | None, work: Work[Result]) -> Result:
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
