"""Go source is read through a grammar: comments, layout and other people's lines do not confuse it."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from newbackend.splice.golang import GoFile, aligned, go_string
from newbackend.splice.golang_lists import calls, spots

LIST = """package p

var known = []K{
\t// Text — with a dash
\t// a is first.
\t{Name: "a", Modality: "text", On: false, Say: "one, \\"two\\""},
\t{Name: "b", Modality: "asr"}, // trailing
\t// TTS
\t&BThing{},
}

var other = []K{
\t{Name: "z"},
}
"""


def test_elements_have_their_fields_lines_and_comments() -> None:
    found = GoFile(LIST).variable("known")
    assert found is not None
    assert [element.first for element in found.elements] == [5, 6, 8]
    assert [element.comment for element in found.elements] == [3, 6, 7]
    assert found.elements[0].fields == {"Name": "a", "Modality": "text", "On": "false", "Say": 'one, "two"'}
    assert found.elements[2].type_name == "BThing"
    assert found.spread


def test_a_map_has_keys_and_lists_have_their_items() -> None:
    text = 'package p\n\nvar m = map[string]C{\n\t"x-y": {\n\t\tList: []M{A, "b"},\n\t},\n}\n'
    found = GoFile(text).variable("m")
    assert found is not None
    assert found.elements[0].key == "x-y"
    assert found.elements[0].fields == {"List": ("A", "b")}
    assert (found.elements[0].first, found.elements[0].last) == (3, 5)


@pytest.mark.parametrize(
    "text",
    [
        'package p\n\nvar known = []K{{Name: "a"}, {Name: "b"}}\n',
        'package p\n\nvar known = []K{\n\t{Name: "a"}, {Name: "b"},\n}\n',
        'package p\n\nvar known = []K{{Name: "a"},\n\t{Name: "b"},\n}\n',
    ],
)
def test_a_list_without_lines_of_its_own_is_not_spread(text: str) -> None:
    found = GoFile(text).variable("known")
    assert found is not None
    assert not found.spread


@pytest.mark.parametrize(
    "text",
    [
        "package p\n\nvar known = load()\n",
        "package p\n\nfunc f() { var known = []K{} }\n",
        "package p\n\nvar known = []K{}\n\nvar known = []K{}\n",
    ],
)
def test_a_variable_that_is_not_one_plain_literal_is_not_found(text: str) -> None:
    assert GoFile(text).variable("known") is None


def test_a_variable_in_brackets_is_found() -> None:
    text = 'package p\n\nvar (\n\tone = 1\n\tknown = []K{\n\t\t{Name: "a"},\n\t}\n)\n'
    found = GoFile(text).variable("known")
    assert found is not None
    assert found.elements[0].fields == {"Name": "a"}


def test_constants_are_read_with_their_types() -> None:
    inside = '\tMethodA  Kind = "A"\n\tengineXY      = "x-y"\n\tN             = 3\n'
    text = f'package p\n\nconst (\n{inside})\n\nconst lone = "l"\n'
    found = {one.name: (one.type_name, one.value, one.line) for one in GoFile(text).constants()}
    assert found == {"MethodA": ("Kind", "A", 3), "engineXY": ("", "x-y", 4), "lone": ("", "l", 8)}


METHODS = """package p

func (i *T) Name() string { return "t" }

func (i *T) Extra() []E {
\treturn []E{
\t\t{Name: "a"},
\t}
}

func (i *T) Import(b string) bool {
\tswitch b {
\tcase "é", "a":
\t\treturn true
\tcase other:
\t}
\tif ok && (b == "t" || b == "a") {
\t\treturn b == i.Name() || b == "a"
\t}
\treturn x == "a" || y == "a"
}

func (i *U) Import(b string) bool { return b == "t" || b == "a" }
"""


def test_methods_are_found_by_their_receiver() -> None:
    file = GoFile(METHODS)
    found = file.returned("Extra", "T")
    assert found is not None
    assert found.elements[0].fields == {"Name": "a"}
    assert file.returned("Extra", "U") is None


def test_lists_of_strings_inside_a_method_are_found_with_the_offset_they_grow_at() -> None:
    lists = spots(GoFile(METHODS), "Import", "T")
    assert [(spot.kind, spot.subject, spot.words) for spot in lists] == [
        ("case", "", ("é", "a")),
        ("or", "b", ("t", "a")),
        ("or", "b", ("a",)),
    ]
    assert METHODS[: lists[0].offset].endswith('case "é", "a"')
    assert METHODS[lists[1].offset :].startswith(") {")


def test_calls_with_only_strings_are_found() -> None:
    text = 'package p\n\nfunc f() {\n\tExpect(n).To(ConsistOf("a", "b"))\n\tConsistOf(x, "b")\n}\n'
    (spot,) = calls(GoFile(text), "ConsistOf")
    assert (spot.words, spot.line) == (("a", "b"), 3)


def test_broken_source_has_a_line() -> None:
    assert GoFile(LIST).broken_line is None
    assert GoFile("package p\n\nvar x = []K{\n\t{,\n}\n").broken_line is not None


def test_strings_are_escaped_for_go() -> None:
    assert go_string('a "b" \\ c') == '"a \\"b\\" \\\\ c"'
    assert go_string("zero\u200bwidth\u202e") == '"zero\\u200bwidth\\u202e"'
    assert go_string("caf\u00e9 \U0001f600") == '"caf\u00e9 \U0001f600"'


def test_aligned_fields_are_what_gofmt_would_write() -> None:
    gofmt = shutil.which("gofmt")
    if gofmt is None:
        pytest.skip("gofmt is not installed")
    fields = aligned([("A", '"x"'), ("LongerName", "[]string{}"), ("Mid", "2")], "\t")
    text = "\n".join(["package p", "", "var x = T{", *fields, "}", ""])
    done = subprocess.run([gofmt], input=text, capture_output=True, text=True, check=True)
    assert done.stdout == text
