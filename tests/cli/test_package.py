"""`newbackend package` as a user runs it: exit statuses, formats, the floor, bad input, suppressions."""

from __future__ import annotations

import json
import shutil
import tarfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from cli.runner import newbackend
from package.workshop import Built, build_good, missing_tools

pytestmark = pytest.mark.skipif(bool(missing_tools()), reason=missing_tools() or "-")


@pytest.fixture(scope="module")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_good(tmp_path_factory.mktemp("good") / "package").root


@pytest.fixture
def good(_template: Path, tmp_path: Path) -> Path:
    """A good package, at `…/reed/package` as in a checkout."""
    return Path(shutil.copytree(_template, tmp_path / "reed/package", symlinks=True))


@pytest.fixture
def broken(good: Path) -> Path:
    """The same without the library that the server needs."""
    Built(good).foo.unlink()
    return good


def allow(package: Path, text: str) -> None:
    (package.parent / ".newbackend.toml").write_text(text)


def test_a_good_package_exits_zero_with_the_floor_and_what_is_not_covered(good: Path) -> None:
    result = newbackend("package", "check", good)
    assert result.status == 0, result.out
    lines = result.out.splitlines()
    assert any(line.startswith("floor: GLIBC_2.") for line in lines)
    assert any(line.startswith("layout: loader: run.sh starts") for line in lines)
    assert any(line.startswith("not covered: whether it starts: no run proof passed (--smoke)") for line in lines)
    assert "pass: reed" in lines
    assert result.err == ""


def test_a_defect_exits_one_under_the_packages_name(broken: Path) -> None:
    result = newbackend("package", "check", broken)
    assert result.status == 1
    assert result.out.startswith("== reed (loader)\n")
    assert "error[PKG101] missing-needed: server needs libfoo.so" in result.out
    assert "repository" not in result.out


@pytest.mark.parametrize(("fail_on", "status"), [("error", 1), ("warning", 1), ("never", 0)])
def test_fail_on_decides_the_status(broken: Path, fail_on: str, status: int) -> None:
    assert newbackend("package", "check", broken, "--fail-on", fail_on).status == status


@pytest.mark.parametrize(
    "words",
    [
        ["--layout", "musl"],
        ["--target", "windows"],
        ["--cpu-floor", "pentium"],
        ["--fail-on", "note"],
        ["--format", "yaml"],
        ["--cpu-run", "pdp11"],
    ],
    ids=lambda words: words[0],
)
def test_an_option_that_names_nothing_known_exits_two_with_one_sentence(good: Path, words: list[str]) -> None:
    result = newbackend("package", "check", good, *words)
    assert result.status == 2
    assert words[1] in result.error()
    assert result.out == ""


def test_a_hostile_archive_exits_two(tmp_path: Path) -> None:
    archive = tmp_path / "evil.tar"
    with tarfile.open(archive, "w") as tar:
        tar.addfile(tarfile.TarInfo("../../etc/passwd"))
    result = newbackend("package", "check", archive)
    assert result.status == 2
    assert "evil.tar" in result.error() or "passwd" in result.error()


@pytest.mark.parametrize("verb", ["check", "floor"])
def test_a_path_that_is_not_there_exits_three(tmp_path: Path, verb: str) -> None:
    result = newbackend("package", verb, tmp_path / "nowhere")
    assert result.status == 3
    assert "nowhere" in result.error()


