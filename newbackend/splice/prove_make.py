"""Proof that an edited Makefile is the old one with exactly the intended words, recipe lines, rules and lines.

Two unrelated readers have to agree: ours, which cuts lines as GNU make does, and tree-sitter's grammar. Make itself is
never run: a stranger's Makefile can start programs while it is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import TypeVar

from newbackend.splice import make_grammar
from newbackend.splice.lines import Lines
from newbackend.splice.make_items import MakeEdit, MakeItem, items_of
from newbackend.splice.make_reader import read
from newbackend.splice.prove import ProofFailed

T = TypeVar("T", bound=Hashable)


def is_makefile(path: str) -> bool:
    """Whether a path names a Makefile."""
    return path.rpartition("/")[2] in ("Makefile", "GNUmakefile") or path.endswith(".mk")


def prove_makefile(old: str, new: str, edits: Sequence[MakeEdit]) -> None:
    """Raises ProofFailed unless the Makefile `new` is `old` with exactly these edits, for both readers."""
    added = [item for edit in edits for item in edit.added]
    removed = [item for edit in edits for item in edit.removed]
    before, after = read(Lines(old)), read(Lines(new))
    for problem in (*before.problems, *after.problems):
        raise ProofFailed(f"line {problem.line} {problem.why}")
    _compare(items_of(before.statements), items_of(after.statements), added, removed)
    plain_added, plain_removed = [item.plain for item in added], [item.plain for item in removed]
    _compare(make_grammar.items(old), make_grammar.items(new), plain_added, plain_removed)


def _compare(old: Sequence[T], new: Sequence[T], added: Sequence[T], removed: Sequence[T]) -> None:
    """Raises ProofFailed unless `new` is `old`, in its order, without `removed` and with `added`."""
    to_add, to_remove = Counter(added), Counter(removed)
    at = 0
    for item in old:
        while at < len(new) and new[at] != item and to_add[new[at]]:
            to_add[new[at]] -= 1
            at += 1
        if at < len(new) and new[at] == item:
            at += 1
        elif to_remove[item]:
            to_remove[item] -= 1
        else:
            raise ProofFailed(f"the Makefile would lose {_shown(item)}")
    for item in new[at:]:
        if not to_add[item]:
            raise ProofFailed(f"the Makefile would gain {_shown(item)}")
        to_add[item] -= 1
    if left := [*to_add.elements(), *to_remove.elements()]:
        raise ProofFailed(f"the Makefile would not change as intended: {_shown(left[0])}")


def _shown(item: object) -> str:
    text = str(item) if isinstance(item, MakeItem) else " ".join(part for part in item if part)  # type: ignore[attr-defined]
    return repr(text if len(text) < 120 else text[:117] + "...")
