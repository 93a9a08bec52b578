"""`--glibc-floor`: the guard that is rendered, what its script decides, and how it goes away again."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import tool
from package.workshop import gcc, missing_tools
from ruamel.yaml import YAML

from newbackend.answers import read_answers
from newbackend.catalog.portable import baselines, images_for
from newbackend.checkout.layout import open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.plan.build import plan_create, planned
from newbackend.plan.remove import plan_remove
from newbackend.scaffold.render import RenderedFile, render
from newbackend.spec import BackendSpec, make_spec

WORKFLOW = ".github/workflows/portable-my-engine.yml"
COMPILED = [("cpp", ""), ("cpp", "shared-base"), ("go", "pure"), ("go", "purego"), ("rust", "")]


def spec(lang: str, flavour: str = "", floor: object = "2.28", **more: Any) -> BackendSpec:
    answers = {"name": "my-engine", "lang": lang, "flavour": flavour, "variants": ["cpu"], "modalities": ["llm"]}
    return make_spec(read_answers({**answers, "options": {"glibc_floor": floor}, **more}, "test"))


@pytest.fixture
def checkout(sample: Path) -> Checkout:
    return open_checkout(sample)


def files(checkout: Checkout, lang: str, flavour: str = "", floor: str = "2.28") -> dict[str, RenderedFile]:
    return render(spec(lang, flavour, floor), checkout)


@pytest.mark.parametrize(("lang", "flavour"), COMPILED)
def test_a_floor_adds_a_workflow_a_script_and_the_reasons(checkout: Checkout, lang: str, flavour: str) -> None:
    own = f"backend/{lang}/my-engine"
    with_floor, without = files(checkout, lang, flavour), files(checkout, lang, flavour, "")
    assert set(with_floor) - set(without) == {WORKFLOW, f"{own}/PORTABILITY.md", f"{own}/portable.sh"}
    changed = {path for path in without if with_floor[path] != without[path]}
    assert changed == {f"{own}/.newbackend.yml"}
    assert with_floor[f"{own}/portable.sh"].mode == 0o755


@pytest.mark.parametrize(("lang", "flavour"), COMPILED)
def test_the_workflow_builds_in_the_old_image_and_runs_in_the_old_system(
    checkout: Checkout, lang: str, flavour: str
) -> None:
    data = YAML(typ="safe", pure=True).load(files(checkout, lang, flavour)[WORKFLOW].text)
    assert data["env"]["BUILD_IMAGE"] == "quay.io/pypa/manylinux_2_28_x86_64"
    assert data["env"]["RUN_IMAGE"] == "docker.io/library/almalinux:8"
    assert data["permissions"] == {"contents": "read"}
    script = f"backend/{lang}/my-engine/portable.sh"
    commands = [step["run"] for step in data["jobs"]["portable"]["steps"] if script in step.get("run", "")]
    assert [command.split(script)[1].split()[0] for command in commands] == ["build", "floor", "run"]
    assert f"backend/{lang}/my-engine/**" in data["on"]["pull_request"]["paths"]


@pytest.mark.parametrize(("lang", "flavour"), COMPILED)
def test_the_workflow_passes_actionlint(checkout: Checkout, tmp_path: Path, lang: str, flavour: str) -> None:
    linter = tool("actionlint")
    file = tmp_path / "portable.yml"
    file.write_text(files(checkout, lang, flavour)[WORKFLOW].text)
    done = subprocess.run([linter, str(file)], capture_output=True, text=True, check=False)
    assert done.stdout == ""
    assert done.returncode == 0


@pytest.mark.parametrize(("lang", "flavour"), COMPILED)
def test_the_script_passes_shellcheck(checkout: Checkout, tmp_path: Path, lang: str, flavour: str) -> None:
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck is not installed")
    done = subprocess.run(
        ["shellcheck", str(script(checkout, tmp_path, lang, flavour))], capture_output=True, text=True, check=False
    )
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("floor", "build", "run"),
    [
        ("2.17", "manylinux2014_x86_64", "centos:7"),
        ("2.27", "manylinux2014_x86_64", "centos:7"),
        ("2.28", "manylinux_2_28_x86_64", "almalinux:8"),
        ("2.31", "manylinux_2_28_x86_64", "debian:11"),
        ("2.39", "manylinux_2_34_x86_64", "ubuntu:24.04"),
    ],
)
def test_the_images_are_the_newest_that_are_not_above_the_floor(floor: str, build: str, run: str) -> None:
    found = images_for(floor)
    assert found["build_image"].endswith(build)
    assert found["run_image"].endswith(run)


def test_every_image_is_inside_the_range_of_floors() -> None:
    lowest, highest = (float(baselines()["range"][end]) for end in ("lowest", "highest"))
    for table in ("build", "run"):
        releases = [float(row["glibc"]) for row in baselines()[table]]
        assert releases == sorted(releases)
        assert releases[0] == lowest
        assert releases[-1] <= highest


@pytest.mark.parametrize("floor", ["2.16", "2.40", "3.0", "2", "glibc 2.28", "2.28\n", "2.28; reboot", 2.28e3])
def test_a_floor_of_another_form_or_out_of_range_is_refused(floor: object) -> None:
    with pytest.raises(UsageError, match=r"glibc") as caught:
        spec("rust", floor=floor)
    assert "2.17 to 2.39" in caught.value.hint


def test_a_floor_that_is_a_list_is_refused() -> None:
    with pytest.raises(UsageError, match=r"options\.glibc_floor must be a text"):
        spec("rust", floor=["2.28"])


def test_python_is_refused_in_one_sentence() -> None:
    with pytest.raises(UsageError, match="Python backends have no glibc floor: its wheels"):
        spec("python")


def test_a_llama_fork_is_refused() -> None:
    pin = {"repo": "owner/repo", "sha": "1" * 40, "branch": "main", "variable": "MY_ENGINE_VERSION"}
    with pytest.raises(UsageError, match="flavour llama-fork has no glibc floor"):
        spec("cpp", "llama-fork", pin=pin)


@pytest.mark.parametrize(("lang", "flavour"), COMPILED)
def test_remove_takes_the_workflow_away(checkout: Checkout, lang: str, flavour: str) -> None:
    created = plan_create(spec(lang, flavour), checkout)
    grown = planned(created, checkout)
    assert grown.exists(WORKFLOW)
    removed = plan_remove("my-engine", grown)
    after = planned(removed, grown)
    assert not after.exists(WORKFLOW)
    assert not after.exists(f"backend/{lang}/my-engine/PORTABILITY.md")


def script(checkout: Checkout, folder: Path, lang: str = "rust", flavour: str = "", floor: str = "2.28") -> Path:
    file = folder / "portable.sh"
    file.write_text(files(checkout, lang, flavour, floor)[f"backend/{lang}/my-engine/portable.sh"].text)
    return file


def judged(file: Path, staged: Path, tools: str = "/usr/bin:/bin") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", str(file), "floor", str(staged)],
        env={"PATH": tools, "HOME": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )


needs_gcc = pytest.mark.skipif(bool(missing_tools()), reason=missing_tools() or "-")
OLD = 'extern int puts(const char *);\nint main(void) { return puts("x"); }\n'
# A symbol of glibc 2.36, the newest in what the tests may be built with.
NEW = "extern unsigned arc4random(void);\nint main(void) { return (int)arc4random(); }\n"


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    folder = tmp_path / "portable"
    folder.mkdir()
    return folder


@needs_gcc
def test_the_floor_holds_for_a_program_that_asks_for_less(checkout: Checkout, tmp_path: Path, staged: Path) -> None:
    gcc(staged / "server", OLD)
    done = judged(script(checkout, tmp_path, floor="2.39"), staged)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("server: GLIBC_2.")


@needs_gcc
@pytest.mark.parametrize("reader", ["objdump", "readelf"])
def test_a_newer_symbol_is_refused_and_the_file_named(
    checkout: Checkout, tmp_path: Path, staged: Path, reader: str
) -> None:
    try:
        gcc(staged / "server", NEW)
    except AssertionError:
        pytest.skip("this machine's glibc is older than 2.36")
    (staged / "run.sh").write_text("#!/bin/bash\n")
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "dirname", "realpath", "find", "head", "tail", "od", "tr", "sed", "grep", "sort", reader):
        found = shutil.which(name)
        assert found, name
        (tools / name).symlink_to(found)
    done = judged(script(checkout, tmp_path), staged, str(tools))
    assert done.returncode == 1
    assert "server needs GLIBC_2.36, the floor is GLIBC_2.28" in done.stderr
    assert "run.sh" not in done.stdout


@needs_gcc
def test_a_static_program_needs_no_glibc(checkout: Checkout, tmp_path: Path, staged: Path) -> None:
    gcc(staged / "server", OLD, "-static")
    done = judged(script(checkout, tmp_path, "go", "pure", "2.17"), staged)
    assert done.returncode == 0, done.stderr
    assert "server: no glibc needed" in done.stdout


def test_nothing_built_is_no_pass(checkout: Checkout, tmp_path: Path, staged: Path) -> None:
    file = script(checkout, tmp_path)
    assert "holds no program" in judged(file, staged).stderr
    assert judged(file, staged).returncode == 1
    assert judged(file, tmp_path / "nowhere").returncode == 1


def test_a_wrong_word_is_refused_with_the_right_ones(checkout: Checkout, tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", str(script(checkout, tmp_path)), "test"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "build | floor [DIRECTORY] | run IMAGE" in done.stderr
