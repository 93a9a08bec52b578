"""One miniature upstream for each build system: what is found, with where and how sure."""

from __future__ import annotations

from pathlib import Path

import pytest
from miniature import Make

from newbackend.errors import NotFoundError, UsageError
from newbackend.upstream import confined
from newbackend.upstream.inspect import Inspection, inspect_local, inspect_remote

GGML = """cmake_minimum_required(VERSION 3.14...3.28)
project(ggml C CXX)
option(GGML_NATIVE "ggml: optimize for this machine" ON)
option(GGML_CUDA "ggml: use CUDA" OFF)
option(GGML_CUDA_GRAPHS "ggml: use CUDA graphs" ON)
option(GGML_HIP "ggml: use HIP" OFF)
option(GGML_SYCL "ggml: use SYCL" OFF)
option(GGML_SYCL_F16 "ggml: use 16 bit floats" OFF)
add_library(ggml ggml.c)
"""
GATED = """cmake_minimum_required(VERSION 3.18)
project("tone" C CXX)
set(TONE_LIB tone)
if(CMAKE_SOURCE_DIR STREQUAL CMAKE_CURRENT_SOURCE_DIR)
  set(TONE_ALONE ON)
else()
  set(TONE_ALONE OFF)
endif()
option(TONE_BUILD_TESTS "tests" ${TONE_ALONE})
option(TONE_SHARED "a shared library" OFF)
option(TONE_CUDA "NVIDIA" OFF)
option(TONE_VULKAN "Vulkan" OFF)
if(TONE_CUDA)
  set(GGML_CUDA ON)
endif()
if(TONE_VULKAN)
  set(GGML_VULKAN ON CACHE BOOL "" FORCE)
endif()
add_subdirectory(ggml)
set(SOURCES src/tone.cpp)
if(TONE_SHARED)
  add_library(${TONE_LIB} SHARED ${SOURCES})
else()
  add_library(${TONE_LIB} STATIC ${SOURCES})
endif()
target_link_libraries(${TONE_LIB} PRIVATE ggml)
if(WIN32)
  add_library(tone_windows src/win.cpp)
endif()
install(FILES include/tone.h DESTINATION include)
add_executable(tone-cli examples/main.cpp)
"""
HEADER = """#pragma once
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
typedef struct tone_ctx tone_ctx;
// Loads a model. The caller must free it with tone_free.
tone_ctx * tone_load(const char * path, int32_t threads);
void tone_free(tone_ctx * ctx);
const char * tone_version(void);
#ifdef __cplusplus
}
#endif
"""
LICENCE = """MIT License

Permission is hereby granted, free of charge, to any person obtaining a copy of this
software
"""
FILES = {
    "CMakeLists.txt": GATED,
    "ggml/CMakeLists.txt": GGML,
    "ggml/ggml.c": "int ggml;\n",
    "include/tone.h": HEADER,
    "src/tone.cpp": "int tone;\n",
    "LICENSE": LICENCE,
    "README.md": "# Tone\n\n[![badge](x)](y)\n\nTone turns text into\nspeech with GGUF models. It is small.\n",
}


def switches(found: Inspection) -> dict[str, tuple[tuple[str, ...], str]]:
    return {switch.build_type: (switch.options, switch.confidence) for switch in found.switches}


def test_the_projects_own_gates_go_before_ggmls_options(make: Make) -> None:
    found = inspect_remote("acme/tone", make("acme/tone", FILES))
    assert switches(found) == {
        "cublas": (("-DTONE_CUDA=ON",), "certain"),
        "hipblas": (("-DGGML_HIP=ON",), "likely"),
        "vulkan": (("-DTONE_VULKAN=ON",), "certain"),
        "sycl_f16": (("-DGGML_SYCL=ON", "-DGGML_SYCL_F16=ON"), "likely"),
        "sycl_f32": (("-DGGML_SYCL=ON",), "likely"),
    }
    assert "no option for BUILD_TYPE=metal was found" in [gap.text for gap in found.gaps]
    assert {switch.build_type: switch.where for switch in found.switches}["cublas"] == "CMakeLists.txt:14"


