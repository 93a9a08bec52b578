"""Every rule has a case: the broken sample reports exactly what is expected, the repaired one nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from newbackend.findings import Report
from newbackend.rules import rules
from newbackend.sample import materialise

from .harness import CASES, beyond, check, checkout_of, fix, patch

IDS = sorted(path.name for path in CASES.iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """What is reported of the sample as it is: notes at most."""
    return check(materialise(tmp_path_factory.mktemp("clean") / "sample"))


def test_every_rule_has_a_case_and_every_case_a_rule() -> None:
    assert [rule for rule in rules() if rule not in IDS] == []
    assert [name for name in IDS if name.partition("-")[0] not in rules()] == []


def test_the_sample_is_sound(clean: Report) -> None:
    assert {found.level.value for found in clean.findings} <= {"note"}
    assert clean.summary()["unknown"] == 0


@pytest.mark.parametrize("name", IDS)
def test_a_broken_sample_reports_exactly_what_is_expected_and_nothing_once_repaired(
    name: str, clean: Report, tmp_path: Path
) -> None:
    case = CASES / name
    root = checkout_of(case, tmp_path / "sample")
    patch(root, case / "bad.patch")
    expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))

    found = beyond(check(root), clean)

    assert found == expected
    assert name.partition("-")[0] in {one["rule"] for one in found}
    if (case / "fix").exists():
        flag = (case / "fix").read_text(encoding="utf-8").strip()
        assert fix(root, flag).repaired
        assert fix(root, flag).plan.empty, "a second run of --fix must have nothing to do"
    else:
        patch(root, case / "fix.patch")
    assert beyond(check(root), clean) == []
