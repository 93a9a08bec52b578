"""Kept answers are offered only when this user's newbackend kept them: a checkout may bring a git directory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from specs import answers

from newbackend.answers_file import dump_answers
from newbackend.apply.seal import user_state
from newbackend.wizard.session import Session

KEPT = answers(name="ds4", lang="cpp", description="as # Sealed: before")


def kept(root: Path) -> Path:
    """The file that a run leaves."""
    session = Session(root)
    session.save(KEPT)
    assert session.kept
    return root / ".git/newbackend/wizard-ds4.yml"


@pytest.mark.parametrize("name", ["ds4", None])
def test_what_was_kept_is_found(sample: Path, name: str | None) -> None:
    kept(sample)
    assert Session(sample).find(name) == KEPT


@pytest.mark.parametrize("name", ["ds4", None])
def test_what_a_checkout_brings_is_not(sample: Path, name: str | None) -> None:
    (sample / ".git/newbackend").mkdir()
    for file in ("wizard.yml", "wizard-ds4.yml"):
        (sample / ".git/newbackend" / file).write_text(dump_answers(KEPT))
    assert Session(sample).find(name) is None


def test_a_changed_file_is_not_offered(sample: Path) -> None:
    file = kept(sample)
    file.write_text(file.read_text().replace("lang: cpp", "lang: go"))
    assert Session(sample).find("ds4") is None


def test_another_users_seal_is_not_ours(sample: Path) -> None:
    kept(sample)
    key = user_state() / "key"
    mine = key.read_bytes()
    try:
        key.write_bytes(bytes(32))
        assert Session(sample).find("ds4") is None
    finally:
        key.write_bytes(mine)
    assert Session(sample).find("ds4") == KEPT


@pytest.mark.parametrize("kind", ["fifo", "link", "zero"])
def test_no_other_kind_of_file_is_read(sample: Path, tmp_path: Path, kind: str) -> None:
    file = kept(sample)
    file.rename(tmp_path / "kept")
    if kind == "fifo":
        os.mkfifo(file)
    else:
        file.symlink_to(tmp_path / "kept" if kind == "link" else "/dev/zero")
    assert Session(sample).find("ds4") is None


def test_nothing_is_kept_where_no_key_can_be(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    session = Session(sample)
    session.save(KEPT)
    assert not session.kept
    assert not list((sample / ".git").glob("newbackend/wizard*"))
