"""Carries out a plan of `change`, `update` or `remove`: shows it, asks, writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from newbackend.cli.common import (
    agreed,
    interactive,
    places_by_hand,
    print_out,
    refuse_by_hand,
    style,
)
from newbackend.records import dataclass

if TYPE_CHECKING:
    from newbackend.checkout.tree import Checkout
    from newbackend.plan.model import Plan


@dataclass(frozen=True)
class ChangeOptions:
    """The options that these verbs share."""

    format_: str
    dry_run: bool
    yes: bool
    allow_dirty: bool
    allow_manual: bool = False
    no_input: bool = False
    asked_by: str = ""


def carry_out(plan: Plan, checkout: Checkout, question: str, options: ChangeOptions) -> tuple[str, ...] | None:
    """Shows the plan and writes it after confirmation. Returns the changed paths, None when nothing was written.

    JSON is printed last, because an error prints JSON of its own. Raises UsageError when nobody can be asked,
    RefusedChange when places are left to do by hand and nobody agreed to that.
    """
    from newbackend.apply.run import ApplyOptions, apply_plan

    if options.format_ == "text":
        _show(plan, options)
    paths = None
    if not options.dry_run and _confirmed(plan, question, options):
        paths = apply_plan(plan, checkout.root, ApplyOptions(options.allow_dirty, options.asked_by))
    if options.format_ == "json":
        _print_json(plan)
    return paths


def _print_json(plan: Plan) -> None:
    from newbackend.plan.as_json import plan_to_json
    from newbackend.sanitize import json_text

    print_out(json_text(plan_to_json(plan)))


def _show(plan: Plan, options: ChangeOptions) -> None:
    from newbackend.cli.output.plan_text import diff, manual, recap, summary

    full = options.dry_run or not options.yes
    if full and not plan.empty:
        print_out(diff(plan, style()) + "\n")
    print_out(summary(plan, style()))
    if plan.manual:
        print_out(manual(plan, style()))
    if full and not plan.empty:
        print_out(f"{recap(plan)}; nothing was written" if options.dry_run else recap(plan))


def _confirmed(plan: Plan, question: str, options: ChangeOptions) -> bool:
    asks = interactive(no_input=options.no_input)
    if (options.yes or plan.empty or not asks) and not options.allow_manual:
        refuse_by_hand(plan)
    left = f" It leaves {places_by_hand(plan)}." if plan.by_hand else ""
    return agreed(f"{question}{left}", yes=options.yes or plan.empty, asks=asks)
