"""`newbackend gallery check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from newbackend.cli.common import (
    LEVELS,
    REPORT_FORMATS,
    FailOnOption,
    RepoOption,
    ReportFormatOption,
    check_choice,
    print_out,
    verb_app,
)

if TYPE_CHECKING:
    from newbackend.gallery.check import Source

app = verb_app("What does LocalAI make of a gallery of backends?")


@app.callback()
def root() -> None:
    """What does LocalAI make of a gallery of backends?"""


@app.command()
def check(
    where: Annotated[
        str,
        typer.Argument(
            metavar="PATH|URL", help="An index.yaml, the repository that it is in, or the address that users configure."
        ),
    ],
    official: Annotated[
        str | None,
        typer.Option(
            metavar="PATH|URL",
            help="LocalAI's own gallery, to find names that collide with it (default: that of the checkout at hand).",
            show_default=False,
        ),
    ] = None,
    online: Annotated[
        bool,
        typer.Option(
            "--online", help="Also ask registries: are the images there, for which platforms, are they signed?"
        ),
    ] = False,
    fail_on: FailOnOption = "error",
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Also show what passed and why each rule exists.")
    ] = False,
    repo: RepoOption = None,
    format_: ReportFormatOption = "text",
) -> int:
    """Check a gallery of backends, and the repository around it, by what LocalAI really does with them.

    Prints which image each kind of host gets, and every mistake with its consequence. No LocalAI checkout is needed.

    Exit status: 0 nothing at or above --fail-on, 1 findings, 3 there is no gallery, or a server does not answer.
    """
    from newbackend.gallery.source import open_source

    check_choice("format", format_, REPORT_FORMATS)
    check_choice("fail-on", fail_on, LEVELS)
    return judge(open_source(where, official, repo), fail_on, format_, verbose=verbose, online=online)


def judge(source: Source, fail_on: str, format_: str, *, verbose: bool, online: bool = False) -> int:
    """Checks a gallery, prints the report, and gives the exit status."""
    from newbackend.cli.output.progress import counted
    from newbackend.cli.output.report_text import print_with
    from newbackend.errors import Exit
    from newbackend.findings import Severity, Status
    from newbackend.gallery.check import check_gallery, gallery_rules

    report, rules = check_gallery(source), gallery_rules()
    if online:
        from newbackend.gallery.online import ONLINE, ask_registries

        with counted("asking registries") as step:
            report = ask_registries(report, source.gallery, step)
        rules = {**rules, **ONLINE.rules}
    if format_ == "text":
        _print_table(source)
    print_with(report, rules, source.line, format_, verbose=verbose)
    if report.fails_at(None if fail_on == "never" else Severity(fail_on)):
        return Exit.FINDINGS
    return Exit.NOT_FOUND if any(row.status is Status.UNKNOWN for row in report.findings) else Exit.OK


def _print_table(source: Source) -> None:
    """Which entry each kind of host gets, and why some get none."""
    from newbackend.cli.output.host_text import host_text
    from newbackend.gallery.table import host_table

    if source.gallery.index is not None:
        text = host_text(host_table(source.gallery.index))
        if text:
            print_out(text)
