"""Proof that an edited YAML document means exactly what was intended.

The positions came from libyaml; the proof comes from rapidyaml, an unrelated parser, on the whole
document: old value plus the intended items equals new value (design section 4, "Meaning").
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ListEdit:
    """Intended change of the sequence at `path`: items added before old index, or old indices gone.

    `added` pairs an index into the old sequence with the value that goes in front of it, in order.
    """

    path: tuple[str, ...]
    added: tuple[tuple[int, Any], ...] = ()
    removed: frozenset[int] = frozenset()


class ProofFailed(Exception):
    """The edited text does not parse to the old value plus the intended change: nothing is written."""


def parse(text: str) -> Any:
    """The value of a YAML document by rapidyaml, merges resolved. Raises ProofFailed."""
    import ryml

    body = text[1:] if text.startswith("\ufeff") else text
    try:
        tree = ryml.parse_in_arena(body.encode())
        tree.resolve()
        value = json.loads(ryml.emit_json(tree))
    except Exception as error:  # ryml raises plain exceptions of several kinds
        raise ProofFailed(f"the second YAML parser refuses the document: {str(error).splitlines()[0]}") from error
    stream = _is_stream(body)
    return value[0] if stream and isinstance(value, list) and len(value) == 1 else value


def _is_stream(text: str) -> bool:
    """Whether the document starts with `---`: rapidyaml then wraps it in a list of documents."""
    return any(line.startswith("---") for line in text.split("\n", 200)[:200] if line[:1] not in ("#", ""))


def prove_lists(old: str, new: str, edits: Sequence[ListEdit]) -> None:
    """Raises ProofFailed unless `new` is `old` with exactly these list edits."""
    expected = parse(old)
    for edit in edits:
        holder, key = _holder(expected, edit.path)
        sequence = holder[key] if key is not None else holder
        if not isinstance(sequence, list):
            raise ProofFailed(f"no sequence at {'/'.join(edit.path) or 'the top'}")
        result: list[Any] = []
        for index in range(len(sequence) + 1):
            result += [value for at, value in edit.added if at == index]
            if index < len(sequence) and index not in edit.removed:
                result.append(sequence[index])
        if key is None:
            expected = result
        else:
            holder[key] = result
    actual = parse(new)
    if actual != expected:
        raise ProofFailed("the edited document does not mean the old one plus the intended items")


def _holder(value: Any, path: tuple[str, ...]) -> tuple[Any, str | None]:
    if not path:
        return value, None
    for step in path[:-1]:
        value = value[step]
    return value, path[-1]
