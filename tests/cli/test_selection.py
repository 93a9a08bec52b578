"""`verify --select`, `--ignore`, `--severity` and `--statistics`; `--fix --diff`; the width of what is printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cli.runner import newbackend
from cli.test_verify import break_route, edit
from conftest import git

from newbackend.rules import rules


def found(sample: Path, *words: str) -> set[tuple[str, str]]:
    """Rule and severity of what is reported."""
    data: dict[str, Any] = json.loads(newbackend("verify", *words, "--format", "json", "--repo", sample).out)
    return {(row["rule"], row["severity"]) for row in data["findings"]}


def damage(sample: Path) -> None:
    """An error in the path filter and a warning in the Makefile, beside the note that is there."""
    break_route(sample)
    edit(sample, "Makefile", " docker-build-goquill", "")


def test_ids_beginnings_and_names_select(sample: Path) -> None:
    damage(sample)
    every = found(sample)
    assert {rule for rule, _ in every} >= {"REG401", "REG306", "REG117"}
    makefile = {row for row in every if row[0].startswith("REG3")}
    routes = {row for row in every if row[0].startswith("REG4")}
    assert {rule for rule, _ in found(sample, "--select", "REG401")} == {"REG401"}
    assert found(sample, "--select", "reg3,route-missing") == {*makefile, ("REG401", "error")}
    assert found(sample, "--select", "REG3", "--select", "REG4") == makefile | routes
    assert found(sample, "--ignore", "REG401") == {row for row in every if row[0] != "REG401"}
    assert found(sample, "--select", "REG", "--ignore", "REG") == set()


def test_severity_is_the_least_that_is_shown(sample: Path) -> None:
    damage(sample)
    assert {level for _, level in found(sample)} == {"error", "warning", "note"}
    assert {level for _, level in found(sample, "--severity", "warning")} == {"error", "warning"}
    assert {level for _, level in found(sample, "--severity", "error")} == {"error"}


def test_what_is_not_selected_does_not_decide_and_is_counted(sample: Path) -> None:
    damage(sample)
    result = newbackend("verify", "--ignore", "REG401", "--repo", sample)
    assert result.status == 0
    assert "newbackend: 1 finding(s) of other rules or severities are not shown" in result.err
    assert newbackend("verify", "--select", "REG401", "--repo", sample).status == 1
    only = newbackend("verify", "--select", "REG7", "--repo", sample).out
    assert "ok: 0 errors, 0 warnings, 0 notes" in only.splitlines()
    data = json.loads(newbackend("verify", "--ignore", "REG4", "--format", "json", "--repo", sample).out)
    assert {row["name"]: row["status"] for row in data["backends"]}["cppreed"] == "pass"


def test_only_what_is_selected_is_repaired(sample: Path) -> None:
    damage(sample)
    git(sample, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qam", "damage")
    done = newbackend("verify", "--fix", "--select", "REG3", "--repo", sample)
    assert "1 finding repaired in 1 file" in done.err
    assert git(sample, "status", "--porcelain").split() == ["M", "Makefile"]
    assert found(sample, "--severity", "error") == {("REG401", "error")}


def test_statistics_count_by_rule(sample: Path) -> None:
    damage(sample)
    lines = newbackend("verify", "--statistics", "--repo", sample).out.splitlines()
    assert any(line.split()[:3] == ["1", "REG306", "warning"] and "*" in line for line in lines)
    data = json.loads(newbackend("verify", "--statistics", "--format", "json", "--repo", sample).out)
    assert data["schema"] == "newbackend/statistics/1"
    assert lines[-1].startswith(f"1 error, {data['summary']['warning']} warning")
    assert sum(row["count"] for row in data["rules"]) == data["summary"]["fail"]
    route = next(row for row in data["rules"] if row["rule"] == "REG401")
    assert (route["count"], route["severity"]) == (1, "error")


def test_a_preview_with_repairs_is_status_one_and_without_is_not(sample: Path) -> None:
    assert newbackend("verify", "--fix", "--diff", "--repo", sample).status == 0
    edit(sample, "Makefile", " docker-build-goquill", "")
    shown = newbackend("verify", "--fix", "--diff", "--repo", sample)
    assert shown.status == 1
    assert "--fix would repair 1 finding; nothing was written" in shown.err
    assert newbackend("verify", "--fix", "--diff", "--fail-on", "never", "--repo", sample).status == 0
    assert newbackend("verify", "--fix", "--diff", "--select", "REG4", "--repo", sample).status == 0


def test_columns_is_the_width_of_a_pipe(sample: Path) -> None:
    damage(sample)
    wide = newbackend("verify", "--repo", sample, env={"COLUMNS": "200"}).out
    narrow = newbackend("verify", "--repo", sample, env={"COLUMNS": "50"}).out
    assert max(map(len, wide.splitlines())) > 100
    prose = [line for line in narrow.splitlines() if not line.lstrip().startswith(("+", "-->")) and "`" not in line]
    assert max(map(len, prose)) <= 50
    assert narrow.splitlines()[-1].startswith("more about a rule: newbackend rule REG")


def test_a_list_fits_the_terminal(sample: Path) -> None:
    for columns in ("100", "60", "40"):
        lines = newbackend("list", "--repo", sample, env={"COLUMNS": columns}).out.splitlines()
        assert max(map(len, lines)) <= int(columns)
        assert " ".join(lines).count("cuda13") == newbackend("list", "--repo", sample).out.count("cuda13")
    assert len(newbackend("list", "--repo", sample).out.splitlines()) == 1 + 9, "a pipe gets a line each"


def test_every_rule_has_its_sentence_in_the_list() -> None:
    lines = newbackend("rule").out.splitlines()
    for id_, rule in rules().items():
        (line,) = [line for line in lines if line.startswith(f"{id_} ")]
        assert rule.name in line
        assert line.endswith((".", "`", ":", ")"))
    folded = newbackend("rule", env={"COLUMNS": "60"}).out
    assert max(len(line) for line in folded.splitlines() if "`" not in line) <= 60
