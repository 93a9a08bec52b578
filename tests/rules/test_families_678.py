"""Families REG6xx to REG8xx: what is deliberate stays silent, what is odd is not guessed at, history is found."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from conftest import NEWEST, git

from newbackend.checkout.revision import RevisionCheckout
from newbackend.checkout.tree import Checkout
from newbackend.findings import Finding, Severity, Status
from newbackend.rules import checks
from newbackend.rules.context import Context
from newbackend.rules.directory.files import _ignored
from newbackend.rules.directory.makefile import make_calls, parse, reaches
from newbackend.rules.directory.servers import snake
from newbackend.rules.run import Results, run

ONLY = [check for check in checks() if check.rules[0].id[3] in "678"]
PYTHON, GO, RUST = "backend/python/pyecho", "backend/go/goquill", "backend/rust/rustlark"


def results(checkout: Checkout) -> Results:
    return run(Context(checkout), ONLY)


def found(checkout: Checkout, rule: str = "REG") -> list[Finding]:
    return [finding for finding in results(checkout).findings if finding.rule.id.startswith(rule)]


def ids(findings: Iterable[Finding]) -> set[tuple[str, str]]:
    return {(finding.rule.id, finding.backend) for finding in findings}


def changed(root: Path, **files: str) -> Checkout:
    """The sample with whole files replaced; `__` in a name is a slash, `_DOT_` a dot."""
    return Checkout(root, {path.replace("__", "/").replace("_DOT_", "."): text for path, text in files.items()})


def edited(root: Path, path: str, *pairs: tuple[str, str]) -> Checkout:
    text = (root / path).read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text, f"{path} has no {old!r}"
        text = text.replace(old, new)
    return Checkout(root, {path: text})


def test_both_layouts_are_silent(any_sample: Path) -> None:
    assert [f"{f.rule.id} {f.backend} {f.message}" for f in found(Checkout(any_sample))] == []


# Makefiles ----------------------------------------------------------------------------------------------------


def test_the_first_rule_is_the_goal_unless_the_makefile_says_otherwise() -> None:
    source = "VAR?=1\n.PHONY: all\nVAR:=2\nsources/x:\n\tgit clone y\nbuild: sources/x\n\techo\n"
    assert parse(source).goal == "sources/x"
    assert parse(source + ".DEFAULT_GOAL := build\n").goal == "build"
    assert parse("%.o: %.c\n\tcc\n.SUFFIXES:\nall:\n").goal == "all"


def test_variables_of_a_target_and_assignments_are_no_rules() -> None:
    makefile = parse(
        "one: CFLAGS += -O2\nURL := https://example.org/a:b\n$(error no: colon)\nsrv: $(ALL:%=srv-%)\n\techo\n"
    )
    assert set(makefile.targets) == {"srv"}


def test_a_recipe_goes_on_behind_a_conditional() -> None:
    makefile = parse("clone:\nifneq ($(SRC),)\n\tln -s $(SRC) clone\nelse\n\tgit clone x clone\nendif\nnext:\n\techo\n")
    assert "git clone" in makefile.targets["clone"].recipe
    assert makefile.targets["next"].line == 7


def test_what_a_goal_reaches_is_found_through_its_prerequisites_even_in_a_circle() -> None:
    makefile = parse("a: b\nb: a c\nc:\n\tbash install.sh\n")
    assert reaches(makefile, "a", "install")
    assert not reaches(makefile, "a", "package")


def test_a_makefile_that_includes_another_is_not_judged(sample: Path) -> None:
    checkout = edited(
        sample, f"{GO}/Makefile", ("\nbuild: package\n", "\n"), (".DEFAULT_GOAL", "include more.mk\n.DEFAULT_GOAL")
    )
    assert found(checkout, "REG802") == []
    skipped = [one for one in results(checkout).checked if one.rule.id == "REG802" and one.backend == "goquill"]
    assert [one.status for one in skipped] == [Status.SKIPPED]


@pytest.mark.parametrize(
    ("source", "calls"),
    [
        ("RUN make -C /LocalAI/backend/cpp/x BUILD_TYPE=${B} NATIVE=false a b", [("backend/cpp/x", ("a", "b"), 1)]),
        ("RUN make -BC /LocalAI/backend/cpp/x package && echo", [("backend/cpp/x", ("package",), 1)]),
        ("make --jobs=5 --output-sync=target -C backend/go/x", [("backend/go/x", (), 1)]),
        ("# make -C backend/go/x test\nmake -C backend/go/y test", [("backend/go/y", ("test",), 2)]),
        ("RUN set -e && \\\n    make -C backend/cpp/x \\\n        package", [("backend/cpp/x", ("package",), 1)]),
        ("cd backend/go/x && make build", []),
    ],
)
def test_sub_makes_are_read_with_their_targets(source: str, calls: list[tuple[str, tuple[str, ...], int]]) -> None:
    assert list(make_calls(source)) == calls


def test_a_build_type_that_is_handed_on_is_not_ignored(sample: Path) -> None:
    path = "backend/cpp/neo-cppanvil/Makefile"
    silent = edited(sample, path, ("# The server", "# sycl is not looked at here. The server"))
    assert found(silent, "REG815") == []


def test_a_go_backend_without_native_code_is_only_noted(sample: Path) -> None:
    native = (sample / "backend/go/gotide/Makefile").read_text(encoding="utf-8").replace("gotide", "goquill")
    noted = found(changed(sample, **{f"{GO}/Makefile": native}), "REG815")
    assert {finding.level for finding in noted} == {Severity.NOTE}
    assert {finding.subject for finding in noted} == {"cublas", "hipblas", "sycl", "vulkan"}


# Python requirement files -------------------------------------------------------------------------------------


def test_a_missing_profile_is_fine_where_the_common_file_has_the_engine(sample: Path) -> None:
    base = (sample / f"{PYTHON}/requirements.txt").read_text(encoding="utf-8")
    engine = {name for file in (sample / PYTHON).glob("requirements-*.txt") for name in file.read_text().split("\n")}
    plain = "\n".join(sorted(one for one in engine if one and not one.startswith("-")))
    (sample / f"{PYTHON}/requirements-intel.txt").unlink()
    assert ids(found(Checkout(sample), "REG813")) == {("REG813", "pyecho")}
    assert found(Checkout(sample, {f"{PYTHON}/requirements.txt": f"{base}\n{plain}\n"}), "REG813") == []


def test_a_missing_profile_is_skipped_where_install_sh_installs_it(sample: Path) -> None:
    (sample / f"{PYTHON}/requirements-intel.txt").unlink()
    script = (sample / f"{PYTHON}/install.sh").read_text(encoding="utf-8")
    outcome = results(
        Checkout(sample, {f"{PYTHON}/install.sh": script + '\n[ "$BUILD_TYPE" = intel ] && pip install x\n'})
    )
    assert not any(finding.rule.id == "REG813" for finding in outcome.findings)
    reasons = [one.reason for one in outcome.checked if one.rule.id == "REG813" and one.backend == "pyecho"]
    assert reasons == ["install.sh installs the profile intel by itself"]


def test_an_after_file_of_comments_is_no_loss(sample: Path) -> None:
    checkout = changed(sample, **{f"{PYTHON}/requirements-hipblas-after.txt": "# see install.sh\n"})
    assert found(checkout, "REG814") == []


# Servers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rpc", "method"),
    [
        ("TTSStream", "tts_stream"),
        ("VAD", "vad"),
        ("Generate3D", "generate3_d"),
        ("AudioToAudioStream", "audio_to_audio_stream"),
    ],
)
def test_rpc_names_are_those_of_prost(rpc: str, method: str) -> None:
    assert snake(rpc) == method


def test_a_new_rpc_breaks_a_rust_server_without_stubs_and_no_other(sample: Path) -> None:
    proto = (sample / "backend/backend.proto").read_text(encoding="utf-8")
    grown = proto.replace("  rpc Health(", "  rpc NewCall(HealthMessage) returns (Reply) {}\n  rpc Health(")
    assert grown != proto
    assert found(Checkout(sample, {"backend/backend.proto": grown}), "REG816") == []
    build = (sample / f"{RUST}/build.rs").read_text(encoding="utf-8").replace(".generate_default_stubs(true)", "")
    findings = found(Checkout(sample, {"backend/backend.proto": grown, f"{RUST}/build.rs": build}), "REG816")
    assert "NewCall" in findings[0].subject


def test_streams_end_once_the_base_closes_them(sample: Path) -> None:
    path = "backend/go/gotide/tide.go"
    cut = (sample / path).read_text(encoding="utf-8").replace("TTSStream(", "Unrelated(")
    cut = cut.replace(
        "func (t *Tide) VAD(", "func (t *Tide) TTS(*pb.TTSRequest) error { return nil }\n\nfunc (t *Tide) VAD("
    )
    assert ids(found(Checkout(sample, {path: cut}), "REG817")) == {("REG817", "gotide")}
    base = "pkg/grpc/base/base.go"
    old = "TTSStream(*pb.TTSRequest, chan []byte) error { return errUnimplemented }"
    new = "TTSStream(_ *pb.TTSRequest, out chan []byte) error {\n\tclose(out)\n\treturn errUnimplemented\n}"
    source = (sample / base).read_text(encoding="utf-8")
    assert old in source
    assert found(Checkout(sample, {path: cut, base: source.replace(old, new)}), "REG817") == []


# The directory ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "pattern", "matches"),
    [
        ("backend/cpp/x/x.cpp", "backend/cpp/x/x.cpp", True),
        ("backend/cpp/x/x.cpp", "backend/cpp/x", True),
        ("backend/go/x/sources/y", "backend/go/*/sources", True),
        ("backend/cpp/x/sources", "backend/go/*/sources", False),
        ("backend/cpp/x/y/sources", "backend/cpp/*/sources", False),
        ("backend/python/x/deep/venv", "**/venv", True),
        ("backend/python/x/deep/source", "backend/python/**/source", True),
    ],
)
def test_ignore_patterns_match_as_docker_matches_them(path: str, pattern: str, matches: bool) -> None:
    assert _ignored(path, [pattern]) is matches


def test_build_output_that_git_does_not_track_is_nobodys_business(sample: Path) -> None:
    file = sample / f"{GO}/sources/quill.cpp/quill.cpp"
    file.parent.mkdir(parents=True)
    file.write_text("// cloned\n", encoding="utf-8")
    assert found(Checkout(sample), "REG812") == []
    git(sample, "add", "--force", str(file))
    assert ids(found(Checkout(sample), "REG812")) == {("REG812", "goquill")}


def test_a_fork_without_sources_of_its_own_is_complete(sample: Path) -> None:
    assert not (sample / "backend/cpp/neo-cppanvil/CMakeLists.txt").exists()
    (sample / "backend/cpp/cppreed/CMakeLists.txt").unlink()
    assert {(f.backend, f.subject) for f in found(Checkout(sample), "REG801")} == {("cppreed", "CMakeLists.txt")}


def test_a_planned_file_has_no_mode_yet(sample: Path) -> None:
    file = sample / "backend/go/gotide/run.sh"
    text = file.read_text(encoding="utf-8")
    file.unlink()
    assert found(Checkout(sample, {"backend/go/gotide/run.sh": text}), "REG810") == []


def test_a_binary_file_makes_its_own_rules_unknown_and_no_others(sample: Path) -> None:
    (sample / "backend/go/gotide/run.sh").write_bytes(b"\xff\xfe\x00")
    findings = found(Checkout(sample))
    assert {finding.status for finding in findings} == {Status.UNKNOWN}
    assert {finding.rule.id for finding in findings} <= {"REG805", "REG806", "REG807", "REG808", "REG809"}
    assert {finding.path for finding in findings} == {"backend/go/gotide/run.sh"}


# Registries and pages -----------------------------------------------------------------------------------------


def test_backends_that_serve_no_model_need_no_importer(sample: Path) -> None:
    path = "core/http/endpoints/localai/backend.go"
    gone = edited(sample, path, ('\t{Name: "gotide", Modality: "vad", AutoDetect: false, ', "\t// {"))
    assert ids(found(gone, "REG601")) == {("REG601", "gotide")}
    index = (sample / "backend/index.yaml").read_text(encoding="utf-8")
    at = index.index('name: "gotide"')
    tags = index.index("tags:\n", at) + len("tags:\n")
    stores = index[:tags] + "    - vector-store\n" + index[tags:]
    both = gone.with_changes({"backend/index.yaml": stores})
    assert found(both, "REG601") == []


def test_an_alias_of_the_loader_is_no_leftover(sample: Path) -> None:
    path = "core/gallery/importers/pywhistle.go"
    other = edited(sample, path, ('return "pywhistle"', 'return "oldname"'))
    assert {finding.subject for finding in found(other, "REG606")} == {"oldname"}
    loader = 'var Aliases = map[string]string{\n\t"oldname": PywhistleBackend,\n}\n'
    assert found(other.with_changes({"pkg/model/initializers.go": loader}), "REG606") == []


def test_a_list_of_types_without_examples_asks_for_nobody(sample: Path) -> None:
    path = "docs/content/features/backends.md"
    text = (sample / path).read_text(encoding="utf-8")
    bare = "\n".join(line.split(" (e.g., ")[0] if line.startswith("- **") else line for line in text.split("\n"))
    assert bare != text
    assert found(Checkout(sample, {path: bare}), "REG701") == []


def test_a_name_with_another_ending_counts_as_listed(sample: Path) -> None:
    path = "docs/content/features/backends.md"
    assert found(edited(sample, path, ("(e.g., gotide)", "(e.g., gotide.cpp)")), "REG701") == []


# The real LocalAI ---------------------------------------------------------------------------------------------

REPAIRS = [
    ("1bdd3338a", "REG603", "qwen3-tts-cpp rfdetr-cpp sglang sherpa-onnx vibevoice-cpp"),
    ("baa11133f", "REG603", "parakeet-cpp"),
    ("ef80a0e82", "REG603", "insightface speaker-recognition"),
    ("2f3dd404b", "REG601", "mlx-audio"),
    ("9b57dcb72", "REG702", "kokoros sam3-cpp sglang supertonic turboquant vllm-omni"),
    ("13f59f082", "REG702", "privacy-filter"),
    ("13f59f082", "REG703", "privacy-filter"),
    ("c678530cf", "REG806", "acestep-cpp ced crispasr omnivoice-cpp parakeet-cpp stablediffusion-ggml whisper"),
    ("17c1fc74b", "REG806", "silero-vad"),
    ("068d397ac", "REG806", "piper"),
    ("6afe127cd", "REG806", "opus"),
    ("6afe127cd", "REG807", "opus"),
    ("6a80e2373", "REG811", "llama-cpp"),
    ("ef15b4bfd", "REG814", "vllm"),
    ("270c25640", "REG816", "kokoros"),
    ("2be495f9c", "REG816", "kokoros"),
    ("0258f8af5", "REG816", "kokoros"),
    ("c5645795b", "REG816", "kokoros"),
    ("4bb592cf9", "REG817", "qwen3-tts-cpp"),
]


@pytest.mark.localai
@pytest.mark.parametrize(("commit", "rule", "names"), REPAIRS, ids=[f"{row[0]}-{row[1]}" for row in REPAIRS])
def test_what_history_repaired_is_found_before_and_gone_after(
    localai_clone: Path, commit: str, rule: str, names: str
) -> None:
    wanted = {(rule, name) for name in names.split()}
    revisions = [git(localai_clone, "rev-parse", f"{commit}{parent}").strip() for parent in ("^", "")]
    before, after = (ids(found(_at(localai_clone, revision), rule)) for revision in revisions)
    assert wanted <= before
    assert not wanted & after


def _at(root: Path, revision: str) -> RevisionCheckout:
    checkout = RevisionCheckout(root, revision)
    checkout.prefetch_backends()
    return checkout


@pytest.mark.localai
def test_every_error_at_the_newest_revision_is_one_that_was_read(localai_clone: Path) -> None:
    revision = git(localai_clone, "rev-parse", NEWEST).strip()
    findings = found(_at(localai_clone, revision))
    errors = {(f.rule.id, f.backend or f.subject) for f in findings if f.level is Severity.ERROR}
    assert not [finding for finding in findings if finding.status is Status.UNKNOWN]
    assert errors == {
        ("REG606", "bark"),
        *(("REG806", name) for name in ("ds4", "face-detect", "voice-detect")),
        *(("REG807", name) for name in ("face-detect", "voice-detect")),
        *(("REG813", name) for name in ("liquid-audio", "rfdetr")),
        *(("REG815", name) for name in ("ced", "face-detect", "moss-transcribe-cpp", "parakeet-cpp", "voice-detect")),
        *(("REG817", name) for name in ("moss-transcribe-cpp", "piper", "voxtral")),
    }
