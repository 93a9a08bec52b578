"""`list`, `route` and `rule`: the small verbs beside `verify`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.runner import newbackend

from newbackend.rulebooks import all_rules, page


def test_list_shows_every_backend_with_language_variants_and_health(sample: Path) -> None:
    text = newbackend("list", "--repo", sample)
    data = json.loads(newbackend("list", "--repo", sample, "--format", "json").out)

    assert text.status == 0
    rows = {row["name"]: row for row in data["backends"]}
    assert rows["rustlark"]["variants"] == ["cpu"]
    assert rows["cppreed"]["lang"] == "cpp"
    assert rows["cppreed"]["variants"] == ["cpu", "cuda12", "cuda13", "metal"]
    assert all(name in text.out for name in rows)
    assert rows["cppreed"]["status"] == "pass"


def test_route_counts_the_jobs_of_a_backend_and_names_who_is_not_rebuilt(any_sample: Path) -> None:
    result = newbackend("route", "backend/go/gotide/Makefile", "--repo", any_sample, "--format", "json")
    data = json.loads(result.out)

    assert result.status == 0
    assert data["started"] == ["gotide"]
    assert {job["system"] for job in data["files"][0]["jobs"]} == {"linux", "macos"}
    assert "pywhistle" in data["not_rebuilt"]


def test_route_by_the_checkouts_own_filter_starts_forks_and_shared_inputs(sample: Path) -> None:
    fork = json.loads(newbackend("route", "backend/cpp/cppanvil/Makefile", "--repo", sample, "--format", "json").out)
    shared = json.loads(newbackend("route", "backend/backend.proto", "--repo", sample, "--format", "json").out)

    assert fork["started"] == ["cppanvil", "neo-cppanvil"]
    assert len(shared["started"]) == 9


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("backend/index.yaml", "gallery"),
        ("README.md", "neither below a backend"),
        ("backend/python/nobody/x.py", "no backend that has rows"),
    ],
)
def test_route_says_why_a_file_starts_nothing(sample: Path, path: str, why: str) -> None:
    result = newbackend("route", path, "--repo", sample)

    assert result.status == 0
    assert "no job" in result.out
    assert why in result.out


def test_route_names_the_missing_branch(sample: Path) -> None:
    script = sample / "scripts/lib/backend-filter.mjs"
    text = script.read_text()
    script.write_text(text.replace('endsWith("cppreed")', 'endsWith("cppreed-x")'))

    assert "REG401" in newbackend("route", "backend/cpp/cppreed/Makefile", "--repo", sample).out


def test_route_exits_three_when_the_filter_cannot_be_run(sample: Path) -> None:
    (sample / "scripts/lib/backend-filter.mjs").write_text("export function inferBackendPath(item) { return (; }\n")
    result = newbackend("route", "README.md", "--repo", sample)

    assert result.status == 3
    assert "jobs cannot be told" in result.error()


def test_rule_explains_one_and_lists_all() -> None:
    one = newbackend("rule", "reg401")
    every = newbackend("rule")
    data = json.loads(newbackend("rule", "route-missing", "--format", "json").out)

    assert one.status == every.status == 0
    assert "REG401 route-missing" in one.out
    assert "How to fix" in one.out
    assert all(rule in every.out for rule in all_rules())
    assert data["id"] == "REG401"


def test_an_unknown_rule_exits_three_with_the_nearest() -> None:
    result = newbackend("rule", "REG4O1")

    assert result.status == 3
    assert "REG401" in result.error()


def test_every_rule_says_what_why_and_how_with_an_example() -> None:
    lacking = [
        rule.id
        for rule in all_rules().values()
        if rule.id.startswith("REG") and not (rule.what and rule.why and rule.how and rule.bad and rule.good)
    ]

    assert lacking == []


def test_the_rules_page_is_current() -> None:
    written = (Path(__file__).parents[2] / "docs/rules.md").read_text(encoding="utf-8")

    assert written == page(), "run: python -m newbackend.rulebooks"
