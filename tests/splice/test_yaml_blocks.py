"""Items of a big YAML list, found by their lines and proven by two parsers."""

from __future__ import annotations

import pytest
import yaml

from newbackend.splice.outcome import apply_splices
from newbackend.splice.prove import BlocksEdit, ProofFailed
from newbackend.splice.yaml_blocks import blocks, item_text, item_value, prove_blocks, put, swap, take

LIST = """---
# models
- &one
  name: one
  text: |
    - not an item

    * neither
- !!merge <<: *one
  name: two

# about three
- name: "three"
  more:
    - 1
# the end
"""


def texts(text: str) -> list[str]:
    return [item_text(text, block) for block in blocks(text)]


def test_items_are_those_of_the_parser() -> None:
    assert [item_value(item)["name"] for item in texts(LIST)] == [row["name"] for row in yaml.safe_load(LIST)]
    assert [block.line for block in blocks(LIST)] == [3, 9, 13]
    assert texts(LIST)[1] == "- !!merge <<: *one\n  name: two"


@pytest.mark.parametrize("text", [LIST, LIST.replace("\n", "\r\n"), LIST.removesuffix("# the end\n").rstrip("\n")])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_what_is_put_in_can_be_taken_out_again(text: str, at: int) -> None:
    new = ["- name: new\n  x: 1", "- name: newer"]
    after = apply_splices(text, put(text, blocks(text)[at].end, new, 1).splices)
    prove_blocks(text, after, [BlocksEdit(tuple((at + 1, item) for item in new))])
    gone = blocks(after)[at + 1 : at + 3]
    back = apply_splices(after, take(after, gone))
    prove_blocks(after, back, [BlocksEdit(removed=frozenset((at + 1, at + 2)))])
    assert back == text


def test_an_item_is_exchanged() -> None:
    after = apply_splices(LIST, swap(LIST, blocks(LIST)[2], "- name: four", 1).splices)
    prove_blocks(LIST, after, [BlocksEdit(((2, "- name: four"),), frozenset({2}))])
    assert after.endswith("- name: four\n# the end\n")


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ("- name: x\n  y: [", "not be valid YAML"),
        ("- !!merge <<: *gone\n  name: x", "lead nowhere"),
        ("- &one\n  name: x", "there twice"),
        ("- name: x\n- name: y", "does not have the old items"),
    ],
)
def test_a_bad_item_is_not_proven(item: str, why: str) -> None:
    after = apply_splices(LIST, put(LIST, blocks(LIST)[2].end, [item], 1).splices)
    with pytest.raises(ProofFailed, match=why):
        prove_blocks(LIST, after, [BlocksEdit(((3, item),))])


def test_an_anchor_that_is_merged_is_not_lost() -> None:
    after = apply_splices(LIST, take(LIST, blocks(LIST)[:1]))
    with pytest.raises(ProofFailed, match="lead nowhere"):
        prove_blocks(LIST, after, [BlocksEdit(removed=frozenset({0}))])


def test_a_dash_inside_of_a_text_is_no_item() -> None:
    odd = '- name: "a\n- b"\n- name: c\n'
    after = odd + "- name: d\n"
    with pytest.raises(ProofFailed, match=r"first column|refuses the document"):
        prove_blocks(odd, after, [BlocksEdit(((3, "- name: d"),))])


def test_an_edit_of_another_item_is_not_proven() -> None:
    with pytest.raises(ProofFailed, match="does not have the old items"):
        prove_blocks(LIST, LIST.replace("name: two", "name: 2"), [BlocksEdit()])
