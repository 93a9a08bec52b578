"""C headers: what is read is compared with what the C compiler makes of the same header."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from newbackend.upstream.api import lifetimes, version_function
from newbackend.upstream.c_api import Api
from newbackend.upstream.header import read_header

HEADER = """#ifndef TONE_H
#define TONE_H
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#ifdef _WIN32
#  define TONE_API __declspec(dllexport)
#else
#  define TONE_API __attribute__((visibility("default")))
#endif
#define TONE_DEPRECATED(func, hint) func __attribute__((deprecated(hint)))
#define TONE_MAX 4
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tone_ctx tone_ctx;
struct tone_state;
typedef int32_t tone_token;
typedef tone_token tone_row[TONE_MAX];
enum tone_status { TONE_OK, TONE_BAD = -1, TONE_FLAG = 1 << 3, TONE_HEX = 0x10, TONE_NEXT };
typedef enum { TONE_A, TONE_B = 5 } tone_mode;
typedef struct { float * samples; size_t n; char name[16]; } tone_audio;
typedef struct tone_params {
    int32_t threads, contexts;
    bool gpu;
    const char * language;
    tone_mode mode;
    struct { int x; } inner;
    unsigned int flag : 1;
    bool (*stop)(void * data);
} tone_params;
typedef union { int i; float f; } tone_value;
typedef bool (*tone_progress)(int done, int total, void * data);

/* Defaults. */
TONE_API tone_params tone_default_params(void);
TONE_API tone_ctx * tone_load(const char * path, tone_params params);
TONE_API void tone_free(tone_ctx * ctx);
// Text of the call.
//
// The caller must free it with tone_free_text.
TONE_API char * tone_text(const tone_ctx * ctx, const float * pcm, size_t n);
TONE_API void tone_free_text(char * text);
TONE_API const char * tone_version(void);
TONE_API int tone_run(tone_ctx * ctx, const tone_audio * in, tone_audio * out, tone_progress cb, void * data);
TONE_API enum tone_status tone_open(struct tone_state ** out, const char * const * names, unsigned long long seed);
TONE_API void tone_close_state(struct tone_state * state);
TONE_DEPRECATED(TONE_API int tone_old(tone_ctx *), "use tone_run");
TONE_API int tone_log(const char * format, ...);
TONE_API void tone_sort(int (*compare)(const void *, const void *), int rows[4]);
TONE_API const float * const * tone_rows(tone_ctx * ctx);
static inline int tone_private(int a) { return a; }

