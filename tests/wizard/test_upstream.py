"""Defaults from the upstream: what its files say, and silence about everything that goes wrong."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from conftest import git

from newbackend.upstream.licences import license_of
from newbackend.upstream.prose import first_paragraph
from newbackend.wizard.upstream import Upstream, read_upstream


def test_description_licence_and_language_come_from_the_pinned_commit(upstream: str) -> None:
    assert read_upstream("acme/Fast-TTS.cpp", upstream) == Upstream(
        description="Fast-TTS is a small text-to-speech engine in plain C++, with streaming output.",
        license="MIT",
        lang="cpp",
    )


def test_a_manifest_says_it_better_than_the_readme(upstream: str, tmp_path: Path) -> None:
    source = tmp_path / "upstream"
    (source / "Cargo.toml").write_text(
        '[package]\ndescription = "Speech\\u001b[31m for all"\nkeywords = ["tts", "  "]\n'
    )
    git(source, "add", "--all")
    git(source, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--message=second")
    git(source, "push", "--quiet", str(tmp_path / "git/acme/Fast-TTS.cpp.git"), "trunk")
    found = read_upstream("acme/Fast-TTS.cpp", git(source, "rev-parse", "HEAD").strip())
    assert (found.description, found.keywords) == ("Speech [31m for all", ("tts",)), "and no control characters"


@pytest.mark.parametrize(("repo", "sha"), [("acme/absent", "0" * 40), ("acme/Fast-TTS.cpp", "0" * 40)])
def test_what_cannot_be_fetched_is_no_error(upstream: str, repo: str, sha: str) -> None:
    assert read_upstream(repo, sha) == Upstream()


def test_a_server_that_hangs_is_given_up_on(tmp_path: Path, upstream: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "bin"
    slow.mkdir()
    (slow / "git").write_text("#!/bin/sh\nexec sleep 60\n")
    (slow / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(slow), prepend=":")
    started = time.monotonic()
    assert read_upstream("acme/Fast-TTS.cpp", upstream, seconds=0.3) == Upstream()
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("readme", "says"),
    [
        ("", ""),
        ("# Name\n\nIt does it.\n\nMore.\n", "It does it."),
        ("Name\n====\n\nIt does it.\n", "It does it."),
        ('<p align="center">\n<img src="x">\n</p>\n\n# N\n> quote\n\nIt `does` **it**.\n', "It does it."),
        ("```\ncode here\n```\nThen prose.\n", "Then prose."),
        ("| a | b |\n|---|---|\n", ""),
        ("word " * 100, ("word " * 40).strip() + " …"),
    ],
)
def test_the_first_prose_of_a_readme_is_found(readme: str, says: str) -> None:
    assert first_paragraph(readme) == says


@pytest.mark.parametrize(
    ("text", "spdx"),
    [
        ("Apache License\n   Version 2.0, January 2004", "Apache-2.0"),
        ("GNU GENERAL PUBLIC LICENSE\n Version 3, 29 June 2007", "GPL-3.0"),
        ("GNU AFFERO GENERAL PUBLIC LICENSE\n Version 3", "AGPL-3.0"),
        ("Redistribution and use in source\nand binary forms ... Neither the name of", "BSD-3-Clause"),
        ("Redistribution and use in source and binary forms ...", "BSD-2-Clause"),
        ("All rights reserved.", ""),
    ],
)
def test_a_licence_is_known_by_its_own_phrases(text: str, spdx: str) -> None:
    assert license_of(text) == spdx
