"""The C++ template: what holds for every rendering, without compiling anything."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from newbackend.catalog.languages import PLACEHOLDER, languages

from templates import render as r

from newbackend.catalog.portable import images_for

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
    assert set(language["modalities"]) == set(r.MODALITY_RPCS)
    assert "class" in language["keywords"]


def test_every_part_gets_into_a_backend() -> None:
    """`gather` passes over parts that a layer does not have, so a misspelt name would pass unseen."""
    flavours = languages()["cpp"].flavours
    portable = {"options": {"glibc_floor": "2.31", "readme": True}, "portable": images_for("2.31")}
    everything = "".join(
        text
        for flavour in FLAVOURS
        for _, text in rendered(
            flavour, modalities=list(r.MODALITY_RPCS), variants=flavours[flavour].variants, **portable
        ).values()
    )
    parts = set((r.TEMPLATES / "cpp").glob("*/*/parts/*.jinja"))
    # Texts of a README depend on the engine.
    for part in sorted(part for part in parts if part.name != "readme.jinja"):
        text = re.sub(r"\{#.*?#\}", "", part.read_text(encoding="utf-8"), flags=re.S)
        plain = [line for line in text.splitlines() if not re.search(r"\{[{%]", line)]
        assert max(plain, key=len) in everything, part


def test_no_template_asks_for_a_modality() -> None:
    """What a modality needs lies in its folder, who shares a helper is in the language file."""
    asks = re.compile(r"\bin modalities\b|\bmodalities *\||'(" + "|".join(r.MODALITY_RPCS) + r")'")
    for template in (r.TEMPLATES / "cpp").rglob("*.jinja"):
        assert not asks.search(template.read_text(encoding="utf-8")), template


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
    marked = [path for path, (_, text) in rendered(flavour).items() if PLACEHOLDER in text]
    assert marked == [r.language("cpp")["placeholder"].format(name="my-engine")]


def test_a_fork_has_no_placeholder() -> None:
    assert not [path for path, (_, text) in rendered("llama-fork").items() if PLACEHOLDER in text]


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
    plan = dry_run(own(rendered(), "Makefile"), tmp_path, "ENGINE=upstream", "ENGINE_TARGETS=ds4", "grpc-server")
    assert f"fetch -q --depth 1 origin '{r.pin()['sha']}'" in plan
    assert f"-DENGINE_DIR={tmp_path}/my-engine-src" in plan


def test_a_local_checkout_replaces_the_clone(tmp_path: Path) -> None:
    plan = dry_run(own(rendered(), "Makefile"), tmp_path, "MY_ENGINE_SRC=/somewhere", "my-engine-src")
    assert plan.splitlines()[-1].startswith("ln -s") or "ln -s '/somewhere' my-engine-src" in plan
    assert "git" not in plan


@pytest.mark.parametrize("cuda", ["12", "13"])
def test_cuda_builds_list_their_architectures(cuda: str, tmp_path: Path) -> None:
    arguments = [
        "ENGINE=upstream",
        "ENGINE_TARGETS=ds4",
        "BUILD_TYPE=cublas",
        f"CUDA_MAJOR_VERSION={cuda}",
        "grpc-server",
    ]
    plan = dry_run(own(rendered(), "Makefile"), tmp_path, *arguments)
    architectures = re.search(r"-DCMAKE_CUDA_ARCHITECTURES=([\d;]+)", plan)
    assert architectures
    assert len(architectures[1].split(";")) > 3


def test_rocm_targets_that_the_base_image_sets_to_nothing_are_the_default_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMDGPU_TARGETS", "")
    plan = dry_run(
        own(rendered(), "Makefile"),
        tmp_path,
        "ENGINE=upstream",
        "ENGINE_TARGETS=ds4",
        "BUILD_TYPE=hipblas",
        "grpc-server",
    )
    assert re.search(r"-DCMAKE_HIP_ARCHITECTURES=gfx\w+(;gfx\w+)+'", plan)


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_hostile_description_reaches_only_the_readme(flavour: str) -> None:
    with_readme = {"options": {"readme": True}}
    plain, hostile = rendered(flavour, **with_readme), rendered(flavour, description=HOSTILE, **with_readme)
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
        included = set(re.findall(r'#include "([^"]+)"', text)) - {"backend.grpc.pb.h", "../llama-cpp/parent_watch.h"}
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


STOCK_MAKEFILE = """
CMAKE_ARGS ?=
{shared_libs}
CMAKE_ARGS += -DSTOCK=on
AMDGPU_TARGETS ?= gfx1100
grpc-server:
\techo "$(CMAKE_ARGS) $(EXTRA_CMAKE_ARGS) type=$(BUILD_TYPE) amdgpu=$(AMDGPU_TARGETS)" > $@
\tcat grpc-server.cpp llama.cpp/fork.c >> $@
"""
PATCH = """\
--- a/{name}
+++ b/{name}
@@ -1 +1 @@
-{name}
+patched {name}
"""


class Fork:
    """A checkout that holds a stand-in for backend/cpp/llama-cpp and a rendered fork of it."""

    def __init__(self, root: Path, shared_libs: str = "SHARED_LIBS ?= OFF", era: str = r.NEWEST) -> None:
        self.checkout = root / "checkout"
        self.cpp = self.checkout / "backend/cpp"
        self.directory = self.cpp / "my-engine"
        for path, (mode, text) in rendered("llama-fork", era=era).items():
            self.write(self.checkout / path, text).chmod(mode)
        self.write(self.checkout / "backend/backend.proto", "")
        self.write(self.cpp / "llama-cpp/Makefile", STOCK_MAKEFILE.format(shared_libs=shared_libs))
        self.write(self.cpp / "llama-cpp/grpc-server.cpp", "grpc-server.cpp\n")
        self.write(self.cpp / "llama-cpp/patches/0001.patch", "for upstream only")
        self.source = root / "source"
        self.write(self.source / "fork.c", "fork.c\n")
        self.git("init", "-q")
        self.git("add", ".")
        self.git("-c", "user.name=x", "-c", "user.email=x@y", "commit", "-q", "-m", "fork")
        # As in real life: the checkout is a repository too, and git finds it from any place below.
        subprocess.run(["git", "init", "-q", self.checkout], check=True)

    @staticmethod
    def write(path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.source), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def make(self, *arguments: str) -> str:
        pin = [f"MY_ENGINE_REPO=file://{self.source}", f"MY_ENGINE_VERSION={self.git('rev-parse', 'HEAD')}"]
        command = ["make", "-C", str(self.directory), *pin, *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return done.stdout + done.stderr

    def server(self, kind: str) -> str:
        return (self.directory / f"grpc-server-{kind}").read_text(encoding="utf-8")


def test_a_fork_is_cloned_and_compiled_in_a_copy_of_the_stock_server(tmp_path: Path) -> None:
    fork = Fork(tmp_path)
    fork.make("grpc-server")
    settings, *sources = fork.server("all").splitlines()
    assert "-DGGML_CPU_ALL_VARIANTS=ON" in settings
    assert "-DCMAKE_SKIP_BUILD_RPATH=ON" in settings
    assert sources == ["grpc-server.cpp", "fork.c"]
    assert not (fork.cpp / "my-engine-all-build/patches").exists()
    assert sorted(path.name for path in (fork.cpp / "llama-cpp").iterdir()) == [
        "Makefile",
        "grpc-server.cpp",
        "patches",
    ]


def test_git_sees_nothing_that_a_fork_builds(tmp_path: Path) -> None:
    fork = Fork(tmp_path)
    subprocess.run(["git", "-C", fork.checkout, "add", "."], check=True)
    fork.make("grpc-server")
    command = ["git", "-C", str(fork.checkout), "status", "--porcelain", "--untracked-files=all"]
    status = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert [line for line in status.splitlines() if line.startswith("??")] == []


@pytest.mark.parametrize("local", [False, True])
def test_patches_reach_the_fork_and_the_copy_of_the_server(local: bool, tmp_path: Path) -> None:
    fork = Fork(tmp_path)
    fork.write(fork.directory / "patches/0001.patch", PATCH.format(name="fork.c"))
    fork.write(fork.directory / "server-patches/0001.patch", PATCH.format(name="grpc-server.cpp"))
    if local:
        # An unpacked archive: without a repository of its own git would look to the checkout's.
        archive = tmp_path / "archive"
        fork.write(archive / "fork.c", "fork.c\n")
        fork.make(f"MY_ENGINE_SRC={archive}", "grpc-server")
    else:
        fork.make("grpc-server")
    assert fork.server("all").splitlines()[1:] == ["patched grpc-server.cpp", "patched fork.c"]
    assert (fork.cpp / "llama-cpp/grpc-server.cpp").read_text() == "grpc-server.cpp\n"


def test_a_patch_that_does_not_fit_stops_the_build(tmp_path: Path) -> None:
    fork = Fork(tmp_path)
    fork.write(fork.directory / "patches/0001.patch", PATCH.format(name="elsewhere.c"))
    with pytest.raises(subprocess.CalledProcessError):
        fork.make("grpc-server")
    assert not (fork.directory / "grpc-server-all").exists()


def test_a_local_checkout_of_the_fork_is_copied_without_its_own_build(tmp_path: Path) -> None:
    fork = Fork(tmp_path)
    fork.write(fork.source / "build/CMakeCache.txt", "of another directory")
    link = tmp_path / "link"
    link.symlink_to(fork.source)
    fork.make(f"MY_ENGINE_SRC={link}", "grpc-server")
    copy = fork.cpp / "my-engine-all-build/llama.cpp"
    assert not copy.is_symlink()
    assert not (copy / "build").exists()
    assert (fork.source / "build/CMakeCache.txt").exists()


def test_a_fork_is_built_again_only_for_a_reason(tmp_path: Path) -> None:
    fork = Fork(tmp_path)
    fork.make("grpc-server")
    assert "llama.cpp fetch" not in fork.make("grpc-server")
    assert "llama.cpp fetch" in fork.make("NATIVE=true", "grpc-server")
    fork.write(fork.source / "fork.c", "newer\n")
    fork.git("-c", "user.name=x", "-c", "user.email=x@y", "commit", "-q", "-a", "-m", "newer")
    fork.make("NATIVE=true", "grpc-server")
    assert fork.server("all").endswith("newer\n")
    patch = fork.write(fork.directory / "server-patches/0001.patch", PATCH.format(name="grpc-server.cpp"))
    fork.make("NATIVE=true", "grpc-server")
    assert "patched grpc-server.cpp" in fork.server("all")
    patch.unlink()
    fork.make("NATIVE=true", "grpc-server")
    assert "patched grpc-server.cpp" not in fork.server("all")


def test_settings_on_the_command_line_do_not_hide_those_of_the_stock_makefile(tmp_path: Path) -> None:
    fork = Fork(tmp_path)
    fork.make("CMAKE_ARGS=-DMINE=on", "SERVERS=fallback", "grpc-server")
    for wanted in ("-DMINE=on", "-DGGML_AVX2=off", "-DSTOCK=on"):
        assert wanted in fork.server("fallback")


def test_rocm_targets_set_to_nothing_do_not_reach_the_stock_makefile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMDGPU_TARGETS", "")
    fork = Fork(tmp_path)
    fork.make("BUILD_TYPE=hipblas", "grpc-server")
    assert "type=hipblas amdgpu=gfx1100" in fork.server("fallback")


@pytest.mark.parametrize(
    ("build_type", "machine", "newer", "older"),
    [
        ("", "x86_64", ["all"], ["fallback", "avx2"]),
        ("", "aarch64", ["all"], ["fallback"]),
        ("cublas", "x86_64", ["all"], ["fallback", "avx2"]),
        ("vulkan", "x86_64", ["all"], ["fallback", "avx2"]),
        ("cublas", "aarch64", ["fallback"], ["fallback"]),
        ("hipblas", "x86_64", ["fallback"], ["fallback"]),
        ("sycl_f16", "x86_64", ["fallback"], ["fallback"]),
        ("sycl_f32", "x86_64", ["fallback"], ["fallback"]),
    ],
)
def test_the_servers_are_those_that_the_platform_can_build(
    build_type: str, machine: str, newer: list[str], older: list[str], tmp_path: Path
) -> None:
    for shared_libs, kinds in (("SHARED_LIBS ?= OFF", newer), ("", older)):
        fork = Fork(tmp_path / str(len(shared_libs)), shared_libs)
        fork.make(f"BUILD_TYPE={build_type}", f"MACHINE={machine}", "grpc-server")
        built = {path.name for path in fork.directory.glob("grpc-server-*")}
        assert built == {f"grpc-server-{kind}" for kind in kinds}
        assert f"type={build_type}" in fork.server(kinds[0])


def test_a_server_of_another_build_type_is_not_left_to_be_packaged(tmp_path: Path) -> None:
    fork = Fork(tmp_path)
    fork.make("grpc-server")
    fork.make("BUILD_TYPE=hipblas", "grpc-server")
    assert [path.name for path in fork.directory.glob("grpc-server-*")] == ["grpc-server-fallback"]
    assert not (fork.cpp / "my-engine-all-build").exists()
    assert "backend/cpp/{name}/grpc-server-*" in languages()["cpp"].flavours["llama-fork"].dockerignore


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="packages a Linux program")
def test_packaging_finds_the_libraries_of_a_gpu_toolkit(tmp_path: Path) -> None:
    fork = Fork(tmp_path, era=r.OLDEST)
    shutil.copy("/bin/true", fork.directory / "grpc-server-fallback")
    seen = tmp_path / "seen"
    ldd = fork.write(
        tmp_path / "bin/ldd", f'#!/bin/sh\necho "$LD_LIBRARY_PATH" >> {seen}\nexec {shutil.which("ldd")} "$@"\n'
    )
    ldd.chmod(0o755)
    environment = os.environ | {"PATH": f"{ldd.parent}:{os.environ['PATH']}", "LD_LIBRARY_PATH": "/opt/toolkit/lib"}
    subprocess.run(["bash", str(fork.directory / "package.sh")], check=True, env=environment, capture_output=True)
    assert (fork.directory / "package/lib/ld.so").exists()
    first = seen.read_text().splitlines()[0].split(":")
    assert first == [str(fork.directory / "package/lib"), "/opt/toolkit/lib"]


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
@pytest.mark.parametrize("build_type", ["", "cublas"])
def test_the_image_builds_with_a_compiler_that_knows_every_cpu(
    architecture: str, build_type: str, tmp_path: Path
) -> None:
    dockerfile = rendered("llama-fork")["backend/Dockerfile.my-engine"][1]
    steps = re.findall(r"^RUN --mount=type=cache\S+ \\\n((?:.*\\\n)+.*)$", dockerfile, re.M)
    assert len(steps) == 2
    for name in ("apt-get", "rm", "sh"):
        Fork.write(tmp_path / name, "#!/bin/bash\n").chmod(0o755)
    said = '#!/bin/bash\necho "CC=$CC CMAKE_ARGS=$CMAKE_ARGS $*"\n'
    Fork.write(tmp_path / "make", said).chmod(0o755)
    for step in steps:
        environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "TARGETARCH": architecture, "BUILD_TYPE": build_type}
        command = ["/bin/bash", "-ec", step]
        output = subprocess.run(command, check=True, env=environment, capture_output=True, text=True).stdout
        assert ("CC=gcc-14" in output) == (architecture == "arm64" and not build_type)
        for language in ("C", "CXX", "CUDA"):
            assert f"-DCMAKE_{language}_COMPILER_LAUNCHER=ccache" in output
        assert f"-C /LocalAI/backend/cpp/my-engine BUILD_TYPE={build_type} NATIVE=false grpc-server package" in output


def test_the_parent_watch_is_the_checkouts_where_it_has_one() -> None:
    files = rendered()
    assert '#include "../llama-cpp/parent_watch.h"' in own(files, "grpc-server.cpp")
    assert not any("/parent_watch" in path for path in files)
    older = rendered(era=r.OLDEST)
    assert '#include "parent_watch.h"' in own(older, "grpc-server.cpp")
    assert "namespace parent_watch" in own(older, "parent_watch.h")
    assert "backend/cpp/llama-cpp/parent_watch.h" in languages()["cpp"].vendored


def test_the_own_image_keeps_what_its_compiler_made() -> None:
    dockerfile = rendered()["backend/Dockerfile.my-engine"][1]
    assert "ARG TARGETARCH" in dockerfile
    assert "--mount=type=cache,target=/root/.ccache,id=my-engine-ccache-${TARGETARCH}-${BUILD_TYPE}" in dockerfile
    assert re.search(r"apt-get install.*\\\n.*\bccache\b", dockerfile)
    assert "-DCMAKE_CUDA_COMPILER_LAUNCHER=ccache" in dockerfile


@pytest.mark.parametrize(
    "modality", [m for m in r.MODALITY_RPCS if m not in ("tokenize", "embeddings", "vector-store")]
)
def test_an_engine_gets_all_of_a_request(modality: str) -> None:
    """Beside the fields that the engine's types name."""
    calls = "".join(
        text for path, (_, text) in rendered(modalities=[modality]).items() if Path(path).name.startswith("rpc_")
    )
    whole = {"rerank", "token-classification", "vad", "sound-classification", "audio-transform"}  # every field is named
    assert ("fields_of(" in calls) == (modality not in whole)


