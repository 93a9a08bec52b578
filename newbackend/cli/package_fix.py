"""`newbackend package fix`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newbackend.cli.common import (
    LEVELS,
    DryRunOption,
    FailOnOption,
    FormatOption,
    YesOption,
    agreed,
    check_choice,
    check_format,
    interactive,
    print_err,
    print_out,
    style,
)

if TYPE_CHECKING:
    from newbackend.findings import Report
    from newbackend.package.fix import Fix
    from newbackend.package.repair import Repair

FromOption = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="ROOT",
        help="Copy missing libraries from this system: the build container's root, or /.",
        show_default=False,
    ),
]
NoRunOption = Annotated[
    bool,
    typer.Option(
        "--no-run", help="Only read run.sh; else it runs alone in an empty root, with stand-ins for the programs."
    ),
]


def fix(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A built package: the directory with run.sh.")],
    root: FromOption = None,
    no_run: NoRunOption = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    fail_on: FailOnOption = "error",
    format_: FormatOption = "text",
) -> int:
    """Repair what is mechanical in a built package, all or nothing, and check it again.

    Links that libraries are asked for by, links out of the package, execute bits, RUNPATHs into the build tree (with
    newbackend[repair]), and with --from the missing libraries with those that they need. The repairs are shown first;
    what a suppression accepts is left alone.

    Exit status: 0 nothing at or above --fail-on is left, 1 something is, or with --dry-run there are repairs to make.
    """
    from newbackend.errors import Exit
    from newbackend.findings import Severity
    from newbackend.package.fix import plan_fix
    from newbackend.package.options import PackageOptions

    check_format(format_)
    check_choice("fail-on", fail_on, LEVELS)
    planned = plan_fix(directory, PackageOptions(no_run=no_run), root, writes=not dry_run)
    repairs = planned.plan.repairs
    if format_ == "text":
        print_out(_plan_text(planned))
    if repairs and not dry_run and not _confirmed(planned, yes=yes):
        return Exit.FINDINGS
    report = planned.predicted() if dry_run else planned.carry_out() if repairs else planned.check()
    _print_report(planned, report, format_, dry_run=dry_run)
    fails = report.fails_at(None if fail_on == "never" else Severity(fail_on))
    return Exit.FINDINGS if fails or (dry_run and repairs and fail_on != "never") else Exit.OK


def _plan_text(planned: Fix) -> str:
    """Each repair as a difference, with its rule and reason; then what is left, and why."""
    from newbackend.report.wording import plural
    from newbackend.sanitize import one_line

    paint, rows = style(), []
    for repair in planned.plan.repairs:
        rows.append(f"{paint.bold(one_line(repair.path))}  {one_line(repair.reason)} [{repair.rule}]")
        rows += [paint.diff_row(row) for row in _difference(repair)]
    for left in planned.plan.left:
        rows.append(f"left: {one_line(left.subject)} of {one_line(left.path)} [{left.rule}]: {one_line(left.reason)}")
    found = planned.plan.repairs
    rows.append(f"{plural(len(found), 'repair')}" if found else "nothing that could be repaired")
    return "\n".join(rows)


def _difference(repair: Repair) -> list[str]:
    """What goes and what comes at one path, as the lines of a diff."""
    from newbackend.package.repair import Action
    from newbackend.sanitize import one_line

    before, after = one_line(repair.before), one_line(repair.after)
    if repair.action is Action.MODE:
        return [f"-mode {before}", f"+mode {after}"]
    if repair.action is Action.RUNPATH:
        return [f"-{repair.tag} {before}", f"+{repair.tag} {after or '(none)'}"]
    gone = [f"-link to {before}"] if before else []
    if repair.action is Action.LINK:
        return [*gone, f"+link to {after}"]
    size = repair.source.size if repair.source is not None else 0
    return [*gone, f"+copy of {after}, {size} bytes"]


def _confirmed(planned: Fix, *, yes: bool) -> bool:
    from newbackend.report.wording import plural

    question = f"Make {plural(len(planned.plan.repairs), 'repair')} in {planned.path}?"
    return agreed(question, yes=yes, asks=interactive(no_input=False), to="repair")


def _print_report(planned: Fix, report: Report, format_: str, *, dry_run: bool) -> None:
    """The package afterwards: in JSON the counts, else what `package check` says of it."""
    from newbackend.cli.output.report_text import print_with
    from newbackend.package import package_rules
    from newbackend.report.wording import plural
    from newbackend.sanitize import json_text

    made = planned.plan.repairs
    if format_ == "json":
        print_out(json_text(planned.as_json(report, written=bool(made) and not dry_run)))
    elif dry_run:
        left = report.summary()
        counts = f"{plural(left['error'], 'error')}, {plural(left['warning'], 'warning')}"
        print_out(f"left then: {counts}; nothing was written")
    else:
        if made:
            print_err(f"newbackend: {plural(len(made), 'repair')} made in {planned.path}; checked again:")
        print_with(report, package_rules(), lambda _path, _line: None, "text", verbose=False)
