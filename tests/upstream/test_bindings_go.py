"""Go bindings: a header with all that is taken and refused, hostile headers, and real toolchains on the result."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from generated.building import run
from upstream.go_package import go_package, need

from newbackend.errors import UsageError
from newbackend.upstream.bindings_go import Bindings, bindings, digest, symbols
from newbackend.upstream.by_pointer import wrappers_c
from newbackend.upstream.c_api import Api
from newbackend.upstream.c_types import Types, spelled
from newbackend.upstream.header import read_header

TONE = Path(__file__).parent / "tone"


def header() -> str:
    return (TONE / "tone.h").read_text(encoding="utf-8")


def bound(text: str, *included: Api, by_pointer: bool = False, purego: tuple[int, ...] = (0, 10, 0)) -> Bindings:
    api = read_header(text, "include/tone.h")
    return bindings(
        api, text, package="main", library="libtone.so", included=included, by_pointer=by_pointer, purego=purego
    )


def reasons(text: str) -> dict[str, str]:
    return {part.name: part.reason for part in bound(text).refused}


def test_bindings_are_as_they_were() -> None:
    """NEWBACKEND_GOLDEN=write rewrites the golden file."""
    golden = TONE / "bindings.go"
    actual = bound(header()).text
    if os.environ.get("NEWBACKEND_GOLDEN") == "write":
        golden.write_text(actual, encoding="utf-8", newline="")
    assert actual == golden.read_text(encoding="utf-8")


def test_every_function_is_bound_or_refused() -> None:
    api = read_header(header(), "include/tone.h")
    for by_pointer in (False, True):
        found = bound(header(), by_pointer=by_pointer)
        wrappers = {wrapper.name: function.name for function, wrapper in found.wrapped}
        taken = [wrappers.get(name, name) for name in symbols(found)]
        refused = [part.name for part in found.refused]
        assert sorted([*taken, *refused]) == sorted({function.name for function in api.functions})
        assert all(f"{part.name} ({part.where}): {part.reason}" in found.text for part in found.refused)


def test_the_header_is_recorded() -> None:
    found = bound(header())
    assert found.digest == digest(header())
    assert f"// header: include/tone.h {digest(header())}\n" in found.text
    assert digest(header()) != digest(header() + " ")


def test_an_older_purego_passes_no_struct_by_value() -> None:
    found = bound(header(), purego=(0, 9, 1))
    assert {"tone_sum_pair", "tone_default_params"} <= {part.name for part in found.refused}
    assert "tone_load" in symbols(found)


@pytest.mark.parametrize(
    ("fields", "taken", "given"),
    [
        ("int64_t a; int b;", True, True),
        ("int a; bool b; int c;", False, True),
        ("int a; int b; int8_t c;", True, True),
        ("float a, b, c, d;", True, True),
        ("float a[2];", False, False),
        ("float a; int b;", False, False),
        ("double a; int b; double c;", True, True),
        ("double a[2]; int64_t b;", False, False),
        ("int a; struct { float x, y; } b; int64_t c;", False, False),
        ("char a[16];", True, False),
        ("int64_t a[9];", True, True),
        ("int64_t a[10];", False, True),
        ("int64_t a; struct { int b; } c[2];", True, False),
    ],
)
def test_structs_by_value_where_purego_places_them_as_the_platform_does(fields: str, taken: bool, given: bool) -> None:
    text = f"typedef struct {{ {fields} }} s;\nvoid take(s x);\ns give(void);\n"
    expected = [name for name, is_bound in (("take", taken), ("give", given)) if is_bound]
    assert symbols(bound(text)) == expected


def test_types_of_included_headers_are_looked_up() -> None:
    text = "typedef struct e { f_cb cb; int n; } e;\nvoid f_set(f_cb cb, void * data);\n"
    text += "int f_size(e value, f_t * out);\n"
    assert "is not declared in this header" in reasons(text)["f_set"]
    other = read_header("typedef void (*f_cb)(int level, void * data);\ntypedef float f_t;\n", "f.h")
    found = bound(text, other)
    assert symbols(found) == ["f_set", "f_size"]
    assert "FSet func(cb FCb, data uintptr)" in found.text
    assert "FSize func(value E, out *float32) int32" in found.text
    assert "func NewFCb(fn FCbFunc) FCb {" in found.text


def test_a_string_that_nobody_frees_for_certain_is_a_remark() -> None:
    text = "char * a_get(void);\nvoid a_free_one(char * text);\nvoid a_free_two(char * text);\n"
    found = bound(text)
    assert "AGet func() *byte" in found.text
    assert "AGetString" not in found.text
    assert [part.name for part in found.remarks] == ["a_get"]
    assert "AGetString" in bound(text.replace("void a_free_two(char * text);\n", "")).text


def test_a_function_that_frees_strings_gets_the_pointer_itself() -> None:
    text = "/* must be freed with a_free */\nconst char * a_get(int n);\nvoid a_free(const char * text);\n"
    found = bound(text)
    assert "AFree func(text *byte)" in found.text
    assert "func AGetString(n int32) string {" in found.text
    many = bound(text.replace("a_free(const char * text)", "a_free(const char ** text)"))
    assert "AGetString" not in many.text
    assert many.remarks


@pytest.mark.parametrize(
    ("kind", "same"),
    [
        ("long unsigned int", "unsigned long"), ("unsigned", "unsigned int"), ("short int", "short"),
        ("int long long unsigned", "unsigned long long"), ("signed", "int"), ("signed char", "signed char"),
        ("char", "char"), ("long double", "long double"), ("double long", "long double"),
    ],
)  # fmt: skip
def test_numbers_have_one_spelling(kind: str, same: str) -> None:
    assert spelled(kind) == same


def test_a_function_that_is_declared_twice_must_be_the_same() -> None:
    text = "int a(int x);\nint a(int x);\nint b(int x);\nint b(float x);\nint b(int x);\n"
    assert symbols(bound(text)) == ["a"]
    assert reasons(text) == {"b": "it is declared twice, with different types"}
    assert bound(text, by_pointer=True).wrapped == ()


def test_a_wrapper_takes_pointers_and_the_headers_own_sibling_goes_before_it() -> None:
    text = """typedef struct { char text[200]; } big;
