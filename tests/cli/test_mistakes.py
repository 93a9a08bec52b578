"""Each mistake gets its status, one sentence that says what is wrong and what was meant, and changes nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.mistakes import MISTAKES, Mistake, answer, prepare
from conftest import git, tree

from newbackend.cli.main import main


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    prepare(folder)
    return folder


@pytest.fixture(scope="module")
def checkout(_sample_template: Path) -> Iterator[Path]:
    """The sample that all share: no mistake writes anything."""
    before = tree(_sample_template)
    yield _sample_template
    assert tree(_sample_template) == before
    assert git(_sample_template, "status", "--porcelain") == ""


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.line[:60])
def test_a_mistake_is_told(
    mistake: Mistake,
    checkout: Path,
    files: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(mistake.folder(checkout, files))
    with pytest.raises(SystemExit) as stopped:
        main(mistake.words(files))
    said = capsys.readouterr().err.strip()
    assert stopped.value.code == mistake.status, said
    assert len(said.splitlines()) == 1 or said.startswith("Usage:"), "one sentence"
    for text in mistake.says:
        assert text.replace("{files}", str(files)) in said


def test_a_process_answers_the_same(checkout: Path, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The listing for people runs processes."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(entry for entry in sys.path if entry))
    status, said = answer([sys.executable, "-m", "newbackend"], MISTAKES[0], checkout, files)
    assert (status, said) == (2, "newbackend: error: there is no verb 'creat'; did you mean create?")


def test_there_are_mistakes_of_every_kind() -> None:
    assert len(MISTAKES) >= 120
    assert len({mistake.line for mistake in MISTAKES}) == len(MISTAKES)
