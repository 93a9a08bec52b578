"""Output of `create`: the files of --plan-out and --diff-out, and the plan on standard output."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from newbackend.cli.common import print_err, print_out, style, write_output
from newbackend.sanitize import json_text
from newbackend.style import style_for

if TYPE_CHECKING:
    from pathlib import Path

    from newbackend.cli.create_options import CreateOptions
    from newbackend.plan.model import Plan


def save(plan: Plan, options: CreateOptions) -> None:
    """Writes --plan-out and --diff-out. Raises UsageError when that fails."""
    save_plan(plan, options.plan_out, options.diff_out)


def save_plan(plan: Plan, plan_out: Path | None, diff_out: Path | None) -> None:
    """Writes a plan and its diff to the named files. Raises UsageError when that fails."""
    from newbackend.cli.output.plan_text import patch
    from newbackend.plan.as_json import plan_to_json

    if plan_out:
        write_output(plan_out, json_text(plan_to_json(plan)) + "\n")
        print_err(f"newbackend: plan written to {plan_out}")
    if diff_out:
        write_output(diff_out, patch(plan))
        print_err(f"newbackend: diff written to {diff_out}")


def show(plan: Plan, options: CreateOptions) -> None:
    """Prints the plan: as JSON, or only the summary with --yes, or summary and diff through the pager."""
    from newbackend.cli.output.pager import page, pages
    from newbackend.cli.output.plan_text import diff, manual, notes, recap, summary
    from newbackend.plan.as_json import plan_to_json, without_diffs

    if options.json:
        whole = plan_to_json(plan)
        print_out(json_text(without_diffs(whole) if options.no_diff else whole))
        return
    paint = style()
    parts = [summary(plan, paint), *([manual(plan, paint)] if plan.manual else [])]
    total = f"{recap(plan)}; nothing was written" if options.dry_run else recap(plan)
    if plan.empty or (options.yes and not options.dry_run):
        print_out("\n".join(parts))
    elif options.no_diff:
        print_out("\n".join([*parts, total]))
    elif pages():
        page("\n".join([*parts, "", diff(plan, paint), ""]))
        print_err("\n".join([total, *notes(plan, style_for(sys.stderr))]))
    else:
        print_out("\n".join([diff(plan, paint), "", *parts, total]))
