"""The C++ template: what holds for every rendering, without compiling anything."""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from templates import render as r

SERVER_FLAVOURS = ["self-contained", "shared-base"]
FLAVOURS = [*SERVER_FLAVOURS, "llama-fork"]
HOSTILE = "\"'`$(touch x) $HOME #{{ x }} {% y %}\n*/ %s \\\nMY_ENGINE_VERSION?=evil\n日本語 " + "x" * 10_000


@cache
def cached(flavour: str, overrides: str) -> r.Rendered:
    return r.render("cpp", flavour=flavour, **json.loads(overrides))


def rendered(flavour: str = "self-contained", **overrides: Any) -> r.Rendered:
    overrides.setdefault("pin", r.pin())
    return cached(flavour, json.dumps(overrides, sort_keys=True))


def own(files: r.Rendered, name: str, backend: str = "my-engine") -> str:
    return files[f"backend/cpp/{backend}/{name}"][1]


def test_the_language_file_names_only_what_exists() -> None:
    language = r.language("cpp")
    assert [flavour["id"] for flavour in language["flavours"]] == FLAVOURS
    assert sum(flavour.get("default", False) for flavour in language["flavours"]) == 1
    assert set(language["variants"]) == set(FLAVOURS)
    assert set(language["modalities"]) == set(r.MODALITY_RPCS)
    assert "class" in language["keywords"]


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_scripts_are_executable_and_bash_can_read_them(flavour: str, tmp_path: Path) -> None:
    files = rendered(flavour, darwin=True, variants=["cpu", "rocm", "sycl-f16", "metal"])
    scripts = {path: file for path, file in files.items() if path.endswith(".sh")}
    assert {Path(path).name for path in scripts} >= {"run.sh", "package.sh"}
    for path, (mode, text) in scripts.items():
        assert mode == 0o755, path
        script = tmp_path / "script.sh"
        script.write_text(text, encoding="utf-8")
        subprocess.run(["bash", "-n", script], check=True)


@pytest.mark.parametrize("flavour", SERVER_FLAVOURS)
def test_exactly_the_engine_is_marked_as_a_placeholder(flavour: str) -> None:
    placeholder = r.language("cpp")["placeholder"]
    marked = [path for path, (_, text) in rendered(flavour).items() if placeholder["marker"] in text]
    assert marked == [placeholder["path"].format(name="my-engine")]


def test_a_fork_has_no_placeholder() -> None:
    marker = r.language("cpp")["placeholder"]["marker"]
    assert not [path for path, (_, text) in rendered("llama-fork").items() if marker in text]


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_bump_bot_finds_the_pin_once_and_never_in_a_comment(flavour: str) -> None:
    pin = r.pin()
    makefile = own(rendered(flavour), "Makefile")
    assert re.findall(rf"^{pin['variable']}\?=(.*)$", makefile, re.M) == [pin["sha"]]
    assert makefile.count(f"{pin['variable']}?=") == 1
    assert not [line for line in makefile.splitlines() if line.startswith("#") and "?=" in line]


def test_without_a_pin_nothing_is_cloned() -> None:
    makefile = own(rendered(pin=None), "Makefile")
    assert "git" not in makefile
    assert "ENGINE" not in makefile


def dry_run(makefile: str, directory: Path, *arguments: str) -> str:
    (directory / "Makefile").write_text(makefile, encoding="utf-8")
    command = ["make", "-n", "-C", str(directory), *arguments]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def test_the_placeholder_builds_without_a_clone(tmp_path: Path) -> None:
    plan = dry_run(own(rendered(), "Makefile"), tmp_path, "grpc-server", "package")
    assert "cmake --build" in plan
    assert "package.sh" in plan
    assert "git" not in plan


def test_the_real_engine_is_cloned_at_the_pin(tmp_path: Path) -> None:
    plan = dry_run(own(rendered(), "Makefile"), tmp_path, "ENGINE=upstream", "grpc-server")
    assert f"fetch -q --depth 1 origin '{r.pin()['sha']}'" in plan
    assert f"-DENGINE_DIR={tmp_path}/my-engine-src" in plan


def test_a_local_checkout_replaces_the_clone(tmp_path: Path) -> None:
    plan = dry_run(own(rendered(), "Makefile"), tmp_path, "MY_ENGINE_SRC=/somewhere", "my-engine-src")
    assert plan.splitlines()[-1].startswith("ln -s") or "ln -s '/somewhere' my-engine-src" in plan
    assert "git" not in plan


@pytest.mark.parametrize("cuda", ["12", "13"])
def test_cuda_builds_list_their_architectures(cuda: str, tmp_path: Path) -> None:
    arguments = ["ENGINE=upstream", "BUILD_TYPE=cublas", f"CUDA_MAJOR_VERSION={cuda}", "grpc-server"]
    plan = dry_run(own(rendered(), "Makefile"), tmp_path, *arguments)
    architectures = re.search(r"-DCMAKE_CUDA_ARCHITECTURES=([\d;]+)", plan)
    assert architectures
    assert len(architectures[1].split(";")) > 3


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_hostile_description_reaches_only_the_readme(flavour: str) -> None:
    plain, hostile = rendered(flavour), rendered(flavour, description=HOSTILE)
    assert [path for path in plain if plain[path] != hostile[path]] == ["backend/cpp/my-engine/README.md"]
    readme = own(hostile, "README.md")
    assert len(readme.splitlines()) == len(own(plain, "README.md").splitlines())