big f(const char * x, big y, int (*z)(int), int rows[2]); void g(big x); void g_by_ref(const big * x);
"""
    found = bound(text, by_pointer=True)
    assert symbols(found) == ["f_by_pointer", "g_by_ref"]
    assert "\tF func(result *Big, x string, y *Big, z uintptr, rows *int32)\n" in found.text
    code = wrappers_c(list(found.wrapped), "big.h")
    assert "void f_by_pointer(big * result, const char * x, const big * y, int (*z)(int), int rows[2]) {" in code
    assert "\t*result = f(x, *y, z, rows);\n" in code
    assert reasons(text)["g"].endswith("; g_by_ref is bound")


def test_names_do_not_collide() -> None:
    text = """typedef struct a_b a_b;
void a_b_c(a_b * x); void aBC(int v); void A_B_C(int v); enum a_b_c { a_bC, AB_C = 7 };
void init(int init); void main(int x); void go(void); void _1a(int range, int range_); void __(int ___);
void string(int string, int len, int nil, int fmt, int unsafe); void lib_func(int v); void go_string(int v);
"""
    found = bound(text)
    names = [go for _, go in (*found.functions, *found.constants)]
    assert len(set(names)) == len(names) == 13
    assert all(re.fullmatch(r"[A-Z][A-Za-z0-9]*", name) for name in names)
    assert dict(found.functions)["_1a"] == "X1a"
    taken = bindings(read_header(text, "x.h"), text, package="p", library="l", taken=["Init", "Main"])
    assert dict(taken.functions)["init"] == "Init2"


HOSTILE_COMMENT = (
    '/* a `quoted` \\" thing\r\n * second \u2028 line \u202e\x1b[31m }\n//go:linkname x y\n'
    'package evil; import "C" func init() { panic(1) }\n */\n'
)


def test_a_comment_stays_a_comment() -> None:
    found = bound(f"{HOSTILE_COMMENT}int f(int x);\n")
    rows = [row for row in found.text.splitlines() if "evil" in row or "linkname" in row]
    assert symbols(found) == ["f"]
    assert len(rows) == 1
    assert rows[0].startswith("\t// F is f: a `quoted`")
    assert "\x1b" not in found.text
    assert "\u202e" not in found.text


def test_what_the_header_is_called_cannot_leave_its_comment() -> None:
    api = read_header("int f(int x);\n", "a\nfunc init() {}\r.h")
    text = bindings(api, "", package="main", library='l"+evil()+"\n%s').text
    assert "\nfunc init" not in text
    assert 'fmt.Errorf("l\\"+evil()+\\" %%s: %s cannot' in text


@pytest.mark.parametrize("name", ["", "1a", "a b", "a;b", "func", "_", "a\n", "é", "a" * 300])
def test_a_package_must_have_a_name_of_go(name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a Go package"):
        bindings(read_header("int f(int x);", "x.h"), "", package=name, library="l")


def test_hostile_types_end_in_a_reason() -> None:
    text = """struct a { struct a x; }; struct big { char x[1048577]; }; struct neg { int x[-1]; };
