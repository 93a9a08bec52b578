"""What the Go template promises that can be seen without a compiler."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from newbackend.catalog.languages import PLACEHOLDER, languages
from tests.templates.render import MODALITY_RPCS, NEWEST, OLDEST, Rendered, language, pin, recorded, render

LANGUAGE = language("go")
MODALITIES: list[str] = LANGUAGE["modalities"]
FLAVOURS = ("pure", "capi", "purego")
ERAS = (OLDEST, NEWEST)
HANGING_STREAMS = ("TTSStream", "AudioTranscriptionStream", "FineTuneProgress", "QuantizationProgress")
# What `.golangci.yml` of a LocalAI checkout forbids in backends.
FORBIDDEN = re.compile(
    r"\bt\.(Errorf?|Fatalf?|Run|Skipf?|SkipNow|Logf?|Fail|FailNow)\b|\bhttp\.(DefaultClient|Get|Post|PostForm|Head)\b"
)
HOSTILE = "\"quote\" 'single' `id` $(id) ${HOME} # */ \\ {{ x }} {% raw %}\n\nВторая строка 深さ <b>" + "x" * 10_000

# As `engine inspect` reads it, with every key that a template may ask for.
ENGINE: dict[str, object] = {
    **dict.fromkeys(("version", "load", "free", "native", "package", "module", "folder", "header_folder"), ""),
    **{key: {} for key in ("objects", "libraries", "extras", "calls")},
    "target": "tone",
    "shared": False,
    "header": "tone.h",
    "on": [],
    "off": [],
    "switches": {"hipblas": "-DTONE_HIP=ON"},
}

every_flavour = pytest.mark.parametrize("flavour", FLAVOURS)
every_era = pytest.mark.parametrize("era", ERAS)


@cache
def rendered(wanted: str) -> Rendered:
    """One rendering per set of variables, since many tests look at the same one."""
    return render("go", **json.loads(wanted))


def served(era: str) -> list[str]:
    """The modalities that a checkout of this era can have: `create` refuses one whose RPC its proto lacks."""
    rpcs = recorded(era)[0]["rpcs"]
    return [modality for modality in MODALITIES if MODALITY_RPCS[modality][0] in rpcs]


def backend(
    flavour: str, era: str = NEWEST, modalities: list[str] | None = None, name: str = "my-engine", **more: object
) -> Rendered:
    """The rendered files by their path below the backend's own directory."""
    wanted = {"flavour": flavour, "era": era, "name": name, "modalities": modalities or served(era), **more}
    files = rendered(json.dumps(wanted, sort_keys=True))
    home = f"backend/go/{name}/"
    assert all(path.startswith(home) for path in files)
    return {path.removeprefix(home): content for path, content in files.items()}


def text(files: Rendered, path: str) -> str:
    return files[path][1]


def test_every_modality_is_either_offered_or_refused_with_a_reason() -> None:
    refused = LANGUAGE["refused_modalities"]
    assert set(MODALITY_RPCS) <= set(MODALITIES) | set(refused)
    assert not set(MODALITIES) & set(refused)
    assert all(reason.strip() for reason in refused.values())


@every_flavour
@every_era
def test_rendering_twice_gives_the_same_bytes(flavour: str, era: str) -> None:
    assert render("go", era=era, flavour=flavour, modalities=MODALITIES) == render(
        "go", era=era, flavour=flavour, modalities=MODALITIES
    )


@every_flavour
def test_a_readme_comes_on_request_only(flavour: str) -> None:
    assert not {"README.md"} & set(backend(flavour))
    assert not any("README" in content for _, content in backend(flavour).values())


@every_flavour
@every_era
def test_no_template_syntax_is_left(flavour: str, era: str) -> None:
    for path, (_, content) in backend(flavour, era, pin=pin()).items():
        assert not re.search(r"\{% ?(if|for|set|endif|endfor)", content), path
        assert content.endswith("\n"), path
        assert not re.search(r"[ \t]$", content, re.M), path


@every_flavour
def test_exactly_one_file_carries_the_placeholder_marker(flavour: str) -> None:
    expected = languages()["go"].flavours[flavour].placeholder
    marked = [path for path, (_, content) in backend(flavour).items() if PLACEHOLDER in content]
    assert marked == [expected.format(name="my-engine").removeprefix("backend/go/my-engine/")]


@every_flavour
@pytest.mark.parametrize("modality", MODALITIES)
def test_a_modality_brings_its_own_rpcs_and_no_others(flavour: str, modality: str) -> None:
    methods = {"Embedding": "Embeddings"}
    sources = "".join(
        content
        for path, (_, content) in backend(flavour, modalities=[modality]).items()
        if path.endswith(".go") and not path.endswith("_test.go")
    )
    for other, rpcs in MODALITY_RPCS.items():
        for rpc in rpcs:
            offered = f"func (b *backend) {methods.get(rpc, rpc)}(" in sources
            overridden = rpc in HANGING_STREAMS
            assert offered == (other == modality or overridden), rpc


