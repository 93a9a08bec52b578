"""`newbackend package check`, `floor` and `pack`; `fix` is in `package_fix.py`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newbackend.cli.common import (
    LEVELS,
    REPORT_FORMATS,
    FailOnOption,
    FormatOption,
    ReportFormatOption,
    SummaryOption,
    check_choice,
    check_format,
    check_summary,
    print_err,
    print_out,
    verb_app,
)
from newbackend.cli.completion import one_of
from newbackend.cli.package_fix import NoRunOption, fix

if TYPE_CHECKING:
    from newbackend.findings import Report

app = verb_app("Will a built package start on somebody else's host?")

_LAYOUTS = ("auto", "loader", "host-libc", "static")
_CPU_FLOORS = ("x86-64", "x86-64-v2", "v3", "armv8.0", "armv8.2")
PathArgument = Annotated[
    Path,
    typer.Argument(metavar="PATH", help="A directory, a root-filesystem tar, a zip or wheel, a docker or OCI archive."),
]


@app.command()
def check(
    path: PathArgument,
    layout: Annotated[
        str,
        typer.Option(
            metavar="|".join(_LAYOUTS), help="Where the C library comes from.", autocompletion=one_of(*_LAYOUTS)
        ),
    ] = "auto",
    target: Annotated[
        str | None,
        typer.Option(
            metavar="glibc=2.35|ubuntu24.04|manylinux_2_28", help="The oldest host it must run on.", show_default=False
        ),
    ] = None,
    cpu_floor: Annotated[
        str | None,
        typer.Option(
            metavar="|".join(_CPU_FLOORS),
            help="Scan for instructions above this CPU level.",
            show_default=False,
            autocompletion=one_of(*_CPU_FLOORS),
        ),
    ] = None,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="Proof: start run.sh in an empty root and ask gRPC Health.")
    ] = False,
    run: Annotated[
        str | None, typer.Option(metavar="CMD", help="Proof: run this command in the empty root.", show_default=False)
    ] = None,
    run_root: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Run the proofs in this root (an old system).", show_default=False),
    ] = None,
    cpu_run: Annotated[
        str | None, typer.Option(metavar="CPU", help="Proof: start it under an emulated CPU.", show_default=False)
    ] = None,
    no_run: NoRunOption = False,
    fail_on: FailOnOption = "error",
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Also show what passed and why each rule exists.")
    ] = False,
    summary: SummaryOption = False,
    format_: ReportFormatOption = "text",
) -> int:
    """Check whether a package will start on another host; --smoke starts it as a proof.

    run.sh runs in an empty root, with stand-ins for the programs; no program of the package runs without --smoke,
    --run or --cpu-run. A proof sees the package, loopback, and of this host nothing, or where it brings no libc, a
    read-only /usr/bin and /usr/lib.

    Exit status: 0 nothing at or above --fail-on, 1 findings, 3 a proof that was asked for could not run.
    """
    from newbackend.errors import Exit
    from newbackend.findings import Severity
    from newbackend.package import Layout, PackageOptions, check_package, missing_proofs

    check_choice("format", format_, REPORT_FORMATS)
    check_choice("fail-on", fail_on, LEVELS)
    check_summary(summary, format_)
    options = PackageOptions(
        layout=Layout(check_choice("layout", layout, _LAYOUTS)),
        target=target,
        cpu_floor=cpu_floor,
        smoke=smoke,
        run=run,
        run_root=run_root,
        cpu_run=cpu_run,
        no_run=no_run,
    )
    report = check_package(path, options=options)
    _print(report, "summary" if summary else format_, verbose=verbose)
    if report.fails_at(None if fail_on == "never" else Severity(fail_on)):
        return Exit.FINDINGS
    return Exit.NOT_FOUND if missing_proofs(report) else Exit.OK


@app.command()
def floor(
    path: PathArgument,
    no_run: NoRunOption = False,
    format_: FormatOption = "text",
) -> int:
    """One line: the newest symbol versions and the CPU level that a package needs, and by what."""
    import json

    from newbackend.package import PackageOptions, package_floor

    check_format(format_)
    lowest = package_floor(path, PackageOptions(no_run=no_run))
    print_out(json.dumps(lowest.as_json(), indent=2) if format_ == "json" else lowest.line())
    return 0


@app.command()
def pack(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A built package: the directory with run.sh.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="X.tar", help="The archive to write.", show_default=False)
    ],
    platform: Annotated[
        str | None,
        typer.Option(
            metavar="OS/ARCH",
            help="What it is built for (default: that of the programs in it).",
            show_default=False,
            autocompletion=one_of("linux/amd64", "linux/arm64", "darwin/arm64"),
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an archive that is there.")] = False,
    format_: FormatOption = "text",
) -> int:
    """Pack a built package as an image archive, without Docker; `local-ai backends install ocifile://…` takes it.

    The same files give the same bytes. Modes and links are kept.
    """
    from newbackend.package.pack import PLATFORMS
    from newbackend.package.pack import pack as packed_of
    from newbackend.sanitize import json_text

    check_format(format_)
    if platform is not None:
        check_choice("platform", platform, PLATFORMS)
    packed = packed_of(directory, output, platform=platform or "", force=force)
    if format_ == "json":
        print_out(json_text(packed.as_json()))
        return 0
    print_out(f"{packed.path}: {packed.files} files, {packed.bytes} bytes, {packed.platform}, {packed.layer}")
    print_err(f"install it with: local-ai backends install {packed.uri} NAME")
    return 0


app.command()(fix)


def _print(report: Report, format_: str, *, verbose: bool) -> None:
    from newbackend.cli.output.report_text import print_with
    from newbackend.package import package_rules

    if not print_with(report, package_rules(), lambda _path, _line: None, format_, verbose=verbose):
        print_err("newbackend: nothing to say")