def test_a_text_engine_names_what_it_has_told_apart() -> None:
    header, calls = own(rendered(), "engine.h"), own(rendered(), "rpc_text.cpp")
    for field in ("min_p", "grammar", "images", "tools", "tool_choice", "metadata", "reasoning", "tool_calls"):
        assert re.search(rf"\b{field}\b", header), field
    for call in (
        "minp",
        "grammar",
        "images",
        "tools",
        "toolchoice",
        "metadata",
        "set_reasoning_content",
        "add_tool_calls",
    ):
        assert f"{call}(" in calls, call


@pytest.mark.parametrize("target", ["rpc-server", "ggml-rpc-server"])
def test_a_fork_builds_the_program_of_the_other_machines_where_the_stock_server_does(
    target: str, tmp_path: Path
) -> None:
    plain = Fork(tmp_path / "plain")
    plain.make("grpc-server")
    assert not (plain.directory / "grpc-server-grpc").exists()

    fork = Fork(tmp_path / "rpc", "SHARED_LIBS ?= OFF\nllama-cpp-rpc-server:\nwanted = echo '$(TARGET)' >> asked")
    stock = fork.cpp / "llama-cpp/Makefile"
    made = "\tmkdir -p llama.cpp/build/bin\n\ttouch llama.cpp/build/bin/grpc-server\n\techo rpc > llama.cpp/build/bin/$(lastword $(TARGET))\n\t$(wanted)\n"
    stock.write_text(stock.read_text() + made)
    fork.write(
        fork.source / "tools/rpc/CMakeLists.txt", f"set(TARGET {target})\nadd_executable(${{TARGET}} rpc-server.cpp)\n"
    )
    fork.git("add", ".")
    fork.git("-c", "user.name=x", "-c", "user.email=x@y", "commit", "-q", "-m", "rpc")
    fork.make("grpc-server")
    assert (fork.directory / "my-engine-rpc-server").read_text() == "rpc\n"
    assert "-DGGML_RPC=ON" in fork.server("grpc")
    asked = (fork.cpp / "my-engine-grpc-build/asked").read_text()
    assert asked == f"--target grpc-server --target {target}\n"
    fork.make("clean")
    assert not (fork.directory / "my-engine-rpc-server").exists()


