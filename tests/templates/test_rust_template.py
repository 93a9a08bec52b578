"""The Rust template: what can be said about the rendered files without compiling them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from newbackend.catalog.languages import PLACEHOLDER, languages

from templates import render as r

MODALITIES = list(r.MODALITY_RPCS)
ERAS = [r.OLDEST, r.NEWEST]
VARIANTS = [
    "cpu", "cuda12", "cuda13", "rocm", "intel", "sycl-f16", "sycl-f32",
    "vulkan", "l4t-cuda12", "l4t-cuda13", "metal",
]  # fmt: skip
WITH_README: dict[str, Any] = {"options": {"readme": True}}
FOLDER = "backend/rust/my-engine"
EVERY_MODALITY_IN_EVERY_ERA = [
    (modality, era)
    for era in ERAS
    for modality, rpcs in r.MODALITY_RPCS.items()
    if set(rpcs) & set(r.recorded(era)[0]["rpcs"])
]

# What prost, the code generator of tonic, makes of the RPC names.
METHODS = {
    "Predict": "predict",
    "PredictStream": "predict_stream",
    "Embedding": "embedding",
    "Rerank": "rerank",
    "TokenizeString": "tokenize_string",
    "Detokenize": "detokenize",
    "TTS": "tts",
    "TTSStream": "tts_stream",
    "AudioTranscription": "audio_transcription",
    "AudioTranscriptionStream": "audio_transcription_stream",
    "VAD": "vad",
    "Diarize": "diarize",
    "GenerateImage": "generate_image",
    "GenerateVideo": "generate_video",
    "Detect": "detect",
    "Depth": "depth",
    "SoundDetection": "sound_detection",
    "TokenClassify": "token_classify",
    "SoundGeneration": "sound_generation",
    "AudioTransform": "audio_transform",
    "AudioTransformStream": "audio_transform_stream",
    "StoresSet": "stores_set",
    "StoresGet": "stores_get",
    "StoresFind": "stores_find",
    "StoresDelete": "stores_delete",
}
ALWAYS = {"health", "status", "load_model", "free"}

HOSTILE = (
    "quote ' double \" back\\slash `date` $(date) ${HOME} #!{{ name }} {% raw %} */ // \n"
    "[x](y) <b>\x00\x1b 日本語 \u202e𝛼"
)


def files(**overrides: Any) -> dict[str, str]:
    """The rendered files of a backend, by their path below its folder."""
    return _files(json.dumps(overrides))


@cache
def _files(overrides: str) -> dict[str, str]:
    # Copier takes half a second for each rendering, and the tests below share many of them.
    values = json.loads(overrides)
    rendered = r.render("rust", **values)
    prefix = f"backend/rust/{values.get('name', 'my-engine')}/"
    assert all(path.startswith(prefix) for path in rendered), sorted(rendered)
    return {path.removeprefix(prefix): text for path, (_, text) in rendered.items()}


def rust_sources(tree: dict[str, str]) -> str:
    return "".join(text for path, text in tree.items() if path.endswith(".rs"))


def lock_packages(tree: dict[str, str]) -> list[dict[str, Any]]:
    packages: list[dict[str, Any]] = tomllib.loads(tree["Cargo.lock"])["package"]
    return packages


def test_every_variant_is_either_offered_or_refused_with_a_reason() -> None:
    language = r.language("rust")
    offered = list(languages()["rust"].flavours["default"].variants)
    assert sorted(offered + list(language["refused_variants"])) == sorted(VARIANTS)
    assert all(reason.endswith(".") for reason in language["refused_variants"].values())


def test_every_modality_is_offered_and_has_its_parts() -> None:
    assert r.language("rust")["modalities"] == MODALITIES
    for part in ("engine", "service", "tests"):
        files = (r.TEMPLATES / "rust/modalities").glob(f"*/parts/{part}.rs.jinja")
        assert {path.parts[-3] for path in files} == set(MODALITIES), part


def test_the_file_set_is_complete_and_scripts_are_executable() -> None:
    rendered = r.render("rust")
    paths = {path.removeprefix(FOLDER + "/"): mode for path, (mode, _) in rendered.items()}
    assert set(paths) == {
        ".gitignore", "Cargo.lock", "Cargo.toml", "Makefile", "build.rs", "package.sh", "run.sh",
        "src/auth.rs", "src/log.rs", "src/engine.rs", "src/identity.rs", "src/main.rs", "src/parent_watch.rs",
        "src/server.rs", "src/service.rs", "src/tests.rs",
    }  # fmt: skip
    assert {path for path, mode in paths.items() if mode & 0o111} == {"package.sh", "run.sh"}


def test_every_declared_module_is_rendered_and_the_other_way_round() -> None:
    for modality, era in EVERY_MODALITY_IN_EVERY_ERA:
        tree = files(era=era, modalities=[modality])
        declared = set(re.findall(r"^mod (\w+);$", tree["src/main.rs"], re.M))
        rendered = {Path(path).stem for path in tree if path.startswith("src/")} - {"main"}
        assert declared == rendered, (modality, era)


def test_rendering_twice_gives_the_same_bytes() -> None:
    assert r.render("rust", modalities=MODALITIES) == r.render("rust", modalities=MODALITIES)


@pytest.mark.parametrize(("modality", "era"), EVERY_MODALITY_IN_EVERY_ERA)
def test_exactly_the_rpcs_of_the_modality_are_written(modality: str, era: str) -> None:
    values = r.context("rust", era=era, modalities=[modality])
    rpcs = values["rpcs"]
    assert isinstance(rpcs, list)
    tree = files(era=era, modalities=[modality])
    implementation = tree["src/service.rs"].split("Backend for Service {")[1]
    written = set(re.findall(r"^    async fn (\w+)\(", implementation, re.M))
    assert written == ALWAYS | {METHODS[rpc] for rpc in rpcs}


def test_several_modalities_are_combined_in_one_service() -> None:
    tree = files(modalities=MODALITIES)
    implementation = tree["src/service.rs"].split("Backend for Service {")[1]
    written = re.findall(r"^    async fn (\w+)\(", implementation, re.M)
    assert sorted(written) == sorted(ALWAYS | set(METHODS.values()))


@pytest.mark.parametrize("era", ERAS)
def test_methods_that_are_not_written_are_generated(era: str) -> None:
    assert ".generate_default_stubs(true)" in files(era=era)["build.rs"]


def test_identity_is_checked_wherever_the_message_has_the_field() -> None:
    values = r.context("rust", modalities=MODALITIES)
    proto = values["proto"]
    assert isinstance(proto, dict)
    tree = files(modalities=MODALITIES)
    named = {message.lower(): fields for message, fields in proto["messages"].items()}
    checked, expected = {}, {}
    for body in tree["src/service.rs"].split("    async fn ")[1:]:
        method = body.partition("(")[0]
        if method in ALWAYS:
            continue
        message = re.findall(r"Request<(?:Streaming<)?pb::(\w+)>", body)[0].lower()
        checked[method] = re.findall(r"self\.model\((.*?)\)\?", body)
        expected[method] = ["&request.model_identity" if "ModelIdentity" in named[message] else '""']
    assert set(checked) == set(METHODS.values())
    assert checked == expected
    assert checked["predict"] != checked["stores_get"]


def test_the_oldest_proto_gets_no_name_that_it_does_not_have() -> None:
    modalities = [m for m, era in EVERY_MODALITY_IN_EVERY_ERA if era == r.OLDEST]
    tree = files(era=r.OLDEST, modalities=modalities)
    source = rust_sources(tree)
    assert "src/identity.rs" not in tree
    for name in ("model_identity", "EmbeddingLayout", "DetokenizeRequest", "SoundDetection", "TokenClassify", "Depth"):
        assert name not in source, name


def test_the_placeholder_is_marked_once_in_the_file_that_the_language_names() -> None:
    placeholder = r.language("rust")["placeholder"].format(name="my-engine")
    rendered = r.render("rust", modalities=MODALITIES)
    marked = {path: text.count(PLACEHOLDER) for path, (_, text) in rendered.items()}
    assert {path: count for path, count in marked.items() if count} == {placeholder: 1}


def test_a_hostile_description_reaches_nothing_but_the_readme() -> None:
    plain = files(modalities=MODALITIES, **WITH_README)
    hostile = files(modalities=MODALITIES, description=HOSTILE * 100, **WITH_README)
    assert "## Replace the engine" in plain["README.md"]
    assert {path for path in plain if plain[path] != hostile[path]} == {"README.md"}
    changed = set(hostile["README.md"].splitlines()) - set(plain["README.md"].splitlines())
    assert len(changed) == 1
    text = changed.pop()
    assert "日本語" in text
    assert "\x00" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize("name", ["match", "3d-maker", "self", "a", "x" * 40, "tonic", "package"])
def test_any_name_makes_a_valid_crate_with_the_binary_that_run_sh_starts(name: str) -> None:
    tree = files(name=name)
    manifest = tomllib.loads(tree["Cargo.toml"])
    crate = manifest["package"]["name"]
    assert re.fullmatch(r"[a-z][a-z0-9-]*", crate)
    assert manifest["bin"] == [{"name": f"{name}-grpc", "path": "src/main.rs"}]
    assert [p["name"] for p in lock_packages(tree) if "source" not in p] == [crate]
    assert f'exec "$CURDIR/lib/ld.so" "$CURDIR/{name}-grpc" "$@"' in tree["run.sh"]
    assert f"BINARY={name}-grpc\n" in tree["package.sh"]
    assert re.search(rf"^{name}-grpc: ", tree["Makefile"], re.M)


@pytest.mark.parametrize("modalities", [["llm"], ["detection"], MODALITIES])
@pytest.mark.parametrize("name", ["aaa", "my-engine", "tokio-stre", "zzz"])
def test_the_lock_file_is_one_that_cargo_would_write(name: str, modalities: list[str]) -> None:
    tree = files(name=name, modalities=modalities)
    packages = lock_packages(tree)
    names = [package["name"] for package in packages]
    assert names == sorted(names)
    assert tree["Cargo.lock"].startswith("# This file is automatically @generated by Cargo.\n")
    assert tree["Cargo.lock"].endswith("]\n") or tree["Cargo.lock"].endswith('"\n')
    assert not tree["Cargo.lock"].endswith("\n\n")

    manifest = tomllib.loads(tree["Cargo.toml"])
    wanted = sorted([*manifest["dependencies"], *manifest["build-dependencies"]])
    own = next(package for package in packages if package["name"] == f"{name}-grpc")
    assert own["dependencies"] == wanted
    for package in packages:
        assert package is own or re.fullmatch(r"[0-9a-f]{64}", package["checksum"])
        for dependency in package.get("dependencies", []):
            assert dependency.split()[0] in names


def test_tonic_and_its_generator_stay_on_the_same_release() -> None:
    tree = files()
    locked = {package["name"]: package["version"] for package in lock_packages(tree)}
    for crate in ("tonic", "tonic-build", "prost"):
        assert locked[crate].startswith("0.13.")


def test_the_message_limits_are_set_before_the_interceptor_wraps_the_server() -> None:
    server = files()["src/server.rs"]
    assert "50 * 1024 * 1024" in server
    limits = [server.index(".max_decoding_message_size("), server.index(".max_encoding_message_size(")]
    assert max(limits) < server.index("InterceptedService::new(backend, auth)")
    assert "with_interceptor" not in server


def test_make_builds_by_default_and_has_the_targets_that_localai_calls() -> None:
    makefile = files()["Makefile"]
    assert ".DEFAULT_GOAL := build\n" in makefile
    language = r.language("rust")
    targets = set(re.findall(r"^([\w./-]+):(?!=)", makefile, re.M))
    wanted = {"build", "package", "clean", language["test_target"], language["prepare_target"].format(name="my-engine")}
    assert wanted <= targets


def test_a_pin_is_documented_as_a_submodule_and_changes_no_code() -> None:
    plain, pinned = files(**WITH_README), files(pin=r.pin(), **WITH_README)
    assert {path for path in plain if plain[path] != pinned[path]} == {"Cargo.toml", "README.md"}
    assert tomllib.loads(pinned["Cargo.toml"]) == tomllib.loads(plain["Cargo.toml"])
    assert "sources/my-engine" in pinned["Cargo.toml"]
    assert "backend/rust/my-engine/sources/my-engine" in pinned["README.md"]
    assert r.pin()["sha"] in pinned["README.md"]


def test_a_crate_with_features_for_hardware_and_none_for_the_processor() -> None:
    engine = {"package": "tone", "module": "tone", "folder": "", "extras": {"cublas": "cuda"}, "name": ""}
    manifest = tomllib.loads(files(pin=r.pin(), engine=engine)["Cargo.toml"])
    assert manifest["features"] == {"default": [], "cublas": ["tone/cuda"]}


def test_no_license_leaves_the_manifest_valid() -> None:
    assert "license" not in tomllib.loads(files(license="")["Cargo.toml"])["package"]
    assert tomllib.loads(files(license="Apache-2.0")["Cargo.toml"])["package"]["license"] == "Apache-2.0"


@pytest.fixture
def package_folder(tmp_path: Path) -> Path:
    """A rendered backend whose "compiled" binary is one of the system's."""
    r.render_into(tmp_path, "rust", r.context("rust"))
    folder = tmp_path / FOLDER
    release = folder / "target/release"
    release.mkdir(parents=True)
    shutil.copy(Path("/bin/cat").resolve(), release / "my-engine-grpc")
    return folder


