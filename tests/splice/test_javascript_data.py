"""Tables of the path filter are read as data, whatever stands around them."""

from __future__ import annotations

import pytest

from newbackend.splice.javascript_data import constant_array

SOURCE = """// names
const NAMES = new Set([
  // the first
  "é-a",
  "b",
]);
const ONE = new Set(["a", "b"]);
export const RULES = [
  { matches: file => file === "x/é-darwin.sh", on: never },
  {
    // why
    matches: file => file.startsWith("x/") && file !== "y",
    on: item => item.backend === "b",
  },
];
const f = () => { const RULES = []; };
"""


def test_a_set_has_its_words() -> None:
    found = constant_array(SOURCE, "NAMES")
    assert found is not None
    assert [(entry.word, entry.first, entry.comment) for entry in found.entries] == [("é-a", 3, 2), ("b", 4, 4)]
    assert found.spread
    assert SOURCE[found.entries[0].end] == ","


def test_a_set_on_one_line_says_so() -> None:
    found = constant_array(SOURCE, "ONE")
    assert found is not None
    assert found.one_line
    assert not found.spread
    assert SOURCE[found.entries[-1].end :].startswith("]);")


def test_rules_have_the_strings_that_they_compare_with() -> None:
    found = constant_array(SOURCE, "RULES")
    assert found is not None
    assert [entry.equals for entry in found.entries] == [("x/é-darwin.sh",), ("b",)]
    assert [(entry.first, entry.last) for entry in found.entries] == [(8, 8), (9, 13)]


@pytest.mark.parametrize(
    "source",
    [
        "const NAMES = make();",
        "const NAMES = new Map([]);",
        "const NAMES = [1]; const NAMES = [2];",
        "function f() { const NAMES = []; }",
    ],
)
def test_anything_else_is_not_a_table(source: str) -> None:
    assert constant_array(source, "NAMES") is None