typedef loop_b loop_a; typedef loop_a loop_b;
struct s0 { int x[1024]; };
"""
    text += "".join(f"struct s{n} {{ struct s{n - 1} a, b; }};\n" for n in range(1, 30))
    text += "void u(struct a x); void v(struct big x); void w(struct neg x); void x(loop_a x); void y(struct s29 x);\n"
    text += f"void z({', '.join(f'int a{n}' for n in range(200))});\nvoid p(int {'*' * 500} q);\n"
    found = reasons(text)
    assert set(found) == set("uvwxyzp")
    assert "contains itself" in found["u"]
    assert "is too big" in found["y"]
    assert found["z"] == "it has 200 arguments"


def test_structs_nested_without_end_are_not_read() -> None:
    text = "struct a { int x;" * 3000 + "} f;" * 2999 + "};\nint g(int x);\n"
    assert symbols(bound(text)) in ([], ["g"])


def test_ten_thousand_functions() -> None:
    text = "typedef struct c c;\n" + "".join(
        f"char * f_{n}(c * x, const char * name);\nvoid free_{n}(char * text);\n" for n in range(5000)
    )
    assert len(symbols(bound(text))) == 10_000


def test_constants_are_the_compilers() -> None:
    text = """enum a { A1 = 1 << 31, A2 = A1 | 1, A3 = -7 / 2, A4 = -7 % 3, A5 = 010, A6 = 'x', A7 = !0, A8 = ~5,
A9 = (2 + 3) * 4 };
enum b { B1 = ~0u, B2 = 0x80000000, B3 = 1ull << 40, B4 }; enum c { C1 = -1, C2 = 0xffffffff };
enum d { D1 = A1 >> 3, D2 = sizeof(int), D3, D4 = 5 };
"""
    api = read_header(text, "x.h")
    values = {name: value for enum in api.enums for name, value in enum.values}
    assert [values[f"A{n}"] for n in range(1, 10)] == [-(1 << 31), 1 - (1 << 31), -3, -1, 8, 120, 1, -6, 20]
    assert [values[f"B{n}"] for n in range(1, 5)] == [0xFFFFFFFF, 1 << 31, 1 << 40, (1 << 40) + 1]
    assert (values["D1"], values["D2"], values["D3"], values["D4"]) == (-(1 << 28), None, None, 5)
    types = Types(api)
    assert [types.enum_scalar(name).go for name in "abc"] == ["int32", "uint64", "int64"]


@pytest.mark.build
def test_the_library_does_what_the_bindings_say(tmp_path: Path) -> None:
    """Every kind of argument and result is called; layouts, constants and symbols are compared; frees are counted."""
    need("go", "gcc")
    found = bound(header(), by_pointer=True)
    go_package(tmp_path / "go", found, "tone.h")
    shutil.copy(TONE / "calls_test.go", tmp_path / "go")
    wrappers = tmp_path / "wrappers.c"
    wrappers.write_text(wrappers_c(list(found.wrapped), "tone.h"), encoding="utf-8")
    library = tmp_path / "libtone.so"
    flags = ["-shared", "-fPIC", "-Wall", "-Wno-psabi", "-Wno-deprecated-declarations", f"-I{TONE}"]
    run("gcc", *flags, "-o", library, TONE / "tone.c", wrappers, "-lm", cwd=tmp_path)
    run("go", "vet", ".", cwd=tmp_path / "go")
    assert run("gofmt", "-l", ".", cwd=tmp_path / "go") == ""
    env = {"TONE_LIBRARY": str(library), "BINDINGS_INCLUDE": str(TONE)}
    printed = run("go", "test", "-v", "-count=1", ".", cwd=tmp_path / "go", env=env)
    assert "Ran 2 of 2 Specs" in printed
    assert "--- PASS: TestCalls" in printed
    assert "--- PASS: TestSuite" in printed


@pytest.mark.build
def test_the_checks_see_a_library_and_a_header_that_moved(tmp_path: Path) -> None:
    need("go", "gcc")
    found = bound("typedef struct { int a; int b; } one;\nint f(one * x);\nint g(int x);\n")
    go_package(tmp_path / "go", found, "tone.h")
    include = tmp_path / "include"
    include.mkdir()
    moved = "typedef struct { long a; int b; } one;\nint f(one * x);\n"
    (include / "tone.h").write_text(moved, encoding="utf-8")
    (tmp_path / "tone.c").write_text('#include "include/tone.h"\nint f(one * x) { return x->b; }\n', encoding="utf-8")
    run("gcc", "-shared", "-fPIC", "-o", "libtone.so", "tone.c", cwd=tmp_path)
    env = {"TONE_LIBRARY": str(tmp_path / "libtone.so"), "BINDINGS_INCLUDE": str(include)}
    with pytest.raises(AssertionError) as failed:
        run("go", "test", "-count=1", ".", cwd=tmp_path / "go", env=env)
    assert "undefined symbol: g" in str(failed.value)
    assert "struct one 16 8" in str(failed.value)


@pytest.mark.build
def test_hostile_names_compile(tmp_path: Path) -> None:
    need("go")
    text = f"""{HOSTILE_COMMENT}int f(int x);
typedef struct type {{ int func, Func, FUNC, type, len; void * nil; struct {{ int var; }} map; }} type;
enum go {{ string, range, error = 5 }};
int init(type * init, int main); int main_(int); int select(int chan, const char * chan_, type default_);
int _(int _); int __(int __, int ___); int append(int append); int uintptr(int byte, unsigned char * uint8);
typedef int (*defer)(struct type * go, const char * import, void * package); void set(defer defer, void * fallthrough);
char * new(int text); void free_new(char * text); int fmt(int purego, char * unsafe, int bool_); int purego(int fmt);
"""
    go_package(tmp_path / "go", bound(text), "tone.h")
    run("go", "vet", ".", cwd=tmp_path / "go")
    assert run("gofmt", "-l", ".", cwd=tmp_path / "go") == ""
