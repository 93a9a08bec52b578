"""`change --review`: a change hunk by hunk."""

from __future__ import annotations

from dataclasses import replace

from newbackend.checkout.tree import Checkout
from newbackend.plan.build import planned, prove, prove_routes
from newbackend.plan.change import Changed, prove_others
from newbackend.plan.model import Plan
from newbackend.plan.review import with_new_findings


def without_declined(changed: Changed, chosen: Plan, checkout: Checkout) -> Changed:
    """The change with the plan that a review left of it, proved again; its notes say what `verify` will newly find
    because of the declined hunks. Raises UsageError when a proof fails, before anything is written."""
    name = str(changed.plan.answers["name"])
    after = planned(chosen, checkout)
    taken = {(edit.place, edit.path, edit.splices) for edit in chosen.made}
    changes = [row for row in changed.changes if (row.place, row.path, row.splices) in taken]
    prove(chosen, checkout, after, changes)
    prove_routes(checkout, after, name)
    prove_others(checkout, after, changed.names)
    conflicts = tuple(path for path in changed.conflicts if path in chosen.base)
    return replace(changed, plan=with_new_findings(changed.plan, chosen, checkout, name), conflicts=conflicts)
