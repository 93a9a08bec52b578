"""Fixtures of the wizard's tests: an upstream project in a local bare repository."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import git

README = """# Fast-TTS.cpp

[![CI](https://ci.example/badge.svg)](https://ci.example) ![logo](logo.png)

**Fast-TTS** is a small text-to-speech engine in plain C++,
with [streaming](https://example.org/streaming) output.

## Build
"""
MIT = """MIT License

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files, to deal in the Software without restriction, including without limitation the rights
"""


@pytest.fixture
def importers(sample: Path) -> Path:
    """The sample with what the real importers have: Hugging Face details, and llama-cpp at the end."""
    file = sample / "core/gallery/importers/importers.go"
    text = file.read_text()
    for old, new in {
        "\tPreferences json.RawMessage\n}": "\tPreferences json.RawMessage\n\tHuggingFace *hfapi.ModelDetails\n}",
        "\t&CppanvilImporter{},\n": "\t&CppanvilImporter{},\n\t&LlamaCPPImporter{},\n",
    }.items():
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)
    git(sample, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--all", "--message=real")
    return sample


@pytest.fixture
def upstream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """`acme/Fast-TTS.cpp`, reachable for this test; returns its commit."""
    source, base = tmp_path / "upstream", tmp_path / "git"
    source.mkdir()
    git(source, "init", "--quiet", "--initial-branch=trunk")
    for name, text in {"README.md": README, "LICENSE": MIT, "CMakeLists.txt": "project(fast_tts)\n"}.items():
        (source / name).write_text(text)
    git(source, "add", "--all")
    git(source, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--message=first")
    bare = base / "acme/Fast-TTS.cpp.git"
    git(source, "clone", "--quiet", "--bare", str(source), str(bare))
    for key in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
        git(bare, "config", key, "true")
    monkeypatch.setenv("NEWBACKEND_GIT_BASE", base.as_uri())
    return git(source, "rev-parse", "HEAD").strip()
