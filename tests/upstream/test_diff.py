"""What a new header changes: one case for each kind of difference, and how bad it is."""

from __future__ import annotations

import subprocess
from itertools import pairwise

import pytest
from upstream.test_real_bindings import folder_of

from newbackend.upstream.diff import Change, compare
from newbackend.upstream.header import read_header

OLD = """
typedef struct ctx ctx; typedef int32_t token;
enum mode { MODE_A, MODE_B = 4, MODE_C };
enum { LIMIT = 3 };
typedef struct { int n; const char * name; enum mode mode; } params;
typedef struct { float x, y; } point;
typedef void (*progress)(int part, void * data);
ctx * load(const char * path, const params * with);
void release(ctx * c);
int run(ctx * c, const float * pcm, int n, progress cb, void * data);
token first(ctx * c);
const char * text(ctx * c);
float length(const point * p);
int variadic(const char * format);
"""


def difference(*edits: tuple[str, str], used: set[str] | None = None) -> list[tuple[str, str, str]]:
    new = OLD
    for before, after in edits:
        assert before in new
        new = new.replace(before, after)
    found = compare(read_header(OLD, "x.h"), read_header(new, "x.h"), used=used)
    return [(change.severity, change.name, change.text) for change in found]


def test_the_same_header_has_no_changes() -> None:
    assert difference() == []
    assert (
        difference(("int n, progress cb", "int count, progress callback"), ("\nvoid release", "\n// old\nvoid release"))
        == []
    )


@pytest.mark.parametrize(
    ("before", "after", "severity", "name", "text"),
    [
        ("void release(ctx * c);", "", "breaks", "release", "is gone"),
        ("void release(", "void releases(", "breaks", "release", "is gone, perhaps called releases now"),
        ("void release(ctx * c);", "void release(ctx * c, int how);", "crashes", "release",
         "was void (ctx *), is void (ctx *, int)"),
        ("int32_t token", "int64_t token", "crashes", "first",
         "was token (ctx *), is token (ctx *); token was int32_t"),
        ("variadic(const char * format)", "variadic(const char * format, ...)", "crashes", "variadic",
         "was int (const char *), is int (const char *, ...)"),
        ("const char * text(", "char * text(", "breaks", "text", "was const char * (ctx *), is char * (ctx *)"),
        ("const params * with", "params * with", "harmless", "load",
         "was ctx * (const char *, const params *), is ctx * (const char *, params *)"),
        ("MODE_B = 4", "MODE_B = 5", "crashes", "MODE_B", "was 4, is 5"),
        ("LIMIT = 3", "LIMIT = 4", "crashes", "LIMIT", "was 3, is 4"),
        (", MODE_C", "", "breaks", "MODE_C", "is gone"),
        ("MODE_C }", "MODE_C, MODE_D }", "harmless", "MODE_D", "is new: 6"),
        ("enum mode mode; }", "enum mode mode; bool fast; }", "crashes", "params",
         "has 24 bytes, had 24; new: fast"),
        ("{ int n;", "{ bool fast; int n;", "crashes", "params", "has 24 bytes, had 24; new: fast; moved: n"),
        ("float x, y", "double x, y", "crashes", "point", "has 16 bytes, had 8; moved: y; with another type: x, y"),
        ("float x, y", "float y, x", "crashes", "point", "has 8 bytes, had 8; moved: x, y"),
        ("float x, y", "float left, y", "breaks", "point", "has other names for fields: x is left"),
        ("(int part, void", "(float part, void", "crashes", "progress",
         "was void (int, void *), is void (float, void *)"),
        ("float length(", "int more(void);\nfloat length(", "harmless", "more", "is new"),
        ("void release(", "__attribute__((deprecated)) void release(", "harmless", "release", "is deprecated now"),
    ],
)  # fmt: skip
def test_one_difference(before: str, after: str, severity: str, name: str, text: str) -> None:
    assert (severity, name, text) in difference((before, after))


def test_the_worst_goes_first() -> None:
    found = difference(("void release(ctx * c);", "void new(void);"), ("MODE_B = 4", "MODE_B = 5"))
    assert [severity for severity, _, _ in found] == ["crashes", "crashes", "breaks", "harmless"]
    assert [name for _, name, _ in found] == ["MODE_B", "MODE_C", "release", "new"]


def test_what_is_not_used_is_harmless() -> None:
    edits = (("float x, y", "double x, y"), ("void release(ctx * c);", ""), ("MODE_B = 4", "MODE_B = 5"))
    assert {severity for severity, _, _ in difference(*edits, used={"text"})} == {"harmless"}
    used = {name: severity for severity, name, _ in difference(*edits, used={"load"})}
    assert used == {"MODE_B": "crashes", "MODE_C": "crashes", "point": "harmless", "release": "harmless"}
    callback = ("(int part, void", "(float part, void")
    assert difference(callback, used={"run"})[0][0] == "crashes"


def test_types_that_neither_header_declares_are_compared_by_name() -> None:
    old, new = (read_header(f"int f({kind} x, {kind} * y);\n", "x.h") for kind in ("one_t", "two_t"))
    assert [change.severity for change in compare(old, new)] == ["crashes"]
    other = (read_header("typedef int one_t;", "o.h"), read_header("typedef int two_t;", "t.h"))
    assert compare(old, new, included=([other[0]], [other[1]])) == []


def test_a_struct_without_a_layout_is_compared_by_its_fields() -> None:
    old, new = (read_header(f"typedef struct {{ unsigned a : {bits}; }} s;\n", "x.h") for bits in (1, 2))
    assert compare(old, old) == []
    more = read_header("typedef struct { unsigned a : 1; int b; } s;\n", "x.h")
    assert compare(old, more) == [Change("struct", "s", "new: b", "x.h:1", "crashes")]
    assert new.structs


def test_a_struct_that_becomes_a_handle() -> None:
    old, new = read_header("typedef struct s { int a; } s;\n", "x.h"), read_header("typedef struct s s;\n", "x.h")
    assert [(change.severity, change.text) for change in compare(old, new)] == [
        ("breaks", "is a handle now, without fields")
    ]
    gone = compare(new, read_header("int f(void);\n", "x.h"))
    assert [(change.kind, change.severity) for change in gone] == [("handle", "breaks"), ("function", "harmless")]


def test_real_history_reads() -> None:
    """Every version of a real header against the one before: no crash, and nothing said of equal ones."""
    root = folder_of("ggml-org/whisper.cpp")
    log = ["git", "-C", str(root), "log", "--format=%H", "-12", "--", "include/whisper.h"]
    commits = subprocess.run(log, capture_output=True, text=True, check=True).stdout.split()
    shown = [["git", "-C", str(root), "show", f"{commit}:include/whisper.h"] for commit in commits]
    texts = [subprocess.run(one, capture_output=True, text=True, check=True).stdout for one in shown]
    versions = [read_header(text, "include/whisper.h") for text in texts]
    for new, old in pairwise(versions):
        assert compare(new, new) == []
        compare(old, new)
