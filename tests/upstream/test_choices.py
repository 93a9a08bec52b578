"""Choices between several readings, each on the smallest upstream that has it; nothing is fetched."""

from __future__ import annotations

import pytest
from miniature import in_memory

from newbackend.errors import NotFoundError
from newbackend.upstream.api import lifetimes
from newbackend.upstream.engine_answers import engine_answers
from newbackend.upstream.header import read_header
from newbackend.upstream.inspect import Inspection, inspection
from newbackend.upstream.licences import license_of
from newbackend.upstream.package_answers import package_answers

HANDLES = """#ifdef __cplusplus
extern "C" {
#endif
typedef struct tone tone;
tone * tone_open(const char * path);
void tone_close(tone * t);
#ifdef __cplusplus
}
#endif
"""
CXX = "#include <string>\nnamespace tone { class Engine { public: std::string say(); }; }\n"
PLAIN = """cmake_minimum_required(VERSION 3.20)
project(tone CXX)
add_library(tone src/tone.cpp)
"""
GGML = """option(GGML_NATIVE "for this machine" ON)
option(GGML_CUDA "CUDA" OFF)
option(GGML_HIP "HIP" OFF)
option(GGML_METAL "Metal" OFF)
add_library(ggml ggml.c)
"""


def inspected(files: dict[str, str], repo: str = "acme/tone") -> Inspection:
    return inspection(in_memory(files, repo), {})


def gaps(found: Inspection) -> str:
    return "\n".join(f"{gap.where}: {gap.text}" for gap in found.gaps)


def options(found: Inspection) -> dict[str, str]:
    return {switch.build_type: " ".join(switch.options) for switch in found.switches}


# Headers.


def test_a_copied_library_of_one_file_is_no_api_and_a_cplusplus_header_is_said_to_be_that() -> None:
    stb = HANDLES.replace("tone", "stbi_thing")
    files = {"CMakeLists.txt": PLAIN, "src/tone.cpp": "", "tone.h": CXX, "stb/stb_image.h": stb}
    found = inspected(files)
    assert found.headers == []
    assert found.cplusplus_headers == ["tone.h"]
    assert "no header with a C API was found, so a shim is needed" in gaps(found)


def test_a_header_of_an_inner_part_is_no_api_but_is_named() -> None:
    files = {"CMakeLists.txt": PLAIN, "src/tone.cpp": "", "parts/fft/include/fft.h": HANDLES}
    found = inspected(files)
    assert found.headers == []
    assert [header.api.path for header in found.other_headers] == ["parts/fft/include/fft.h"]
    assert "parts/fft/include/fft.h has C linkage, and --set engine.header=PATH takes one" in gaps(found)


def test_a_c_api_that_is_named_like_the_project_goes_before_the_engines_inner_header() -> None:
    capi = HANDLES.replace("tone *", "int").replace("typedef struct tone tone;", "")
    files = {"CMakeLists.txt": PLAIN, "src/tone.cpp": "", "include/tone.h": HANDLES, "include/tone_capi.h": capi}
    assert [header.api.path for header in inspected(files).headers] == ["include/tone_capi.h", "include/tone.h"]


def test_a_c_api_in_a_folder_of_bindings_counts_when_the_library_compiles_it() -> None:
    cmake = PLAIN.replace("src/tone.cpp", "src/tone.cpp bindings/c_api.cc bindings/c_api.h")
    files = {"CMakeLists.txt": cmake, "src/tone.cpp": "", "bindings/c_api.cc": "", "bindings/c_api.h": HANDLES}
    assert [header.api.path for header in inspected(files).headers] == ["bindings/c_api.h"]
    files["CMakeLists.txt"] = PLAIN
    assert inspected(files).headers == []


def test_several_headers_with_as_much_for_them_are_said_to_be_that() -> None:
    files = {"CMakeLists.txt": PLAIN, "src/tone.cpp": "", "include/asr.h": HANDLES, "include/tts.h": HANDLES}
    assert "include/asr.h: is the first of 2 headers that may be the C API (include/tts.h)" in gaps(inspected(files))