def run(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("CARGO", "LD_"))}
    return subprocess.run(command, cwd=folder, env=inherited | environment, capture_output=True, text=True, check=False)


def test_package_sh_makes_a_package_that_starts_from_anywhere(package_folder: Path) -> None:
    done = run(["bash", "package.sh"], package_folder)
    assert done.returncode == 0, done.stderr
    moved = package_folder.parent / "moved here"
    (package_folder / "package").rename(moved)
    assert {"run.sh", "my-engine-grpc", "lib"} <= {path.name for path in moved.iterdir()}
    assert (moved / "lib/ld.so").is_file()
    started = run([str(moved / "run.sh"), "run.sh"], moved)
    assert started.stdout == (moved / "run.sh").read_text(encoding="utf-8")


def test_package_sh_refuses_a_package_that_needs_the_host(package_folder: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    real = subprocess.run(["ldd", "/bin/cat"], capture_output=True, text=True, check=True).stdout
    loader_only = "".join(line + "\n" for line in real.splitlines() if "ld-linux" in line)
    (tools / "ldd").write_text(f"#!/bin/sh\ncat <<'END'\n{loader_only}END\n", encoding="utf-8")
    (tools / "ldd").chmod(0o755)
    done = run(["bash", "package.sh"], package_folder, PATH=f"{tools}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert "libc.so.6" in done.stderr
    assert "not self-contained" in done.stderr


def test_package_sh_says_what_to_do_when_nothing_was_built(package_folder: Path) -> None:
    shutil.rmtree(package_folder / "target")
    done = run(["bash", "package.sh"], package_folder)
    assert done.returncode == 1
    assert "run 'make my-engine-grpc' first" in done.stderr


@pytest.mark.parametrize("script", ["run.sh", "package.sh"])
def test_the_scripts_pass_shellcheck(script: str, package_folder: Path) -> None:
    assert run(["bash", "-n", script], package_folder).returncode == 0
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck is not installed")
    checked = run(["shellcheck", script], package_folder)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.skipif(not shutil.which("rustfmt"), reason="rustfmt is not installed")
@pytest.mark.parametrize(("modality", "era"), EVERY_MODALITY_IN_EVERY_ERA)
def test_the_sources_are_formatted(modality: str, era: str, tmp_path: Path) -> None:
    assert_formatted(files(era=era, modalities=[modality]), tmp_path)


@pytest.mark.skipif(not shutil.which("rustfmt"), reason="rustfmt is not installed")
@pytest.mark.parametrize("name", ["x", "an-engine-with-a-name-of-forty-characters"])
def test_the_length_of_the_name_does_not_change_the_format(name: str, tmp_path: Path) -> None:
    assert_formatted(files(name=name, modalities=MODALITIES), tmp_path)


def assert_formatted(tree: dict[str, str], folder: Path) -> None:
    (folder / "src").mkdir()
    for path, text in tree.items():
        (folder / path).write_text(text, encoding="utf-8")
    checked = run(["rustfmt", "--edition", "2021", "--check", "build.rs", "src/main.rs"], folder)
    assert checked.returncode == 0, checked.stdout


MODEL_NEEDED = "connect_loaded()", "model(&scratch)", "store://"
TEST = re.compile(r"#\[tokio::test\]\n((?:#\[[^\n]*\n)*)async fn (\w+)\(\) \{\n(.*?)\n\}", re.S)


@pytest.mark.parametrize("modality", MODALITIES)
def test_what_needs_a_model_is_ignored_by_name_without_one(modality: str) -> None:
    tests = TEST.findall(files(modalities=[modality])["src/tests.rs"])
    assert tests
    chosen = {"no_model": 'ignore = "set MY_ENGINE_TEST_MODEL to a model"', "not(made_up)": 'ignore = "only the made-up engine'}
    for attribute, name, body in tests:
        needs = any(word in body for word in MODEL_NEEDED) or "MADE_UP" in body
        marked = [why for why, text in chosen.items() if f"#[cfg_attr({why}, {text}" in attribute]
        assert (len(marked) == 1) == needs, name
    assert any("no_model" in attribute for attribute, _, _ in tests)


def test_the_build_script_asks_for_the_variable_that_the_tests_name() -> None:
    tree = files(name="3dgen")
    assert '"B_3DGEN_TEST_MODEL"' in tree["build.rs"]
    assert tree["src/tests.rs"].count("B_3DGEN_TEST_MODEL") > 2
    assert "NEWBACKEND-PLACEHOLDER" not in tree["build.rs"], "verify would take it for the engine's marker"


def test_an_ignored_test_of_a_long_name_has_rustfmts_lines() -> None:
    text = files(name="a" * 50)["src/tests.rs"]
    assert '#[cfg_attr(\n    no_model,\n    ignore = "set ' in text
    assert max(map(len, text.splitlines())) <= 100