@pytest.mark.parametrize("name", ["class", "3d-engine", "std", "a-b-c"])
def test_a_name_that_is_no_identifier_is_never_used_as_one(name: str) -> None:
    files = rendered(name=name, pin=None, modalities=list(r.MODALITY_RPCS))
    for path, (_, text) in files.items():
        if path.endswith((".cpp", ".h")):
            code = re.sub(r'"[^"\n]*"|//[^\n]*', "", text)
            assert not re.search(rf"(^|\W)(namespace|class|struct) {name}\b", code) or name == "std"
            assert f".{name}" not in code


@pytest.mark.parametrize("modality", [*r.MODALITY_RPCS, "all"])
@pytest.mark.parametrize("era", [r.NEWEST, r.OLDEST])
def test_cmake_builds_every_source_and_every_include_exists(modality: str, era: str) -> None:
    proto, _ = r.recorded(era)
    wanted = list(r.MODALITY_RPCS) if modality == "all" else [modality]
    served = [m for m in wanted if set(r.MODALITY_RPCS[m]) & set(proto["rpcs"])]
    files = rendered(era=era, modalities=served)
    names = {Path(path).name for path in files if path.startswith("backend/cpp/")}
    listed = set(re.findall(r"^    ([a-z_-]+\.cpp)\)?$", own(files, "CMakeLists.txt"), re.M))
    assert listed == {name for name in names if name.endswith(".cpp") and not name.endswith("_test.cpp")}
    for path, (_, text) in files.items():
        included = set(re.findall(r'#include "([^"]+)"', text)) - {"backend.grpc.pb.h"}
        assert included <= names, path
    headers = {name for name in names if name.endswith(".h")}
    tested = {name.replace("_test.cpp", ".h") for name in names if name.endswith("_test.cpp")}
    assert headers - tested == {"check.h", "engine.h", "server.h"}


def test_tests_of_headers_need_only_the_standard_library() -> None:
    for path, (_, text) in rendered(modalities=list(r.MODALITY_RPCS)).items():
        if path.endswith("_test.cpp"):
            assert "int main()" in text
            assert not re.search(r"#include <(grpc|google|nlohmann|gtest)", text)


def test_an_older_proto_is_not_asked_for_newer_names() -> None:
    proto, _ = r.recorded(r.OLDEST)
    served = [m for m, rpcs in r.MODALITY_RPCS.items() if set(rpcs) & set(proto["rpcs"])]
    code = "\n".join(
        text for path, (_, text) in rendered(era=r.OLDEST, modalities=served).items() if path.endswith((".cpp", ".h"))
    )
    for newer in ("modelidentity()", "Detokenize", "TokenClassify", "SoundDetection", "EMBEDDING_LAYOUT"):
        assert newer not in code
    assert "backend::Depth" not in code


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_image_holds_the_package_and_nothing_else(flavour: str) -> None:
    dockerfile = rendered(flavour)["backend/Dockerfile.my-engine"][1]
    stages = re.findall(r"^FROM (.*)$", dockerfile, re.M)
    assert stages[-1] == "scratch"
    assert dockerfile.splitlines()[-1] == ("COPY --from=builder /LocalAI/backend/cpp/my-engine/package/. ./")
    assert "$(" not in dockerfile
    assert "CUDA_MAJOR_VERSION=${CUDA_MAJOR_VERSION}" in dockerfile or flavour == "llama-fork"


@pytest.mark.parametrize("flavour", ["shared-base", "llama-fork"])
def test_the_shared_base_is_used_prebuilt_or_built(flavour: str) -> None:
    dockerfile = rendered(flavour)["backend/Dockerfile.my-engine"][1]
    assert re.findall(r"^FROM (.*)$", dockerfile, re.M) == [
        "${BASE_IMAGE} AS builder-fromsource",
        "${BUILDER_BASE_IMAGE} AS builder-prebuilt",
        "${BUILDER_TARGET} AS builder",
        "scratch",
    ]
    assert dockerfile.count("make -C /LocalAI/backend/cpp/my-engine") == 2


def test_the_mirror_script_is_used_only_where_the_checkout_has_it() -> None:
    _, features = r.recorded(r.NEWEST)
    without = rendered(features=features | {"apt_mirror": False})["backend/Dockerfile.my-engine"][1]
    assert "apt-mirror" not in without
    assert "apt-mirror" in rendered()["backend/Dockerfile.my-engine"][1]


def test_system_libraries_come_from_the_checkouts_helper_or_from_an_own_block() -> None:
    assert "package-system-libs.sh" in own(rendered(), "package.sh")
    older = own(rendered(era=r.OLDEST), "package.sh")
    assert "package-system-libs.sh" not in older
    assert '"$LIB/ld.so"' in older


def test_a_darwin_script_comes_only_with_the_metal_variant() -> None:
    path = "scripts/build/my-engine-darwin.sh"
    assert path not in rendered()
    assert path in rendered(darwin=True, variants=["cpu", "metal"])


def test_run_sh_ends_in_the_server_itself() -> None:
    for flavour in FLAVOURS:
        run = own(rendered(flavour), "run.sh").rstrip().splitlines()
        assert run[-1].startswith('exec "$CURDIR/')
        assert run[-1].endswith('"$@"')


def test_every_file_ends_with_one_newline_and_has_no_trailing_blanks() -> None:
    for flavour in FLAVOURS:
        for path, (_, text) in rendered(flavour, modalities=list(r.MODALITY_RPCS), darwin=True).items():
            assert text.endswith("\n"), path
            assert not text.endswith("\n\n"), path
            assert not text.startswith("\n"), path
            assert not re.search(r"[ \t]+$", text, re.M), path
            assert "\n\n\n" not in text, path


def test_rendering_twice_gives_the_same_bytes() -> None:
    modalities = list(r.MODALITY_RPCS)
    assert r.render("cpp", modalities=modalities) == r.render("cpp", modalities=modalities)
