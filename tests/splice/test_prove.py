"""The proof accepts exactly the intended change."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from newbackend.splice.outcome import Splice
from newbackend.splice.prove import (
    GrownLine,
    ListEdit,
    MapEdit,
    ProofFailed,
    ValueEdit,
    parse,
    prove_grown,
    prove_meaning,
)
from newbackend.splice.yaml_nodes import YamlBroken, compose


def prove(old: str, new: str, edits: Sequence[ListEdit | MapEdit | ValueEdit]) -> None:
    """As `plan.build` does it: by both parsers."""
    prove_meaning(old, new, edits)
    try:
        compose(new)
    except YamlBroken as error:
        raise ProofFailed(error.problem) from error


OLD = "include:\n  - a: '1'\n  - b: '2'\nrest: x\n"


def test_the_intended_addition_is_proven() -> None:
    new = "include:\n  - a: '1'\n  - c: '3'\n  - b: '2'\nrest: x\n"
    prove(OLD, new, [ListEdit(("include",), ((1, {"c": "3"}),))])


@pytest.mark.parametrize(
    "new",
    [
        "include:\n  - a: '1'\n  - c: 3\n  - b: '2'\nrest: x\n",
        "include:\n  - c: '3'\n  - a: '1'\n  - b: '2'\nrest: x\n",
        "include:\n  - a: '1'\n  - c: '3'\n  - b: '2'\nrest: y\n",
        "include:\n  - a: '1'\n  - b: '2'\nrest: x\n",
        "include:\n  - a: '1'\n  - c: '3'\n   - b: '2'\n",
    ],
)
def test_anything_else_is_refused(new: str) -> None:
    with pytest.raises(ProofFailed):
        prove(OLD, new, [ListEdit(("include",), ((1, {"c": "3"}),))])


def test_removal_is_proven_too() -> None:
    prove(OLD, "include:\n  - a: '1'\nrest: x\n", [ListEdit(("include",), removed=frozenset({1}))])


def test_merges_and_document_starts_are_resolved_alike() -> None:
    text = "---\n## metas\n- &x\n  name: a\n  k: v\n- !!merge <<: *x\n  name: b\n"
    assert parse(text) == [{"name": "a", "k": "v"}, {"name": "b", "k": "v"}]


MAP = "jobs:\n  a:\n    if: x\n  b: 1\nlist:\n  - k: v\n"


def test_new_and_dropped_keys_are_proven() -> None:
    new = "jobs:\n  a:\n    if: x\n  c:\n    d: 2\nlist:\n  - k: v\n"
    prove(MAP, new, [MapEdit(("jobs",), (("c", {"d": 2}),), frozenset({"b"}))])
    with pytest.raises(ProofFailed):
        prove(MAP, new, [MapEdit(("jobs",), (("c", {"d": 2}),))])


@pytest.mark.parametrize(
    "edit",
    [
        MapEdit(("jobs",), (("a", 1),)),
        MapEdit(("jobs",), removed=frozenset({"z"})),
        MapEdit(("list",), (("a", 1),)),
        MapEdit(("nowhere",), (("a", 1),)),
    ],
)
def test_a_key_that_is_there_or_not_there_cannot_be_added_or_dropped(edit: MapEdit) -> None:
    with pytest.raises(ProofFailed):
        prove(MAP, MAP, [edit])


def test_a_changed_value_is_proven_beside_a_new_item() -> None:
    new = "jobs:\n  a:\n    if: y\n  b: 1\nlist:\n  - new: 1\n  - k: w\n"
    edits: list[ListEdit | MapEdit | ValueEdit] = [
        ValueEdit(("jobs", "a", "if"), "y"),
        ValueEdit(("list", 0, "k"), "w"),
        ListEdit(("list",), ((0, {"new": 1}),)),
    ]
    prove(MAP, new, edits)
    with pytest.raises(ProofFailed):
        prove(MAP, new, edits[1:])


CODE = 'first\n\tcase "a", "b": // c\nlast\n'
GROWN = GrownLine(2, r"\s*(?:,|:|\bcase)\s*", ('"d"',))


def test_a_declared_list_may_grow() -> None:
    at = CODE.index(":")
    prove_grown(CODE, [Splice(at, at, ', "d"')], [GROWN])


@pytest.mark.parametrize(
    "splice",
    [
        Splice(0, 0, "x"),
        Splice(CODE.index(":"), CODE.index(":"), ', "e"'),
        Splice(CODE.index(":"), CODE.index(":"), ', "d", "e"'),
        Splice(CODE.index('"a"'), CODE.index('"a"') + 3, '"d"'),
        Splice(CODE.index(":"), CODE.index(":"), ', "d"\n'),
    ],
)
def test_any_other_change_of_a_line_is_refused(splice: Splice) -> None:
    with pytest.raises(ProofFailed):
        prove_grown(CODE, [splice], [GROWN])
