"""The proof accepts exactly the intended change."""

from __future__ import annotations

import pytest

from newbackend.splice.prove import ListEdit, ProofFailed, parse, prove_lists

OLD = "include:\n  - a: '1'\n  - b: '2'\nrest: x\n"


def test_the_intended_addition_is_proven() -> None:
    new = "include:\n  - a: '1'\n  - c: '3'\n  - b: '2'\nrest: x\n"
    prove_lists(OLD, new, [ListEdit(("include",), ((1, {"c": "3"}),))])


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
        prove_lists(OLD, new, [ListEdit(("include",), ((1, {"c": "3"}),))])


def test_removal_is_proven_too() -> None:
    prove_lists(OLD, "include:\n  - a: '1'\nrest: x\n", [ListEdit(("include",), removed=frozenset({1}))])


def test_merges_and_document_starts_are_resolved_alike() -> None:
    text = "---\n## metas\n- &x\n  name: a\n  k: v\n- !!merge <<: *x\n  name: b\n"
    assert parse(text) == [{"name": "a", "k": "v"}, {"name": "b", "k": "v"}]