def test_a_header_that_is_named_is_taken_with_its_library() -> None:
    cmake = """project(tone CXX)
add_library(tone_asr_c STATIC asr/c_api.cpp)
add_library(tone_tts_c STATIC tts/c_api.cpp)
"""
    names = ("asr/c_api.cpp", "tts/c_api.cpp")
    files = {"CMakeLists.txt": cmake, **dict.fromkeys(names, ""), "include/asr.h": HANDLES, "include/tts.h": HANDLES}
    for header, library in (("include/asr.h", "tone_asr_c"), ("include/tts.h", "tone_tts_c")):
        found = inspection(in_memory(files), {}, header=header)
        assert found.linked is not None
        assert (found.headers[0].api.path, found.linked.target.name) == (header, library)
        assert "may be the C API" not in gaps(found)
    with pytest.raises(NotFoundError, match="has no file include/none"):
        inspection(in_memory(files), {}, header="include/none.h")


def test_warnings_of_a_header_are_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    api = read_header(f'#warning "use -march=native"\n#error "no"\n{HANDLES}', "tone.h")
    assert [function.name for function in api.functions] == ["tone_open", "tone_close"]
    assert capfd.readouterr() == ("", "")


# Who frees what.


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("float * say(const char * text);\nvoid free_audio(float * samples);", ("say", "free_audio")),
        ("int embed(const char * text, float ** out);\nvoid free_vec(float * v);", ("embed", "free_vec")),
        ("typedef struct s s_t;\ns_t * start(void);\nvoid s_free(s_t * s);\nint s_get(s_t * s);", ("start", "s_free")),
        ("typedef unsigned long h_t;\nh_t h_new(void);\nvoid h_free(h_t h);\nint h_get(h_t h);", ("h_new", "h_free")),
        ("typedef long h_t;\nint load(const char * path, h_t * out);\nint unload(h_t h);", ("load", "unload")),
    ],
)
def test_numbers_and_handles_behind_names_are_freed_too(header: str, expected: tuple[str, str]) -> None:
    found = lifetimes(read_header(header, "tone.h"))
    assert [(part.gives, part.freed_by) for part in found] == [expected]


def test_a_string_that_the_caller_frees_with_no_function_of_the_api_is_told() -> None:
    found = lifetimes(read_header("/* The caller must free it. */\nchar * say(int n);", "tone.h"))
    assert [(part.freed_by, part.owned) for part in found] == [("", True)]


def test_a_getter_that_takes_a_struct_gives_nothing() -> None:
    text = "typedef struct { float * data; int n; } image_t;\nvoid image_free(image_t * i);\nint width(image_t * i);"
    assert lifetimes(read_header(text, "tone.h")) == []


# Options.


def test_an_option_that_is_passed_on_by_its_value_is_a_gate() -> None:
    cmake = f"""{PLAIN}
option(TONE_CUDA "CUDA" OFF)
option(TONE_FAST_CPU_NATIVE "kernels for the host" ON)
set(GGML_CUDA ${{TONE_CUDA}} CACHE BOOL "" FORCE)
set(GGML_NATIVE ${{TONE_FAST_CPU_NATIVE}} CACHE BOOL "" FORCE)
set(GGML_METAL OFF CACHE BOOL "" FORCE)
add_subdirectory(ggml)
"""
    found = inspected({"CMakeLists.txt": cmake, "src/tone.cpp": "", "ggml/CMakeLists.txt": GGML, "ggml/ggml.c": ""})
    assert options(found) == {"cublas": "-DTONE_CUDA=ON", "hipblas": "-DGGML_HIP=ON"}
    assert [switch.confidence for switch in found.switches] == ["certain", "likely"]
    assert found.native is not None
    assert found.native.name == "TONE_FAST_CPU_NATIVE"
    assert "no option for BUILD_TYPE=vulkan, sycl_f16, sycl_f32, metal was found" in gaps(found)