@every_flavour
@every_era
@pytest.mark.parametrize(
    "modalities", [["llm"], ["tts"], ["transcription"], MODALITIES], ids=lambda m: m[0] + str(len(m))
)
def test_every_stream_that_would_hang_is_defined_once_and_closes_its_channel(
    flavour: str, era: str, modalities: list[str]
) -> None:
    sources = "".join(c for path, (_, c) in backend(flavour, era, modalities).items() if path.endswith(".go"))
    for rpc in HANGING_STREAMS:
        bodies = re.findall(rf"^func \(b \*backend\) {rpc}\(.*?^}}", sources, re.M | re.S)
        assert len(bodies) == 1, rpc
        # Before anything can return.
        assert "close(out)" in bodies[0].splitlines()[1], rpc


@every_flavour
def test_the_oldest_checkout_gets_nothing_that_it_does_not_know(flavour: str) -> None:
    files = backend(flavour, OLDEST)
    for path, (_, content) in files.items():
        assert not re.search(
            r"ModelIdentity|grpcerrors|Detokenize|SoundDetection|DepthRe|package-system-libs", content
        ), path
    assert not {"depth.go", "soundclassification.go"} & set(files)
    # Its server does not watch the parent, so the backend does.
    assert "watchParent()" in text(files, "main.go")
    assert "parentwatch.go" not in backend(flavour, NEWEST)


@every_flavour
@every_era
def test_tests_keep_to_the_rules_of_the_checkout(flavour: str, era: str) -> None:
    files = backend(flavour, era)
    tests = {path: content for path, (_, content) in files.items() if path.endswith("_test.go")}
    for path, content in tests.items():
        assert not FORBIDDEN.search(content), path
    assert sum("RunSpecs(" in content for content in tests.values()) == 1
    assert not any(FORBIDDEN.search(content) for path, (_, content) in files.items() if path.endswith(".go"))


@every_flavour
def test_scripts_are_executable_and_nothing_else_is(flavour: str) -> None:
    executable = {path for path, (mode, _) in backend(flavour).items() if mode & 0o111}
    assert executable == {"run.sh", "package.sh"}


def binary_for_darwin(run: str) -> str:
    """The binary that LocalAI's golang-darwin.sh reads out of run.sh."""
    found: list[str] = []
    for line in run.splitlines():
        if re.match(r"\s*exec\s", line):
            found += re.findall(r'"?\$CURDIR"?/([A-Za-z0-9._-]+)', line)
    return found[-1]


@every_flavour
@pytest.mark.parametrize("name", ["my-engine", "func", "3d-depth"])
def test_run_sh_ends_in_an_exec_of_the_binary(flavour: str, name: str) -> None:
    run = text(backend(flavour, name=name), "run.sh")
    assert run.splitlines()[-1] == f'exec "$CURDIR/{name}" "$@"'
    assert binary_for_darwin(run) == name
    assert "${CURDIR}" not in run
    assert "DYLD_LIBRARY_PATH" in run
    assert "set -u" not in run


def test_the_library_has_one_name_in_all_files() -> None:
    files = backend("purego", name="class")
    for path in ("Makefile", "run.sh", "package.sh"):
        assert set(re.findall(r"lib(\w+)\.(?:so|dylib)\b", text(files, path))) - {"ld"} >= {"class_engine"}, path
    assert "OUTPUT_NAME class_engine" in text(files, "CMakeLists.txt")
    assert "export CLASS_LIBRARY=" in text(files, "run.sh")
    assert 'libraryVariable = "CLASS_LIBRARY"' in text(files, "engine.go")


@pytest.mark.parametrize("modalities", [[m] for m in MODALITIES] + [MODALITIES], ids=lambda m: m[0] + str(len(m)))
def test_declared_defined_and_registered_native_functions_are_the_same(modalities: list[str]) -> None:
    files = backend("purego", modalities=modalities)
    declared = re.findall(r"_API [^;]*?\bmy_engine_(\w+)\(", text(files, "cpp/shim.h"))
    defined = re.findall(r"^[^\s/].*?\bmy_engine_(\w+)\([^;]*?\)\n\{", text(files, "cpp/shim.cpp"), re.M)
    registered = re.findall(r'^\t\t"(\w+)": +&shim\.', text(files, "engine.go"), re.M)
    assert len(declared) >= 4
    assert sorted(declared) == sorted(defined) == sorted(registered)


