"""The Python template: what it renders, for every modality, variant, revision and hostile answer."""

from __future__ import annotations

import ast
import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from drive import drive, failures, report
from drive.standin import SAMPLE, python_standin

from newbackend.catalog.languages import PLACEHOLDER
from templates.render import MODALITY_RPCS, NEWEST, OLDEST, TEMPLATES, language, pin, recorded, render

ALL = list(MODALITY_RPCS)
COMMON_RPCS = {"Health", "Status", "LoadModel", "Free"}
PROFILES = {
    "cpu": "cpu",
    "cuda12": "cublas12",
    "cuda13": "cublas13",
    "rocm": "hipblas",
    "intel": "intel",
    "l4t-cuda12": "l4t12",
    "l4t-cuda13": "l4t13",
    "metal": "mps",
}
SCRIPTS = {"install.sh", "run.sh", "test.sh", "protogen.sh"}
WITH_README: dict[str, Any] = {"options": {"readme": True}}
ALWAYS = SCRIPTS | {"Makefile", ".gitignore", "backend.py", "engine.py", "test.py"}
HOSTILE = (
    "\"\"\"''' $HOME $(touch /tmp/owned) `touch /tmp/owned` # {{ 7 * 7 }} {% endif %} \\ %s\n"
    "import os; os.abort()\n*/ --> <script>\r\nпривет 你好 \u202e\x00\x1b[31m" + "x" * 10_000
)
# Names that are keywords or modules of Python, start with a digit, or cannot be identifiers.
NAMES = ["class", "match", "0", "9lives", "grpc", "test", "my-long-engine-with-many-hyphens-in-its-name"]
REQUIREMENT = re.compile(r"(#.*|--extra-index-url https://\S+|[a-z][\w.-]*(==[\d.]+)?)")


def offered(era: str, wanted: Iterable[str] = ALL) -> list[str]:
    """The modalities that the proto of an era can serve."""
    return [m for m in wanted if MODALITY_RPCS[m][0] in recorded(era)[0]["rpcs"]]


def files(**answers: Any) -> dict[str, str]:
    """What is rendered for a backend, by file name."""
    rendered = render("python", **answers)
    folder = f"backend/python/{answers.get('name', 'my-engine')}"
    assert {str(Path(path).parent) for path in rendered} == {folder}
    return {Path(path).name: text for path, (_, text) in rendered.items()}


def combinations(era: str) -> list[list[str]]:
    """Each modality alone, some pairs, and all at once."""
    modalities = offered(era)
    pairs = list(itertools.combinations(modalities, 2))
    return [[m] for m in modalities] + [list(pair) for pair in pairs[::17]] + [modalities]


@cache
def hostile(era: str, number: int) -> dict[str, str]:
    """The combination of this number, rendered with a hostile description and an awkward name."""
    name = NAMES[number % len(NAMES)]
    return files(era=era, name=name, modalities=combinations(era)[number], description=HOSTILE)


