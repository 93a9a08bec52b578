"""A report of `verify` on standard output: in one of its formats, or the number of findings of each rule."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from newbackend.checkout.lines import SourceLines
from newbackend.checkout.tree import Checkout
from newbackend.cli.common import print_out, print_rendered, style
from newbackend.findings import Fix, Report, Rule, Severity

ReadLine = Callable[[str, int], str | None]


def print_statistics(report: Report, format_: str) -> None:
    """The rules by the number of their findings, like `ruff --statistics`; `format_` is text or json."""
    from newbackend.report.wording import counts, fixes
    from newbackend.sanitize import json_text

    tally = Counter((finding.rule, finding.level) for finding in report.findings)
    fixable = Counter((f.rule, f.level) for f in report.findings if f.fixable is not Fix.NONE)
    rows = sorted(tally, key=lambda row: (-tally[row], row[0].id))
    if format_ == "json":
        data = [_statistic(row, tally[row], fixable[row]) for row in rows]
        print_out(json_text({"schema": "newbackend/statistics/1", "rules": data, "summary": report.summary()}))
        return
    lines = [
        f"{tally[row]:>5}  {row[0].id}  {row[1].value:<7}  {'*' if fixable[row] else ' '} {row[0].name}" for row in rows
    ]
    if fixable:
        lines.append(f"* {fixes(report)}")
    print_out("\n".join([*lines, counts(report)]))


def _statistic(row: tuple[Rule, Severity], count: int, fixable: int) -> dict[str, object]:
    rule, level = row
    return {"rule": rule.id, "name": rule.name, "severity": level.value, "count": count, "fixable": fixable}


def print_report(report: Report, checkout: Checkout, format_: str, *, verbose: bool) -> None:
    """Prints a report about a checkout in one of its formats."""
    print_with(report, _known(report), SourceLines(checkout), format_, verbose=verbose)


def write_reports(report: Report, checkout: Checkout, files: Mapping[Path, str], *, verbose: bool) -> None:
    """Writes a report to files, each in its own format. Raises UsageError when that fails."""
    from newbackend import __version__
    from newbackend.cli.common import write_output
    from newbackend.report import RenderContext, render

    context = RenderContext(SourceLines(checkout), _known(report), __version__, verbose=verbose)
    for path, format_ in files.items():
        write_output(path, render(report, format_, context))


def named_files(options: Sequence[str]) -> dict[Path, str]:
    """The files and formats of `--output FORMAT=FILE`. Raises UsageError."""
    from newbackend.cli.common import REPORT_FORMATS, check_choice
    from newbackend.errors import UsageError

    files = {}
    for option in options:
        format_, separator, path = option.partition("=")
        if not separator or not path:
            raise UsageError("output-malformed", f"--output {option!r} is not FORMAT=FILE", choices=REPORT_FORMATS)
        files[Path(path)] = check_choice("output", format_, REPORT_FORMATS)
    return files


def _known(report: Report) -> dict[str, Rule]:
    from newbackend.rules import rules

    return {**rules(), **{one.rule.id: one.rule for one in report.findings}}


def print_with(report: Report, rules: Mapping[str, Rule], read_line: ReadLine, format_: str, *, verbose: bool) -> bool:
    """Prints a report with the rules of its verb; false when the format has nothing to say.

    `read_line` gives the source line of a finding, or None.
    """
    from newbackend import __version__
    from newbackend.report import RenderContext, render
    from newbackend.style import columns

    context = RenderContext(
        read_line=read_line,
        rules=rules,
        tool_version=__version__,
        colour=style().colour,
        width=columns(sys.stdout, otherwise=100),
        verbose=verbose,
    )
    text = render(report, format_, context)
    if text:
        print_rendered(text, format_)
    return bool(text)
