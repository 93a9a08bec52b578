"""A pinned upstream is built with its own CMake files beside the placeholder, with the options that it has."""

from __future__ import annotations

import ctypes
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from cli.runner import newbackend
from drive import drive, failures, report
from generated.building import Case, build, compiler_cache, need, run
from miniature import Make, base, make  # noqa: F401 - fixtures
from upstream.test_make_objects import FILES as HORN

from newbackend.checkout.layout import PROTO, layout_of, open_checkout

GGML = """cmake_minimum_required(VERSION 3.5)
project(ggml C)
option(BUILD_SHARED_LIBS "shared" ON)
option(GGML_NATIVE "this machine" ON)
option(GGML_AVX2 "AVX2" ON)
option(GGML_VULKAN "Vulkan" OFF)
add_library(ggml ggml.c)
if(GGML_VULKAN)
  target_compile_definitions(ggml PUBLIC WITH_VULKAN)
endif()
"""
CMAKE = """cmake_minimum_required(VERSION 3.5)
project(tone C)
option(TONE_BUILD_TESTS "tests" ON)
option(TONE_CUDA "NVIDIA" OFF)
if(TONE_CUDA)
  message(FATAL_ERROR "no CUDA here")
endif()
if(TONE_BUILD_TESTS)
  message(FATAL_ERROR "nobody wants the tests")
endif()
add_subdirectory(ggml)
add_library(tone src/tone.c)
target_include_directories(tone PUBLIC include)
target_link_libraries(tone PRIVATE ggml)
install(FILES include/tone.h DESTINATION include)
"""
HEADER = """#pragma once
#ifdef __cplusplus
extern "C" {
#endif
const char *tone_version(void);
typedef struct tone_model tone_model;
tone_model *tone_load(const char *path, int n_threads);
void tone_free(tone_model *engine);
int tone_loaded(int of_any_kind);
int tone_synthesize(tone_model *engine, const char *text);
#ifdef __cplusplus
}
#endif
"""
FILES = {
    "CMakeLists.txt": CMAKE,
    "ggml/CMakeLists.txt": GGML,
    "ggml/ggml.c": "int ggml_level(void) { return 7; }\n",
    "include/tone.h": HEADER,
    "src/tone.c": '#include "tone.h"\nint ggml_level(void);\nconst char *tone_version(void)\n{\n'
    '    return ggml_level() == 7 ? "tone 1.2.3" : "";\n}\n'
    "#include <stdio.h>\n#include <string.h>\nstatic int loaded;\nstruct tone_model { char magic[4]; } model;\n"
    "int tone_loaded(int of_any_kind) { return loaded + of_any_kind; }\n"
    "void tone_free(tone_model *engine) { loaded -= engine == &model; }\n"
    "int tone_synthesize(tone_model *engine, const char *text) { return engine == &model && text; }\n"
    'tone_model *tone_load(const char *path, int n_threads) {\n    FILE *file = fopen(path, "rb");\n'
    "    size_t got = file ? fread(model.magic, 1, 4, file) : 0;\n    if (file) fclose(file);\n"
    '    if (got < 4 || n_threads < 1 || memcmp(model.magic, "TONE", 4)) return NULL;\n'
    "    loaded++;\n    return &model;\n}\n",
}
# One library instead of four: what they are made of is no matter of these tests.
ALONE = ("options.cpu_variants=",)
GO = Case("chime", "go", "purego", ("tts",), ALONE)
CAPI = Case("carillon", "go", "capi", ("tts",), ALONE)
CALLS = """package main

import (
	pb "github.com/mudler/LocalAI/pkg/grpc/proto"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

var _ = Describe("the engine", func() {
	It("answers through its own C API", func() {
		Expect(ToneVersion()).To(Equal("tone 1.2.3"))
	})

	It("loads a model with its own function and gives it back", func(ctx SpecContext) {
		client := serve()
		model := func(head string) *pb.ModelOptions {
			return &pb.ModelOptions{Model: file("a"+modelSuffix, append([]byte(head), make([]byte, smallestModel)...))}
		}
		result, err := client.LoadModel(ctx, model("TONE"))
		Expect(err).NotTo(HaveOccurred())
		Expect(result.GetSuccess()).To(BeTrue())
		Expect(ToneLoaded(0)).To(BeEquivalentTo(1))
		_, err = client.Free(ctx, &pb.HealthMessage{})
		Expect(err).NotTo(HaveOccurred())
		Expect(ToneLoaded(0)).To(BeZero())
		_, err = client.LoadModel(ctx, model("NOTE"))
		Expect(status.Code(err)).To(Equal(codes.InvalidArgument))
		Expect(err).To(MatchError(ContainSubstring("tone_load gives NULL")))
	}, SpecTimeout(patience))
})
"""
CPP = Case("gong", "cpp", "shared-base", ("tts",))


