"""`newbackend verify`: the rules over a checkout, in every output format, with fixes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from newbackend.cli.common import (
    LEVELS,
    REPORT_FORMATS,
    AllowDirtyOption,
    FailOnOption,
    RepoOption,
    ReportFormatOption,
    check_choice,
    open_repo,
    print_err,
    print_out,
    style,
    verb_app,
)
from newbackend.cli.completion import backends
from newbackend.style import style_for

if TYPE_CHECKING:
    from newbackend.checkout.tree import Checkout
    from newbackend.findings import Report
    from newbackend.plan.fixes import Fixes

app = verb_app()


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
    fix: Annotated[
        bool, typer.Option("--fix", help="Repair what can be repaired safely, then report the rest.")
    ] = False,
    unsafe_fixes: Annotated[
        bool, typer.Option("--unsafe-fixes", help="Like --fix, and make repairs that should be reviewed.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what --fix would change, write nothing.")] = False,
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

    Exit status: 0 nothing at or above --fail-on, 1 findings, 3 something could not be checked.
    """
    from newbackend.errors import UsageError
    from newbackend.registrations.support.backend_names import named

    check_choice("format", format_, REPORT_FORMATS)
    check_choice("fail-on", fail_on, LEVELS)
    if every and (names or base):
        raise UsageError("all-and-some", "--all goes with neither NAME nor --base")
    checkout = open_repo(repo, writes=(fix or unsafe_fixes) and not diff)
    run = _Run(tuple(named(name, checkout) for name in names or ()), base, release=release)
    report = run.verify(checkout)
    if fix or unsafe_fixes or diff:
        fixes = _plan(checkout, report, run, unsafe=unsafe_fixes)
        if diff:
            _show_diff(fixes)
            return _status(report, fail_on, run)
        _apply(checkout, fixes, allow_dirty=allow_dirty)
        checkout = open_repo(repo)
        report = run.verify(checkout)
    _print(report, checkout, format_, verbose=verbose)
    return _status(report, fail_on, run)


class _Run:
    """The arguments of a run, so that it can be repeated on the tree after the fixes."""

    def __init__(self, names: tuple[str, ...], base: str | None, *, release: bool) -> None:
        self.names, self.base, self.release = names, base, release

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

            return verify_change(checkout, self.base, names=self.names)
        from newbackend.rules.run import verify

        return verify(checkout, names=self.names)


def _plan(checkout: Checkout, report: Report, run: _Run, *, unsafe: bool) -> Fixes:
    from newbackend.findings import Fix
    from newbackend.plan.fixes import plan_fixes

    allowed = frozenset((Fix.SAFE, Fix.UNSAFE) if unsafe else (Fix.SAFE,))
    return plan_fixes(checkout, report, run.verify, allowed=allowed)


def _show_diff(fixes: Fixes) -> None:
    from newbackend.cli.output.plan_text import diff, manual

    if not fixes.plan.empty:
        print_out(diff(fixes.plan, style()))
    if fixes.plan.manual:
        print_err(manual(fixes.plan, style_for(sys.stderr)))
    print_err(f"newbackend: --fix would repair {len(fixes.repaired)} finding(s); nothing was written")


def _apply(checkout: Checkout, fixes: Fixes, *, allow_dirty: bool) -> None:
    from newbackend.apply.run import ApplyOptions, apply_plan
    from newbackend.cli.output.plan_text import manual

    if fixes.plan.manual:
        print_err(manual(fixes.plan, style_for(sys.stderr)))
    if fixes.plan.empty:
        print_err("newbackend: nothing to fix")
        return
    paths = apply_plan(fixes.plan, checkout.root, ApplyOptions(allow_dirty=allow_dirty))
    count = len(fixes.repaired)
    print_err(f"newbackend: {count} finding(s) repaired in {len(paths)} file(s); `newbackend undo` takes it back")
    for note in fixes.plan.notes:
        print_err(f"newbackend: {note}")


def _print(report: Report, checkout: Checkout, format_: str, *, verbose: bool) -> None:
    import shutil

    from newbackend import __version__
    from newbackend.report import RenderContext, render
    from newbackend.rules import rules

    context = RenderContext(
        read_line=_Lines(checkout),
        rules=rules(),
        tool_version=__version__,
        colour=style().colour,
        width=shutil.get_terminal_size().columns if sys.stdout.isatty() else 100,
        verbose=verbose,
    )
    text = render(report, format_, context)
    if text:
        print_out(text)


class _Lines:
    """Source lines for the renderers: 1-based, None where there is no such line."""

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout
        self._split: dict[str, list[str]] = {}

    def __call__(self, path: str, line: int) -> str | None:
        from newbackend.errors import NewbackendError

        if path not in self._split:
            try:
                text = self._checkout.read(path)
            except NewbackendError:
                text = None
            self._split[path] = [] if text is None else text.split("\n")
        lines = self._split[path]
        return lines[line - 1] if 0 < line <= len(lines) else None


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