#ifdef __cplusplus
}
class ToneHelper { public: int x; };
#endif
#endif
"""


@pytest.fixture(scope="module")
def api() -> Api:
    return read_header(HEADER, "include/tone.h")


def test_every_function_has_the_type_that_the_compiler_sees(api: Api, tmp_path: Path) -> None:
    """Each function is declared again from what was read: gcc refuses conflicting types."""
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("gcc is not installed")
    rows = ['#include "tone.h"']
    for function in api.functions:
        given = ", ".join(parameter.type for parameter in function.parameters) or "void"
        given = given.replace("int[4]", "int *").replace("int [4]", "int *")
        rows.append(f"{function.result} {function.name}({given}{', ...' if function.variadic else ''});")
    for enum in api.enums:
        rows += [f"_Static_assert({name} == {value}, {name!r});".replace("'", '"') for name, value in enum.values]
    (tmp_path / "tone.h").write_text(HEADER, encoding="utf-8")
    (tmp_path / "again.c").write_text("\n".join(rows) + "\n", encoding="utf-8")
    command = [gcc, "-fsyntax-only", "-Werror", "-Wno-deprecated-declarations", str(tmp_path / "again.c")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(api.functions) == 13


def test_handles_aliases_and_callbacks(api: Api) -> None:
    assert sorted(api.opaque) == ["tone_ctx", "tone_state"]
    assert api.aliases["tone_token"] == "int32_t"
    assert [(callback.name, callback.result) for callback in api.callbacks] == [("tone_progress", "bool")]
    assert [parameter.name for parameter in api.callbacks[0].parameters] == ["done", "total", "data"]


def test_structs_that_go_cannot_pass_by_value_are_marked(api: Api) -> None:
    structs = {struct.name: struct for struct in api.structs}
    assert structs["tone_params"].bit_fields
    assert not structs["tone_audio"].bit_fields
    assert structs["tone_value"].union
    assert [field.type for field in structs["tone_audio"].fields] == ["float *", "size_t", "char [16]"]
    assert [field.name for field in structs["tone_params"].fields][:3] == ["threads", "contexts", "gpu"]


def test_lines_are_the_headers(api: Api) -> None:
    rows = HEADER.splitlines()
    for function in api.functions:
        path, _, line = function.where.partition(":")
        assert path == "include/tone.h"
        assert function.name in rows[int(line) - 1]


def test_who_frees_what(api: Api) -> None:
    found = {part.gives: (part.freed_by, part.confidence) for part in lifetimes(api)}
    assert found["tone_load"] == ("tone_free", "likely")
    assert found["tone_text"] == ("tone_free_text", "certain")
    assert found["tone_open"] == ("tone_close_state", "likely")
    assert found["tone_version"] == ("", "likely")
    version = version_function(api)
    assert version is not None
    assert version.name == "tone_version"


def test_comments_belong_to_what_follows(api: Api) -> None:
    comments = {function.name: function.comment for function in api.functions}
    assert comments["tone_text"] == "Text of the call. The caller must free it with tone_free_text."
    assert comments["tone_free_text"] == ""
    assert {function.name for function in api.functions if function.deprecated} == {"tone_old"}


@pytest.mark.parametrize(
    "text",
    [
        'extern "C" {\nint good(int a);\nint bad(int ((( ;\nint other(int b);\n}\n',
        'extern "C" {\nint good(int a);\n__weird__ thing [[ x ]] int bad(;\nint other(int b);\n}\n',
    ],
)
def test_what_is_not_understood_is_listed_and_never_offered(text: str) -> None:
    api = read_header("#ifdef __cplusplus\n" + text.replace("}\n", "") + "#endif\n" + text[13:-2], "x.h")
    assert "bad" not in [function.name for function in api.functions]
    assert api.gaps


@pytest.mark.parametrize("text", ["(" * 20_000, "struct a {" * 5_000, "#if 1\n" * 5_000, "\0\x01\x02", "*/" * 999, ""])
def test_nonsense_does_not_break_the_reader(text: str) -> None:
    assert read_header(f'extern "C" {text}', "x.h").functions == []


@pytest.mark.parametrize(
    ("text", "functions"),
    [
        ('extern "C" {\nint a(int x);\nint b(void);\n}', ["a", "b"]),
        ('extern "C" int a(int x);\nextern "C" { int b(void); int c(int n = 3); }', ["a", "b"]),
        ('extern "Other" { int a(int x); }', []),
    ],
)
def test_linkage_without_a_condition(text: str, functions: list[str]) -> None:
    api = read_header(text, "x.h")
    assert [function.name for function in api.functions] == functions
    assert bool(api.gaps) == (functions != ["a", "b"] or "n = 3" in text)


def test_macros_for_exports_may_come_from_another_header() -> None:
    text = '#include "export.h"\nFOO_API int a(int x);\nunsigned char FOO_CALL b(void) FOO_NOEXCEPT;\nint c(long);\n'
    api = read_header(text, "x.h")
    assert [(function.name, function.result) for function in api.functions] == [
        ("a", "int"), ("b", "unsigned char"), ("c", "int")
    ]  # fmt: skip
    assert [gap.text for gap in api.gaps] == [
        "takes FOO_API, FOO_CALL, FOO_NOEXCEPT, defined in another header, for nothing"
    ]


def test_what_follows_an_error_is_not_trusted() -> None:
    api = read_header("weird unsigned char a(void);\nODD struct s * b(void);\nint c(void);\n", "x.h")
    assert [function.name for function in api.functions] == ["c"]


def test_parameters_without_names_and_arrays() -> None:
    api = read_header("int a(void (*)(int), int (*const b)(void), int (*)[4], char[], float *c[2]);", "x.h")
    assert [parameter.type for parameter in api.functions[0].parameters] == [
        "void (*)(int)", "int (*)()", "int (*)[4]", "char []", "float *[2]"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "typedef float a __attribute__((vector_size(16)));",
        "typedef int (*a[4])(int);",
        "typedef int a(int);",
        "int (*a(void))(int);",
        "struct a { int b; char const __attribute__((aligned(16))) c; };",
        "#pragma pack(push, 1)\nstruct a { int b; };",
    ],
)
def test_types_of_unknown_size_are_not_taken_for_plain_ones(text: str) -> None:
    api = read_header(text, "x.h")
    assert (api.aliases, api.callbacks, api.functions) == ({}, [], [])
    assert api.gaps or api.structs[0].aligned


def test_nested_types_are_read_with_their_fields() -> None:
    text = "struct a { struct { int b; } c; union { int d; }; enum { E = 3 } f; struct g { int h; } i; };"
    api = read_header(text, "x.h")
    assert [(struct.name, struct.union) for struct in api.structs] == [
        ("a.c", False), ("a.1", True), ("g", False), ("a", False)
    ]  # fmt: skip
    assert [field.type for field in api.structs[-1].fields] == [
        "struct a.c", "union a.1", "enum a.f", "struct g"
    ]  # fmt: skip
    assert api.enums[0].values == (("E", 3),)
