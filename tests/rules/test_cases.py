"""Every rule has a case: the broken sample reports exactly what is expected, the repaired one nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import newbackend
from newbackend.checkout.tree import Checkout
from newbackend.findings import Report
from newbackend.rules import rules
from newbackend.sample import materialise

from .found import found
from .harness import CASES, beyond, check, checkout_of, fix, patch


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """What is reported of the sample as it is: notes at most."""
    return check(materialise(tmp_path_factory.mktemp("clean") / "sample"))


def test_every_rule_has_a_case_and_every_case_a_rule() -> None:
    assert [rule for rule in rules() if rule not in CASES] == []
    assert [name for name in CASES if name.partition("-")[0] not in rules()] == []


def test_a_case_stands_in_the_folder_that_its_rule_is_in() -> None:
    source, tests = Path(newbackend.__file__).parent, Path(__file__).parents[1]
    strays = [
        name
        for name, case in CASES.items()
        if not any(
            f'"{name.partition("-")[0]}",' in module.read_text(encoding="utf-8")
            for module in (source / case.parents[1].relative_to(tests)).glob("*.py")
        )
    ]
    assert strays == []


def test_the_sample_is_sound(clean: Report) -> None:
    assert {finding.level.value for finding in clean.findings} <= {"note"}
    assert clean.summary()["unknown"] == 0


def test_both_layouts_are_sound_in_what_they_share(any_sample: Path) -> None:
    shared = found(Checkout(any_sample), "REG6", "REG7", "REG8")
    assert [f"{finding.rule.id} {finding.backend} {finding.message}" for finding in shared] == []


@pytest.mark.parametrize("name", CASES)
def test_a_broken_sample_reports_exactly_what_is_expected_and_nothing_once_repaired(
    name: str, clean: Report, tmp_path: Path
) -> None:
    case = CASES[name]
    root = checkout_of(case, tmp_path / "sample")
    known = check(root, case) if (case / "new").exists() else clean
    patch(root, case / "bad.patch")
    expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))

    rows = beyond(check(root, case), known)

    assert rows == expected
    assert name.partition("-")[0] in {row["rule"] for row in rows}
    if (case / "fix").exists():
        flag = (case / "fix").read_text(encoding="utf-8").strip()
        assert fix(root, flag).repaired
        assert fix(root, flag).plan.empty, "a second run of --fix must have nothing to do"
    else:
        patch(root, case / "fix.patch")
    assert beyond(check(root, case), known) == []
