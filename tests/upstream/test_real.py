"""Real engines, read from clones below NEWBACKEND_UPSTREAMS (OWNER/REPO). Facts were read in their sources."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from newbackend.upstream.header import read_header
from newbackend.upstream.inspect import inspect_local

UPSTREAMS = "NEWBACKEND_UPSTREAMS"


def clone(repo: str) -> Path:
    folder = os.environ.get(UPSTREAMS)
    if not folder:
        pytest.skip(f"{UPSTREAMS} names no folder of clones")
    path = Path(folder) / repo
    if not path.is_dir():
        pytest.skip(f"{UPSTREAMS} has no {repo}")
    return path


@pytest.mark.parametrize(
    ("repo", "target", "shared", "header"),
    [
        ("ggml-org/whisper.cpp", "whisper", "-DBUILD_SHARED_LIBS=ON", "include/whisper.h"),
        ("leejet/stable-diffusion.cpp", "stable-diffusion", "-DSD_BUILD_SHARED_LIBS=ON", "include/stable-diffusion.h"),
        ("k2-fsa/sherpa-onnx", "sherpa-onnx-c-api", "-DBUILD_SHARED_LIBS=ON", "sherpa-onnx/c-api/c-api.h"),
        ("ServeurpersoCom/qwentts.cpp", "qwen", "-DQWEN_SHARED=ON", "src/qwen.h"),
    ],
)
def test_library_and_header(repo: str, target: str, shared: str, header: str) -> None:
    found = inspect_local(clone(repo))
    assert found.primary is not None
    assert (found.primary.target.name, found.primary.shared_by) == (target, shared)
    assert found.headers[0].api.path == header


@pytest.mark.parametrize(
    ("repo", "switch"),
    [
        ("ggml-org/whisper.cpp", "-DGGML_CUDA=ON"),
        ("leejet/stable-diffusion.cpp", "-DSD_CUDA=ON"),
        ("k2-fsa/sherpa-onnx", "-DSHERPA_ONNX_ENABLE_GPU=ON"),
        ("ServeurpersoCom/qwentts.cpp", "-DGGML_CUDA=ON"),
    ],
)
def test_the_switch_for_cuda(repo: str, switch: str) -> None:
    found = inspect_local(clone(repo))
    assert [part.options[0] for part in found.switches if part.build_type == "cublas"] == [switch]


def test_ds4_is_a_plain_makefile() -> None:
    found = inspect_local(clone("antirez/ds4"))
    assert found.systems == ["make"]
    assert found.makefile is not None
    assert {"ds4.o", "ds4_cpu.o"} <= set(found.makefile.objects())
    assert found.headers[0].api.path == "ds4.h"


@pytest.mark.parametrize(
    ("repo", "header"),
    [
        ("leejet/stable-diffusion.cpp", "include/stable-diffusion.h"),
        ("k2-fsa/sherpa-onnx", "sherpa-onnx/c-api/c-api.h"),
        ("ServeurpersoCom/qwentts.cpp", "src/qwen.h"),
        ("antirez/ds4", "ds4.h"),
        ("ggml-org/whisper.cpp", "include/whisper.h"),
    ],
)
def test_every_function_has_the_type_that_the_compiler_sees(repo: str, header: str, tmp_path: Path) -> None:
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("gcc is not installed")
    root = clone(repo)
    folder = tmp_path / "tree"
    folder.mkdir()
    paths = [header, *(["ggml/include"] if repo.endswith("whisper.cpp") else [])]
    archive = subprocess.run(["git", "-C", str(root), "archive", "HEAD", *paths], capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    api = read_header((folder / header).read_text(encoding="utf-8"), header)
    rows = [f'#include "{folder / header}"']
    for function in api.functions:
        given = ", ".join(parameter.type for parameter in function.parameters) or "void"
        rows.append(f"{function.result} {function.name}({given}{', ...' if function.variadic else ''});")
    source = tmp_path / "again.c"
    source.write_text("\n".join(rows) + "\n", encoding="utf-8")
    command = [gcc, "-fsyntax-only", "-Wno-deprecated-declarations", f"-I{folder}/ggml/include", str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:2000]
    assert len(api.functions) >= 15
    assert api.gaps == []
