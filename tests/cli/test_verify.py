"""`newbackend verify` as a user runs it: exit statuses, formats, fixes, suppressions, bases."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from cli.runner import newbackend
from conftest import git, tree

from newbackend.checkout.layout import INDEX, MATRIX

FILTER = "scripts/lib/backend-filter.mjs"
BRANCH = '  if (item.dockerfile.endsWith("cppreed")) {\n    return `backend/cpp/cppreed/`;\n  }\n'


def edit(root: Path, path: str, old: str, new: str) -> None:
    text = (root / path).read_text()
    assert old in text
    (root / path).write_text(text.replace(old, new, 1))


def break_route(root: Path) -> None:
    edit(root, FILTER, BRANCH, "")


def test_a_sound_checkout_looks_sound(sample: Path) -> None:
    result = newbackend("verify", "--repo", sample)

    assert result.status == 0
    assert "ok: 0 errors, 0 warnings, 1 note" in result.out.splitlines()
    assert "skipped" not in result.out
    assert "fail" not in result.out
    assert result.err == ""


def test_an_error_exits_one_and_names_file_line_and_what_belongs_there(sample: Path) -> None:
    break_route(sample)
    result = newbackend("verify", "cppreed", "--repo", sample)

    assert result.status == 1
    assert "error[REG401] route-missing" in result.out
    assert f"{FILTER}:" in result.out
    assert 'endsWith("cppreed")' in result.out


def test_a_name_narrows_the_report_to_that_backend(sample: Path) -> None:
    break_route(sample)
    result = newbackend("verify", "goquill", "--repo", sample, "--format", "json")

    data = json.loads(result.out)
    assert result.status == 0
    assert [backend["name"] for backend in data["backends"]] == ["goquill"]
    assert data["findings"] == []


def test_json_has_the_documented_keys(sample: Path) -> None:
    break_route(sample)
    data = json.loads(newbackend("verify", "--all", "--repo", sample, "--format", "json").out)

    assert data["schema"] == "newbackend/verify/1"
    assert {"repo", "layout", "backends", "findings", "suppressed", "summary"} <= data.keys()
    finding = next(one for one in data["findings"] if one["rule"] == "REG401")
    assert finding["name"] == "route-missing"
    assert finding["backend"] == "cppreed"
    assert finding["path"] == FILTER
    assert finding["status"] == "fail"
    assert finding["fix"] == "safe"
    assert data["summary"]["error"] == 1
    assert {"name": "cppreed", "lang": "cpp", "status": "fail"} in data["backends"]


@pytest.mark.parametrize("name", ["text", "concise", "json", "sarif", "github", "junit", "markdown"])
def test_every_format_carries_the_rule_and_the_same_exit_status(sample: Path, name: str) -> None:
    break_route(sample)
    result = newbackend("verify", "--repo", sample, "--format", name)

    assert result.status == 1
    assert "REG401" in result.out
    if name in ("json", "sarif"):
        json.loads(result.out)
    if name == "junit":
        ElementTree.fromstring(result.out)


def test_fail_on_moves_the_threshold(sample: Path) -> None:
    edit(sample, INDEX, '  alias: "goquill"\n', "")

    assert newbackend("verify", "--repo", sample).status == 0
    assert newbackend("verify", "--repo", sample, "--fail-on", "warning").status == 1
    break_route(sample)
    assert newbackend("verify", "--repo", sample, "--fail-on", "never").status == 0


def test_what_cannot_be_checked_exits_three(sample: Path) -> None:
    edit(sample, FILTER, "return null;", "return (null;")
    result = newbackend("verify", "goquill", "--repo", sample, "--fail-on", "warning")
    assert result.status == 1, "a filter that does not parse is a defect"

    git(sample, "checkout", "--quiet", ".")
    (sample / MATRIX).write_text("include: {}\n")
    assert newbackend("verify", "--repo", sample).status == 3


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["no-such-backend"], 3, "knows no backend"),
        (["goquil"], 3, "did you mean goquill"),
        (["--format", "yaml"], 2, "--format"),
        (["--fail-on", "note"], 2, "--fail-on"),
        (["--all", "goquill"], 2, "--all"),
        (["--base", "no-such-branch"], 3, "no-such-branch"),
    ],
)
def test_bad_arguments_are_one_sentence(sample: Path, words: list[str], status: int, said: str) -> None:
    result = newbackend("verify", *words, "--repo", sample)

    assert result.status == status
    assert said in result.error()


def test_a_directory_that_is_no_checkout_exits_three(tmp_path: Path) -> None:
    assert newbackend("verify", "--repo", tmp_path).status == 3


def test_diff_previews_fix_repairs_a_second_run_has_nothing_to_do_and_undo_takes_it_back(sample: Path) -> None:
    break_route(sample)
    git(sample, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "--all", "--message", "break")
    before = tree(sample)

    preview = newbackend("verify", "--diff", "--repo", sample)
    assert preview.status == 1
    assert '+  if (item.dockerfile.endsWith("cppreed")) {' in preview.out
    assert tree(sample) == before

    fixed = newbackend("verify", "--fix", "--repo", sample)
    assert fixed.status == 0, fixed.out
    assert "repaired" in fixed.err
    after = tree(sample)
    assert {path for path in after if after[path] != before.get(path)} == {FILTER}

    again = newbackend("verify", "--fix", "--allow-dirty", "--repo", sample)
    assert "nothing to fix" in again.err
    assert tree(sample) == after

    assert newbackend("undo", "--repo", sample).status == 0
    assert tree(sample) == before


def test_an_unsafe_fix_waits_for_its_own_flag(sample: Path) -> None:
    for old in (
        "local-ai-backends:latest-gpu-rocm-hipblas-goquill",
        "localai/localai-backends:latest-gpu-rocm-hipblas-goquill",
    ):
        edit(sample, INDEX, old, old.replace("-gpu-rocm-hipblas", "-gpu-hipblas"))

    assert newbackend("verify", "--fix", "--allow-dirty", "--repo", sample).status == 1
    assert newbackend("verify", "--unsafe-fixes", "--allow-dirty", "--repo", sample).status == 0
    assert git(sample, "status", "--porcelain") == ""


def test_a_fix_never_writes_into_somebodys_uncommitted_file(sample: Path) -> None:
    break_route(sample)
    result = newbackend("verify", "--fix", "--repo", sample)

    assert result.status == 2
    assert "uncommitted" in result.error()


def test_a_suppression_with_a_reason_silences_and_an_unused_one_is_reported(sample: Path) -> None:
    break_route(sample)
    (sample / ".newbackend.toml").write_text(
        '[[allow]]\nrule = "REG401"\nbackend = "cppreed"\nreason = "built by hand for now"\n'
    )
    silenced = newbackend("verify", "--repo", sample, "--format", "json")
    assert silenced.status == 0
    assert [one["rule"] for one in json.loads(silenced.out)["suppressed"]] == ["REG401"]

    git(sample, "checkout", "--quiet", FILTER)
    unused = newbackend("verify", "--repo", sample, "--format", "concise", "--fail-on", "warning")
    assert unused.status == 1
    assert "REG901" in unused.out


def test_base_reports_only_what_the_change_introduces(sample: Path) -> None:
    break_route(sample)
    result = newbackend("verify", "--base", "HEAD", "--repo", sample, "--format", "json")

    data = json.loads(result.out)
    assert result.status == 1
    assert {one["backend"] for one in data["findings"]} == {"cppreed"}
    assert all(one["message"].startswith("introduced: ") for one in data["findings"] if one["rule"] == "REG401")
    assert data["base"] == git(sample, "rev-parse", "HEAD").strip()


def test_base_tells_what_was_healed_and_does_not_fail_for_what_was_broken_before(sample: Path) -> None:
    break_route(sample)
    edit(sample, INDEX, '    amd: "rocm-goquill"\n', "")
    git(sample, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "--all", "--message", "break")
    git(sample, "checkout", "--quiet", "HEAD~1", "--", INDEX)
    (sample / "backend/cpp/cppreed/notes.txt").write_text("hello\n")

    result = newbackend("verify", "--base", "HEAD", "--repo", sample)

    assert result.status == 0, result.out
    assert "still broken: " in result.out
    assert "healed: REG208 goquill" in result.out
