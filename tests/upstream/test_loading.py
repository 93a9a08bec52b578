"""Which function loads a model, what it is given, and the Go code that calls it; candidates of each modality."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from generated.building import run
from upstream.go_package import MODULE, need

from newbackend.upstream.api import lifetimes
from newbackend.upstream.bindings_go import bindings
from newbackend.upstream.c_types import Types
from newbackend.upstream.go_model import model_go
from newbackend.upstream.header import read_header
from newbackend.upstream.loading import Loader, chosen, loaders
from newbackend.upstream.modality_words import MOST, candidates

FREE = "typedef struct foo foo;\nvoid foo_free(foo * f);\n"


def types_of(text: str) -> Types:
    return Types(read_header(FREE + text, "include/foo.h"))


def only(text: str, *modalities: str) -> Loader | None:
    types = types_of(text)
    return chosen(types, loaders(types), modalities)


def code(text: str) -> str:
    """The Go file for a header with one loader."""
    types = types_of(text)
    loader = chosen(types, loaders(types))
    made = bindings(types.api, FREE + text, package="main", library="foo", by_pointer=True)
    return model_go(types, made, loader, "acme/foo@1") if loader else ""


VALUE = "struct foo_params { int a; double b, c, d, e, f, g, h; };\n"
DEFAULTS = f"{VALUE}struct foo_params foo_default_params(void);\n"
FITTING = {
    "path": "foo * foo_load(const char * path);",
    "unnamed path": "foo * foo_load(const char *);",
    "threads": "foo * foo_load(const char * model_path, int n_threads);",
    "seed": "#include <stdint.h>\nfoo * foo_load(const char * path, uint32_t seed);",
    "talk": "#include <stdbool.h>\nfoo * foo_load(const char * path, int verbosity, bool verbose);",
    "defaults by value": f"{DEFAULTS}foo * foo_load(const char * path, struct foo_params params);",
    "defaults by pointer": f"{DEFAULTS}foo * foo_load(const char * path, const struct foo_params * params);",
    "defaults filled in": f"{VALUE}void foo_params_init(struct foo_params * p);\n"
    "foo * foo_load(const char * path, struct foo_params * params);",
    "path in a struct": "typedef struct { const char * model_path; const char * mmproj_path; int n; } foo_params;\n"
    "void foo_params_init(foo_params * p);\nfoo * foo_new(const foo_params * params);",
    "out parameter": "int foo_open(foo ** out, const char * path);",
    "out parameter with a bool": "bool foo_open(const char * path, foo ** out);",
    "out parameter of nothing": "void foo_open(const char * path, foo ** out);",
    "error message": "#include <stddef.h>\nfoo * foo_open(const char * path, char * err, size_t err_len);",
    "null that the comment allows": "// data may be NULL.\nfoo * foo_load(const char * path, void * data);",
    "zero that the comment allows": "// Loads. device: 0 = default\nfoo * foo_load(const char * path, int device);",
    "last error": "const char * foo_last_error(void);\nfoo * foo_load(const char * path);",
    "status and last error": "const char * foo_last_error(void);\nint foo_load(const char * path, foo ** out);",
}  # fmt: skip
HANDLES = {
    "a pointer behind a name": (
        "struct bar;\ntypedef struct bar * bar_t;\nbar_t bar_open(const char * path);\nvoid bar_close(bar_t b);\n"
        "int bar_transcribe(bar_t b, const float * pcm, int n);",
        "bar",
    ),
    "a pointer behind a name, out": (
        "struct bar;\ntypedef struct bar * bar_t;\nint bar_open(const char * path, bar_t * out);\n"
        "int bar_close(bar_t b);\nint bar_transcribe(bar_t b, const float * pcm, int n);",
        "bar",
    ),
    "a void pointer behind a name": (
        "typedef void * bar_t;\nbar_t bar_open(const char * path);\nvoid bar_close(bar_t b);\n"
        "int bar_transcribe(bar_t b, const float * pcm, int n);",
        "bar_t",
    ),
    "a void pointer behind a name, out": (
        "typedef void * bar_t;\nint bar_open(const char * path, bar_t * out);\nvoid bar_close(bar_t b);\n"
        "int bar_transcribe(bar_t b, const float * pcm, int n);",
        "bar_t",
    ),
    "a number behind a name": (
        "#include <stdint.h>\ntypedef uintptr_t bar_t;\nbar_t bar_open(const char * path);\n"
        "void bar_close(bar_t b);\nint bar_transcribe(bar_t b, const float * pcm, int n);",
        "bar_t",
    ),
    "a number behind a name, out": (
        "#include <stdint.h>\ntypedef uintptr_t bar_t;\nint bar_open(const char * path, bar_t * out);\n"
        "void bar_close(bar_t b);\nint bar_transcribe(bar_t b, const float * pcm, int n);",
        "bar_t",
    ),
    "a void pointer": (
        "void * bar_init(const char * path);\nvoid bar_free(void * b);\nvoid bar_free_string(char * s);\n"
        "char * bar_transcribe(void * b, const float * pcm, int n);",
        "void",
    ),
    "a void pointer, out": (
        "int bar_init(const char * path, void ** out);\nvoid bar_free(void * b);\n"
        "char * bar_transcribe(void * b, const float * pcm, int n);",
        "void",
    ),
    "a void pointer, with defaults that are given back": (
        "typedef struct { const char * path; int n; } bar_params;\nbar_params * bar_default_params(void);\n"
        "void bar_free_params(bar_params * p);\nvoid * bar_init(const bar_params * p);\nvoid bar_free(void * b);\n"
        "char * bar_transcribe(void * b, const float * pcm, int n);",
        "void",
    ),
}
"""Headers whose handle is no `struct *`, and its name."""
NOT_FITTING = {
    "two paths": ("foo * foo_load(const char * model_path, const char * vocab_file);", "several paths"),
    "an unknown number": ("foo * foo_load(const char * path, int device);", "what to give as device (int)"),
    "an unknown text": ("foo * foo_load(const char * path, const char * device);", "what to give as device"),
    "no defaults": (
        f"{VALUE}foo * foo_load(const char * path, struct foo_params p);",
        "no function gives the defaults",
    ),
    "paths in a struct": (
        "typedef struct { const char * talker_path; const char * codec_path; } foo_params;\n"
        "void foo_default_params(foo_params * p);\nfoo * foo_init(const foo_params * params);",
        "several paths: talker_path, codec_path",
    ),
    "a result without meaning": ("float foo_load(const char * path, foo ** out);", "what its result, float, means"),
    "a pointer that is said to be needed": (
        "// data must not be NULL.\nfoo * foo_load(const char * path, void * data);",
        "what to give as data",
    ),
}


@pytest.mark.parametrize("text", FITTING.values(), ids=FITTING)
def test_a_loader_whose_arguments_are_all_known(text: str) -> None:
    loader = only(text)
    assert loader is not None
    assert (loader.handle, loader.free, loader.why_not) == ("foo", "foo_free", "")
    assert "func loadModel(path string" in code(text)


@pytest.mark.parametrize(("text", "handle"), HANDLES.values(), ids=HANDLES)
def test_a_handle_is_known_whichever_way_it_is_spelled(text: str, handle: str) -> None:
    loader = only(text)
    assert loader is not None
    assert (loader.handle, loader.why_not) == (handle, "")
    assert "func loadModel(path string" in code(text)
    assert names(text) == {"transcription": ["bar_transcribe"]}


def test_what_frees_a_handle_frees_no_string() -> None:
    """Both are `void *` here, and one free would be a crash."""
    text = "void * bar_init(const char * path);\nvoid bar_free(void * b);\nchar * bar_text(void * b);\n"
    header = read_header(text, "bar.h")
    freed = {one.gives: one.freed_by for one in lifetimes(header)}
    assert freed == {"bar_init": "bar_free", "bar_text": ""}
    plain = read_header("void bar_free(void * p);\nchar * bar_text(int n);\n", "bar.h")
    assert [one.freed_by for one in lifetimes(plain)] == ["bar_free"]
    both = read_header(text + "void bar_free_text(void * text);\n", "bar.h")
    assert {one.gives: one.freed_by for one in lifetimes(both)} == {"bar_init": "bar_free", "bar_text": "bar_free_text"}


def test_user_data_is_no_handle() -> None:
    text = "void * foo_get_user_data(foo * f);\nvoid foo_free_any(void * p);\nfoo * foo_load(const char * path);\n"
    assert [one.function.name for one in loaders(types_of(text))] == ["foo_load"]


@pytest.mark.parametrize(("text", "why"), NOT_FITTING.values(), ids=NOT_FITTING)
def test_a_loader_that_cannot_be_called_says_why(text: str, why: str) -> None:
    (loader,) = loaders(types_of(text))
    assert why in loader.why_not
    assert only(text) is None


def test_nothing_else_is_a_loader() -> None:
    text = """foo * foo_clone(foo * other);
        foo * foo_create(int n);
        foo * foo_parse(const char * text);
        int foo_save(foo * f, const char * path);
        void foo_free_file(foo * f, const char * path);
        const char * foo_path(const char * path);
        struct bar; struct bar * bar_load(const char * path);
        """
    assert loaders(types_of(text)) == []


def test_of_several_the_one_that_others_are_variants_of() -> None:
    variants = "foo * foo_load(const char * path);\nfoo * foo_load_no_state(const char * path);\n"
    old = '__attribute__((deprecated("x"))) foo * foo_open(const char * path);\n'
    found = only(old + variants)
    assert found is not None
    assert found.function.name == "foo_load"
    assert only("foo * foo_load(const char * path);\nfoo * foo_open(const char * path);\n") is None


def test_of_several_handles_the_one_that_most_functions_take() -> None:
    other = "typedef struct bar bar;\nbar * bar_load(const char * path);\nvoid bar_free(bar * b);\n"
    both = f"foo * foo_load(const char * path);\n{other}"
    assert only(both) is None
    used = "".join(f"int foo_{name}(foo * f, int n);\n" for name in "abc")
    found = only(both + used)
    assert found is not None
    assert found.function.name == "foo_load"


def test_a_loader_of_another_modality_does_not_count() -> None:
    text = (
        "foo * foo_load(const char * path);\nstruct foo_vad;\n"
        "struct foo_vad * foo_vad_load(const char * path);\nvoid foo_vad_free(struct foo_vad * v);\n"
    )
    names = {one: only(text, *one) for one in (("vad",), ("transcription",))}
    assert {key: loader and loader.function.name for key, loader in names.items()} == {
        ("vad",): "foo_vad_load",
        ("transcription",): "foo_load",
    }


def test_a_word_that_two_modalities_have_names_none() -> None:
    text = (
        "foo * foo_tts_load(const char * path);\nstruct foo_speech_denoiser;\n"
        "struct foo_speech_denoiser * foo_denoiser_load(const char * path);\n"
        "void foo_denoiser_free(struct foo_speech_denoiser * v);\n"
    )
    found = only(text, "tts")
    assert found is not None
    assert found.function.name == "foo_tts_load"


def test_a_huge_header_is_read_in_time() -> None:
    text = "".join(
        f"struct s{n}; struct s{n} * s{n}_load(const char * path); void s{n}_free(struct s{n} *);" for n in range(999)
    )
    types = types_of(text)
    assert 0 < len(loaders(types)) <= 100
    assert all(len(rows) <= MOST for rows in candidates(types).values())


def names(text: str) -> dict[str, list[str]]:
    return {key: [one.function.name for one in rows] for key, rows in candidates(types_of(text)).items()}


@pytest.mark.parametrize(
    ("text", "modality"),
    [
        ("int foo_full(foo * f, const float * samples, int n_samples);", "transcription"),
        ("char * foo_transcribe(foo * f, const char * wav_path);", "transcription"),
        ("int foo_synthesize(foo * f, const char * text, float ** out);", "tts"),
        ("typedef struct { const char * prompt; } foo_gen;\nint generate_image(foo * f, const foo_gen * p);", "image"),
        ("int foo_embed(foo * f, const char * text, float * out);", "embeddings"),
        ("int foo_tokenize(foo * f, const char * text, int * out, int max);", "tokenize"),
        ("int foo_chat(foo * f, const char * messages);", "llm"),
        ("int foo_generate(foo * f, const int * tokens, int n_tokens);", "llm"),
        ("int foo_vad(foo * f, const float * pcm, int n);", "vad"),
        ("int fooDetectObjects(foo * f, const unsigned char * rgb, int width, int height);", "detection"),
        ("int foo_depth(foo * f, const float * image, int width, int height);", "depth"),
        ("int foo_diarize(foo * f, const float * samples, int n);", "diarization"),
        ("int foo_classify(foo * f, const short * samples, int n);", "sound-classification"),
        ("int foo_denoise(foo * f, const float * samples, int n);", "audio-transform"),
        ("float foo_rerank(foo * f, const char * query, const char * document);", "rerank"),
    ],
)  # fmt: skip
def test_functions_by_words_and_what_they_take(text: str, modality: str) -> None:
    assert list(names(text)) == [modality]


def test_what_tells_or_sets_up_is_no_candidate() -> None:
    text = """int foo_full_n_segments(foo * f, int i);
        const char * foo_full_get_segment_text(foo * f, int i);
        void foo_set_transcribe_callback(foo * f, void * data);
        int foo_transcribe_default_params(foo * f, int n);
        int foo_tts_sample_rate(foo * f);
        int transcribe(const char * path);
        """
    assert names(text) == {}
    assert names("int foo_run(foo * f, const char * text);").keys() == {"llm", "tts", "sound-generation", "image"}


def test_candidates_are_in_order_and_not_too_many() -> None:
    text = "".join(f"int foo_transcribe_{n}(foo * f, int level);\n" for n in range(20))
    text += "int foo_transcribe(foo * f, const float * samples, int n);\n"
    found = names(text)["transcription"]
    assert found == ["foo_transcribe", *(f"foo_transcribe_{n}" for n in range(MOST - 1))]


@pytest.mark.build
def test_go_takes_every_shape(tmp_path: Path) -> None:
    """Each file by itself with its bindings, in LocalAI's module."""
    need("go", "gofmt")
    for name in ("go.mod", "go.sum"):
        shutil.copy(MODULE / name, tmp_path / name)
    stub = tmp_path / "pkg/grpc/proto/pb.go"
    stub.parent.mkdir(parents=True)
    getters = "".join(
        f"\nfunc (*ModelOptions) Get{name}() int32 {{ return 0 }}\n" for name in ("Threads", "NGPULayers", "Seed")
    )
    stub.write_text(f"package proto\n\ntype ModelOptions struct{{}}\n{getters}", encoding="utf-8")
    for place, text in enumerate([*FITTING.values(), *(text for text, _ in HANDLES.values())]):
        folder = tmp_path / f"shape{place}"
        folder.mkdir()
        api = read_header(FREE + text, "include/foo.h")
        made = bindings(api, FREE + text, package="main", library="foo", by_pointer=True)
        (folder / "bindings.go").write_text(made.text, encoding="utf-8")
        (folder / "bindings_model.go").write_text(code(text), encoding="utf-8")
        (folder / "main.go").write_text("package main\n\nfunc main() {}\n", encoding="utf-8")
    assert run("gofmt", "-l", ".", cwd=tmp_path) == ""
    run("go", "vet", "./shape...", cwd=tmp_path)