@pytest.mark.parametrize(
    ("option", "native"),
    [
        ('TONE_NATIVE "x"', True),
        ('TONE_ENABLE_NATIVE_CPU "x"', True),
        ('ENABLE_MARCH_NATIVE "x"', True),
        ('TONE_DEEP_NATIVE "compile for the host CPU"', True),
        ('TONE_NO_SIGN_NATIVE "x"', False),
        ('TONE_SIGN_NATIVE "sign with a native library"', False),
        ('TONE_NATIVE_DIALOG "x"', False),
    ],
)
def test_which_option_is_for_the_machine_that_builds(option: str, native: bool) -> None:
    found = inspected({"CMakeLists.txt": f"{PLAIN}option({option} ON)\n", "src/tone.cpp": ""})
    assert (found.native is not None) == native


def test_what_is_not_needed_is_known_by_whole_words() -> None:
    cmake = f"""{PLAIN}
option(TONE_BUILD_CLI "x" ON)
option(TONE_BUILD_WARMBENCH "x" ON)
option(TONE_ENABLE_WEBGPU "x" OFF)
option(TONE_WITH_TOOLCHAIN "x" OFF)
option(TONE_BUILD_CLIENT_LIB "x" ON)
"""
    found = inspected({"CMakeLists.txt": cmake, "src/tone.cpp": ""})
    assert [option.name for option in found.side] == ["TONE_BUILD_CLI", "TONE_BUILD_WARMBENCH"]


# The library.


def test_sources_of_a_glob_tell_the_library_and_vendored_ones_rule_it_out() -> None:
    cmake = """project(song CXX)
add_library(json STATIC vendor/json/json.c)
add_library(helper STATIC util/helper.cpp)
file(GLOB SOURCES CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/lib/*.cpp")
list(REMOVE_ITEM SOURCES "${CMAKE_CURRENT_SOURCE_DIR}/lib/c_api.cpp")
add_library(melody SHARED ${SOURCES})
add_library(melody_c SHARED lib/c_api.cpp)
"""
    names = ("vendor/json/json.c", "util/helper.cpp", "lib/a.cpp", "lib/c_api.cpp")
    files = {"CMakeLists.txt": cmake, **dict.fromkeys(names, ""), "include/melody.h": HANDLES}
    found = inspected(files)
    assert found.primary is not None
    assert (found.primary.target.name, found.primary.confidence) == ("melody_c", "likely")
    assert found.cmake is not None
    targets = {target.name: target for target in found.cmake.targets}
    assert targets["json"].vendored
    assert targets["melody"].sources == ("lib/a.cpp",)


@pytest.mark.parametrize("name", ["tone_shared", "libtone", "tone-core", "tone_c_api"])
def test_a_library_is_named_like_the_project_but_for_its_form(name: str) -> None:
    cmake = f"project(tone CXX)\nadd_library(other STATIC a.cpp)\nadd_library({name} STATIC b.cpp)\n"
    found = inspected({"CMakeLists.txt": cmake, "a.cpp": "", "b.cpp": ""}, "acme/tone.cpp")
    assert found.primary is not None
    assert found.primary.target.name == name


def test_a_shared_library_is_linked_where_no_static_one_has_the_api() -> None:
    cmake = """project(tone CXX)
option(TONE_BUILD_SHARED "x" OFF)
add_library(common STATIC src/common.cpp)
if(TONE_BUILD_SHARED)
  add_library(tone_shared SHARED src/tone.cpp)
endif()
"""
    files = {"CMakeLists.txt": cmake, "src/common.cpp": "", "src/tone.cpp": "", "src/tone.h": HANDLES}
    answers, note = engine_answers(inspected(files), objects=False)
    assert answers is not None
    assert (answers.target, answers.shared, answers.on) == ("tone_shared", True, ("TONE_BUILD_SHARED",))
    assert "it is a shared library, which package.sh puts into the package" in note
    static = cmake.replace("endif()", "endif()\nadd_library(tone_static STATIC src/tone.cpp)")
    answers, note = engine_answers(inspected({**files, "CMakeLists.txt": static}), objects=False)
    assert answers is not None
    assert (answers.target, answers.on) == ("tone_static", None)
    assert "shared library" not in note


