"""`newbackend package check` and `newbackend package floor`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newbackend.cli.common import check_format, print_err, print_out, style

if TYPE_CHECKING:
    from newbackend.findings import Report
    from newbackend.package.options import Layout

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Will a built package start on somebody else's host?"
)

_FORMATS = "text|concise|json|sarif|github|junit|markdown"
_LEVELS = ("error", "warning", "never")
_LAYOUTS = "auto|loader|host-libc|static"
PathArgument = Annotated[
    Path, typer.Argument(metavar="PATH", help="A package directory, a root-filesystem tar, a docker or an OCI archive.")
]


@app.command()
def check(
    path: PathArgument,
    layout: Annotated[str, typer.Option(metavar=_LAYOUTS, help="Where the C library comes from.")] = "auto",
    target: Annotated[
        str | None,
        typer.Option(
            metavar="glibc=2.35|ubuntu24.04|manylinux_2_28", help="The oldest host it must run on.", show_default=False
        ),
    ] = None,
    cpu_floor: Annotated[
        str | None,
        typer.Option(
            metavar="x86-64|x86-64-v2|v3", help="Scan for instructions above this CPU level.", show_default=False
        ),
    ] = None,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="Proof: start run.sh in an empty root and ask gRPC Health.")
    ] = False,
    run: Annotated[
        str | None, typer.Option(metavar="CMD", help="Proof: run this command in the empty root.", show_default=False)
    ] = None,
    run_root: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Do the proofs in this root (an old system).", show_default=False)
    ] = None,
    cpu_run: Annotated[
        str | None, typer.Option(metavar="CPU", help="Proof: start it under an emulated CPU.", show_default=False)
    ] = None,
    fail_on: Annotated[
        str, typer.Option(metavar="|".join(_LEVELS), help="The severity from which the exit status is 1.")
    ] = "error",
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Also what passed and why each rule exists.")
    ] = False,
    format_: Annotated[str, typer.Option("--format", metavar=_FORMATS, help="Output format.")] = "text",
) -> int:
    """Find out without running it whether a package will start elsewhere; with --smoke, prove it.

    Exit status: 0 nothing at or above --fail-on, 1 findings, 3 a proof that was asked for could not run.
    """
    from newbackend.errors import Exit, UsageError
    from newbackend.findings import Severity
    from newbackend.package.check import check_package, missing_proofs
    from newbackend.package.options import PackageOptions

    check_format(format_, tuple(_FORMATS.split("|")))
    if fail_on not in _LEVELS:
        raise UsageError("fail-on-unknown", f"--fail-on {fail_on!r} is not one of {', '.join(_LEVELS)}")
    options = PackageOptions(
        layout=_layout(layout),
        target=target,
        cpu_floor=cpu_floor,
        smoke=smoke,
        run=run,
        run_root=run_root,
        cpu_run=cpu_run,
    )
    report = check_package(path, options=options)
    _print(report, format_, verbose=verbose)
    if report.fails_at(None if fail_on == "never" else Severity(fail_on)):
        return Exit.FINDINGS
    return Exit.NOT_FOUND if missing_proofs(report) else Exit.OK


@app.command()
def floor(
    path: PathArgument,
    format_: Annotated[str, typer.Option("--format", metavar="text|json", help="Output format.")] = "text",
) -> int:
    """One line: the newest symbol versions and the CPU level that a package needs, and by what."""
    import json

    from newbackend.package.floor import package_floor

    check_format(format_)
    found = package_floor(path)
    print_out(json.dumps(found.as_json(), indent=2) if format_ == "json" else found.line())
    return 0


def _layout(name: str) -> Layout:
    from newbackend.errors import UsageError
    from newbackend.package.options import Layout

    try:
        return Layout(name)
    except ValueError as error:
        raise UsageError("layout-unknown", f"--layout {name!r} is not one of {_LAYOUTS.replace('|', ', ')}") from error


def _print(report: Report, format_: str, *, verbose: bool) -> None:
    import shutil
    import sys

    from newbackend import __version__
    from newbackend.package.suppressing import package_rules
    from newbackend.report import RenderContext, render

    context = RenderContext(
        read_line=lambda _path, _line: None,
        rules=package_rules(),
        tool_version=__version__,
        colour=style().colour,
        width=shutil.get_terminal_size().columns if sys.stdout.isatty() else 100,
        verbose=verbose,
    )
    text = render(report, format_, context)
    if text:
        print_out(text)
    else:
        print_err("newbackend: nothing to say")
