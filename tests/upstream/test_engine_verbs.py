"""`engine inspect`, `engine bindings` and `engine diff` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.runner import newbackend
from miniature import Make

HEADER = """#ifdef __cplusplus
extern "C" {
#endif
typedef struct tone tone;
tone *tone_open(const char *path);
void tone_close(tone *engine);
int tone_run(tone *engine, int level);
int tone_speak(tone *engine, const char *text);
#ifdef __cplusplus
}
#endif
"""
FILES = {
    "CMakeLists.txt": "cmake_minimum_required(VERSION 3.10)\nproject(tone C)\nadd_library(tone tone.c)\n",
    "tone.h": HEADER,
    "tone.c": "",
}


def test_inspect_as_text_and_json(make: Make) -> None:
    sha = make("acme/tone", FILES)
    text = newbackend("engine", "inspect", f"acme/tone@{sha}")
    assert text.status == 0
    assert "library: tone (static or shared, shared with -DBUILD_SHARED_LIBS=ON)" in text.out
    assert "load: tone_open, freed by tone_close  tone.h:5; all that it is given is known" in text.out
    assert "tts: tone_speak  likely, tone.h:8" in text.out
    done = newbackend("engine", "inspect", "acme/tone@main", "--format", "json")
    data = json.loads(done.out)
    assert (data["schema"], data["sha"]) == ("newbackend/engine/1", sha)
    functions = [function["name"] for function in data["headers"][0]["functions"]]
    assert functions == ["tone_open", "tone_close", "tone_run", "tone_speak"]
    assert data["build_system"] == "cmake"
    library = {"kind": "library", "name": "tone", "value": "linked -DBUILD_SHARED_LIBS=ON"}
    place = {"path": "CMakeLists.txt", "line": 3, "confidence": "certain"}
    assert {**library, **place} in data["facts"]
    assert [(one["name"], one["bound"], one["line"]) for one in data["functions"]] == [
        ("tone_open", True, 5), ("tone_close", True, 6), ("tone_run", True, 7), ("tone_speak", True, 8),
    ]  # fmt: skip
    load = {"name": "tone_open", "path": "tone.h", "line": 5, "handle": "tone", "free": "tone_close", "why_not": ""}
    speak = {"name": "tone_speak", "path": "tone.h", "line": 8, "confidence": "likely"}
    assert data["calls"] == {"load": [load], "modalities": {"tts": [speak]}}
    assert all({"kind", "name", "value", "path", "line", "confidence"} == set(fact) for fact in data["facts"])


def test_bindings_are_printed_or_written(make: Make, tmp_path: Path) -> None:
    sha = make("acme/tone", FILES)
    printed = newbackend("engine", "bindings", f"acme/tone@{sha}", "--package", "engine")
    assert printed.status == 0
    assert "package engine" in printed.out
    assert "4 functions bound, 0 not" in printed.err
    out = tmp_path / "bindings.go"
    assert newbackend("engine", "bindings", f"acme/tone@{sha}", "--package", "engine", "--out", out).status == 0
    assert out.read_text(encoding="utf-8") == printed.out


@pytest.mark.parametrize(
    ("line", "status", "word"),
    [
        ("int tone_run(tone *engine, long long level);", 1, "crashes"),
        ("", 1, "tone_run"),
        ("int tone_run(tone *engine, int level);\nint tone_more(void);", 0, "harmless"),
    ],
)
def test_diff_says_what_a_bump_does(make: Make, line: str, status: int, word: str) -> None:
    old = make("acme/tone", FILES)
    changed = HEADER.replace("int tone_run(tone *engine, int level);", line)
    new = make("acme/tone", {**FILES, "tone.h": changed})
    done = newbackend("engine", "diff", f"acme/tone@{old}", "--to", new)
    assert (done.status, word in done.out) == (status, True), done.out + done.err
    rows = json.loads(newbackend("engine", "diff", f"acme/tone@{old}", "--to", new, "--format", "json").out)["changes"]
    assert rows


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["inspect"], 2, "name a repository"),
        (["inspect", "acme"], 2, "is not OWNER/REPO"),
        (["inspect", "acme/none"], 3, "acme/none"),
        (["inspect", "--path", "/nonexistent"], 3, "there is no such directory"),
        (["bindings", "acme/tone", "--header", "no.h"], 3, "has no file no.h"),
        (["bindings", "acme/tone", "--header", "../../etc/passwd"], 3, "has no file"),
        (["bindings", "acme/tone", "--package", "a b"], 2, "cannot name a Go package"),
        (["diff", "acme/tone@v9"], 3, "no branch or tag 'v9'"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(make: Make, words: list[str], status: int, sentence: str) -> None:
    make("acme/tone", FILES)
    done = newbackend("engine", *words)
    assert done.status == status, done.out + done.err
    assert sentence in done.err
    assert len(done.err.strip().splitlines()) == 1
