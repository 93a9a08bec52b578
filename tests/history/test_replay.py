"""Every backend that LocalAI has added since the first supported layout could have been added by `create`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from history.replay import Addition, Missing, Replay, report

pytestmark = [pytest.mark.localai, pytest.mark.xdist_group("localai")]


@pytest.mark.parametrize(
    ("missing", "better", "failed", "verdict"),
    [
        ((), (), "", "same"),
        ((), (("bump-bot", "bump:X"),), "", "better"),
        ((Missing("matrix", "-cpu-x|", "missing", "why"),), (("bump-bot", "bump:X"),), "", "missing"),
        ((Missing("importer-drop-in", "x", "by hand", "why"),), (), "", "same"),
        ((), (), "no such thing", "failed"),
    ],
)
def test_a_replay_has_one_verdict(
    missing: tuple[Missing, ...], better: tuple[tuple[str, str], ...], failed: str, verdict: str
) -> None:
    addition = Addition("a" * 40, "b" * 40, "2026-06-01", "x")
    found = Replay(addition, "go", 3, missing, better, (), failed)
    assert found.verdict == verdict
    assert found.line().startswith("aaaaaaaaa 2026-06-01 x (go): " + verdict)


def test_nothing_that_the_answers_imply_is_missing() -> None:
    source = os.environ.get("NEWBACKEND_LOCALAI")
    if not source:
        pytest.skip("NEWBACKEND_LOCALAI does not name a LocalAI clone with history")
    found = report(Path(source))
    assert len(found) >= 20
    assert [one.line() for one in found if one.verdict in ("missing", "failed")] == []
