"""Options and helpers that the verbs share."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newbackend.cli.output.style import Style, style_for

if TYPE_CHECKING:
    from newbackend.checkout.tree import Checkout

RepoOption = Annotated[
    Path | None,
    typer.Option(
        "--repo",
        metavar="PATH",
        help="The LocalAI checkout (default: the one you are in).",
        show_default=False,
    ),
]
FormatOption = Annotated[str, typer.Option("--format", metavar="text|json", help="Output format.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show everything, write nothing.")]
AllowDirtyOption = Annotated[bool, typer.Option("--allow-dirty", help="Write to files that have uncommitted changes.")]


def check_format(name: str, known: tuple[str, ...] = ("text", "json")) -> str:
    """The format itself; raises UsageError for one that the verb does not have."""
    from newbackend.errors import UsageError

    if name not in known:
        raise UsageError("format-unknown", f"--format {name!r} is not one of {', '.join(known)}")
    return name


def open_repo(repo: Path | None) -> Checkout:
    """The checkout to work on, after mending an interrupted change in it."""
    from newbackend.apply.state import interrupted
    from newbackend.checkout.layout import open_checkout
    from newbackend.errors import NotFoundError

    where = repo if repo is not None else Path.cwd()
    if not where.is_dir():
        raise NotFoundError("repo-missing", "there is no such directory", where=str(where))
    checkout = open_checkout(where)
    if interrupted(checkout.root):
        from newbackend.apply.run import start

        mended = start(checkout.root)
        if mended:
            print_err(f"newbackend: {mended}")
    return checkout


def print_out(text: str) -> None:
    """Data: standard output."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def print_err(text: str) -> None:
    """Talk: standard error."""
    sys.stderr.write(text if text.endswith("\n") else text + "\n")


def style() -> Style:
    """Colours for standard output."""
    return style_for(sys.stdout)


def interactive(*, no_input: bool) -> bool:
    """Whether questions may be asked: a terminal on both sides, not CI, not --no-input."""
    return not no_input and sys.stdin.isatty() and sys.stderr.isatty() and not os.environ.get("CI")


def confirm(question: str) -> bool:
    """Asks on the terminal; no is the default, Ctrl-C and end of input count as stop."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer:
        sys.stderr.write("\n")
        raise KeyboardInterrupt
    return answer.strip().lower() in ("y", "yes")


def write_output(path: Path, text: str) -> None:
    """Writes a file that the user named (a plan, a diff). Raises UsageError when that fails."""
    from newbackend.errors import UsageError

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError("output-not-written", f"cannot be written: {error.strerror}", where=str(path)) from error
