"""What is written for macOS makes a missing macOS row more than a note."""

from __future__ import annotations

from pathlib import Path

import pytest

from newbackend.checkout.layout import open_checkout
from newbackend.rules.run import verify

MAKEFILE = "backend/cpp/neo-cppanvil/Makefile"


@pytest.mark.parametrize(
    ("more", "level"),
    [
        ("", "note"),
        ("ifeq ($(BUILD_TYPE),metal)\nX=1\nendif\n", "warning"),
        ("ifeq ($(shell uname -s),Darwin)\nX=1\nendif\n", "warning"),
        ("# on Darwin nothing is needed\nclean-all:\n\trm -rf metal\n", "note"),
    ],
)
def test_a_branch_for_macos(sample: Path, more: str, level: str) -> None:
    checkout = open_checkout(sample)
    changed = checkout.with_changes({MAKEFILE: checkout.need(MAKEFILE) + more})
    found = [one for one in verify(changed, names=("neo-cppanvil",)).findings if one.rule.id == "REG117"]
    assert [one.level.value for one in found] == [level]