def test_the_library_its_shared_switch_and_its_header(make: Make) -> None:
    found = inspect_remote("acme/tone", make("acme/tone", FILES))
    assert found.primary is not None
    assert found.cmake is not None
    assert (found.primary.target.name, found.primary.shared_by) == ("tone", "-DTONE_SHARED=ON")
    assert (found.primary.target.where, found.primary.confidence) == ("CMakeLists.txt:22", "certain")
    assert found.cmake.minimum == "3.18"
    assert found.native is not None
    assert found.native.name == "GGML_NATIVE"
    assert [option.name for option in found.side] == ["TONE_BUILD_TESTS"]
    assert found.cmake.options["TONE_BUILD_TESTS"].default == "ON"
    assert "tone_windows" not in [target.name for target in found.cmake.targets]
    assert [header.api.path for header in found.headers] == ["include/tone.h"]


def test_licence_description_and_models(make: Make) -> None:
    found = inspect_remote("acme/tone", make("acme/tone", FILES))
    assert found.licence is not None
    assert (found.licence.value, found.licence.where) == ("MIT", "LICENSE:1")
    assert found.description is not None
    assert found.description.value == "Tone turns text into speech with GGUF models"
    assert [(part.value, part.confidence) for part in found.formats] == [("GGUF", "likely")]


def test_ggml_as_a_submodule_is_read_from_its_own_repository(make: Make) -> None:
    ggml = make("acme/ggml", {"CMakeLists.txt": GGML, "ggml.c": ""})
    files = {name: text for name, text in FILES.items() if not name.startswith("ggml/")}
    files[".gitmodules"] = '[submodule "ggml"]\n\tpath = ggml\n\turl = https://github.com/acme/ggml.git\n'
    found = inspect_remote("acme/tone", make("acme/tone", files, {"ggml": ggml}))
    assert switches(found)["hipblas"] == (("-DGGML_HIP=ON",), "likely")
    assert found.unread_submodules == {}


def test_a_submodule_that_is_gone_makes_its_switches_a_guess(make: Make) -> None:
    files = {name: text for name, text in FILES.items() if not name.startswith("ggml/")}
    files[".gitmodules"] = '[submodule "ggml"]\n\tpath = ggml\n\turl = https://github.com/acme/gone.git\n'
    found = inspect_remote("acme/tone", make("acme/tone", files, {"ggml": "1" * 40}))
    assert switches(found)["hipblas"] == (("-DGGML_HIP=ON",), "guess")
    assert switches(found)["cublas"] == (("-DTONE_CUDA=ON",), "certain")
    assert list(found.unread_submodules) == ["ggml"]


def test_functions_loops_and_includes_are_followed(make: Make) -> None:
    cmake = """cmake_minimum_required(VERSION 3.10)
project(loops)
include(cmake/parts.cmake)
foreach(part IN ITEMS one two)
  make_part(${part})
endforeach()
"""
    parts = "function(make_part name)\n  add_library(loops-${name} STATIC ${name}.c ${ARGN})\nendfunction()\n"
    files = {"CMakeLists.txt": cmake, "cmake/parts.cmake": parts, "one.c": "", "two.c": ""}
    found = inspect_remote("acme/loops", make("acme/loops", files))
    assert found.cmake is not None
    assert [(target.name, target.sources) for target in found.cmake.targets] == [
        ("loops-one", ("one.c",)),
        ("loops-two", ("two.c",)),
    ]


def test_a_plain_makefile_has_objects_for_each_platform(make: Make) -> None:
    text = """CC ?= cc
.PHONY: all clean
ifeq ($(shell uname -s),Darwin)
CORE = core.o core_metal.o
else
CORE = core.o core_cuda.o
endif
all: engine
engine: main.o $(CORE)
\t$(CC) -o $@ $^
core.o: core.c core.h
\t$(CC) -c -o $@ core.c
core_cuda.o: core.cu
\tnvcc -c -o $@ core.cu
libcore.a: core.o
\tar rcs $@ $^
clean:
\trm -f *.o
"""
    files = {"Makefile": text, "core.c": "", "core.h": "int core_open(const char *path);\n", "core.cu": ""}
    found = inspect_remote("acme/core", make("acme/core", files))
    assert found.systems == ["make"]
    assert found.makefile is not None
    kinds = {target.name: target.kind for target in found.makefile.targets}
    assert kinds == {
        "all": "phony", "engine": "executable", "core.o": "object", "core_cuda.o": "object", "libcore.a": "static",
        "clean": "phony",
    }  # fmt: skip
    assert [header.api.path for header in found.headers] == ["core.h"]