@pytest.fixture
def pin(make: Make, base: Path, monkeypatch: pytest.MonkeyPatch) -> str:  # noqa: F811
    """`--pin` of the miniature; the generated Makefile's clone from GitHub goes to it too."""
    sha = make("acme/tone", FILES)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.file://{base}/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/")
    return f"acme/tone@{sha}"


def created(case: Case, pin: str, sample: Path, *more: str) -> Path:
    done = newbackend(*case.create, "--modality", "tts", "--pin", pin, *more, "--repo", sample)
    assert done.status == 0, done.err
    return sample / "backend" / case.lang / case.name


@pytest.mark.build
def test_a_go_backend_links_the_upstream_and_answers(pin: str, sample: Path) -> None:
    need(GO)
    folder = created(GO, pin, sample, "--variants", "cpu,vulkan")
    run_sh = build(GO, sample)
    library = ctypes.CDLL(str(folder / "build" / "libchime_engine.so"))
    library.chime_engine_version.restype = ctypes.c_char_p
    assert library.chime_engine_version() == b"tone 1.2.3"
    features = layout_of(open_checkout(sample)).features
    results = drive(run_sh, sample / PROTO, name=GO.name, modalities=("tts",), features=features)
    assert not failures(results), report(results)
    assert not (folder / "build" / "upstream" / "libtone.so").exists()


