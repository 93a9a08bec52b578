"""After `create`, LocalAI's own compiler, tests and workflows are as sound as before (needs NEWBACKEND_LOCALAI).

What does not compile or pass before is not asked about afterwards: a module that a registry here refuses, or a
test that needs the network, says nothing about the edits.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.runner import newbackend
from conftest import NEWEST, git, tool
from localai.protogen import generate
from specs import SHA

pytestmark = [pytest.mark.localai, pytest.mark.xdist_group("localai")]

IMPORTERS = "core/gallery/importers"
EVERYWHERE = "cpu,cuda12,cuda13,vulkan,l4t-cuda13,metal"
IMPORTER = ["--set", "import.kind=importer", "--set", "import.extensions=.oakm"]
TEST_JOB = ["--set", "overrides.places.test-workflow.job=true"]
CREATES = [
    ["oak", "--lang", "cpp", "--pin", f"antirez/ds4@{SHA}", "--variants", EVERYWHERE, *IMPORTER, *TEST_JOB],
    ["elm", "--lang", "go", "--modality", "tts", "--variants", "cpu,metal", *TEST_JOB],
    ["ash", "--lang", "python", "--modality", "image", "--variants", "cpu,cuda12,rocm,intel,metal", *TEST_JOB],
    ["yew", "--lang", "rust", "--modality", "transcription", "--pin", f"antirez/yew@{SHA}"],
    ["fir", "--lang", "python", "--set", "import.kind=drop-in", "--set", "import.of=vllm"],
]


def output(*words: str, cwd: Path) -> tuple[int, str]:
    """Exit status and everything that was printed."""
    done = subprocess.run(words, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def create_all(root: Path) -> None:
    for words in CREATES:
        made = newbackend("create", *words, "--no-input", "--yes", "--allow-dirty", "--repo", root)
        assert made.status == 0, made.err
        assert "BY HAND" not in made.out, words[0]


def changed(root: Path, suffix: str) -> list[str]:
    """Files that were edited or are new, outside the backends' own directories."""
    rows = git(root, "status", "--porcelain", "--untracked-files=all").splitlines()
    return sorted(row[3:] for row in rows if row.endswith(suffix) and not row[3:].startswith("backend/"))


def test_go_packages_stay_formatted_and_sound(localai_at: Callable[[str], Path], tmp_path: Path) -> None:
    go, gofmt = tool("go"), tool("gofmt")
    tool("protoc")
    before, root = localai_at(NEWEST), localai_at(NEWEST)
    for tree in (before, root):
        generate(tree, tmp_path / "tools")
    create_all(root)
    files = changed(root, ".go")
    assert f"{IMPORTERS}/oak.go" in files
    assert output(gofmt, "-l", *files, cwd=root) == (0, "")
    packages = sorted({f"./{Path(file).parent.as_posix()}" for file in files})
    verdicts = {package: output(go, "vet", package, cwd=before) for package in packages}
    judged = [package for package, (status, _) in verdicts.items() if status == 0]
    if f"./{IMPORTERS}" not in judged:
        pytest.skip(f"go vet fails on the checkout as it is: {verdicts[f'./{IMPORTERS}'][1].splitlines()[-1]}")
    print(f"go vet: {' '.join(judged)}")
    for package in judged:
        assert output(go, "vet", package, cwd=root) == (0, ""), package
    # The text that the focus is matched with begins with the suite's own name.
    focus = "-ginkgo.focus= (OakImporter|fir)"
    status, said = output(go, "test", "-v", f"./{IMPORTERS}", focus, "-ginkgo.v", "-ginkgo.no-color", cwd=root)
    assert status == 0, said[-4000:]
    ran = re.search(r"Ran (\d+) of", said)
    assert ran
    assert int(ran[1]) > 5
    assert "OakImporter" in said


def test_touched_workflows_are_as_clean_as_before(localai_at: Callable[[str], Path]) -> None:
    actionlint = tool("actionlint")
    before, root = localai_at(NEWEST), localai_at(NEWEST)
    create_all(root)
    files = [path for suffix in (".yml", ".yaml") for path in changed(root, suffix) if "/workflows/" in path]
    assert {Path(path).name for path in files} >= {"bump_deps.yaml", "test-extra.yml", "backend_build_darwin.yml"}
    for path in files:
        lines = [
            sorted(line.split(": ", 1)[1] for line in output(actionlint, "-oneline", path, cwd=tree)[1].splitlines())
            for tree in (before, root)
        ]
        assert lines[0] == lines[1], path


def test_the_path_filters_own_tests_pass(localai_at: Callable[[str], Path]) -> None:
    root = localai_at(NEWEST)
    create_all(root)
    status, said = output(tool("node"), "--test", "scripts/lib/backend-filter_test.mjs", cwd=root)
    assert status == 0, said[-4000:]


def test_all_of_them_together_are_clean_and_go_without_a_trace(localai_at: Callable[[str], Path]) -> None:
    root = localai_at(NEWEST)
    create_all(root)
    names = [words[0] for words in CREATES]
    checked = newbackend("verify", *names, "--fail-on", "warning", "--repo", root)
    assert checked.status == 0, checked.out
    for name in names:
        gone = newbackend("remove", name, "--yes", "--allow-dirty", "--repo", root)
        assert gone.status == 0, gone.err
    assert git(root, "status", "--porcelain") == ""