def test_a_header_for_cplusplus_alone_is_said_to_be_that(make: Make) -> None:
    header = "#pragma once\n#include <string>\nnamespace acme {\nclass Engine { public: std::string run(); };\n}\n"
    cmake = "project(cxx)\nadd_library(cxx cxx.cpp)\ninstall(FILES cxx.h DESTINATION include)\n"
    found = inspect_remote("acme/cxx", make("acme/cxx", {"CMakeLists.txt": cmake, "cxx.h": header, "cxx.cpp": ""}))
    assert found.headers == []
    assert found.cplusplus_headers == ["cxx.h"]


def test_a_python_distribution(make: Make) -> None:
    text = """[project]
name = "Acme-Voice"
requires-python = ">=3.9"
license = { text = "Apache-2.0" }
dependencies = ["torch>=2"]
[project.optional-dependencies]
cuda = ["acme-kernels"]
[project.scripts]
acme-voice = "acme_voice.cli:main"
"""
    files = {"pyproject.toml": text, "src/acme_voice/__init__.py": "", "tests/__init__.py": ""}
    found = inspect_remote("acme/voice", make("acme/voice", files))
    about = found.manifests.distribution
    assert about is not None
    assert found.systems == ["python"]
    assert (about.name, about.imports, about.requires_python) == ("Acme-Voice", ("acme_voice",), ">=3.9")
    assert (about.extras, about.scripts) == ({"cuda": ("acme-kernels",)}, ("acme-voice",))
    assert found.licence is not None
    assert found.licence.value == "Apache-2.0"


