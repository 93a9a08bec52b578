"""Files that have some words, found by git and without it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from newbackend.checkout import search
from newbackend.checkout.search import files_with
from newbackend.checkout.tree import Checkout
from newbackend.errors import NotFoundError
from newbackend.sample import init_git

WORDS = ("pipe", "whisper", "sherpa-onnx", "a.b")
FILES: dict[str, str | bytes] = {
    "all.txt": "pipe, whisper and sherpa-onnx\n",
    "parts.txt": "piped faster-whisper whisper-cpp sherpa-onnx-2 sherpa_pipe\n",
    "marks.md": "-pipe- __whisper__ `sherpa-onnx`;\n",
    "bad.txt": b"\xff pipe whisper sherpa-onnx",
    "picture.bin": b"\0 pipe whisper",
    "past/notes.md": "pipe whisper\n",
}


@pytest.fixture(params=["git", "no git"])
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Checkout:
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    if request.param == "git":
        init_git(tmp_path)
    return Checkout(tmp_path)


def found(tree: Checkout, fewest: int = 2) -> dict[str, list[str]]:
    files = files_with(tree, WORDS, fewest, lambda path: path != "past")
    return {path: sorted(words) for path, words in files.items() if not path.startswith((".git", "bad", "picture"))}


def test_a_word_counts_as_a_word_of_its_own(tree: Checkout) -> None:
    every = ["pipe", "sherpa-onnx", "whisper"]
    assert found(tree) == {"all.txt": every, "marks.md": every}


def test_planned_changes_count(tree: Checkout) -> None:
    changed = tree.with_changes({"all.txt": "pipe", "new.txt": "whisper pipe", "past/new.md": "whisper pipe"})
    assert found(changed) == {"marks.md": ["pipe", "sherpa-onnx", "whisper"], "new.txt": ["pipe", "whisper"]}
    assert found(tree.with_changes({"all.txt": None}), 3) == {"marks.md": ["pipe", "sherpa-onnx", "whisper"]}


def test_a_planned_file_that_is_too_big_is_not_read(tree: Checkout) -> None:
    big = tree.with_changes({"new.txt": "whisper pipe", "big.txt": "whisper pipe " * 100})
    files = files_with(big, WORDS, 2, lambda path: path != "past", limit=1000)
    assert "new.txt" in files
    assert "big.txt" not in files


@pytest.mark.parametrize("setting", ["grep.lineNumber", "grep.column", "submodule.recurse", "grep.extendedRegexp"])
def test_the_users_own_settings_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    if shutil.which("git") is None:
        pytest.skip("no git")
    (tmp_path / "all.txt").write_text(str(FILES["all.txt"]))
    init_git(tmp_path)
    section, _, key = setting.partition(".")
    config = tmp_path.with_suffix(".gitconfig")
    config.write_text(f"[{section}]\n\t{key} = true\n[color]\n\tui = always\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setattr(search, "_files", lambda *_: pytest.fail("git did not answer"))
    assert found(Checkout(tmp_path)) == {"all.txt": ["pipe", "sherpa-onnx", "whisper"]}


def test_a_git_that_cannot_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "all.txt").write_text(str(FILES["all.txt"]))

    def refuses(*_: object) -> dict[str, frozenset[str]]:
        raise NotFoundError("git-failed", "git grep: fatal: cannot use Perl-compatible regexes")

    monkeypatch.setattr(search, "_by_git", refuses)
    assert set(found(Checkout(tmp_path))) == {"all.txt"}
