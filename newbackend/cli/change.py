"""What `remove` and `update` share on the way from a plan to the disk: show it, ask, write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from newbackend.cli.common import confirm, interactive, print_err, print_out, style

if TYPE_CHECKING:
    from newbackend.plan.model import Plan


def show(plan: Plan, *, format_: str, full: bool) -> None:
    """The plan on standard output: as JSON, or for eyes, with the diff in front when `full`."""
    if format_ == "json":
        import json

        from newbackend.plan.as_json import plan_to_json

        print_out(json.dumps(plan_to_json(plan), indent=2, ensure_ascii=False))
        return
    from newbackend.cli.output.plan_text import diff, manual, summary

    if full and not plan.empty:
        print_out(diff(plan, style()) + "\n")
    print_out(summary(plan, style()))
    if plan.manual:
        print_out(manual(plan, style()))


def confirm_or_fail(question: str, *, yes: bool) -> bool:
    """Whether to write: --yes, or yes to the question. Raises UsageError where nobody can be asked."""
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
