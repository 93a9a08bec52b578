"""Carries out a plan of `remove` or `update`: shows it, asks, writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from newbackend.cli.common import confirm, interactive, print_err, print_out, style

if TYPE_CHECKING:
    from newbackend.checkout.tree import Checkout
    from newbackend.plan.model import Plan


@dataclass(frozen=True)
class ChangeOptions:
    """The options that both verbs share."""

    format_: str
    dry_run: bool
    yes: bool
    allow_dirty: bool


def carry_out(plan: Plan, checkout: Checkout, question: str, options: ChangeOptions) -> tuple[str, ...] | None:
    """Shows the plan and writes it after confirmation. Returns the changed paths, None when nothing was written.

    JSON is printed last, because an error prints JSON of its own. Raises UsageError when nobody can be asked.
    """
    from newbackend.apply.run import ApplyOptions, apply_plan

    if options.format_ == "text":
        _show(plan, full=options.dry_run or not options.yes)
    paths = None
    if not options.dry_run and _confirmed(question, yes=options.yes):
        paths = apply_plan(plan, checkout.root, ApplyOptions(allow_dirty=options.allow_dirty))
    if options.format_ == "json":
        _print_json(plan)
    return paths


def _print_json(plan: Plan) -> None:
    import json

    from newbackend.plan.as_json import plan_to_json

    print_out(json.dumps(plan_to_json(plan), indent=2, ensure_ascii=False))


def _show(plan: Plan, *, full: bool) -> None:
    from newbackend.cli.output.plan_text import diff, manual, summary

    if full and not plan.empty:
        print_out(diff(plan, style()) + "\n")
    print_out(summary(plan, style()))
    if plan.manual:
        print_out(manual(plan, style()))


def _confirmed(question: str, *, yes: bool) -> bool:
    from newbackend.errors import UsageError

    if yes:
        return True
    if not interactive(no_input=False):
        hint = "pass --yes to apply, or --dry-run to only look"
        raise UsageError("not-confirmed", "nothing was written", hint=hint)
    if confirm(question):
        return True
    print_err("newbackend: nothing was written")
    return False
