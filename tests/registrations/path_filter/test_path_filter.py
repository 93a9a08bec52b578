"""Branches of the path filter: before what would shadow them, proven by running the function."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from specs import spec

from newbackend.checkout.filter_engine import FilterUnavailable, PathFilter, engine_for, path_filter
from newbackend.checkout.layout import layout_of, open_checkout
from newbackend.registrations.path_filter.place import PathFilterPlace, insertion_point
from newbackend.splice.javascript import Branch, filter_function
from newbackend.splice.outcome import Ambiguous, AnchorMissing, Inserted, apply_splices


def function(*suffixes: str) -> str:
    """A filter with one C++ branch per suffix."""
    branches = "".join(
        f'  if (item.dockerfile.endsWith("{word}")) {{\n    return `backend/cpp/{word}/`;\n  }}\n' for word in suffixes
    )
    return f"function inferBackendPath(item) {{\n{branches}  return null;\n}}\n"


def before(source: str, suffix: str) -> str:
    found = filter_function(source, "inferBackendPath")
    assert found is not None
    point = insertion_point(found, suffix)
    assert isinstance(point, Branch), point
    return point.word or point.kind


@pytest.mark.parametrize(
    ("suffixes", "new", "expected"),
    [
        (("python", "ds4", "llama-cpp"), "new", "llama-cpp"),
        (("ds4", "llama-cpp"), "super-ds4", "ds4"),
        (("audio-cpp", "llama-cpp"), "x-audio-cpp", "audio-cpp"),
        ((), "new", "return"),
        (("audio-cpp",), "cpp", "return"),
    ],
)
def test_a_branch_goes_before_what_would_shadow_it(suffixes: tuple[str, ...], new: str, expected: str) -> None:
    assert before(function(*suffixes), new) == expected


def test_contradicting_orders_and_unknown_branches_are_ambiguous() -> None:
    found = filter_function(function("pp", "x-cpp"), "inferBackendPath")
    assert found is not None
    assert isinstance(insertion_point(found, "cpp"), Ambiguous)
    strange = function("ds4").replace("  return null", "  if (guess(item)) return 'x';\n  return null")
    found = filter_function(strange, "inferBackendPath")
    assert found is not None
    assert isinstance(insertion_point(found, "new"), Ambiguous)


def test_a_function_without_a_final_return_has_no_anchor() -> None:
    found = filter_function("function inferBackendPath(item) {\n  go(item);\n}\n", "inferBackendPath")
    assert found is not None
    assert isinstance(insertion_point(found, "new"), AnchorMissing)


def test_linux_and_macos_branches_are_added_and_taken_back(any_sample: Path) -> None:
    checkout = open_checkout(any_sample)
    place, wanted = PathFilterPlace(), spec(variants=["cpu", "metal"])
    path = layout_of(checkout).filter_path
    assert path
    changes = place.plan(checkout, wanted).changes
    splices = [s for c in changes if isinstance(c.outcome, Inserted) for s in c.outcome.splices]
    text = apply_splices(checkout.need(path), splices)
    after = checkout.with_changes({path: text})
    engine = path_filter(after)
    assert engine.linux([{"dockerfile": "./backend/Dockerfile.ds4", "backend": "ds4"}]) == ["backend/cpp/ds4/"]
    assert engine.darwin([{"backend": "ds4", "lang": "go"}]) == ["backend/cpp/ds4/"]
    splices = [s for c in place.revert(after, "ds4") if isinstance(c.outcome, Inserted) for s in c.outcome.splices]
    assert apply_splices(text, splices) == checkout.need(path)


@pytest.mark.parametrize("lang", ["go", "python", "rust"])
def test_generic_languages_need_no_branch(sample: Path, lang: str) -> None:
    changes = PathFilterPlace().plan(open_checkout(sample), spec(lang=lang, flavour=None, variants=["cpu"])).changes
    assert not [change for change in changes if isinstance(change.outcome, Inserted)]


@pytest.mark.parametrize(
    "source",
    [
        "function inferBackendPath(item) { while (true) {} }\nfunction inferBackendPathDarwin(i) { return ''; }",
        "function inferBackendPath(item) { throw new Error('no'); }\nfunction inferBackendPathDarwin(i) { return ''; }",
        "function inferBackendPath(item) { return 'x'.repeat(1 << 28).repeat(64); }",
    ],
    ids=["endless", "throwing", "greedy"],
)
def test_a_filter_that_misbehaves_is_unavailable_not_a_hang(source: str) -> None:
    engine = PathFilter(*engine_for(source, True, os.getpid()))
    with pytest.raises(FilterUnavailable):
        engine.linux([{"dockerfile": "x", "backend": "y"}])


def test_a_filter_that_is_not_javascript_is_unavailable() -> None:
    with pytest.raises(FilterUnavailable):
        PathFilter(*engine_for("function (", True, os.getpid()))
