"""Entries of block mappings know their lines; comments and blanks between them are nobody's."""

from __future__ import annotations

import pytest

from newbackend.splice.yaml_map import read_map
from newbackend.splice.yaml_nodes import YamlBroken

TEXT = """jobs:
  one:
    if: x

    steps:
      - run: |
          a

          b

  # about two
  two: {a: 1}
other: &anchor
  k: v
"""


def test_entries_end_with_their_last_line_of_content() -> None:
    found = read_map(TEXT, ("jobs",))
    assert found is not None
    assert [(entry.key, entry.first, entry.last, entry.indent) for entry in found.entries] == [
        ("one", 1, 8, 2),
        ("two", 11, 11, 2),
    ]
    assert found.get("two") is not None
    assert found.get("three") is None


@pytest.mark.parametrize("path", [("jobs", "two"), ("nowhere",), ("jobs", "one", "if")])
def test_only_block_mappings_count(path: tuple[str, ...]) -> None:
    assert read_map(TEXT, path) is None


def test_broken_yaml_is_said_to_be_broken() -> None:
    with pytest.raises(YamlBroken):
        read_map("a: [1\nb: 2\n")