def test_setup_py_is_parsed_and_never_run(make: Make, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    text = f"open({str(mark)!r}, 'w')\nfrom setuptools import setup\nsetup(name='old', install_requires=['numpy'])\n"
    found = inspect_remote("acme/old", make("acme/old", {"setup.py": text, "old/__init__.py": ""}))
    assert found.manifests.distribution is not None
    assert found.manifests.distribution.dependencies == ("numpy",)
    assert not mark.exists()


def test_setup_cfg(make: Make) -> None:
    text = "[metadata]\nname = mid\n[options]\npython_requires = >=3.8\ninstall_requires =\n    numpy\n    scipy\n"
    found = inspect_remote("acme/mid", make("acme/mid", {"setup.cfg": text, "mid/__init__.py": ""}))
    assert found.manifests.distribution is not None
    assert found.manifests.distribution.dependencies == ("numpy", "scipy")


def test_a_cargo_workspace(make: Make) -> None:
    top = '[workspace]\nmembers = ["crates/*"]\n[workspace.package]\nlicense = "MIT"\n'
    crate = """[package]
name = "kok"
license.workspace = true
rust-version = "1.75"
[lib]
crate-type = ["rlib", "cdylib"]
[features]
default = ["cpu"]
cpu = []
cuda = ["dep:cudarc"]
"""
    found = inspect_remote("acme/kok", make("acme/kok", {"Cargo.toml": top, "crates/kok/Cargo.toml": crate}))
    (kok,) = found.manifests.crates
    assert (kok.name, kok.kinds, kok.rust_version) == ("kok", ("rlib", "cdylib"), "1.75")
    assert (kok.features, kok.default_features) == ({"cpu": (), "cuda": ("dep:cudarc",)}, ("cpu",))


def test_a_repository_without_a_build_system_says_so(make: Make) -> None:
    found = inspect_remote("acme/data", make("acme/data", {"README": "Only data lives in here, nothing else.\n"}))
    assert found.systems == []
    assert "no build system that newbackend knows was found at the top" in [gap.text for gap in found.gaps]


def test_a_local_clone_needs_no_network(make: Make, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make("acme/tone", FILES)
    monkeypatch.setenv("NEWBACKEND_GIT_BASE", "file:///nonexistent")
    found = inspect_local(base / "acme" / "tone")
    assert found.primary is not None
    assert found.primary.target.name == "tone"


def test_links_out_of_the_tree_are_not_followed(make: Make, base: Path) -> None:
    root = base / "acme" / "link"
    root.mkdir(parents=True)
    (root / "CMakeLists.txt").symlink_to("/etc/passwd")
    sha = make("acme/link", {"README.md": "A link where a build file should be.\n"})
    found = inspect_remote("acme/link", sha)
    assert found.cmake is None
    assert found.systems == []


@pytest.mark.parametrize(
    ("sha", "error"), [("0" * 40, NotFoundError), ("main", UsageError), ("--upload-pack=touch", UsageError)]
)
def test_what_is_no_commit_of_it_is_one_sentence(make: Make, sha: str, error: type[Exception]) -> None:
    make("acme/tone", FILES)
    with pytest.raises(error):
        inspect_remote("acme/tone", sha)


def test_an_upstream_that_is_not_there() -> None:
    with pytest.raises(NotFoundError, match="acme/none cannot be read"):
        inspect_remote("acme/none", "1" * 40)


def test_broken_files_are_gaps_and_the_rest_is_read(make: Make) -> None:
    files = {
        "CMakeLists.txt": "project(broken\nadd_library(",
        "Cargo.toml": "[package\n",
        "pyproject.toml": "x = [",
        "include/api.h": 'extern "C" {\nint ok(int a);\nint broken(int ((( ;\n}\n',
    }
    found = inspect_remote("acme/broken", make("acme/broken", files))
    assert {gap.where.partition(":")[0] for gap in found.gaps} >= {"CMakeLists.txt", "Cargo.toml", "pyproject.toml"}


def test_a_cmake_project_without_end_stops_at_a_limit(make: Make) -> None:
    loop = "function(again)\n  again()\n  again()\nendfunction()\nadd_library(first a.c)\nagain()\nadd_library(x a.c)\n"
    grow = "set(A xxxxxxxxxxxxxxxx)\n" + "set(A ${A}${A}${A}${A}${A}${A}${A}${A})\n" * 50 + "add_library(${A} a.c)\n"
    found = inspect_remote("acme/loop", make("acme/loop", {"CMakeLists.txt": loop + grow, "a.c": ""}))
    assert found.cmake is not None
    assert "first" in [target.name for target in found.cmake.targets]
    assert "goes on for longer than is followed" in [gap.text for gap in found.gaps]


def test_a_file_that_is_too_big_is_named(make: Make) -> None:
    files = {"CMakeLists.txt": "project(big)\nadd_library(big b.c)\n", "include/big.h": "//" + "x" * (3 << 20)}
    found = inspect_remote("acme/big", make("acme/big", files))
    assert [gap.where for gap in found.gaps if gap.text == "is too big to be read"] == ["include/big.h"]


def test_a_reader_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy() -> int:
        while True:
            pass

    with monkeypatch.context() as limits:
        limits.setattr(confined, "SECONDS", 0.2)
        with pytest.raises(UsageError, match="takes more than 0 s"):
            confined.confined(busy)
    monkeypatch.setattr(confined, "CPU_SECONDS", 1)
    with pytest.raises(UsageError, match="takes more than 1 s of processor time"):
        confined.confined(busy)


def test_a_reader_that_takes_too_much_memory_is_stopped() -> None:
    def grows() -> int:
        text = "x" * (1 << 20)
        while True:
            text += text

    with pytest.raises(UsageError, match="too much memory"):
        confined.confined(grows)


def test_a_macro_that_grows_without_end_is_stopped(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confined, "SECONDS", 3.0)
    rows = ["#define A0 int f(int);"] + [f"#define A{i} A{i - 1} A{i - 1} A{i - 1} A{i - 1}" for i in range(1, 14)]
    header = 'extern "C" {\n' + "\n".join(rows) + "\nA13\n}\n"
    sha = make("acme/bomb", {"CMakeLists.txt": "project(bomb)\nadd_library(bomb b.c)\n", "include/bomb.h": header})
    with pytest.raises(UsageError, match=r"too much|takes more than 3 s"):
        inspect_remote("acme/bomb", sha)
