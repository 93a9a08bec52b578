"""Filter functions are read through a grammar, whatever their layout."""

from __future__ import annotations

from newbackend.splice.javascript import broken_line, filter_function

SOURCE = """\
// header
export function inferBackendPath(item) {
  if (item.dockerfile.endsWith("python")) {
    return `backend/python/${item.backend}/`;
  }
  // ced is special
  // in two lines
  if (item.backend === "ced") return `backend/go/ced/`;
  if (item.dockerfile.endsWith('llama-cpp')) {
    // inner
    return "backend/cpp/llama-cpp/";
  }
  if (strange(item)) { return null; }
  return null;
}
function other(x) { return 1; }
"""


def test_branches_are_data_in_their_order() -> None:
    found = filter_function(SOURCE, "inferBackendPath")
    assert found is not None
    assert found.parameter == "item"
    assert [(branch.kind, branch.word) for branch in found.branches] == [
        ("suffix", "python"),
        ("backend", "ced"),
        ("suffix", "llama-cpp"),
        ("other", ""),
        ("return", ""),
    ]
    assert found.branches[1].result == "backend/go/ced/"


def test_comments_directly_above_belong_to_their_branch() -> None:
    found = filter_function(SOURCE, "inferBackendPath")
    assert found is not None
    ced = found.branches[1]
    assert SOURCE.splitlines()[ced.first] == "  // ced is special"
    assert ced.line == 8


def test_no_function_and_two_functions_are_none() -> None:
    assert filter_function("const x = 1;", "inferBackendPath") is None
    twice = "function f(a) { return 1; }\nfunction f(a) { return 2; }\n"
    assert filter_function(twice, "f") is None


def test_a_syntax_error_has_a_line() -> None:
    assert broken_line("function f(a) {\n  return 1;\n}\n") is None
    assert broken_line("function f(a) {\n  if (a {\n}\n") == 2