@pytest.mark.parametrize("era", [NEWEST, OLDEST])
def test_every_combination_compiles_and_is_what_ruff_would_write(era: str, tmp_path: Path) -> None:
    for number in range(len(combinations(era))):
        for file, text in hostile(era, number).items():
            if file.endswith(".py"):
                compile(text, file, "exec")
                folder = tmp_path / str(number)
                folder.mkdir(exist_ok=True)
                (folder / file).write_text(text, encoding="utf-8")
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", str(tmp_path)]
        done = subprocess.run(ruff, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.parametrize("era", [NEWEST, OLDEST])
def test_exactly_the_chosen_rpcs_are_served(era: str) -> None:
    proto, _ = recorded(era)
    for number, modalities in enumerate(combinations(era)):
        backend = ast.parse(hostile(era, number)["backend.py"])
        (servicer,) = [node for node in backend.body if isinstance(node, ast.ClassDef)]
        served = {node.name for node in servicer.body if isinstance(node, ast.FunctionDef)}
        wanted = {rpc for m in modalities for rpc in MODALITY_RPCS[m] if rpc in proto["rpcs"]}
        assert {name for name in served if not name.startswith("_")} == wanted | COMMON_RPCS


@pytest.mark.parametrize("era", [NEWEST, OLDEST])
def test_only_messages_of_the_checkout_are_named(era: str) -> None:
    messages = set(recorded(era)[0]["messages"])
    rendered = files(era=era, modalities=offered(era))
    for file in ("backend.py", "test.py"):
        named = set(re.findall(r"\bpb\.([A-Z]\w+)\(", rendered[file]))
        assert named
        assert named <= messages


def test_an_old_proto_gets_neither_new_fields_nor_new_rpcs() -> None:
    rendered = files(era=OLDEST, modalities=["embeddings", "tokenize"])
    for word in ("layout", "prompt_tokens", "Detokenize", "ModelIdentity"):
        assert word not in "".join(rendered[file] for file in ("backend.py", "engine.py", "test.py"))
    newest = files(modalities=["embeddings", "tokenize"])
    assert "EMBEDDING_LAYOUT_FINAL" in newest["backend.py"]
    assert "Detokenize" in newest["backend.py"]


def test_the_parent_is_watched_at_every_revision() -> None:
    old, new = files(era=OLDEST), files(era=NEWEST)
    assert "start_parent_death_watcher()" in old["backend.py"]
    assert "parent_watch.py" in old
    # There get_auth_interceptors does it.
    assert "parent_watch.py" not in new
    assert "interceptors=get_auth_interceptors()" in new["backend.py"]


def test_every_modality_has_its_parts() -> None:
    for part in ("backend", "engine", "test"):
        found = (TEMPLATES / "python/modalities").glob(f"*/parts/{part}.py.jinja")
        assert {path.parts[-3] for path in found} == set(ALL), part


def test_the_backend_folder_has_its_fixed_files_and_no_more() -> None:
    assert set(files()) == ALWAYS | {"requirements.txt", "requirements-cpu.txt"}
    assert set(files(modalities=["image"])) - set(files()) == {"media.py"}


def test_each_variant_has_one_requirement_file_that_is_read() -> None:
    for chosen in [[variant] for variant in PROFILES] + [list(PROFILES)]:
        found = {name for name in files(variants=chosen) if name.startswith("requirements-")}
        assert found == {f"requirements-{PROFILES[variant]}.txt" for variant in chosen}


def test_requirement_lines_are_requirements() -> None:
    for file, text in files(variants=list(PROFILES)).items():
        if file.startswith("requirements"):
            assert text.endswith("\n")
            for line in text.splitlines():
                assert REQUIREMENT.fullmatch(line), f"{file}: {line}"
    assert re.search(r"^grpcio==", files()["requirements.txt"], re.M)


PIP: dict[str, Any] = {"pip": "demo==1.0", "name": "demo", "package": "", "module": "", "extras": {}, "torch": None}


def test_a_package_with_an_extra_for_hardware_and_none_for_the_processor() -> None:
    engine = {**PIP, "pip": "", "package": "demo", "module": "demo", "extras": {"cublas": "gpu"}, "releases": {}}
    script = files(engine=engine, pin=pin())["install.sh"]
    assert 'cublas | l4t) extra="[gpu]" ;;' in script
    assert '"") extra=' not in script


@pytest.mark.parametrize(
    ("engine", "common", "profiles"),
    [
        # Nothing of PyTorch: one line for all. Not known: behind the index, or a CPU image gets the build for CUDA.
        ({"torch": []}, True, {}),
        ({}, False, {"cpu": ["--index", "demo==1.0"], "cublas12": ["demo==1.0"]}),
        ({"torch": ["torch"]}, False, {"cpu": ["--index", "torch", "demo==1.0"], "cublas12": ["torch", "demo==1.0"]}),
        ({"torch": [], "extras": {"cublas": "gpu"}}, False, {"cpu": ["demo==1.0"], "cublas12": ["demo[gpu]==1.0"]}),
    ],
)
def test_a_release_is_pinned_where_it_is_needed(
    engine: dict[str, Any], common: bool, profiles: dict[str, list[str]]
) -> None:
    releases = {"": "demo==1.0", **{kind: "demo[gpu]==1.0" for kind in engine.get("extras", {})}}
    rendered = files(engine={**PIP, **engine, "releases": releases}, variants=["cpu", "cuda12"], pin=pin())
    assert rendered["requirements.txt"].endswith("\ndemo==1.0\n") == common
    found = {
        name.removeprefix("requirements-").removesuffix(".txt"): [
            "--index" if line.startswith("--extra-index-url") else line for line in text.splitlines()
        ]
        for name, text in rendered.items()
        if name.startswith("requirements-")
    }
    assert found == profiles
    # The pin is followed, but neither cloned nor installed.
    assert "MY_ENGINE_VERSION?=" in rendered["Makefile"]
    assert "git" not in rendered["Makefile"].replace("https://github", "")
    assert "pip install" not in rendered["install.sh"]


def test_the_placeholder_is_marked_in_the_one_file_that_is_named() -> None:
    marked = [path for path, (_, text) in render("python", modalities=ALL).items() if PLACEHOLDER in text]
    assert marked == [language("python")["placeholder"].format(name="my-engine")]


def test_the_readme_says_how_to_replace_the_engine() -> None:
    readme = files(pin=pin(), urls=["https://example.org/a_b"], license="MIT", **WITH_README)["README.md"]
    assert "## Replace the engine" in readme
    assert "MY_ENGINE_VERSION" in readme
    assert "https://example.org/a" in readme


def test_a_description_reaches_the_readme_only_and_as_one_paragraph() -> None:
    plain, other = files(description="A test.", **WITH_README), files(description=HOSTILE, **WITH_README)
    differing = {name for name in plain if plain[name] != other[name]}
    assert differing == {"README.md"}
    readme = other["README.md"]
    assert len(readme.splitlines()) == len(plain["README.md"].splitlines())
    assert "49" not in readme
    assert not set("\x00\x1b\u202e") & set(readme)


def test_nothing_large_is_imported_before_a_model_is_loaded() -> None:
    own = {"backend_pb2", "backend_pb2_grpc", "engine", "media", "grpc_auth", "parent_watch", "grpc"}
    own |= {"model_utils", "python_utils"}
    for era in (NEWEST, OLDEST):
        for file, text in files(era=era, modalities=offered(era)).items():
            if file.endswith(".py"):
                for node in ast.parse(text).body:
                    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                    if isinstance(node, ast.ImportFrom):
                        names = [node.module or ""]
                    assert {name.split(".")[0] for name in names} <= own | sys.stdlib_module_names


def test_rendering_twice_gives_the_same_bytes() -> None:
    answers: dict[str, Any] = {"modalities": ALL, "variants": list(PROFILES), "pin": pin()}
    assert render("python", **answers) == render("python", **answers)


def test_scripts_are_executable_and_nothing_else_is() -> None:
    rendered = render("python", modalities=ALL, options={"bundle_libs": ["libnuma"]})
    for path, (mode, text) in rendered.items():
        assert mode == (0o755 if path.endswith(".sh") else 0o644), path
        assert text.startswith("#!/bin/bash\n") == path.endswith(".sh"), path


# --- Makefile -----------------------------------------------------------------------------------


def make(folder: Path, *words: str) -> str:
    """What make says it would run."""
    done = subprocess.run(["make", "-n", "-C", str(folder), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def written(folder: Path, rendered: dict[str, str]) -> Path:
    """Files on disk, scripts executable."""
    folder.mkdir(exist_ok=True)
    for name, text in rendered.items():
        (folder / name).write_text(text, encoding="utf-8")
        if name.endswith(".sh"):
            (folder / name).chmod(0o755)
    return folder


@pytest.mark.parametrize("pinned", [None, pin()], ids=["plain", "pinned"])
def test_make_installs_by_default_and_has_the_targets_that_are_called(
    tmp_path: Path, pinned: dict[str, str] | None
) -> None:
    folder = written(tmp_path / "my-engine", files(pin=pinned))
    assert "bash install.sh" in make(folder)
    assert ("git fetch" in make(folder)) == bool(pinned)
    assert "bash test.sh" in make(folder, "test")
    assert "rm -rf venv" in make(folder, "clean")
    assert "backend_pb2.py" in make(folder, "protogen-clean")


def test_the_pin_can_be_bumped(tmp_path: Path) -> None:
    where = pin()
    makefile = files(pin=where)["Makefile"]
    line = f"{where['variable']}?={where['sha']}"
    assert line in makefile.splitlines()
    # The bump bot replaces every occurrence, anchored or not.
    assert makefile.count(f"{where['variable']}?=") == 1
    assert "?=" not in files()["Makefile"]


def repository(folder: Path, file: str) -> str:
    """A git repository with one file; gives the commit."""
    folder.mkdir()
    (folder / file).touch()
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "one"], check=True)
    done = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_the_pinned_commit_is_cloned_and_follows_the_pin(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    where = pin() | {"sha": repository(first, "one.c"), "url": str(first)}
    folder = written(tmp_path / "my-engine", files(pin=where))
    clone = folder / where["dir"]

    def sources(*words: str) -> None:
        subprocess.run(["make", "-s", "-C", str(folder), "sources", *words], check=True)

    sources()
    assert (clone / "one.c").is_file()
    bumped = f"{where['variable']}={repository(second, 'two.c')}"
    sources(bumped, f"{where['repo_variable']}={second}")
    assert (clone / "two.c").is_file()
    assert not (clone / "one.c").exists()
    sources(f"{where['src_variable']}={first}")
    assert clone.is_symlink()
    # Going back to the pin must not write into the local checkout.
    sources()
    assert not clone.is_symlink()
    assert {path.name for path in first.iterdir()} == {".git", "one.c"}
    subprocess.run(["make", "-s", "-C", str(folder), "purge"], check=True)
    assert not clone.exists()


# --- scripts ------------------------------------------------------------------------------------

FAKE_LIBRARY = """
BUILD_PROFILE=${FAKE_PROFILE}
USE_PIP=${USE_PIP:-false}
PYTHON_VERSION=${PYTHON_VERSION:-3.10}
function installRequirements() {
    echo "$PYTHON_VERSION $USE_PIP${EXTRA_PIP_INSTALL_FLAGS:-}"
}
"""


def installed(folder: Path, profile: str, **environment: str) -> str:
    """What install.sh would install with, for a build profile."""
    done = subprocess.run(
        [str(folder / "install.sh")],
        cwd="/",
        env={"PATH": os.environ["PATH"], "FAKE_PROFILE": profile, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize("layout", ["repository", "image"])
def test_install_adapts_to_the_build_profile(tmp_path: Path, layout: str) -> None:
    folder = written(tmp_path / "my-engine", files(variants=list(PROFILES)))
    common = (folder if layout == "image" else tmp_path) / "common"
    common.mkdir()
    (common / "libbackend.sh").write_text(FAKE_LIBRARY, encoding="utf-8")
    assert installed(folder, "cpu") == "3.10 false"
    assert installed(folder, "cublas13") == "3.10 false"
    assert installed(folder, "intel") == "3.10 false --upgrade --index-strategy=unsafe-first-match"
    # pip does not know the flag.
    assert installed(folder, "intel", USE_PIP="true") == "3.10 true --upgrade"
    assert installed(folder, "l4t12") == "3.10 true"
    assert installed(folder, "l4t13") == "3.12 false"
    assert installed(folder, "l4t13", PYTHON_VERSION="3.11") == "3.12 false"


def test_a_variant_that_was_not_chosen_leaves_no_trace() -> None:
    script = files(variants=["cpu"])["install.sh"]
    assert not re.search("intel|l4t|EXTRA_PIP", script)


def test_scripts_pass_shellcheck(tmp_path: Path) -> None:
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("shellcheck is not installed")
    number = itertools.count()
    for variants, pinned, libraries in itertools.product(
        [["cpu"], list(PROFILES)], [None, pin()], [[], ["libnuma", "libgomp.so.1"]]
    ):
        rendered = files(variants=variants, pin=pinned, options={"bundle_libs": libraries})
        folder = written(tmp_path / str(next(number)), rendered)
        done = subprocess.run([shellcheck, *map(str, folder.glob("*.sh"))], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_bundled_libraries_are_copied_with_their_sonames(tmp_path: Path) -> None:
    rendered = files(options={"bundle_libs": ["libz", "libc.so.6"]})
    folder = written(tmp_path / "my-engine", rendered)
    subprocess.run([str(folder / "package.sh")], cwd="/", check=True, capture_output=True)
    assert {"libz.so.1", "libc.so.6"} <= {path.name for path in (folder / "lib").iterdir()}
    assert all(path.resolve().parent == folder / "lib" for path in (folder / "lib").iterdir())


@pytest.mark.parametrize("library", ["libdoesnotexist", "lib'; touch owned; '", "$(touch owned)"])
def test_a_library_that_is_not_installed_stops_the_packaging(tmp_path: Path, library: str) -> None:
    folder = written(tmp_path / "my-engine", files(options={"bundle_libs": [library]}))
    done = subprocess.run([str(folder / "package.sh")], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"{library} is not installed" in done.stderr
    assert not (tmp_path / "owned").exists()


def test_no_package_script_without_libraries() -> None:
    assert "package.sh" not in files()


# --- running ------------------------------------------------------------------------------------


@pytest.mark.parametrize("modalities", [ALL, ["vad"], ["image"], ["embeddings", "transcription"]], ids="-".join)
def test_make_test_passes_without_network_or_model(tmp_path: Path, modalities: list[str]) -> None:
    standin = python_standin(SAMPLE, tmp_path, name="9lives", modalities=modalities, description=HOSTILE)
    done = subprocess.run(["make", "-C", str(standin.folder), "test"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^OK$", done.stderr, re.M), done.stderr


@pytest.mark.parametrize("modality", ALL)
def test_a_backend_of_one_modality_passes_every_check(tmp_path: Path, modality: str) -> None:
    standin = python_standin(SAMPLE, tmp_path, name="class", modalities=[modality], description=HOSTILE)
    results = drive(standin.run_sh, standin.proto, name="class", modalities=[modality], features=standin.features)
    assert not failures(results), report(results)


def test_the_tests_outlive_the_made_up_engine(tmp_path: Path) -> None:
    """A real engine knows its own models alone; its tests ask for one, and are skipped by name without it."""
    standin = python_standin(SAMPLE, tmp_path, name="real-one", modalities=["llm", "transcription"])
    own = '        if model != "acme/real":\n            raise OSError("not mine")\n'
    standin.replace("engine.py", PLACEHOLDER, "The real one")
    standin.replace("engine.py", "        check_model(model)\n", own)

    def tested(**model: str) -> str:
        command = ["make", "-C", str(standin.folder), "test"]
        environment = {**os.environ, **model}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stderr

    # Thirteen tests: five need no model, and three know the answers of the made-up engine.
    assert "Ran 13 tests" in (without := tested())
    assert "OK (skipped=8)" in without
    assert without.count("needs REAL_ONE_TEST_MODEL") == 5
    assert "OK (skipped=3)" in tested(REAL_ONE_TEST_MODEL="acme/real")


RESAMPLED = """
import media, wave
frames = b"".join(at.to_bytes(2, "little") * 2 for at in range(0, 22_050))
with wave.open("in.wav", "wb") as sound:
    sound.setparams((2, 2, 44_100, 0, "NONE", ""))
    sound.writeframes(frames * 4)
heard = media.read_audio("in.wav")
print(heard.rate, heard.channels, heard.seconds, media.read_audio("in.wav", rate=None).rate)
print(media.resampled(heard, 48_000).seconds, int.from_bytes(heard.pcm[7998:8000], "little"))
"""


def test_a_recording_of_any_rate_is_heard_at_one(tmp_path: Path) -> None:
    standin = python_standin(SAMPLE, tmp_path, name="my-engine", modalities=["transcription"])
    python = [sys.executable, "-c", RESAMPLED]
    done = subprocess.run(python, cwd=standin.folder, env={"PATH": ""}, capture_output=True, text=True, check=True)
    # A ramp stays a ramp: a quarter of a second on, at sample 4000 of 16000, it has risen to 11025 of 22050.
    assert done.stdout.splitlines() == ["16000 1 2.0 44100", "2.0 11023"]


LOADED = """
import engine, types
request = types.SimpleNamespace(Threads=4)
made = engine.Engine("Systran/faster-whisper-base", request, {"beam_size": 5})
print(made.model, made.threads, made.options)
for refused in ("", "a/b.gguf", "/no/such/file", "../up/down", "name"):
    try:
        engine.Engine(refused, request, {})
    except engine.InvalidInput:
        print("refused")
"""


def test_a_repository_is_a_model_and_options_reach_the_engine(tmp_path: Path) -> None:
    rendered = files(modalities=["transcription"])
    (tmp_path / "engine.py").write_text(rendered["engine.py"], encoding="utf-8")
    python = [sys.executable, "-c", LOADED]
    done = subprocess.run(python, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["Systran/faster-whisper-base 4 {'beam_size': 5}", *["refused"] * 5]
    assert "resolve_model_reference(request)" in rendered["backend.py"]
    assert "parse_options(request.Options)" in rendered["backend.py"]


FFMPEG = """#!/bin/sh
echo "$@" > {arguments}
cat {wav}
"""


def test_other_sound_formats_go_through_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from drive import media

    wav, ogg = tmp_path / "sound.wav", tmp_path / "sound.ogg"
    media.write_wav(wav, seconds=1)
    ogg.write_bytes(b"OggS and so on")
    standin = python_standin(SAMPLE, tmp_path / "tree", name="my-engine", modalities=["transcription"])
    code = "import media, sys; print(media.read_audio(sys.argv[1]).seconds)"
    python = [sys.executable, "-c", code, str(ogg)]
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    without = subprocess.run(python, cwd=standin.folder, capture_output=True, text=True, check=False)
    assert "InvalidInput" in without.stderr
    ffmpeg = programs / "ffmpeg"
    ffmpeg.write_text(FFMPEG.format(arguments=tmp_path / "arguments", wav=wav).replace("cat", "/bin/cat"))
    ffmpeg.chmod(0o755)
    through = subprocess.run(python, cwd=standin.folder, capture_output=True, text=True, check=True)
    assert through.stdout.strip() == "1.0"
    assert str(ogg) in (tmp_path / "arguments").read_text(encoding="utf-8")


@pytest.mark.localai
@pytest.mark.parametrize("revision", ["1a30020a8", "82c191afa"])
def test_all_modalities_pass_with_the_real_helpers(
    tmp_path: Path, localai_at: Callable[[str], Path], revision: str
) -> None:
    checkout = localai_at(revision)
    text = (checkout / "backend/backend.proto").read_text(encoding="utf-8")
    modalities = [m for m in ALL if f"rpc {MODALITY_RPCS[m][0]}(" in text]
    standin = python_standin(checkout, tmp_path / "tree", name="my-engine", modalities=modalities)
    results = drive(standin.run_sh, standin.proto, name="my-engine", modalities=modalities, features=standin.features)
    assert not failures(results), report(results)
