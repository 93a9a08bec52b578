"""`engine diff` for a backend of a checkout, and what it says about builds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.runner import Result, newbackend
from miniature import Make
from upstream.test_engine_verbs import FILES, HEADER

CMAKE = FILES["CMakeLists.txt"].replace("add_library", 'option(TONE_CUDA "NVIDIA" OFF)\nadd_library')
OLD = {**FILES, "CMakeLists.txt": CMAKE}
USES = '#include "tone.h"\nint call(tone *engine) { return tone_run(engine, 1); }\n'


@pytest.fixture
def backend(make: Make, sample: Path) -> Path:
    """A Go backend of the sample that pins the miniature, calls `tone_run` and passes TONE_CUDA."""
    sha = make("acme/tone", OLD)
    words = ("create", "chime", "--lang", "go", "--set", "flavour=purego", "--modality", "tts", "--variants", "cpu")
    done = newbackend(
        *words, "--pin", f"acme/tone@{sha}", "--engine", "placeholder", "--no-input", "--yes", "--repo", sample
    )
    assert done.status == 0, done.err
    folder = sample / "backend/go/chime"
    (folder / "cpp/call.c").write_text(USES, encoding="utf-8")
    with (folder / "Makefile").open("a", encoding="utf-8") as makefile:
        makefile.write("CMAKE_ARGS+=-DTONE_CUDA=ON\n")
    return sample


def diff(root: Path, *words: str) -> Result:
    return newbackend("engine", "diff", "chime", *words, "--repo", root)


@pytest.mark.parametrize(
    ("files", "status", "says"),
    [
        ({"tone.h": HEADER.replace("int tone_run", "long tone_run")}, 1, "breaks function tone_run"),
        ({"tone.h": HEADER.replace("void tone_close(tone *engine);\n", "")}, 0, "function tone_close: is gone"),
        ({"CMakeLists.txt": CMAKE.replace("TONE_CUDA", "TONE_GPU_CUDA")}, 1, "called TONE_GPU_CUDA now"),
        ({"CMakeLists.txt": CMAKE.replace("3.10", "3.28")}, 0, "harmless requirement cmake: was 3.10, is 3.28"),
        ({"CMakeLists.txt": CMAKE + "find_package(BLAS REQUIRED)\n"}, 1, "breaks requirement BLAS: is required now"),
        ({"tone.h": "class tone {};\n"}, 1, "breaks header tone.h"),
        ({"more.h": "int more(void);\n"}, 0, "0 changes, all harmless"),
    ],
)  # fmt: skip
def test_a_new_commit_is_judged_by_what_the_backend_uses(
    make: Make, backend: Path, files: dict[str, str], status: int, says: str
) -> None:
    make("acme/tone", {**OLD, **files})
    done = diff(backend)
    assert (done.status, says in done.out) == (status, True), done.out + done.err


def test_a_header_that_moved_is_compared_and_breaks_the_include(make: Make, base: Path, backend: Path) -> None:
    (base / "acme/tone/tone.h").unlink()
    make("acme/tone", {"include/tone.h": HEADER.replace("int tone_run", "long tone_run")})
    done = diff(backend)
    assert done.status == 1
    assert "breaks header tone.h: is include/tone.h now" in done.out
    assert "breaks function tone_run" in done.out


def test_go_that_calls_by_name_crashes_where_compiled_code_does_not_build(make: Make, backend: Path) -> None:
    (backend / "backend/go/chime/calls.go").write_text('package main\nvar names = []string{"tone_run"}\n')
    make("acme/tone", {**OLD, "tone.h": HEADER.replace("int tone_run", "long tone_run")})
    assert "crashes function tone_run" in diff(backend).out


def test_json_has_both_commits_and_what_is_used(make: Make, backend: Path) -> None:
    new = make("acme/tone", {**OLD, "tone.h": HEADER.replace("int tone_run", "long tone_run")})
    data = json.loads(diff(backend, "--to", new, "--format", "json").out)
    assert data["schema"] == "newbackend/engine-diff/1"
    assert (data["backend"], data["to"], data["used"]) == ("chime", new, ["tone_run"])
    assert data["summary"] == {"crashes": 0, "breaks": 1, "harmless": 0}


@pytest.mark.parametrize(
    ("name", "status", "says"), [("nobody", 3, "nobody"), ("chime@v1", 2, "neither a backend nor OWNER/REPO@OLD")]
)
def test_a_name_that_cannot_be_compared_is_one_sentence(backend: Path, name: str, status: int, says: str) -> None:
    done = newbackend("engine", "diff", name, "--repo", backend)
    assert (done.status, says in done.err, len(done.err.splitlines())) == (status, True, 1), done.err


def test_a_bump_by_the_bot_is_the_old_commit_of_the_next_comparison(make: Make, backend: Path) -> None:
    new = make("acme/tone", {**OLD, "tone.h": HEADER.replace("int tone_run", "long tone_run")})
    makefile = backend / "backend/go/chime/Makefile"
    text = makefile.read_text(encoding="utf-8")
    old = text.partition("CHIME_VERSION?=")[2][:40]
    makefile.write_text(text.replace(old, new), encoding="utf-8")
    assert diff(backend, "--to", old).status == 1
    assert diff(backend).status == 0


def test_a_pin_that_the_bump_bot_does_not_follow_is_read_from_the_makefile(make: Make, backend: Path) -> None:
    bump = backend / ".github/workflows/bump_deps.yaml"
    rows = bump.read_text(encoding="utf-8")
    held = rows.replace('- repository: "acme/tone"', '# held\n          - repository: "acme/other"')
    assert held != rows
    bump.write_text(held.replace("CHIME_VERSION", "OTHER_VERSION"), encoding="utf-8")
    make("acme/tone", {**OLD, "tone.h": HEADER.replace("int tone_run", "long tone_run")})
    done = diff(backend)
    assert (done.status, "breaks function tone_run" in done.out) == (1, True), done.out + done.err