@pytest.mark.parametrize("name", ["func", "select", "3d-x", "a-b-c"])
def test_native_names_are_identifiers(name: str) -> None:
    header = text(backend("purego", name=name), "cpp/shim.h")
    for macro in re.findall(r"^#define (\S+)", header, re.M):
        assert re.fullmatch(r"[A-Z_][A-Z0-9_]*", macro)
    for function in re.findall(r"(\S+)\(void \*engine", header):
        assert re.fullmatch(r"\*?[a-z_][a-z0-9_]*", function)


@every_flavour
@every_era
def test_the_makefile_has_every_target_and_builds_by_default(flavour: str, era: str) -> None:
    makefile = text(backend(flavour, era), "Makefile")
    targets = set(re.findall(r"^([a-z][a-z-]*):(?!=)", makefile, re.M))
    engine = {"engine"} if flavour != "pure" and era == NEWEST else set()
    assert targets == {"build", "my-engine", "package", "test", "clean", "purge"} | engine
    assert ".DEFAULT_GOAL := build" in makefile
    assert ("-DGGML_NATIVE=OFF" in makefile) == (flavour != "pure")


@every_flavour
def test_the_pin_is_where_the_bump_bot_looks_and_nowhere_else(flavour: str) -> None:
    values = pin()
    files = backend(flavour, pin=values)
    makefile = text(files, "Makefile")
    line = f"{values['variable']}?={values['sha']}"
    assert makefile.splitlines().count(line) == 1
    # The bot rewrites this wherever it stands, in comments too.
    assert makefile.count(f"{values['variable']}?=") == 1
    assert [path for path, (_, content) in files.items() if values["sha"] in content] == ["Makefile"]


@every_flavour
def test_without_a_pin_nothing_is_fetched(flavour: str) -> None:
    assert "git " not in text(backend(flavour), "Makefile")


@every_flavour
@every_era
def test_the_package_is_checked_and_no_failure_is_swallowed(flavour: str, era: str) -> None:
    script = text(backend(flavour, era), "package.sh")
    assert "set -e" in script
    assert "|| true" not in script
    assert 'check_closure "${FILES[@]}"' in script
    assert ("copy_runtime" in script) == (era == OLDEST)


@every_flavour
def test_a_hostile_description_reaches_only_the_readme_and_only_as_text(flavour: str) -> None:
    with_readme = {"options": {"readme": True}}
    plain, hostile = backend(flavour, **with_readme), backend(flavour, description=HOSTILE, **with_readme)
    assert {path for path in plain if plain[path] != hostile[path]} == {"README.md"}
    quoted = next(line for line in text(hostile, "README.md").splitlines() if line.startswith("> "))
    assert "Вторая" in quoted
    assert r"\<b\>" in quoted


@pytest.mark.parametrize("engine", [None, ENGINE], ids=["placeholder", "engine"])
def test_a_rocm_image_is_built_for_amds_processors_by_rocms_compiler(
    engine: dict[str, object] | None, tmp_path: Path
) -> None:
    files = backend("purego", pin=pin(), engine=engine, build_types=["", "hipblas"])
    for path, (_, content) in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(content)
    words = ["make", "-n", "BUILD_TYPE=hipblas", f"MY_ENGINE_SRC={tmp_path}", "build/libmy_engine_engine.so"]
    environment = {**os.environ, "AMDGPU_TARGETS": ""}  # as in the prebuilt base image
    run = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert re.search(r"-DCMAKE_HIP_ARCHITECTURES=gfx\w+(;gfx\w+)+'", run)
    assert "-DCMAKE_CXX_COMPILER=/opt/rocm/llvm/bin/clang++" in run
    assert ("-DTONE_HIP=ON" if engine else "-DGGML_HIP=ON") in run


CPU_VARIANTS = ["avx", "avx2", "avx512"]
CHOOSING = {"options": {"cpu_variants": CPU_VARIANTS}}
# How the kernel spells in /proc/cpuinfo what a compiler switch turns on.
KERNEL_WORDS = {
    "-msse3": "pni", "-mssse3": "ssse3", "-msse4.1": "sse4_1", "-msse4.2": "sse4_2", "-mpopcnt": "popcnt",
    "-mcx16": "cx16", "-mbmi": "bmi1", "-mlzcnt": "abm",
}  # fmt: skip


def own(features: str, call: str) -> set[str]:
    """The words after a call of another level, or all of them."""
    return {word for word in features.split() if not word.startswith(call)}


def test_run_sh_asks_for_exactly_what_each_library_is_compiled_for() -> None:
    files = backend("purego", **CHOOSING)
    compiled = dict(re.findall(r"^set\(FLAGS_(\w+) (.+)\)$", text(files, "CMakeLists.txt"), re.M))
    asked = dict(re.findall(r"^\t(avx\w*)\) (?:runs \w+ && )?has (.+) ;;$", text(files, "run.sh"), re.M))
    assert list(compiled) == list(asked) == CPU_VARIANTS
    for variant in CPU_VARIANTS:
        switches = own(compiled[variant], "$")
        assert {KERNEL_WORDS.get(switch, switch.removeprefix("-m")) for switch in switches} == set(
            asked[variant].split()
        )
    for newer, older in (("avx2", "avx"), ("avx512", "avx2")):
        assert compiled[newer].startswith(f"${{FLAGS_{older}}} ")
        assert f"{newer}) runs {older} && " in text(files, "run.sh")


