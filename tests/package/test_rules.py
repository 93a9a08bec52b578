"""Each defect is found by its rule and no other, and really fails or passes in an empty root."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from newbackend.findings import Finding, Report, Rule, Severity, Status
from newbackend.package import RULES_BY_ID, Layout, PackageOptions, check_package
from newbackend.package.sandbox import Sandbox, find_sandbox
from package.defects import DEFECTS, FAILS, NOT_RUN, PASSES, Defect
from package.workshop import Built

SANDBOX = find_sandbox()


def options_of(defect: Defect, **more: Any) -> PackageOptions:
    given: dict[str, Any] = dict(defect.options) | more
    if "layout" in given:
        given["layout"] = Layout(given["layout"])
    return PackageOptions(**given)


def proofs_of(report: Report) -> list[Finding]:
    return [f for f in report.findings if f.rule.id == "PKG702"]


def test_a_good_package_has_no_finding(good_template: Path) -> None:
    report = check_package(good_template, options=PackageOptions())
    assert report.findings == ()
    assert report.layout["kind"] == "loader"


def test_a_good_package_has_no_finding_with_the_instruction_scan(good_template: Path) -> None:
    report = check_package(good_template, options=PackageOptions(cpu_floor="x86-64"))
    assert report.findings == ()


@pytest.mark.parametrize("defect", DEFECTS, ids=str)
def test_the_rule_that_names_the_defect_finds_it_and_no_other_does(defect: Defect, built: Built) -> None:
    if dict(defect.options).get("cpu_floor"):
        pytest.importorskip("iced_x86", reason="the instruction scan is tested with its decoder")
    defect.break_it(built)
    report = check_package(built.root, options=options_of(defect))
    named = [f for f in report.findings if f.rule.id == defect.rule and f.status is Status.FAIL]
    assert [f.level for f in named][:1] == [Severity(defect.level)], [f.message for f in report.findings]
    others = {f.rule.id for f in report.findings} - {defect.rule} - defect.also
    assert not others, [f.message for f in report.findings if f.rule.id in others]


@pytest.mark.parametrize("defect", [d for d in DEFECTS if d.smoke != NOT_RUN], ids=str)
def test_the_defect_really_does_in_an_empty_root_what_the_table_says(defect: Defect, built: Built) -> None:
    if not isinstance(SANDBOX, Sandbox):
        pytest.skip(f"no empty root on this host: {SANDBOX}")
    pytest.importorskip("grpc", reason="Health is called with grpcio")
    defect.break_it(built)
    report = check_package(built.root, options=options_of(defect, smoke=True))
    failed = [f.message for f in proofs_of(report)]
    assert bool(failed) == (defect.smoke == FAILS), failed
    if defect.smoke == PASSES:
        assert any(c.rule.id == "PKG702" and c.status is Status.PASS for c in report.checked)


def test_every_rule_has_a_defect_or_is_a_proof() -> None:
    shown = {d.rule for d in DEFECTS}
    assert RULES_BY_ID.keys() - shown == {
        "PKG111",
        *(f"PKG80{number}" for number in range(1, 8)),  # test_macos.py
        "PKG701",
        "PKG702",
        "PKG703",
        "PKG704",
    }  # 111 is only ever unknown: test_spellings.py


@pytest.mark.parametrize("rule", RULES_BY_ID.values(), ids=lambda r: r.id)
def test_every_rule_explains_itself(rule: Rule) -> None:
    assert re.fullmatch(r"PKG\d{3}", rule.id)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    for sentence in (rule.what, rule.why, rule.how):
        assert sentence.endswith(".")
    if not rule.id.startswith("PKG7"):
        assert rule.bad
        assert rule.good


def test_a_good_package_in_an_archive_has_no_finding(good_template: Path, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "package"), "tar", good_template)
    assert check_package(Path(archive), options=PackageOptions()).findings == ()


def test_fingerprints_do_not_depend_on_where_the_package_lies(built: Built, tmp_path: Path) -> None:
    built.foo.unlink()
    elsewhere = Path(shutil.copytree(built.root, tmp_path / "elsewhere" / "other"))
    here, there = (check_package(p, options=PackageOptions()) for p in (built.root, elsewhere))
    assert [f.fingerprint for f in here.findings] == [f.fingerprint for f in there.findings] != []


def test_control_characters_in_names_never_reach_the_report(built: Built) -> None:
    (built.lib / "evil\x1b[2J\n.so").symlink_to("gone\x07")
    (finding,) = check_package(built.root, options=PackageOptions()).findings
    assert finding.rule.id == "PKG107"
    assert (finding.message + finding.path + finding.subject).isprintable()
