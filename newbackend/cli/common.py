"""Options and helpers that the verbs share."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from newbackend.cli.completion import one_of
from newbackend.console import write, write_commands
from newbackend.sanitize import one_line
from newbackend.style import Style, style_for

if TYPE_CHECKING:
    from newbackend.answers import Answers
    from newbackend.checkout.tree import Checkout
    from newbackend.errors import UsageError
    from newbackend.plan.model import Plan

_NAMED = 3

RepoOption = Annotated[
    Path | None,
    typer.Option(
        "--repo",
        metavar="PATH",
        help="The LocalAI checkout (default: the one you are in).",
        show_default=False,
    ),
]
FORMATS = ("text", "json")
REPORT_FORMATS = ("text", "concise", "json", "sarif", "github", "junit", "markdown")
LEVELS = ("error", "warning", "never")
FormatOption = Annotated[
    str, typer.Option("--format", metavar="|".join(FORMATS), help="Output format.", autocompletion=one_of(*FORMATS))
]
ReportFormatOption = Annotated[
    str,
    typer.Option(
        "--format", metavar="|".join(REPORT_FORMATS), help="Output format.", autocompletion=one_of(*REPORT_FORMATS)
    ),
]
FailOnOption = Annotated[
    str,
    typer.Option(
        metavar="|".join(LEVELS),
        help="The severity from which the exit status is 1.",
        autocompletion=one_of(*LEVELS),
    ),
]
SummaryOption = Annotated[
    bool,
    typer.Option("--summary", help="With --format json: findings in a few words each, and the counts; for agents."),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show everything, write nothing.")]
ConflictsOption = Annotated[
    bool, typer.Option("--conflicts", help="Leave conflicts in the files, between git's markers.")
]
AllowManualOption = Annotated[
    bool, typer.Option("--allow-manual", help="Write the rest when places are left to do by hand.")
]
AllowDirtyOption = Annotated[bool, typer.Option("--allow-dirty", help="Write to files that have uncommitted changes.")]


def verb_app(help_: str | None = None) -> typer.Typer:
    """The Typer app of one verb or of a group of verbs, without Typer's own completion options."""
    return typer.Typer(rich_markup_mode=None, add_completion=False, no_args_is_help=help_ is not None, help=help_)


def check_choice(option: str, value: str, known: Sequence[str]) -> str:
    """Returns the value. Raises UsageError when the option does not have it."""
    from newbackend.suggest import unknown

    if value not in known:
        raise unknown(f"{option}-unknown", f"--{option}", value, known)
    return value


def check_format(name: str) -> str:
    """Returns the format. Raises UsageError when the verb does not have it."""
    return check_choice("format", name, FORMATS)


def check_summary(summary: bool, format_: str) -> None:
    """Raises UsageError when --summary goes with a format that has no small form."""
    from newbackend.errors import UsageError

    if summary and format_ != "json":
        raise UsageError("summary-format", f"--summary is a form of --format json, not of {format_}", choices=("json",))


def open_repo(repo: Path | None, *, writes: bool = False) -> Checkout:
    """The checkout to work on. Only a verb that writes mends an interrupted change in it; others say so."""
    from newbackend.checkout.layout import open_checkout
    from newbackend.errors import NotFoundError

    where = repo if repo is not None else Path.cwd()
    if not where.is_dir():
        raise NotFoundError("repo-missing", "there is no such directory", where=str(where))
    return _mended(open_checkout(where), writes=writes)


def open_standalone(root: Path, *, writes: bool) -> Checkout:
    """A backend's repository of its own, as `open_repo` opens a checkout."""
    from newbackend.checkout.tree import Checkout

    return _mended(Checkout(root), writes=writes)


def _mended(checkout: Checkout, *, writes: bool) -> Checkout:
    from newbackend.apply.state import interrupted

    if interrupted(checkout.root):
        if not writes:
            print_err(
                "newbackend: a change of this checkout is under way or was cut off; `newbackend undo` rolls it back"
            )
            return checkout
        from newbackend.apply.run import start

        mended = start(checkout.root)
        if mended:
            print_err(f"newbackend: {mended}")
    return checkout


class OwnRepository(NamedTuple):
    """A repository of a backend's own, and the LocalAI checkout that --repo names beside it (None: none)."""

    root: Path
    localai: Path | None


def own_repository(repo: Path | None) -> OwnRepository | None:
    """The repository of its own that a command is in, else the one that --repo names; None without one."""
    from newbackend.gallery.record import find_standalone

    root = standalone_root(None) or standalone_root(repo)
    if root is None:
        return None
    return OwnRepository(root, None if repo is None or find_standalone(repo) == root else repo)


