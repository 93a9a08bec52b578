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
    fail_on: FailOnOption = "error",
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Also show what passed and why each rule exists.")
    ] = False,
    repo: RepoOption = None,
    format_: ReportFormatOption = "text",
) -> int:
    """Check a gallery of backends, and the repository around it, by what LocalAI really does with them.

    Prints which image each kind of host gets, and every mistake with its consequence. No LocalAI checkout is needed.

    Exit status: 0 nothing at or above --fail-on, 1 findings, 3 there is no gallery, or its server does not answer.
    """
    from newbackend.cli.output.report_text import print_with
    from newbackend.errors import Exit
    from newbackend.findings import Severity
    from newbackend.gallery.check import check_gallery, gallery_rules
    from newbackend.gallery.source import open_source

    check_choice("format", format_, REPORT_FORMATS)
    check_choice("fail-on", fail_on, LEVELS)
    source = open_source(where, official, repo)
    report = check_gallery(source)
    if format_ == "text":
        _print_table(source)
    print_with(report, gallery_rules(), source.line, format_, verbose=verbose)
    return Exit.FINDINGS if report.fails_at(None if fail_on == "never" else Severity(fail_on)) else Exit.OK


def _print_table(source: Source) -> None:
    """Which entry each kind of host gets, and why some get none."""
    from newbackend.cli.output.host_text import host_text
    from newbackend.gallery.table import host_table

    if source.gallery.index is not None:
        text = host_text(host_table(source.gallery.index))
        if text:
            print_out(text)
