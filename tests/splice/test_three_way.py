"""Three-way merge of one value."""

from __future__ import annotations

from typing import Any

import pytest

from newbackend.splice.three_way import Differs, merged


@pytest.mark.parametrize(
    ("old", "new", "there", "expected"),
    [
        ("a", "b", "a", "b"),
        ("a\n", "b", " a", "b"),
        ("a", "a", "mine", "mine"),
        (None, "b", None, "b"),
        ("a", "b", None, None),
        ("a", None, "a", None),
        (["a", "b"], ["a", "c"], ["mine", "b", "a"], ["mine", "a", "c"]),
        ({"a": "1"}, {"a": "1", "b": "2"}, {"z": "9", "a": "1"}, {"z": "9", "a": "1", "b": "2"}),
        ({"a": "1", "b": "2"}, {"a": "1"}, {"b": "2", "a": "1"}, {"a": "1"}),
        ({"a": "1", "b": "2"}, {"a": "1", "b": "3"}, {"a": "1"}, {"a": "1"}),
    ],
)
def test_only_the_difference_of_the_expectations_is_made(old: Any, new: Any, there: Any, expected: Any) -> None:
    assert merged(old, new, there) == expected
    if isinstance(expected, dict):
        assert list(merged(old, new, there)) == list(expected)


@pytest.mark.parametrize(("old", "new", "there"), [("a", "b", "c"), ({"k": "a"}, {"k": "b"}, {"k": "c"})])
def test_a_value_that_nobody_expected_is_not_overwritten(old: Any, new: Any, there: Any) -> None:
    with pytest.raises(Differs):
        merged(old, new, there)
