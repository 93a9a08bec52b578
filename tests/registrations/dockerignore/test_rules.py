"""Patterns of .dockerignore against what a backend's image needs."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import git
from rules.found import found, ids

from newbackend.checkout.tree import Checkout
from newbackend.registrations.dockerignore.rules import ignored

GO = "backend/go/goquill"


@pytest.mark.parametrize(
    ("path", "pattern", "matches"),
    [
        ("backend/cpp/x/x.cpp", "backend/cpp/x/x.cpp", True),
        ("backend/cpp/x/x.cpp", "backend/cpp/x", True),
        ("backend/go/x/sources/y", "backend/go/*/sources", True),
        ("backend/cpp/x/sources", "backend/go/*/sources", False),
        ("backend/cpp/x/y/sources", "backend/cpp/*/sources", False),
        ("backend/python/x/deep/venv", "**/venv", True),
        ("backend/python/x/deep/source", "backend/python/**/source", True),
    ],
)
def test_ignore_patterns_match_as_docker_matches_them(path: str, pattern: str, matches: bool) -> None:
    assert ignored(path, [pattern]) is matches


def test_build_output_that_git_does_not_track_is_nobodys_business(sample: Path) -> None:
    file = sample / f"{GO}/sources/quill.cpp/quill.cpp"
    file.parent.mkdir(parents=True)
    file.write_text("// cloned\n", encoding="utf-8")
    assert found(Checkout(sample), "REG812") == []
    git(sample, "add", "--force", str(file))
    assert ids(found(Checkout(sample), "REG812")) == {("REG812", "goquill")}