def test_the_library_for_all_is_told_to_leave_out_whatever_another_turns_on() -> None:
    makefile = text(backend("purego", **CHOOSING), "Makefile")
    on, off = (set(re.findall(rf"-D(GGML_\w+)={value}", makefile)) for value in ("ON", "OFF"))
    instructions = {"SSE42", "AVX", "AVX2", "AVX512", "FMA", "F16C", "BMI2"}
    assert {f"GGML_{one}" for one in instructions} <= on & off


@pytest.mark.parametrize("wanted", [["avx2"], CPU_VARIANTS])
def test_the_makefile_builds_the_cpu_variants_that_were_asked_for(wanted: list[str]) -> None:
    makefile = text(backend("purego", options={"cpu_variants": wanted}), "Makefile")
    assert f"\nCPU_VARIANTS?={' '.join(wanted)}\n" in makefile
    assert "\nengine: $(LIBRARY) $(CPU_LIBRARIES)\n" in makefile


@every_flavour
def test_cpu_variants_come_on_request_only(flavour: str) -> None:
    for path, (_, content) in backend(flavour, variants=["cpu", "metal"]).items():
        code = re.sub(r"^#.*$", "", content, flags=re.M)
        assert not re.search(r"avx|CPU_VARIANT|cpuinfo", code, re.I), path


@pytest.mark.parametrize(
    ("cpuinfo", "expected"),
    [
        ("flags\t\t: fpu sse2", ""),
        ("flags\t\t: fpu pni ssse3 sse4_1 sse4_2 popcnt cx16 avx", "-avx"),
        ("flags\t\t: pni ssse3 sse4_1 sse4_2 popcnt cx16 avx avx2 bmi1 bmi2 f16c fma abm movbe", "-avx2"),
        ("flags\t\t: pni ssse3 sse4_1 sse4_2 popcnt cx16 avx avx2 bmi1 bmi2 f16c abm movbe", "-avx"),
        ("flags\t\t: pni ssse3 sse4_1 sse4_2 popcnt cx16 avxx avx2 bmi1 bmi2 f16c fma abm movbe", ""),
        ("Features\t: fp asimd", ""),
        (None, ""),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="other systems have one library")
def test_run_sh_takes_the_newest_library_that_the_processor_can_run(
    tmp_path: Path, cpuinfo: str | None, expected: str
) -> None:
    processor = tmp_path / "cpuinfo"
    if cpuinfo is not None:
        processor.write_text(f"processor\t: 0\n{cpuinfo}\nbugs\t\t:\n\n" * 2)
    run = tmp_path / "run.sh"
    run.write_text(text(backend("purego", **CHOOSING), "run.sh").replace("/proc/cpuinfo", str(processor)))
    library = tmp_path / "lib/libmy_engine_engine"
    library.parent.mkdir()
    for suffix in ("", "-avx", "-avx2"):
        library.with_name(f"{library.name}{suffix}.so").touch()
    program = tmp_path / "my-engine"
    program.write_text('#!/bin/bash\necho "$MY_ENGINE_LIBRARY" "$@"\n')
    program.chmod(0o755)
    done = subprocess.run(["bash", run, "--addr", "here:1"], capture_output=True, text=True, check=True)
    assert done.stdout == f"{library}{expected}.so --addr here:1\n"
    assert done.stderr == f"my-engine: using {library.name}{expected}.so\n"


@pytest.mark.parametrize("flavour", ["capi", "purego"])
def test_objects_of_a_makefile_are_made_for_a_library_and_linked(flavour: str) -> None:
    engine = {**ENGINE, "target": "", "objects": {"cpu": "tone.o"}, "libraries": {"cpu": "m"}}
    files = backend(flavour, modalities=["tts"], pin=pin(), engine=engine, options={"readme": True})
    makefile = text(files, "Makefile")
    assert "$(MAKE) -C \"$(PINNED_SOURCES)\" $(ENGINE_OBJECTS) $(ENGINE_MAKE_ARGS)" in makefile
    assert "CC='$(CC) -fPIC' CXX='$(CXX) -fPIC'" in makefile
    assert "CHECK_SWITCHES" not in makefile
    assert "add_subdirectory" not in text(files, "CMakeLists.txt")
    assert ("objects of `ENGINE_OBJECTS`" in text(files, "README.md")) == (flavour == "purego")
