"""How a pin is found, as the bot's grep finds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from newbackend.checkout.tree import Checkout
from newbackend.rules.run import verify

PIN = "QUILL_VERSION?=4e4fbf3e3dbc4df9d1e791818dde7a25ff493dfc"


def rules_about(root: Path, first_lines: str) -> set[str]:
    makefile = root / "backend/go/goquill/Makefile"
    rest = makefile.read_text().split(f"{PIN}\n", 1)[1]
    makefile.write_text(f"{first_lines}\n{rest}")
    found = verify(Checkout(root)).findings
    return {one.rule.id for one in found if one.backend == "goquill" and one.rule.id.startswith("REG5")}


@pytest.mark.parametrize("lines", [PIN, f"\n{PIN}", f"# a comment\n\n{PIN}", f"OTHER_QUILL=1\n{PIN}"])
def test_a_pin_is_seen_wherever_its_line_stands(sample: Path, lines: str) -> None:
    assert rules_about(sample, lines) == set()


@pytest.mark.parametrize(
    ("lines", "rules"),
    [
        (f"# {PIN}", {"REG503"}),
        (f"MY_{PIN}", {"REG501", "REG503"}),
        (PIN.replace("?=", " ?= "), {"REG503"}),
        ("QUILL_VERSION?=main", {"REG505"}),
        ("QUILL_VERSION?=", {"REG505"}),
        (f"# Held at this commit: the next one hangs.\n{PIN.replace('QUILL', 'FEATHER')}\n{PIN}", set()),
    ],
)
def test_a_pin_that_the_bot_would_miss_is_reported(sample: Path, lines: str, rules: set[str]) -> None:
    assert rules_about(sample, lines) == rules
