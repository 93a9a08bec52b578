"""Copier renders the same in a child process, and fails the same."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from newbackend.child import Child
from newbackend.scaffold import copying
from newbackend.scaffold.copying import Copy, start_copier


@pytest.fixture(params=["here", "in a child"])
def where(request: pytest.FixtureRequest) -> Iterator[str]:
    before = dict(copying._CHILDREN)
    copying._CHILDREN.clear()
    if request.param == "in a child":
        start_copier()
    yield request.param
    for child in copying._CHILDREN.values():
        child.end()
    copying._CHILDREN.clear()
    copying._CHILDREN.update(before)


@pytest.fixture
def template(tmp_path: Path) -> Path:
    folder = tmp_path / "template"
    folder.mkdir()
    (folder / "copier.yml").write_text("_subdirectory: files\nname:\n  type: str\n")
    (folder / "files").mkdir()
    (folder / "files/hello.txt.jinja").write_text("Hello {{ name }}\n")
    return folder


def copied(template: Path, target: Path, data: dict[str, str]) -> str:
    return Copy(template, target, data).problem()


def test_the_files_are_the_same(where: str, template: Path, tmp_path: Path) -> None:
    for name in ("Ann", "Bo"):
        assert copied(template, tmp_path / name, {"name": name}) == ""
        assert (tmp_path / name / "hello.txt").read_text() == f"Hello {name}\n"


def test_each_gets_its_own_answer(where: str, template: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    shutil.copytree(template, bad)
    (bad / "files/bad.txt.jinja").write_text("{% if %}")
    first, second = Copy(bad, tmp_path / "a", {"name": "Ann"}), Copy(template, tmp_path / "b", {"name": "Bo"})
    assert second.problem() == ""
    assert "Expected an expression" in first.problem()


def test_a_broken_template_is_said(where: str, template: Path, tmp_path: Path) -> None:
    (template / "files/bad.txt.jinja").write_text("{% if %}")
    assert "Expected an expression" in copied(template, tmp_path / "out", {"name": "Ann"})
    (template / "files/bad.txt.jinja").unlink()
    assert copied(template, tmp_path / "again", {"name": "Ann"}) == ""


def test_a_folder_that_cannot_be_written_is_an_error_of_the_system(where: str, template: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file") as caught:
        copied(template, tmp_path / "file/out", {"name": "Ann"})
    assert caught.value.errno


@pytest.mark.parametrize("where", ["in a child"], indirect=True)
def test_without_the_child_it_is_done_here(where: str, template: Path, tmp_path: Path) -> None:
    child = copying._CHILDREN[os.getpid()]
    assert child.pid
    os.kill(child.pid, signal.SIGKILL)
    assert copied(template, tmp_path / "out", {"name": "Ann"}) == ""
    assert (tmp_path / "out/hello.txt").exists()


@pytest.mark.parametrize("where", ["in a child"], indirect=True)
def test_a_child_that_was_stopped_is_none(where: str, template: Path, tmp_path: Path) -> None:
    copying._CHILDREN[os.getpid()].end()
    assert not copying.started()
    assert copied(template, tmp_path / "out", {"name": "Ann"}) == ""
    start_copier()
    assert copying.started()


@pytest.mark.parametrize("where", ["in a child"], indirect=True)
def test_after_an_interrupt_nobody_writes(
    where: str, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(child: Child, seconds: float | None = None) -> bytes:
        raise KeyboardInterrupt

    pid = copying._CHILDREN[os.getpid()].pid
    monkeypatch.setattr(Child, "receive", interrupted)
    with pytest.raises(KeyboardInterrupt):
        copied(template, tmp_path / "out", {"name": "Ann"})
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
