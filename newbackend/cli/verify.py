"""`newbackend verify`: the rules over a checkout, in every output format, with fixes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from newbackend.cli.common import (
    FORMATS,
    LEVELS,
    REPORT_FORMATS,
    AllowDirtyOption,
    FailOnOption,
    OwnRepository,
    RepoOption,
    ReportFormatOption,
    SummaryOption,
    check_choice,
    check_summary,
    open_repo,
    own_repository,
    print_err,
    print_out,
    style,
    verb_app,
)
from newbackend.cli.completion import backends, one_of, rule_ids
from newbackend.style import style_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from newbackend.checkout.tree import Checkout
    from newbackend.findings import Report, Rule
    from newbackend.plan.fixes import Fixes
    from newbackend.rules.selection import Selection

app = verb_app()

SEVERITIES = ("error", "warning", "note")


@app.command()
def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Backends to look at.", show_default=False, autocompletion=backends),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All backends (the default without NAME and --base).")] = False,
    base: Annotated[
        str | None,
        typer.Option(
            metavar="REF",
            help="Only findings that this work tree introduces, still has or fixes since REF; "
            "only introduced ones decide the exit status.",
            show_default=False,
        ),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Judge NAME as a new backend, by the whole checklist, and print it. "
            "--base does so for backends that the change adds.",
        ),
    ] = False,
    online: Annotated[
        bool,
        typer.Option(
            "--online",
            help="Also ask the registry for the images, git servers for pins and branches, Hugging Face for the models "
            "of tests. Nothing else uses the network; what cannot be asked is unknown, exit status 3.",
        ),
    ] = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Repair what can be repaired safely, then report the rest.")
    ] = False,
    unsafe_fixes: Annotated[
        bool, typer.Option("--unsafe-fixes", help="Like --fix, and make repairs that should be reviewed.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what --fix would change, write nothing.")] = False,
    select: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULE[,RULE]",
            help="Only these rules: ids, beginnings such as REG7, or names; repeatable.",
            show_default=False,
            autocompletion=rule_ids,
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULE[,RULE]", help="Not these rules; repeatable.", show_default=False, autocompletion=rule_ids
        ),
    ] = None,
    severity: Annotated[
        str,
        typer.Option(
            metavar="|".join(SEVERITIES),
            help="The least severe findings to report.",
            autocompletion=one_of(*SEVERITIES),
        ),
    ] = "note",
    statistics: Annotated[bool, typer.Option("--statistics", help="Only the number of findings of each rule.")] = False,
    summary: SummaryOption = False,
    output: Annotated[
        list[str] | None,
        typer.Option(metavar="FORMAT=FILE", help="Write the report to a file, too; repeatable.", show_default=False),
    ] = None,
    fail_on: FailOnOption = "error",
    release: Annotated[
        bool, typer.Option("--release", help="A placeholder engine is an error; use it before a release.")
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", help="Also show what passed, what is suppressed, and why each rule exists."),
    ] = False,
    allow_dirty: AllowDirtyOption = False,
    repo: RepoOption = None,
    format_: ReportFormatOption = "text",
) -> int:
    """Find incomplete registrations: of one backend, in a change, or everywhere.

    Exit status: 0 nothing at or above --fail-on, 1 findings (with --diff also repairs), 3 something could not be
    checked. What --select, --ignore and --severity leave out does not decide it.
    """
    from newbackend.checkout.filter_engine import start_filter
    from newbackend.cli.output.report_text import named_files, print_report, print_statistics, write_reports
    from newbackend.errors import Exit, UsageError
    from newbackend.findings import Severity
    from newbackend.registrations.support.backend_names import named
    from newbackend.rules.selection import selection

    check_choice("format", format_, REPORT_FORMATS)
    check_choice("fail-on", fail_on, LEVELS)
    if (own := own_repository(repo)) is not None:
        others = (names, every, base, strict, fix, unsafe_fixes, diff, select, ignore, statistics, release, summary)
        refused = any(others) or severity != "note"
        return _own_repository(own, fail_on, format_, verbose=verbose, online=online, refused=refused)
    check_choice("severity", severity, SEVERITIES)
    if statistics and format_ not in FORMATS:
        raise UsageError("statistics-format", f"--statistics is text or json, not {format_}", choices=FORMATS)
    check_summary(summary, format_)
    files = named_files(output or ())
    if every and (names or base):
        raise UsageError("all-and-some", "--all goes with neither NAME nor --base")
    if strict and not names:
        raise UsageError("strict-without-name", "--strict needs the NAME of the backend that is judged as a new one")
    checkout = open_repo(repo, writes=(fix or unsafe_fixes) and not diff)
    start_filter(checkout)
    chosen = selection(select or (), ignore or (), Severity(severity), _online_rules() if online else {})
    run = _Run(tuple(named(name, checkout) for name in names or ()), base, release=release, strict=strict)
    report = run.verify(checkout)
    if fix or unsafe_fixes or diff:
        fixes = _plan(checkout, report, run, chosen, unsafe=unsafe_fixes)
        if diff:
            _show_diff(fixes, "--unsafe-fixes" if unsafe_fixes else "--fix")
            repairs = not fixes.plan.empty and fail_on != "never"
            return Exit.FINDINGS if repairs else _status(chosen.of(report), fail_on, run)
        _apply(checkout, fixes, allow_dirty=allow_dirty)
        checkout = open_repo(repo)
        from newbackend.plan.fixes import without_repairs

        report = without_repairs(run.verify(checkout), fixes.left)
    if online:
        report = _online(report, checkout)
    shown = chosen.of(report)
    if hidden := len(report.findings) - len(shown.findings):
        print_err(f"newbackend: {hidden} finding(s) of other rules or severities are not shown")
    if statistics:
        print_statistics(shown, format_)
    else:
        shape = "summary" if summary else format_
        shown = _with_checklists(shown, report, checkout)
        print_report(shown, checkout, shape, verbose=verbose)
        write_reports(shown, checkout, files, verbose=verbose)
    return _status(shown, fail_on, run)


def _own_repository(
    own: OwnRepository, fail_on: str, format_: str, *, verbose: bool, online: bool, refused: bool
) -> int:
    """A backend in a repository of its own: its gallery, what is around it, and the files that are LocalAI's, compared
    with LocalAI's checkout."""
    from newbackend.cli.gallery import judge
    from newbackend.errors import UsageError
    from newbackend.gallery.source import open_source

    if refused:
        message = "in a repository of its own verify takes only --online, --fail-on, --format and --verbose"
        raise UsageError("verify-standalone", message, where=str(own.root))
    return judge(open_source(str(own.root), repo=own.localai), fail_on, format_, verbose=verbose, online=online)


