"""The history of LocalAI as a judge: what people later repaired is found before the repair and not after."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .replay import FILE, findings_at

pytestmark = [pytest.mark.localai, pytest.mark.xdist_group("localai")]

COMMITS: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", COMMITS, ids=[row["commit"][:9] for row in COMMITS])
def test_what_a_commit_repaired_is_found_at_its_parent_and_gone_at_the_commit(
    localai_clone: Path, row: dict[str, Any]
) -> None:
    before = findings_at(localai_clone, f"{row['commit']}^")
    after = findings_at(localai_clone, row["commit"])

    gone = {(one.rule.id, one.backend) for key, one in before.items() if key not in after}
    assert row["heals"]
    assert [pair for pair in row["heals"] if tuple(pair) not in gone] == []


def test_thirty_repairs_are_replayed() -> None:
    assert len(COMMITS) >= 30


def test_ds4_lacked_its_route_and_a_pin_that_the_bot_can_see(localai_clone: Path) -> None:
    def about_ds4(commit: str) -> set[str]:
        return {one.rule.id for one in findings_at(localai_clone, commit).values() if one.backend == "ds4"}

    assert {"REG401", "REG502"} <= about_ds4("e3f9de102")
    assert {"REG401", "REG501", "REG502"}.isdisjoint(about_ds4("621c612b2"))