def test_a_project_in_a_folder_is_read_and_built_there() -> None:
    files = {
        "README.md": "# Tone\n", "model/train.py": "", "ggml/CMakeLists.txt": PLAIN, "ggml/src/tone.cpp": "",
        "ggml/tone.h": HANDLES,
    }  # fmt: skip
    found = inspected(files)
    assert (found.systems, found.cmake_folder) == (["cmake"], "ggml")
    assert [header.api.path for header in found.headers] == ["ggml/tone.h"]
    answers, _ = engine_answers(found, objects=False)
    assert answers is not None
    assert (answers.target, answers.folder) == ("tone", "ggml")


@pytest.mark.parametrize("more", [{"pyproject.toml": ""}, {"cpp/CMakeLists.txt": PLAIN}])
def test_a_folder_is_not_read_where_the_top_builds_or_where_there_are_two(more: dict[str, str]) -> None:
    assert inspected({"core/CMakeLists.txt": PLAIN, "core/src/tone.cpp": "", **more}).cmake is None


# Build systems.


@pytest.mark.parametrize(
    ("file", "name"),
    [("configure.ac", "autotools"), ("meson.build", "Meson"), ("MODULE.bazel", "Bazel"), ("BUILD.gn", "GN")],
)
def test_a_build_system_that_is_not_read_is_named(file: str, name: str) -> None:
    assert f"{file}: {name} builds it, which newbackend does not read" in gaps(inspected({file: ""}))


def test_a_makefile_of_chores_and_a_package_of_tests_go_behind_what_builds() -> None:
    chores = ".PHONY: fmt\nfmt:\n\tcargo fmt\n"
    crate = '[package]\nname = "tone"\ndescription = "Turns text into tones."\n'
    assert inspected({"Makefile": chores, "Cargo.toml": crate, "src/lib.rs": ""}).systems == ["cargo", "make"]
    package = '[project]\nname = "tone-tests"\n'
    files = {"CMakeLists.txt": PLAIN, "src/tone.cpp": "", "pyproject.toml": package, "tests/a.py": ""}
    assert inspected(files).systems == ["cmake", "python"]


def test_requirements_alone_are_said_to_install_no_project() -> None:
    found = inspected({"requirements.txt": "torch\n", "tone/model.py": ""})
    assert "requirements.txt: names packages to install, and nothing installs the project itself" in gaps(found)


# Packages.


def test_a_setup_py_that_reads_its_requirements_from_files() -> None:
    setup = """from setuptools import setup
base = ["numpy"]
def lines(path):
    return open(path).read().splitlines()
setup(name="tone", install_requires=lines(os.path.join(here, "requirements.txt")) + base,
      extras_require={"gpu": lines("requirements.gpu.txt"), "dev": ["pytest"]},
      entry_points={"console_scripts": ["tone=tone.cli:main"]}, description="Tones")
"""
    requirements = "# what it needs\ntorch>=2  # the engine\n-r requirements.gpu.txt\n--extra-index-url https://x\n"
    files = {"setup.py": setup, "requirements.txt": requirements, "requirements.gpu.txt": "onnxruntime-gpu\n"}
    found = inspected({**files, "tone/__init__.py": ""})
    python = found.manifests.distribution
    assert python is not None
    assert python.dependencies == ("torch>=2", "onnxruntime-gpu", "numpy")
    assert python.extras == {"gpu": ("onnxruntime-gpu",), "dev": ("pytest",)}
    assert python.scripts == ("tone",)
    assert gaps(found) == ""


