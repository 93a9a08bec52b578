"""Bindings of real headers, from OWNER/REPO clones below NEWBACKEND_UPSTREAMS; skipped without it."""

from __future__ import annotations

import os
import posixpath
import subprocess
from pathlib import Path

import pytest
from generated.building import run
from upstream.go_package import go_package, need

from newbackend.upstream.bindings_go import bindings, symbols
from newbackend.upstream.by_pointer import wrappers_c
from newbackend.upstream.header import read_header

UPSTREAMS = "NEWBACKEND_UPSTREAMS"


def folder_of(repo: str) -> Path:
    folder = Path(os.environ.get(UPSTREAMS, "")) / repo
    if not os.environ.get(UPSTREAMS) or not folder.is_dir():
        pytest.skip(f"{UPSTREAMS} has no {repo}")
    return folder


@pytest.mark.build
@pytest.mark.parametrize(
    ("repo", "header", "others", "refused"),
    [
        ("ggml-org/whisper.cpp", "include/whisper.h", ["ggml/include"], 5),
        ("leejet/stable-diffusion.cpp", "include/stable-diffusion.h", [], 0),
        ("k2-fsa/sherpa-onnx", "sherpa-onnx/c-api/c-api.h", [], 0),
        ("ServeurpersoCom/qwentts.cpp", "src/qwen.h", [], 0),
        ("antirez/ds4", "ds4.h", [], 5),
    ],
)
def test_real_headers(repo: str, header: str, others: list[str], refused: int, tmp_path: Path) -> None:
    """Layouts and constants are the C compiler's, the text is Go's, and wrappers compile."""
    root = folder_of(repo)
    need("go", "gcc")
    command = ["git", "-C", str(root), "archive", "HEAD", header, *others]
    archive = subprocess.run(command, capture_output=True, check=True).stdout
    tree = tmp_path / "tree"
    tree.mkdir()
    subprocess.run(["tar", "-x", "-C", str(tree)], input=archive, check=True)
    text = (tree / header).read_text(encoding="utf-8")
    paths = [path for folder in others for path in sorted((tree / folder).glob("*.h"))]
    included = [read_header(path.read_text(encoding="utf-8"), path.name) for path in paths]
    api = read_header(text, header)
    plain = bindings(api, text, package="main", library="l", included=included)
    assert len(plain.refused) == refused
    assert len(symbols(plain)) + refused == len({function.name for function in api.functions})
    found = bindings(api, text, package="main", library="l", included=included, by_pointer=True)
    include = posixpath.basename(header)
    go_package(tmp_path / "go", found, include)
    run("go", "vet", ".", cwd=tmp_path / "go")
    assert run("gofmt", "-l", ".", cwd=tmp_path / "go") == ""
    folders = [tree / posixpath.dirname(header), *(tree / folder for folder in others)]
    paths_of_gcc = {"CPATH": ":".join(map(str, folders)), "BINDINGS_INCLUDE": str(folders[0])}
    run("go", "test", "-count=1", ".", cwd=tmp_path / "go", env=paths_of_gcc)
    wrappers = tmp_path / "wrappers.c"
    wrappers.write_text(wrappers_c(list(found.wrapped), include), encoding="utf-8")
    run("gcc", "-c", "-Wall", "-Werror", "-Wno-deprecated-declarations", "wrappers.c", cwd=tmp_path, env=paths_of_gcc)
