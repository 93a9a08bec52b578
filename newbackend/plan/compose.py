"""Two plans, the second made on the result of the first, as one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from newbackend.checkout.gitlink import GITLINK
from newbackend.checkout.tree import Checkout
from newbackend.plan.build import base_of, planned
from newbackend.plan.diff import whole_file
from newbackend.plan.model import Edit, Plan
from newbackend.splice.outcome import Splice


def composed(first: Plan, second: Plan, checkout: Checkout) -> Plan:
    """What both change, from the checkout that `first` was made for. A file that both edit gets one edit."""
    between = planned(first, checkout)
    after = planned(second, between)
    both = {edit.path for edit in first.made} & {edit.path for edit in second.made}
    edits = [edit for plan in (first, second) for edit in plan.edits if not (edit.made and edit.path in both)]
    edits += [edit for path in sorted(both) for edit in _joined(path, first, second, checkout, after)]
    return replace(
        second,
        title=first.title,
        base=base_of([edit for edit in edits if edit.made], checkout),
        edits=tuple(edits),
        manual=(*first.manual, *second.manual),
        notes=tuple(dict.fromkeys((*first.notes, *second.notes))),
    )


def _joined(path: str, first: Plan, second: Plan, checkout: Checkout, after: Checkout) -> Iterator[Edit]:
    """The edit from the text before both plans to the text after them; none when the second takes the first back."""
    edits = [edit for plan in (first, second) for edit in plan.made if edit.path == path]
    last = edits[-1]
    mode = next((edit.mode for edit in reversed(edits) if edit.mode is not None), None)
    before, text = edits[0].base_text(checkout), last.base_text(after)
    if before == text:
        return
    reason = "; ".join(dict.fromkeys(edit.reason for edit in edits))
    rules = tuple(dict.fromkeys(rule for edit in edits for rule in edit.rules))
    made = Edit(path, "modify", last.place, reason, rules, "inserted", whole_file(path, before, text, mode), mode)
    if text is None:
        yield replace(made, op="delete")
    elif before is None or mode == GITLINK:
        yield replace(made, op="create", content=text)
    else:
        yield replace(made, splices=(Splice(0, len(before), text),))