class _Run:
    """The arguments of a run, so that it can be repeated on the tree after the fixes."""

    def __init__(self, names: tuple[str, ...], base: str | None, *, release: bool, strict: bool) -> None:
        self.names, self.base, self.release, self.strict = names, base, release, strict

    def verify(self, checkout: Checkout) -> Report:
        """The report of one tree."""
        report = self._report(checkout)
        if not self.release:
            return report
        from newbackend.rules.run import for_release

        return for_release(report)

    def _report(self, checkout: Checkout) -> Report:
        if self.base is not None:
            from newbackend.rules.baseline import verify_change

            return verify_change(checkout, self.base, names=self.names, strict=self.strict)
        from newbackend.rules.run import verify

        return verify(checkout, names=self.names, strict=self.strict)


def _online_rules() -> Mapping[str, Rule]:
    from newbackend.online.book import ONLINE

    return ONLINE.rules


def _online(report: Report, checkout: Checkout) -> Report:
    """The report with what registries and git servers say about its backends."""
    from newbackend.cli.output.progress import counted
    from newbackend.online.run import verify_online

    with counted("asking registries and git servers") as step:
        return verify_online(report, checkout, step)


def _with_checklists(shown: Report, report: Report, checkout: Checkout) -> Report:
    """What is shown of a report, with the checklist of each backend that was judged as a new one."""
    names = {backend.name for backend in report.backends} & set(report.new)
    if not names:
        return shown
    from dataclasses import replace

    from newbackend.checklist import Line
    from newbackend.cli.backend_spec import spec_of
    from newbackend.errors import NewbackendError
    from newbackend.pullrequest.checklist import checklist

    def of(name: str) -> tuple[Line, ...]:
        try:
            return tuple(checklist(spec_of(name, checkout)[0], checkout, report))
        except NewbackendError as error:
            return (Line("The checklist could be filled", False, error.sentence()),)

    return replace(shown, checklists={name: of(name) for name in sorted(names)})


def _plan(checkout: Checkout, report: Report, run: _Run, chosen: Selection, *, unsafe: bool) -> Fixes:
    from newbackend.findings import Fix
    from newbackend.plan.fixes import plan_fixes

    allowed = frozenset((Fix.SAFE, Fix.UNSAFE) if unsafe else (Fix.SAFE,))
    return plan_fixes(checkout, report, run.verify, allowed=allowed, wanted=chosen.takes)


def _show_diff(fixes: Fixes, option: str) -> None:
    from newbackend.cli.output.plan_text import diff, manual
    from newbackend.report.wording import plural

    if not fixes.plan.empty:
        print_out(diff(fixes.plan, style()))
    if fixes.plan.manual:
        print_err(manual(fixes.plan, style_for(sys.stderr)))
    repairs = f"{option} would repair {plural(len(fixes.repaired), 'finding')}" if fixes.repaired else "nothing to fix"
    print_err(f"newbackend: {repairs}; nothing was written")
    for note in fixes.plan.notes:
        print_err(f"newbackend: {note}")


def _apply(checkout: Checkout, fixes: Fixes, *, allow_dirty: bool) -> None:
    from newbackend.apply.run import ApplyOptions, apply_plan
    from newbackend.cli.output.plan_text import manual
    from newbackend.report.wording import plural

    if fixes.plan.manual:
        print_err(manual(fixes.plan, style_for(sys.stderr)))
    if fixes.plan.empty:
        print_err("newbackend: nothing to fix")
        return
    paths = apply_plan(fixes.plan, checkout.root, ApplyOptions(allow_dirty=allow_dirty))
    repaired, files = plural(len(fixes.repaired), "finding"), plural(len(paths), "file")
    print_err(f"newbackend: {repaired} repaired in {files}; `newbackend undo` takes it back")
    for note in fixes.plan.notes:
        print_err(f"newbackend: {note}")


def _status(report: Report, fail_on: str, run: _Run) -> int:
    from newbackend.errors import Exit
    from newbackend.findings import Severity

    if fail_on == "never":
        return Exit.OK
    if run.base is not None:
        from newbackend.rules.baseline import introduced

        report = introduced(report)
    if report.fails_at(Severity(fail_on)):
        return Exit.FINDINGS
    return Exit.NOT_FOUND if report.summary()["unknown"] else Exit.OK
