"""Pins are resolved by real git, against a local bare repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from newbackend.errors import NewbackendError, NotFoundError, UsageError
from newbackend.pin import default_variable, parse_pin, resolve


@pytest.fixture
def upstream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """`owner/engine` with a default branch, a second branch and an annotated tag; name -> commit."""
    work = tmp_path / "work"
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]

    def git(*words: str) -> str:
        done = subprocess.run(["git", *identity, "-C", str(work), *words], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    work.mkdir()
    git("init", "-q", "-b", "trunk")
    git("commit", "-q", "--allow-empty", "-m", "one")
    git("tag", "-a", "v1", "-m", "v1")
    commits = {"v1": git("rev-parse", "HEAD")}
    git("branch", "side")
    git("commit", "-q", "--allow-empty", "-m", "two")
    commits |= {"trunk": git("rev-parse", "HEAD"), "side": commits["v1"]}
    bare = tmp_path / "base" / "owner"
    bare.mkdir(parents=True)
    subprocess.run(["git", "clone", "-q", "--bare", str(work), str(bare / "engine")], check=True)
    monkeypatch.setenv("NEWBACKEND_GIT_BASE", f"file://{tmp_path}/base")
    return commits


def test_without_a_ref_the_default_branch_and_its_head_are_taken(upstream: dict[str, str]) -> None:
    assert resolve("owner/engine", "") == (upstream["trunk"], "trunk")


def test_a_branch_is_followed(upstream: dict[str, str]) -> None:
    assert resolve("owner/engine", "side") == (upstream["side"], "side")


def test_an_annotated_tag_gives_its_commit_and_the_default_branch(upstream: dict[str, str]) -> None:
    assert resolve("owner/engine", "v1") == (upstream["v1"], "trunk")


def test_an_unknown_ref_is_named(upstream: dict[str, str]) -> None:
    with pytest.raises(NotFoundError, match="no branch or tag 'nope'"):
        resolve("owner/engine", "nope")


def test_a_commit_needs_no_network() -> None:
    assert resolve("owner/engine", "a" * 40) == ("a" * 40, "")


def test_no_network_says_how_to_pass_the_commit() -> None:
    with pytest.raises(NotFoundError) as caught:
        resolve("owner/engine", "")
    assert "--pin owner/engine@<40 hex digits>" in caught.value.sentence()
    assert "\n" not in caught.value.sentence()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "engine",
        "owner/",
        "/engine",
        "a/b/c",
        "owner/engine@",
        "owner/engine@-x",
        "owner/..",
        "o/e@a..b",
        "o/e@a b",
        "--x/y",
    ],
)
def test_a_malformed_pin_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_pin(text)


def test_an_abbreviated_commit_is_refused() -> None:
    with pytest.raises(NewbackendError, match="all 40 digits"):
        resolve("owner/engine", "ae302c2f")


@pytest.mark.parametrize(
    ("name", "variable"), [("ds4", "DS4_VERSION"), ("my-engine", "MY_ENGINE_VERSION"), ("3dgen", "V3DGEN_VERSION")]
)
def test_the_pin_variable_is_derived_from_the_name(name: str, variable: str) -> None:
    assert default_variable(name) == variable
