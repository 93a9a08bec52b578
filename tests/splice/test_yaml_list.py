"""Positions of sequence items, and scalars in the wanted quoting."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from newbackend.splice.outcome import apply_splices
from newbackend.splice.yaml_list import insert_after, read_list
from newbackend.splice.yaml_nodes import YamlBroken, compose
from newbackend.splice.yaml_text import block_text, scalar

TEXT = """\
---
include:
  # about a
  - name: 'a'
    note: |
      # not a comment

      text
  # about b

  - name: "b"   # trailing
    list:
      - x

  # loose end
other: 1
"""


def test_an_item_ends_with_its_content_and_leaves_comments_to_the_next() -> None:
    found = read_list(TEXT, ("include",))
    assert found is not None
    assert [(item.first, item.last) for item in found.items] == [(3, 7), (10, 12)]


def test_a_new_item_goes_before_the_comments_behind_its_sibling() -> None:
    found = read_list(TEXT, ("include",))
    assert found is not None
    edited = apply_splices(TEXT, [insert_after(found, found.items[0], [["  - name: new"]])])
    assert "      text\n  - name: new\n  # about b\n" in edited
    assert [row["name"] for row in yaml.safe_load(edited)["include"]] == ["a", "new", "b"]


def test_anchors_merges_and_own_keys_are_told_apart() -> None:
    text = "- &x\n  name: x\n  capabilities: {default: a}\n- !!merge <<: *x\n  name: y\n- <<: *x\n  name: z\n"
    found = read_list(text)
    assert found is not None
    assert [item.anchor for item in found.items] == ["x", "", ""]
    assert [item.merges for item in found.items] == [(), ("x",), ("x",)]
    assert found.items[1].own() == {"name": "y"}


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: [1\n", 2), ("- &x 1\n- &x 2\n", 2), ("a: b: c\n", 1), ("", 1), ("\x00", 1), ("a: &b\n- *c\n", 2)],
)
def test_a_broken_document_says_where(text: str, line: int) -> None:
    with pytest.raises(YamlBroken) as caught:
        compose(text)
    assert caught.value.line <= line + 1
    assert caught.value.problem


def test_positions_survive_a_bom_crlf_and_characters_of_several_bytes() -> None:
    text = "\ufeff- name: \U0001f600\r\n- name: é\r\n"
    found = read_list(text)
    assert found is not None
    edited = apply_splices(text, [insert_after(found, found.items[0], [["- name: new"]])])
    assert edited == "\ufeff- name: \U0001f600\r\n- name: new\r\n- name: é\r\n"


_TEXTS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=40)


@given(_TEXTS, st.sampled_from(["'", '"', None]))
def test_a_scalar_reads_back_as_the_string_it_was(value: str, style: str | None) -> None:
    assert yaml.load(f"k: {scalar(value, style)}\n", Loader=yaml.CSafeLoader) == {"k": value}


@pytest.mark.parametrize(
    "value", ["yes", "null", "1e3", "0x1f", "12:30:00", "2404", "~", "1_000", "2026-01-01", "-1", "=", "<<"]
)
def test_a_plain_scalar_is_never_read_as_another_type(value: str) -> None:
    assert yaml.load(f"k: {scalar(value, None)}\n", Loader=yaml.CSafeLoader) == {"k": value}


@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=60))
def test_a_literal_block_either_says_the_same_or_is_not_offered(value: str) -> None:
    rows = block_text(value + "\n", 4)
    if rows is not None:
        assert yaml.load("k: |\n" + "\n".join(rows) + "\n", Loader=yaml.CSafeLoader) == {"k": value.rstrip("\n") + "\n"}
