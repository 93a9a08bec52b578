"""What a new commit changes for the code of a backend: compiled against the headers, or calling by name."""

from __future__ import annotations

import pytest
from miniature import in_memory

from newbackend.upstream import cplusplus_use
from newbackend.upstream.cplusplus_use import Names, included, includes_of
from newbackend.upstream.diff import Change
from newbackend.upstream.survey import Code, changes, survey

HEADER = """#ifdef __cplusplus
extern "C" {
#endif
typedef struct { int size; int speed; } tone_params;
enum tone_mode { TONE_SOFT, TONE_LOUD, TONE_MODES };
int tone_say(const tone_params * params);
#ifdef __cplusplus
}
#endif
"""
INNER = """#pragma once
#include "parts/mixer.h"
// old_name(1) in a comment is no declaration
struct Voice { int id; };
bool load_voice(Voice & voice, const char * path, int threads = 1, std::map<int, int> names = {});
inline int half(int value) { return value / 2; }
"""
MIXER = "namespace mix { void start_mixer(float volume); }\n"
CMAKE = "project(tone CXX)\nadd_library(tone src/inner.cpp)\n"
FILES = {"CMakeLists.txt": CMAKE, "include/tone.h": HEADER, "src/inner.h": INNER, "src/parts/mixer.h": MIXER}
CODE = """#include "tone.h"
#include "inner.h"
#include <vector>
int go() {
    tone_params params; params.size = TONE_MODES;
    Voice voice; load_voice(voice, "a, b(", half(2));
    mix::start_mixer(0.5f); object.load_voice(1);
    return tone_say(&params);
}
"""


def difference(new: dict[str, str], *, compiled: bool = True, code: str = CODE) -> list[Change]:
    names = Names()
    names.add(code)
    about = Code({"tone_say"} if "tone_say" in code else set(), frozenset(), names, compiled)
    old, now = (
        survey(in_memory(files), {}, header="", includes=includes_of([code])) for files in (FILES, {**FILES, **new})
    )
    return [change for change in changes(old, now, about) if change.severity != "harmless"]


@pytest.mark.parametrize(
    ("path", "before", "after", "expected"),
    [
        ("include/tone.h", "int speed;", "int speed; int pitch;", []),
        ("include/tone.h", "int size; int speed;", "int speed; int size;", []),
        ("include/tone.h", "int size;", "long length;", [("struct", "tone_params")]),
        ("include/tone.h", "TONE_LOUD,", "TONE_LOUD, TONE_SHRILL,", []),
        ("include/tone.h", ", TONE_MODES", "", [("constant", "TONE_MODES")]),
        ("include/tone.h", ", TONE_MODES", ", TONE_MODES, TONE_MORE", []),
        ("include/tone.h", "* params);", "* params, int n);", [("function", "tone_say")]),
        ("src/inner.h", "bool load_voice(Voice & voice,", "bool load_voice(Voice & voice, int n,", []),
        ("src/inner.h", "int threads = 1", "int threads, int n, int m", [("function", "load_voice")]),
        ("src/inner.h", "int threads = 1, ", "int threads = 1, bool loud = false, ", []),
        ("src/inner.h", "bool load_voice(", "bool open_voice(", [("function", "load_voice")]),
        ("src/inner.h", "struct Voice", "struct Speaker", []),
        ("src/parts/mixer.h", "start_mixer", "begin_mixing", [("function", "start_mixer")]),
        ("src/parts/mixer.h", "float volume", "float left, float right", [("function", "start_mixer")]),
    ],
)
def test_what_breaks_code_that_is_compiled(path: str, before: str, after: str, expected: list[tuple[str, str]]) -> None:
    assert before in FILES[path]
    found = difference({path: FILES[path].replace(before, after, 1)})
    assert [(change.kind, change.name) for change in found] == expected
    assert {change.severity for change in found} <= {"breaks"}


def test_code_that_calls_by_name_crashes_where_a_struct_grew() -> None:
    grown = {"include/tone.h": HEADER.replace("int speed;", "int speed; int pitch;")}
    assert [(change.severity, change.name) for change in difference(grown, compiled=False)] == [
        ("crashes", "tone_params")
    ]


def test_a_type_that_is_gone_and_a_header_that_is_gone() -> None:
    renamed = {"src/inner.h": INNER.replace("Voice", "Speaker")}
    assert [(change.kind, change.name, change.where) for change in difference(renamed)] == [
        ("type", "Voice", "src/inner.h:4")
    ]
    moved = dict(FILES)
    moved["src/other.h"] = moved.pop("src/inner.h")
    names = Names()
    names.add(CODE)
    old, now = (survey(in_memory(files), {}, header="", includes=["inner.h"]) for files in (FILES, moved))
    found = changes(old, now, Code(set(), frozenset(), names, compiled=True))
    assert ("header", "inner.h", "breaks") in [(change.kind, change.name, change.severity) for change in found]


def test_other_changes_of_a_cplusplus_header_are_said_not_to_be_compared() -> None:
    names = Names()
    names.add(CODE)
    new = {**FILES, "src/inner.h": INNER.replace("value / 2", "value / 3")}
    old, now = (survey(in_memory(files), {}, header="", includes=["inner.h"]) for files in (FILES, new))
    (change,) = changes(old, now, Code(set(), frozenset(), names, compiled=True))
    assert (change.name, change.severity) == ("src/inner.h", "harmless")
    assert "not compared" in change.text


def test_headers_are_followed_within_the_upstream_and_copied_ones_are_not() -> None:
    files = {**FILES, "vendor/json.hpp": "int json();", "tests/inner.h": ""}
    found = included(in_memory(files), ["inner.h", "vector", "json.hpp"])
    assert found.found == {"inner.h": "src/inner.h"}
    assert sorted(found.texts) == ["src/inner.h", "src/parts/mixer.h"]


def test_brackets_in_brackets_are_looked_at_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cplusplus_use, "STEPS", 1000)
    names = Names()
    names.add("int f(int a);\n" + "g(" * 2000 + "\nint h(int a);\n")
    assert names.functions == {"f": {(1, 1)}}
    assert "h" in names.words


@pytest.mark.parametrize("text", ["f(" * 50, "f(a,b", '"' * 999, "/*" * 99, "int f(...);", "f(\n#define x ("])
def test_text_that_is_no_cplusplus_is_taken_as_it_is(text: str) -> None:
    names = Names()
    names.add(text)
    assert isinstance(names.words, set)