def standalone_root(repo: Path | None) -> Path | None:
    """The repository of its own that a command is in; None in a LocalAI checkout, and elsewhere."""
    from newbackend.checkout.layout import find_root
    from newbackend.errors import NewbackendError
    from newbackend.gallery.record import find_standalone

    where = repo if repo is not None else Path.cwd()
    root = find_standalone(where)
    if root is None:
        return None
    try:
        find_root(where)
    except NewbackendError:
        return root
    return None


def print_out(text: str) -> None:
    """Prints data on standard output."""
    write(sys.stdout, text if text.endswith("\n") else text + "\n")


def print_rendered(text: str, format_: str) -> None:
    """Prints a report on standard output; those of the format `github` are commands to the runner."""
    if format_ == "github":
        write_commands(sys.stdout, text)
    else:
        print_out(text)


def print_err(text: str) -> None:
    """Prints everything that is not data on standard error."""
    write(sys.stderr, text if text.endswith("\n") else text + "\n")


def note_doubts(answers: Answers) -> None:
    """Prints what is odd about given answers, which nobody is asked about, on standard error."""
    from newbackend.doubts import doubts

    for key, doubt in doubts(answers).items():
        print_err(f"newbackend: note: {key}: {doubt}")


def style() -> Style:
    """Colours for standard output."""
    return style_for(sys.stdout)


def interactive(*, no_input: bool) -> bool:
    """Whether questions may be asked: input and output are terminals, and neither CI nor --no-input is set."""
    return not no_input and sys.stdin.isatty() and sys.stderr.isatty() and not os.environ.get("CI")


def cannot_ask(code: str, what: str, *, no_input: bool) -> UsageError:
    """The error of an option that needs questions, with the reason why none can be asked."""
    from newbackend.errors import UsageError

    if no_input:
        why, hint = "--no-input forbids that", "leave one of them out"
    elif sys.stdin.isatty() and sys.stderr.isatty():
        why, hint = "in CI (the variable CI is set) nobody is asked", "unset CI"
    else:
        why, hint = "that needs a terminal", "look with --dry-run, or save the plan with --plan-out"
    return UsageError(code, f"{what}, and {why}; nothing was written", hint=hint)


def confirm(question: str) -> bool:
    """Asks yes or no on the terminal; the default is no. Ctrl-C and end of input stop the run."""
    return asked_line(f"{question} [y/N] ").lower() in ("y", "yes")


def agreed(question: str, *, yes: bool, asks: bool, nothing: str = "nothing was written", to: str = "apply") -> bool:
    """Whether the user agrees: by --yes, else asked, when anybody can be. `nothing` says what a refusal leaves undone,
    `to` what --yes would do. Raises UsageError where nobody is asked."""
    from newbackend.errors import UsageError

    if yes:
        return True
    if not asks:
        raise UsageError("not-confirmed", nothing, hint=f"pass --yes to {to}, or --dry-run to only look")
    if confirm(question):
        return True
    print_err(f"newbackend: {nothing}")
    return False


def asked_line(question: str) -> str:
    """Asks for a line on the terminal. Ctrl-C and end of input stop the run."""
    write(sys.stderr, question)
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer:
        write(sys.stderr, "\n")
        raise KeyboardInterrupt
    return answer.strip()


def places_by_hand(plan: Plan) -> str:
    """The places that a plan leaves to do by hand, in words: `2 places by hand (Makefile:33, docs/x.md:4)`."""
    where = list(dict.fromkeys(f"{one_line(item.path)}:{item.line}" for item in plan.by_hand))
    named = ", ".join(where[:_NAMED]) + (f" and {len(where) - _NAMED} more" if len(where) > _NAMED else "")
    return f"{len(where)} place{'' if len(where) == 1 else 's'} by hand ({named})"


def refuse_by_hand(plan: Plan) -> None:
    """Raises RefusedChange when the plan leaves places to do by hand: half a registration is worse than none."""
    from newbackend.errors import RefusedChange

    if plan.by_hand:
        raise RefusedChange(
            "left-by-hand",
            f"the plan leaves {places_by_hand(plan)}, so nothing was written",
            hint="pass --allow-manual to write the rest",
            choices=[f"{item.path}:{item.line}" for item in plan.by_hand],
        )


def write_output(path: Path, text: str) -> None:
    """Writes a file that the user named (a plan, a diff). Raises UsageError when that fails."""
    from newbackend.errors import UsageError

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError("output-not-written", f"cannot be written: {error.strerror}", where=str(path)) from error
