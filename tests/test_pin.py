"""Pins are resolved by real git, against a local bare repository."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import MAY_11, MAY_24, NEWEST

from newbackend.checkout.layout import open_checkout
from newbackend.errors import NewbackendError, NotFoundError, UsageError
from newbackend.pin import check_variable, default_variable, parse_pin, resolve
from newbackend.registrations.bump_bot.place import BumpBot


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
    assert resolve("owner/engine", "HEAD") == (upstream["trunk"], "trunk")


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
    with pytest.raises(NewbackendError, match="abbreviated commit") as refusal:
        resolve("owner/engine", "ae302c2f")
    assert refusal.value.hint == "pass all 40 digits"


@pytest.mark.parametrize(
    ("name", "variable"), [("ds4", "DS4_VERSION"), ("my-engine", "MY_ENGINE_VERSION"), ("3dgen", "V3DGEN_VERSION")]
)
def test_the_pin_variable_is_derived_from_the_name(name: str, variable: str) -> None:
    assert default_variable(name) == variable


COMMIT = "ae302c2fa18cc6d9aefc021d0f27ae03c9ad2fc0"


@pytest.mark.parametrize(
    ("pasted", "repo", "ref"),
    [
        ("https://github.com/a/b", "a/b", ""),
        ("https://github.com/a/b.git", "a/b", ""),
        ("http://github.com/a/b/", "a/b", ""),
        ("github.com/a/b", "a/b", ""),
        ("HTTPS://www.GitHub.com/a/b?tab=readme-ov-file#install", "a/b", ""),
        ("git@github.com:a/b.git", "a/b", ""),
        ("ssh://git@github.com/a/b", "a/b", ""),
        ("ssh://git@ssh.github.com:443/a/b.git", "a/b", ""),
        ("git+https://github.com/a/b.git@v1", "a/b", "v1"),
        ("https://github.com/a/b/tree/feature/x-y", "a/b", "feature/x-y"),
        ("https://github.com/a/b/tree/v1%2Frc", "a/b", "v1/rc"),
        ("https://github.com/a/b/releases/tag/v1.2", "a/b", "v1.2"),
        (f"https://github.com/a/b/commit/{COMMIT}", "a/b", COMMIT),
        (f"  a/b@{COMMIT.upper()}\n", "a/b", COMMIT),
        ("a/b/", "a/b", ""),
        ("github:a/b@main", "a/b", "main"),
    ],
)
def test_what_people_paste_is_understood(pasted: str, repo: str, ref: str) -> None:
    assert parse_pin(pasted) == (repo, ref)


@pytest.mark.parametrize(
    "text",
    [
        "https://gitlab.com/a/b",
        "gitlab.com/a/b",
        "git@codeberg.org:a/b.git",
        "https://huggingface.co/a/b",
        "hf://a/b",
        "file:///etc",
        "https://github.com.evil.org/a/b",
        "https://raw.githubusercontent.com/a/b/main/x",
        "https://user:secret@gitlab.com/a/b",
    ],
)
def test_another_host_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(UsageError, match="only GitHub, because the bump bot follows nothing else") as caught:
        parse_pin(text)
    assert caught.value.code == "pin-host"
    assert "secret" not in caught.value.sentence()


@pytest.mark.parametrize("page", ["issues/5", "blob/main/x.c", "releases/latest", "tree", "pull/7/files"])
def test_a_page_without_a_ref_is_refused_with_what_to_pass(page: str) -> None:
    with pytest.raises(UsageError, match="is a page of a/b that names no branch"):
        parse_pin(f"https://github.com/a/b/{page}")


@pytest.mark.parametrize("path", ["a", "", "a/../b", "-a/b", "a/b/tree/-x", "a/b/tree/x/../../y", "a/b/tree/%2e%2e"])
def test_an_address_is_no_way_around_the_form(path: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_pin(f"https://github.com/{path}")
    assert caught.value.code == "pin-form"


def test_a_page_of_a_folder_and_a_slip_name_the_branch(upstream: dict[str, str]) -> None:
    with pytest.raises(NotFoundError) as caught:
        resolve("owner/engine", "trunk/src")
    assert caught.value.choices == ("trunk",)
    with pytest.raises(NotFoundError, match="no branch or tag") as caught:
        resolve("owner/engine", "trnk")
    assert caught.value.hint == "did you mean owner/engine@trunk?"


@pytest.mark.parametrize(
    "variable",
    [
        *("SHELL", "PATH", "CC", "CXX", "MAKE", "MAKEFLAGS", "CURDIR", "HOME", "LD_PRELOAD", "VERSION", "BUILD_TYPE"),
        *("_VERSION", "MAKE_VERSION", "GRPC_VERSION", "CUDA_MAJOR_VERSION", "GITHUB_SHA", "CI_COMMIT"),
    ],
)
def test_a_variable_that_means_something_else_holds_no_pin(variable: str) -> None:
    with pytest.raises(UsageError, match=re.escape(repr(variable))) as error:
        check_variable(variable)
    assert error.value.code == "pin-variable"


def test_no_default_variable_means_something_else() -> None:
    for name in ("make", "grpc", "go", "cuda-major", "4go", "github-x"):
        check_variable(default_variable(name))


@pytest.mark.localai
@pytest.mark.parametrize("revision", [MAY_11, MAY_24, NEWEST])
def test_every_variable_of_localai_is_legal(revision: str, localai_at: Callable[[str], Path]) -> None:
    checkout = open_checkout(localai_at(revision))
    variables = {str(fact.value["variable"]) for fact in BumpBot().observe(checkout)}
    assert len(variables) >= 9
    for variable in variables:
        check_variable(variable)