def test_a_proof_that_cannot_run_exits_three_and_is_not_a_pass(good: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    result = newbackend("package", "check", good, "--smoke", env={"PATH": str(tools)})
    assert result.status == 3, result.out
    assert "unknown[PKG702] proof-run: could not be checked" in result.out
    assert "proof unknown: PKG702" in result.out
    assert "pass: reed" not in result.out


def smoked(good: Path, *words: str) -> str:
    result = newbackend("package", "check", good, "--smoke", *words)
    if result.status == 3:
        pytest.skip("this host allows no sandbox")
    assert result.status == 0, result.out
    return result.out


def test_a_proof_line_names_command_environment_and_result(good: Path) -> None:
    text = " ".join(smoked(good).split())
    line = text[text.index("proof pass: PKG702") :]
    assert "/backend/run.sh --addr 127.0.0.1:" in line
    assert "empty root, package at /backend" in line
    assert "Health answered after" in line


def test_the_proof_is_data_in_json(good: Path) -> None:
    proofs = json.loads(smoked(good, "--format", "json"))["layout"]["proofs"]
    assert {"PKG701", "PKG702"} == {proof["rule"] for proof in proofs}
    assert all(proof["command"] and proof["environment"] and proof["result"] for proof in proofs)


def test_the_proof_is_a_line_in_markdown(good: Path) -> None:
    text = smoked(good, "--format", "markdown")
    assert "- proof pass: PKG702" in text
    assert "- floor: GLIBC" in text
    assert "- not covered:" in text


def test_json_has_the_documented_keys(broken: Path) -> None:
    data = json.loads(newbackend("package", "check", broken, "--format", "json").out)
    assert data["schema"] == "newbackend/package/1"
    assert data["backends"] == [{"name": "reed", "lang": "loader", "status": "fail"}]
    assert {"floor", "floor_line", "not_covered", "proofs", "target"} <= set(data["layout"])
    finding = data["findings"][0]
    assert (finding["rule"], finding["path"]) == ("PKG101", "server")
    assert finding["fix"] == "none"


def test_every_other_format_names_the_defect(broken: Path) -> None:
    outputs = {
        name: newbackend("package", "check", broken, "--format", name).out
        for name in ("concise", "sarif", "github", "junit", "markdown")
    }
    assert all("PKG101" in text for text in outputs.values())
    assert json.loads(outputs["sarif"])["version"] == "2.1.0"
    suites = ElementTree.fromstring(outputs["junit"])
    assert [suite.get("name") for suite in suites] == ["reed"]
    assert outputs["concise"].startswith("server:1:")


def test_an_archive_is_read_as_the_directory_is(broken: Path, tmp_path: Path) -> None:
    archive = tmp_path / "reed.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(broken, arcname=".")
    of_directory = json.loads(newbackend("package", "check", broken, "--format", "json").out)
    of_archive = json.loads(newbackend("package", "check", archive, "--format", "json").out)
    assert of_archive["findings"] == of_directory["findings"]
    assert of_archive["backends"] == of_directory["backends"]


def test_the_floor_is_one_line(good: Path) -> None:
    result = newbackend("package", "floor", good)
    assert result.status == 0
    assert len(result.out.splitlines()) == 1
    assert result.out.startswith("GLIBC_2.")
    assert "x86-64-v1" in result.out


def test_the_floor_as_json_has_the_same_facts(good: Path) -> None:
    line = newbackend("package", "floor", good).out
    data = json.loads(newbackend("package", "floor", good, "--format", "json").out)
    glibc = data["versions"]["GLIBC"]
    assert f"{glibc['version']} set by {glibc['path']}" in line
    assert data["cpu"]["level"] == "x86-64-v1"
    assert data["cpu"]["beyond"] == {}
    assert data["layout"] == "loader"


def test_the_floor_has_no_other_format(good: Path) -> None:
    result = newbackend("package", "floor", good, "--format", "sarif")
    assert result.status == 2
    assert "sarif" in result.error()


ALLOWED = '[[allow]]\nrule = "PKG101"\nsubject = "libfoo*"\nreason = "comes with the driver"\n'


def test_an_entry_beside_the_package_silences_a_finding(broken: Path) -> None:
    allow(broken, ALLOWED)
    result = newbackend("package", "check", broken, "--format", "json")
    data = json.loads(result.out)
    assert result.status == 0, result.out
    assert [entry["suppression"]["reason"] for entry in data["suppressed"]] == ["comes with the driver"]
    assert data["suppressed"][0]["suppression"]["path"] == "../.newbackend.toml"
    assert data["backends"][0]["status"] == "pass"


def test_a_comment_in_run_sh_silences_the_finding_of_its_line(good: Path) -> None:
    run = good / "run.sh"
    moved = run.read_text().replace("grep -c processor /proc/cpuinfo\n", "")
    assert moved != run.read_text()
    late = (
        '\ngrep -c processor /proc/cpuinfo  # newbackend: ignore[PKG401] the host\'s glibc is known\nif [ -f "$CURDIR"'
    )
    run.write_text(moved.replace('\nif [ -f "$CURDIR"', late))
    result = newbackend("package", "check", good, "--fail-on", "warning", "-v")
    assert result.status == 0, result.out
    assert "suppressed: PKG401 run.sh:" in result.out


@pytest.mark.parametrize(
    ("text", "rule", "status"),
    [
        ('[[allow]]\nrule = "PKG305"\nsubject = "x"\nreason = "gone"\n', "REG901", 0),
        (ALLOWED + "expires = 2020-01-31\n", "REG902", 0),
        ('[[allow]]\nrule = "PKG101"\nsubject = "libfoo*"\n', "REG903", 1),
        ('[[allow]]\nrule = "PKG999"\nsubject = "libfoo*"\nreason = "no such rule"\n', "REG903", 1),
    ],
)
def test_a_suppression_that_does_nothing_is_itself_a_finding(good: Path, text: str, rule: str, status: int) -> None:
    allow(good, text)
    result = newbackend("package", "check", good)
    assert result.status == status, result.out
    assert f"[{rule}]" in result.out
    assert "../.newbackend.toml:1" in result.out
    assert "--fix" not in result.out


def test_a_config_that_is_not_toml_exits_two_with_file_and_line(good: Path) -> None:
    allow(good, "[[allow]\n")
    result = newbackend("package", "check", good)
    assert result.status == 2
    assert ".newbackend.toml:1" in result.error()


CHECKOUTS = """\
[[allow]]
rule = "PKG101"
backend = "reed"
reason = "the driver has it"

[[allow]]
rule = "PKG101"
backend = "other"
reason = "not about this package"

[[allow]]
rule = "REG401"
backend = "other"
reason = "a rule of verify"
"""


def test_the_checkouts_file_counts_and_its_other_entries_are_not_called_unused(broken: Path, sample: Path) -> None:
    inside = Path(shutil.move(broken.parent, sample / "backend/cpp/reed")) / "package"
    (sample / ".newbackend.toml").write_text(CHECKOUTS)
    result = newbackend("package", "check", inside, "--format", "json")
    data = json.loads(result.out)
    assert result.status == 0, result.out
    assert data["findings"] == []
    assert len(data["suppressed"]) == 1


def test_nothing_of_the_callers_directory_is_read(broken: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".newbackend.toml").write_text(ALLOWED)
    assert newbackend("package", "check", broken, cwd=elsewhere).status == 1


def test_no_control_character_of_a_package_reaches_the_terminal(good: Path) -> None:
    (good / "lib/evil\x1b[2Jx.so").symlink_to("nowhere")
    result = newbackend("package", "check", good)
    assert result.status == 1
    assert "\x1b" not in result.out


def test_verify_says_nothing_about_entries_for_packages(sample: Path) -> None:
    (sample / ".newbackend.toml").write_text(ALLOWED)
    result = newbackend("verify", "--repo", sample)
    assert result.status == 0, result.out
    assert "REG90" not in result.out
