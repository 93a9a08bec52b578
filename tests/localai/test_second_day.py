"""A platform of every real backend goes and comes back, and a new one comes; where NEWBACKEND_LOCALAI names a clone.

In memory: the work tree is only read.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from conftest import NEWEST
from describe.round_trip import backends
from plan.second_day import attempt, one_more, platform_of, siblings_platform, there_and_back

from newbackend.catalog.languages import languages
from newbackend.checkout.layout import open_checkout
from newbackend.plan.registered import registered_answers

KNOWN = ("matrix", "path-filter", "gallery-index", "compatibility-table")
"""Places in which a registration departs from the canonical table, and no longer does when it comes back."""


def test_a_dropped_platform_comes_back(localai_at: Callable[[str], Path]) -> None:
    checkout = open_checkout(localai_at(NEWEST))
    wrong, ends = [], dict.fromkeys(("identical", "same facts", "differs"), 0)
    for name in backends(checkout):
        variant = platform_of(checkout, name)
        if not variant:
            continue
        day = attempt(there_and_back, checkout, name, variant)
        places = {fact.split()[0] for fact in day.differing}
        if day.end == "error" or not places <= set(KNOWN):
            wrong.append(day)
        else:
            ends[day.end] += 1
    assert wrong == []
    assert ends["identical"] + ends["same facts"] >= 45, ends


def test_one_more_platform_breaks_nothing_unsaid(localai_at: Callable[[str], Path]) -> None:
    checkout = open_checkout(localai_at(NEWEST))
    shipped = {}
    for name in backends(checkout):
        answers = registered_answers(checkout, name).answers
        shipped[f"{languages()[answers.lang or ''].folder}/{name}"] = answers.variants or ()
    wrong = []
    for name in backends(checkout):
        variant = siblings_platform(checkout, name, shipped)
        day = attempt(one_more, checkout, name, variant) if variant else None
        if day and (day.end == "error" or len(day.unsaid)):
            wrong.append(day)
    assert wrong == []