@pytest.mark.build
def test_a_go_backend_calls_the_c_api_of_its_engine(pin: str, make: Make, sample: Path) -> None:  # noqa: F811
    need(CAPI)
    folder = created(CAPI, pin, sample, "--variants", "cpu,vulkan")
    (folder / "calls_test.go").write_text(CALLS, encoding="utf-8")
    run_sh = build(CAPI, sample)
    engine = (folder / "engine.go").read_text(encoding="utf-8")
    assert "openEngine loads a model with tone_load and close frees it with" in engine
    assert "//   tts: tone_synthesize:" in engine
    run("make", "test", cwd=folder)
    features = layout_of(open_checkout(sample)).features
    results = drive(run_sh, sample / PROTO, name=CAPI.name, modalities=("tts",), features=features)
    assert not failures(results), report(results)
    # The bump bot moves the pin to a commit with another signature: the build says so, an update mends it.
    source = FILES["src/tone.c"].replace("(void)\n{", "(int level)\n{\n    (void)level;")
    changed = {"include/tone.h": HEADER.replace("(void)", "(int)"), "src/tone.c": source}
    new = make("acme/tone", changed)
    old = pin.partition("@")[2]
    makefile = folder / "Makefile"
    makefile.write_text(makefile.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    done = subprocess.run(
        ["make", "engine"], cwd=folder, env={**os.environ, "MAKEFLAGS": ""}, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "tone_version" in done.stdout + done.stderr
    assert newbackend("engine", "diff", CAPI.name, "--repo", sample).status == 1
    update = newbackend("update", CAPI.name, "--yes", "--allow-dirty", "--repo", sample)
    assert update.status == 0, update.out + update.err
    assert f"acme/tone@{new}" in (folder / "bindings.go").read_text(encoding="utf-8")
    run("make", "engine", cwd=folder)


def test_each_answer_about_the_engine_is_told_with_its_reason(pin: str, sample: Path) -> None:
    done = newbackend(*GO.create, "--modality", "tts", "--variants", "cpu,vulkan", "--pin", pin, "--repo", sample)
    assert "BUILD_TYPE=vulkan: -DGGML_VULKAN=ON (certain, ggml/CMakeLists.txt:6: is ggml's option: Vulkan)" in done.out
    assert "GGML_NATIVE is off in an image" in done.out
    assert "off: TONE_BUILD_TESTS, which build no library (CMakeLists.txt:3)" in done.out
    assert "TONE_CUDA" not in done.out
    assert "on x86-64 ggml is built for processors with AVX2, FMA and F16C (ggml/CMakeLists.txt:5)\n" in done.out


def test_ggml_is_built_for_each_kind_of_processor_unless_somebody_says_otherwise(pin: str, sample: Path) -> None:
    words = ["create", "chime", "--lang", "go", "--set", "flavour=purego", "--modality", "tts", "--variants", "cpu"]
    done = newbackend(*words, "--pin", pin, "--no-input", "--yes", "--repo", sample)
    assert "options.cpu_variants=avx,avx2,avx512: by itself ggml is built for processors with AVX2" in done.out
    makefile = sample / "backend/go/chime/Makefile"
    assert "CPU_VARIANTS?=avx avx2 avx512" in makefile.read_text(encoding="utf-8")
    # What exists keeps its options.
    done = newbackend(
        "change", "chime", "--set", "options.cpu_variants=avx", "--yes", "--allow-dirty", "--repo", sample
    )
    assert done.status == 0, done.out + done.err
    again = newbackend("update", "chime", "--yes", "--allow-dirty", "--repo", sample)
    assert again.status == 0, again.out + again.err
    assert "CPU_VARIANTS?=avx\n" in makefile.read_text(encoding="utf-8")


def test_the_bindings_of_another_commit_are_noted(pin: str, sample: Path) -> None:
    folder = created(CAPI, pin, sample, "--variants", "cpu")
    fresh = newbackend("verify", CAPI.name, "--format", "concise", "--repo", sample)
    assert "REG860" not in fresh.out
    makefile = folder / "Makefile"
    makefile.write_text(makefile.read_text(encoding="utf-8").replace(pin.partition("@")[2], "b" * 40), encoding="utf-8")
    stale = newbackend("verify", CAPI.name, "--format", "concise", "--repo", sample)
    assert "REG860" in stale.out, stale.out
    assert stale.status == fresh.status


def test_without_a_c_api_there_is_nothing_to_bind(make: Make, base: Path, sample: Path) -> None:  # noqa: F811
    sha = make("acme/plus", {**FILES, "include/tone.h": "class tone {};\n"})
    words = [*CAPI.create, "--modality", "tts", "--variants", "cpu", "--pin", f"acme/plus@{sha}", "--repo", str(sample)]
    assert "nothing to bind" in newbackend(*words, "--engine", "auto").err
    done = newbackend(*words)
    assert done.status == 0, done.err
    assert "has no header with a C API" in done.out + done.err
    assert "bindLibrary(uintptr)" in (sample / "backend/go/carillon/bindings.go").read_text(encoding="utf-8")


def test_a_new_pin_reads_the_engine_again(pin: str, make: Make, sample: Path) -> None:  # noqa: F811
    created(CAPI, pin, sample, "--variants", "cpu,vulkan")
    new = make("acme/tone", {"CMakeLists.txt": CMAKE.replace("TONE_BUILD_TESTS", "TONE_TESTS_BUILD")})
    done = newbackend("change", CAPI.name, "--pin", f"acme/tone@{new}", "--yes", "--allow-dirty", "--repo", sample)
    assert done.status == 0, done.out + done.err
    assert "engine.off was" in done.out + done.err
    folder = sample / "backend/go/carillon"
    assert f"acme/tone@{new}" in (folder / "bindings.go").read_text(encoding="utf-8")
    assert "TONE_TESTS_BUILD=OFF" in (folder / "Makefile").read_text(encoding="utf-8")


def test_another_flavour_reads_the_engine(pin: str, sample: Path) -> None:
    """A placeholder that becomes `capi` has its bindings, `purego` the build of the engine, and back again."""
    folder = created(CAPI, pin, sample, "--variants", "cpu", "--set", "flavour=pure", "--set", "options=")
    assert "engine:" not in (folder / ".newbackend.yml").read_text(encoding="utf-8")
    words = ["change", CAPI.name, "--yes", "--repo", str(sample), "--allow-dirty"]
    bound = newbackend(*words, "--set", "flavour=capi")
    assert bound.status == 0, bound.err
    assert "bindings.go binds" in bound.out
    assert "was nothing" not in bound.out
    assert "ToneLoad func(" in (folder / "bindings.go").read_text(encoding="utf-8")
    shim = newbackend(*words, "--set", "flavour=purego")
    assert shim.status == 0, shim.err
    assert not (folder / "bindings.go").exists()
    assert "target_link_libraries(engine PRIVATE tone)" in (folder / "CMakeLists.txt").read_text(encoding="utf-8")
    assert newbackend(*words, "--set", "flavour=pure").status == 0
    assert not (folder / "CMakeLists.txt").exists()


def test_a_bump_without_the_function_that_loads_says_so(pin: str, make: Make, sample: Path) -> None:  # noqa: F811
    folder = created(CAPI, pin, sample, "--variants", "cpu")
    assert "func loadModel(" in (folder / "bindings_model.go").read_text(encoding="utf-8")
    new = make("acme/tone", {"include/tone.h": HEADER.replace("tone_load(const char *path", "tone_load(int path")})
    makefile = folder / "Makefile"
    makefile.write_text(makefile.read_text(encoding="utf-8").replace(pin.partition("@")[2], new), encoding="utf-8")
    done = newbackend("update", CAPI.name, "--yes", "--allow-dirty", "--repo", sample)
    assert "tone_load cannot be called any more" in done.out + done.err
    assert not (folder / "bindings_model.go").exists()


@pytest.mark.build
@pytest.mark.xdist_group("cpp")
def test_a_cpp_backend_links_the_upstream(pin: str, sample: Path) -> None:
    need(CPP)
    folder = created(CPP, pin, sample, "--variants", "cpu,vulkan")
    build(CPP, sample)
    assert b"tone 1.2.3" in (folder / "grpc-server").read_bytes()


@pytest.mark.build
@pytest.mark.xdist_group("cpp")
@pytest.mark.parametrize("case", [Case("fife", "go", "capi", ("tts",)), Case("fiddle", "cpp", "shared-base", ("tts",))])
def test_an_engine_that_is_a_shared_library_comes_with_the_package(
    case: Case,
    pin: str,
    make: Make,  # noqa: F811
    sample: Path,
) -> None:
    """With the library that it needs itself, and no path of this machine in any of them."""
    need(case)
    shared = {
        # In a folder of its own, as engines with ggml have it.
        "CMakeLists.txt": CMAKE.replace("add_library(tone ", "add_library(tone SHARED ").replace(
            "add_subdirectory(", "set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)\nadd_subdirectory("
        ),
        "ggml/CMakeLists.txt": GGML.replace("add_library(ggml ", "add_library(ggml SHARED "),
    }
    folder = created(case, f"acme/tone@{make('acme/tone', FILES | shared)}", sample, "--variants", "cpu")
    run_sh = build(case, sample)
    assert {"libtone.so", "libggml.so"} <= {path.name for path in (folder / "package/lib").iterdir()}
    checked = newbackend("package", "check", run_sh.parent, "--fail-on", "warning")
    assert checked.status == 0, checked.out
    features = layout_of(open_checkout(sample)).features
    results = drive(run_sh, sample / PROTO, name=case.name, modalities=("tts",), features=features)
    assert not failures(results), report(results)


@pytest.mark.build
@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("-DGGML_VULKAN=ON", "-DGGML_VULCAN=ON", "the engine has no option GGML_VULCAN"),
        ("-DTONE_BUILD_TESTS=OFF", "-DTONE_BUILD_TESTS=OFF -DGGML_HIPBLAS=ON", "the engine has no option GGML_HIPBLAS"),
    ],
)
def test_an_option_that_the_engine_does_not_have_fails_the_build(
    pin: str, sample: Path, before: str, after: str, why: str
) -> None:
    need(GO)
    folder = created(GO, pin, sample, "--variants", "cpu,vulkan")
    makefile = folder / "Makefile"
    text = makefile.read_text(encoding="utf-8")
    assert before in text
    makefile.write_text(text.replace(before, after), encoding="utf-8")
    done = subprocess.run(
        ["make", "engine", "BUILD_TYPE=vulkan"], cwd=folder, env={**os.environ, "MAKEFLAGS": ""},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert why in done.stderr


MAKE = Case("bugle", "cpp", "shared-base", ("tts",))


@pytest.fixture
def made(make: Make, base: Path, monkeypatch: pytest.MonkeyPatch) -> str:  # noqa: F811
    """`--pin` of a miniature with a plain Makefile."""
    sha = make("acme/horn", HORN)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.file://{base}/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/")
    return f"acme/horn@{sha}"


@pytest.mark.build
@pytest.mark.xdist_group("cpp")
def test_a_cpp_backend_links_the_objects_of_a_makefile(made: str, sample: Path) -> None:
    need(MAKE)
    folder = created(MAKE, made, sample, "--variants", "cpu,cuda13")
    build(MAKE, sample)
    assert b"horn_open" in (folder / "grpc-server").read_bytes()


@pytest.mark.build
def test_a_go_library_has_the_objects_of_a_makefile(made: str, sample: Path) -> None:
    case = Case("cornet", "go", "capi", ("tts",))
    need(case)
    folder = created(case, made, sample, "--variants", "cpu,cuda13")
    makefile = (folder / "Makefile").read_text(encoding="utf-8")
    assert "ENGINE_OBJECTS := horn.o horn_cuda.o" in makefile
    assert "CHECK_SWITCHES" not in makefile
    run("make", "engine", cwd=folder, env={"MAKEFLAGS": "", **compiler_cache(sample)})
    library = ctypes.CDLL(str(folder / "build/libcornet_engine.so"))
    library.horn_open.restype = ctypes.c_void_p
    assert library.horn_open(b"a model")
    # The flags of the engine's own Makefile stay.
    assert library.util_level() == 3


@pytest.mark.build
def test_a_go_library_has_what_a_makefile_compiles_in_one_step(made: str, make: Make, sample: Path) -> None:  # noqa: F811
    case = Case("cornet", "go", "capi", ("tts",))
    need(case)
    makefile = "CFLAGS += -DLEVEL=3\nlibhorn.so: horn.c util.c cli.c\n\t$(CC) $(CFLAGS) -shared -o $@ $^\n"
    pin = f"acme/horn@{make('acme/horn', {**HORN, 'Makefile': makefile})}"
    folder = created(case, pin, sample, "--variants", "cpu")
    run("make", "engine", cwd=folder, env={"MAKEFLAGS": "", **compiler_cache(sample)})
    library = ctypes.CDLL(str(folder / "build/libcornet_engine.so"))
    assert library.util_level() == 3
    assert not hasattr(library, "main")


def test_a_new_name_keeps_the_bindings(made: str, sample: Path) -> None:
    folder = created(Case("cornet", "go", "capi", ("tts",)), made, sample, "--variants", "cpu")
    before = {name: (folder / name).read_text("utf-8") for name in ("bindings.go", "cpp/bindings.c")}
    assert "horn_open" in before["bindings.go"]
    done = newbackend("change", "cornet", "--rename", "bugle", "--repo", sample, "--yes")
    assert done.status == 0, done.err
    after = sample / "backend/go/bugle"
    assert {name: (after / name).read_text("utf-8") for name in before} == {
        name: text.replace("cornet_symbols", "bugle_symbols") for name, text in before.items()
    }
    again = newbackend("update", "bugle", "--dry-run", "--repo", sample)
    assert (again.status, "nothing to do" in again.out + again.err) == (0, True), again.out + again.err


def test_a_shared_library_has_no_cpu_variants(pin: str, make: Make, sample: Path) -> None:  # noqa: F811
    """It is built once, in one place; ggml does not make them the default then."""
    shared = {"CMakeLists.txt": CMAKE.replace("add_library(tone ", "add_library(tone SHARED ")}
    words = ["create", "fife", "--lang", "go", "--modality", "tts", "--variants", "cpu", "--no-input", "--dry-run"]
    words += ["--pin", f"acme/tone@{make('acme/tone', FILES | shared)}", "--repo", str(sample)]
    done = newbackend(*words, "--format", "json", "--no-diff")
    answers = json.loads(done.out)["answers"]
    assert (answers["flavour"], answers["engine"]["shared"], "options" in answers) == ("capi", True, False)
    refused = newbackend(*words, "--set", "options.cpu_variants=avx2")
    assert refused.status == 2
    assert "acme/tone's shared library is built once" in refused.err
    static = newbackend(*words, "--set", "engine.target=ggml", "--format", "json", "--no-diff")
    assert "shared" not in json.loads(static.out)["answers"]["engine"]


def test_a_library_from_objects_has_no_cpu_variants(made: str, sample: Path) -> None:
    words = [*Case("cornet", "go", "capi").create, "--modality", "tts", "--variants", "cpu", "--pin", made]
    done = newbackend(*words, "--set", "options.cpu_variants=avx2", "--repo", sample)
    assert done.status == 2
    assert "acme/horn's Makefile builds its objects once" in done.err


def test_objects_for_each_platform_are_in_the_makefile(made: str, sample: Path) -> None:
    makefile = (created(MAKE, made, sample, "--variants", "cpu,cuda13") / "Makefile").read_text(encoding="utf-8")
    assert "ENGINE_OBJECTS := horn_cpu.o util.o" in makefile
    assert "ENGINE_OBJECTS := horn.o horn_cuda.o" in makefile
    assert "ENGINE_LIBRARIES := m;CUDA::cudart" in makefile
    assert "ARCH_FLAG=-mtune=generic" in makefile
    assert newbackend("verify", MAKE.name, "--repo", sample).status == 0


def test_the_gallery_entry_has_the_words_of_the_upstream(make: Make, sample: Path) -> None:  # noqa: F811
    more = {"LICENSE": "Apache License\nVersion 2.0\n", "README.md": "# Tone\n\nTone makes very good tones. More.\n"}
    pin = f"acme/tone@{make('acme/tone', {**FILES, **more})}"
    folder = created(GO, pin, sample, "--variants", "cpu")
    answers = (folder / ".newbackend.yml").read_text(encoding="utf-8")
    assert "license: Apache-2.0" in answers
    assert "description: Tone makes very good tones" in answers
    assert newbackend("undo", "--repo", sample).status == 0
    created(GO, pin, sample, "--variants", "cpu", "--license", "MIT", "--description", "Mine")
    answers = (folder / ".newbackend.yml").read_text(encoding="utf-8")
    assert ("license: MIT" in answers, "description: Mine" in answers) == (True, True)


def test_a_platform_that_the_makefile_has_no_objects_for_is_refused(made: str, sample: Path) -> None:
    done = newbackend(*MAKE.create, "--modality", "tts", "--variants", "cpu,vulkan", "--pin", made, "--repo", sample)
    assert done.status == 2
    assert "acme/horn has no objects for vulkan, so that image would be the CPU build again" in done.err


def test_a_platform_that_the_engine_has_no_option_for_is_refused(pin: str, sample: Path) -> None:
    done = newbackend(*GO.create, "--modality", "tts", "--variants", "cpu,rocm", "--pin", pin, "--repo", sample)
    assert done.status == 2
    assert "acme/tone has no CMake option for hipblas, so that image would be the CPU build again" in done.err
    assert "--engine placeholder" in done.err
    assert not (sample / "backend/go/chime").exists()


def test_the_placeholder_alone_on_request(pin: str, sample: Path) -> None:
    folder = created(GO, pin, sample, "--variants", "cpu,rocm", "--engine", "placeholder")
    assert "ENGINE_SWITCHES" not in (folder / "Makefile").read_text(encoding="utf-8")


def test_an_upstream_that_cannot_be_read_leaves_the_placeholder_and_says_so(sample: Path) -> None:
    pin = f"acme/gone@{'1' * 40}"
    done = newbackend(*GO.create, "--modality", "tts", "--pin", pin, "--repo", sample)
    assert done.status == 0
    assert re.search(r"acme/gone cannot be read .* only the placeholder is built", done.out + done.err)
    again = newbackend(
        "create", "bell", "--lang", "go", "--set", "flavour=purego", "--modality", "tts", "--variants", "cpu",
        "--pin", pin, "--engine", "auto", "--no-input", "--yes", "--repo", sample,
    )  # fmt: skip
    assert again.status == 3
    assert not (sample / "backend/go/bell").exists()


def test_the_answers_give_the_same_backend_without_the_upstream(
    pin: str, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = created(GO, pin, sample, "--variants", "cpu,vulkan")
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    answers = sample.parent / "answers.yml"
    answers.write_bytes(before[".newbackend.yml"])
    assert newbackend("undo", "--repo", sample).status == 0
    monkeypatch.setenv("NEWBACKEND_GIT_BASE", "file:///nonexistent")
    done = newbackend("create", "--answers", answers, "--no-input", "--yes", "--repo", sample)
    assert done.status == 0, done.err
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


@pytest.mark.parametrize(
    "change",
    [
        "engine.target=a b",
        "engine.target=$(shell id)",
        "engine.objects.cpu=a.o $(shell id)",
        "engine.objects.cpu=../a.o",
        "engine.switches.cublas=-DX=ON; id",
        "engine.off=A`id`",
    ],
)
def test_facts_that_no_build_file_can_hold_are_refused(sample: Path, change: str) -> None:
    words = [*GO.create, "--modality", "tts", "--set", "engine.target=x", "--set", change]
    done = newbackend(*words, "--pin", f"acme/gone@{'1' * 40}", "--repo", sample)
    assert done.status == 2, done.out
    assert "Traceback" not in done.err