def test_dependencies_that_a_program_computes_are_said_to_be_that() -> None:
    setup = 'from setuptools import setup\nsetup(name="tone", install_requires=compute())\n'
    assert "setup.py:2: computes install_requires, so it is not known" in gaps(inspected({"setup.py": setup}))
    dynamic = '[project]\nname = "tone"\ndynamic = ["dependencies"]\n'
    assert "leaves its dependencies to a program" in gaps(inspected({"pyproject.toml": dynamic}))
    named = f'{dynamic}[tool.setuptools.dynamic]\ndependencies = {{file = ["requirements.txt"]}}\n'
    found = inspected({"pyproject.toml": named, "requirements.txt": "torch\n"})
    assert found.manifests.distribution is not None
    assert found.manifests.distribution.dependencies == ("torch",)


def test_a_package_without_an_init_is_imported_by_its_folder() -> None:
    files = {"pyproject.toml": '[project]\nname = "deep-tone"\n', "deep_tone/models/a.py": "", "docs/conf.py": ""}
    python = inspected(files).manifests.distribution
    assert python is not None
    assert python.imports == ("deep_tone",)


def test_the_crate_that_is_called_like_the_repository_goes_before_its_parts() -> None:
    files = {"Cargo.toml": '[workspace]\nmembers = ["*"]\n'}
    for name in ("tonars", "tonars-audio", "tonars-core"):
        files |= {f"{name}/Cargo.toml": f'[package]\nname = "{name}"\n', f"{name}/src/lib.rs": ""}
    answers, _ = package_answers(inspected(files, "acme/tona.rs"), "cargo")
    assert answers is not None
    assert answers.package == "tonars"
    del files["tonars/Cargo.toml"]
    answers, _ = package_answers(inspected(files, "acme/tona.rs"), "cargo")
    assert answers is not None
    assert answers.package == "tonars-core"


# About the project.


@pytest.mark.parametrize(
    ("readme", "manifest", "expected"),
    [
        (
            "Brought to you by the team that makes it.\n\nTone is a small engine.\n",
            "",
            "Tone is a small engine",
        ),
        ("If you look for an API, take ours today.\n", "Speech from text, fast.", "Speech from text, fast"),
        ("2026-03-06: Tone is now part of a release.\n", "Speech from text, fast.", "Speech from text, fast"),
        ("English | Deutsch | Français | and more\n\nA small engine for speech.\n", "", "A small engine for speech"),
        ("---\nlayout: forward to a page\n---\n\nA small engine for speech.\n", "Tone", "A small engine for speech"),
        ("Tone is a small engine. It is.\n", "Another text than that.", "Tone is a small engine"),
    ],
)
def test_the_sentence_that_says_what_a_project_is(readme: str, manifest: str, expected: str) -> None:
    project = f'[project]\nname = "tone"\ndescription = "{manifest}"\n'
    found = inspected({"README.md": f"# Tone\n\n{readme}", "pyproject.toml": project, "tone/__init__.py": ""})
    assert found.description is not None
    assert found.description.value == expected


def test_a_sentence_that_is_too_long_ends_at_a_word() -> None:
    long = "A small engine for " + "speech and " * 30
    found = inspected({"README.md": f"# Tone\n\n{long}\n"})
    assert found.description is not None
    assert found.description.value.endswith((" speech …", " and …"))


def test_a_licence_is_the_one_that_its_text_begins_with() -> None:
    gpl = "GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007\n\n13. Use with the GNU Affero General Public License.\n"
    mpl = "Mozilla Public License Version 2.0\n\nSecondary License means the GNU General Public License, Version 2.0\n"
    agpl = f"GNU AFFERO GENERAL PUBLIC LICENSE\nVersion 3\n{gpl}"
    assert [license_of(text) for text in (gpl, mpl, agpl)] == ["GPL-3.0", "MPL-2.0", "AGPL-3.0"]


def test_the_language_of_the_build_goes_before_scripts() -> None:
    files = {"CMakeLists.txt": PLAIN, "src/tone.cpp": "", "a.py": "", "b.py": ""}
    assert inspected(files).languages == ["C++", "Python"]