@pytest.mark.skipif(not shutil.which("g++"), reason="g++ is not installed")
@pytest.mark.parametrize("architecture", ["", "mine"])
def test_a_backend_whose_models_are_gguf_passes_the_unit_tests_of_its_model_file(
    architecture: str, tmp_path: Path
) -> None:
    """As `backend/cpp/run-unit-tests.sh` compiles them."""
    for name in ("model_file.h", "model_file_test.cpp", "check.h"):
        text = own(rendered(), name).replace('"NEWBACKEND"', '"GGUF"')
        text = text.replace('kArchitecture = ""', f'kArchitecture = "{architecture}"')
        (tmp_path / name).write_text(text)
    build = ["g++", "-std=c++17", "-O0", "-pthread", "model_file_test.cpp", "-o", "test"]
    subprocess.run(build, cwd=tmp_path, check=True)
    done = subprocess.run([tmp_path / "test"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("lang", "tests"), [("go", "backend_test.go"), ("python", "test.py"), ("rust", "tests.rs")])
def test_the_foreign_model_of_generated_tests_is_of_no_format_at_all(lang: str, tests: str) -> None:
    (text,) = (text for path, (_, text) in r.render(lang).items() if Path(path).name == tests)
    assert "a file of another backend" in text
    assert '"NEWBACKEND"' not in text
