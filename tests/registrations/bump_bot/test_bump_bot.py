"""The bump bot's row: beside its language's rows, and the pin where the bot can see it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from specs import SHA, spec

from newbackend.checkout.layout import BUMP, open_checkout
from newbackend.plan.build import plan_create
from newbackend.registrations.bump_bot.place import BumpBot
from newbackend.splice.outcome import Inserted, apply_splices


def test_the_row_follows_its_language_and_reads_back(sample: Path) -> None:
    checkout = open_checkout(sample)
    (change,) = BumpBot().plan(checkout, spec()).changes
    assert isinstance(change.outcome, Inserted)
    edited = checkout.with_changes({BUMP: apply_splices(checkout.need(BUMP), change.outcome.splices)})
    fact = next(fact for fact in BumpBot().observe(edited) if fact.backend == "ds4")
    assert fact.value == {
        "repository": "antirez/ds4",
        "variable": "DS4_VERSION",
        "branch": "main",
        "file": "backend/cpp/ds4/Makefile",
    }
    lines = edited.need(BUMP).splitlines()
    assert "backend/cpp/" in lines[fact.line - 2]


def test_the_bots_own_grep_finds_the_pin_and_nothing_else(sample: Path) -> None:
    checkout = open_checkout(sample)
    plan = plan_create(spec(), checkout)
    makefile = next(c.after for c in plan.changes(plan.texts(checkout)) if c.path == "backend/cpp/ds4/Makefile")
    assert makefile is not None
    command = ["grep", "-c", "DS4_VERSION?="]
    assert subprocess.run(command, input=makefile, text=True, capture_output=True, check=True).stdout == "1\n"
    command = ["grep", "-m1", "^DS4_VERSION?="]
    found = subprocess.run(command, input=makefile, text=True, capture_output=True, check=True).stdout
    assert found == f"DS4_VERSION?={SHA}\n"


def test_a_backend_without_a_pin_has_no_row(sample: Path) -> None:
    assert BumpBot().plan(open_checkout(sample), spec(pin=None)).changes == ()
