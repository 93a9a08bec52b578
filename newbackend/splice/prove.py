"""Proof that an edited YAML document means exactly what was intended.

The positions came from libyaml; the proof comes from rapidyaml, an unrelated parser, on the whole
document: old value plus the intended items equals new value. rapidyaml forgives some indentation that libyaml
does not, so libyaml has to read the edited document as well (`plan.build`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from newbackend.records import dataclass
from newbackend.splice.lines import Lines
from newbackend.splice.make_items import MakeEdit
from newbackend.splice.outcome import Splice, apply_splices


@dataclass(frozen=True)
class ListEdit:
    """Intended change of the sequence at `path`: items added before old index, or old indices gone.

    `added` pairs an index into the old sequence with the value that goes in front of it, in order.
    """

    path: tuple[str, ...]
    added: tuple[tuple[int, Any], ...] = ()
    removed: frozenset[int] = frozenset()


@dataclass(frozen=True)
class BlocksEdit:
    """Intended change of the list at the top of a big file (`yaml_blocks`): item texts in front of old indices, and old
    indices gone."""

    added: tuple[tuple[int, str], ...] = ()
    removed: frozenset[int] = frozenset()


@dataclass(frozen=True)
class MapEdit:
    """Intended change of the mapping at `path` (keys, in a sequence old indices): new keys with their values, or old
    keys gone."""

    path: tuple[str | int, ...]
    added: tuple[tuple[str, Any], ...] = ()
    removed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ValueEdit:
    """Intended change of one value: `path` leads to it by keys and, in a sequence, by its old index."""

    path: tuple[str | int, ...]
    value: Any


@dataclass(frozen=True)
class GrownLine:
    """A list on one line that grows there.

    `line` is 1-based in the old text, `separator` the regular expression between two items. The proof is
    that the old items are all there in their order and that exactly `added` joined them.
    """

    line: int
    separator: str
    added: tuple[str, ...]


Proof = ListEdit | BlocksEdit | MapEdit | ValueEdit | GrownLine | MakeEdit


class ProofFailed(Exception):
    """The edited text does not parse to the old value plus the intended change: nothing is written."""


def parse(text: str) -> Any:
    """The value of a YAML document by rapidyaml, merges resolved. Raises ProofFailed.

    Only for a text that `compose` takes: rapidyaml crashes on an alias inside of its own value.
    """
    import ryml

    body = text[1:] if text.startswith("\ufeff") else text
    try:
        tree = ryml.parse_in_arena(body.encode())
        tree.reserve(4 * tree.size())  # resolving merges makes LocalAI's index three times as big
        tree.resolve()
        emitted = bytearray(ryml.compute_json_length(tree))
        ryml.emit_json_in_place(tree, emitted)
        del tree  # it takes as much room as the values will
        value = json.loads(emitted)
    except Exception as error:  # ryml raises plain exceptions of several kinds
        why = (str(error).strip().splitlines() or ["it gives no reason"])[0]
        raise ProofFailed(f"the second YAML parser refuses the document: {why}") from error
    stream = _is_stream(body)
    return value[0] if stream and isinstance(value, list) and len(value) == 1 else value


def _is_stream(text: str) -> bool:
    """Whether the document starts with `---`: rapidyaml then wraps it in a list of documents."""
    return any(line.startswith("---") for line in text.split("\n", 200)[:200] if line[:1] not in ("#", ""))


def _holder(value: Any, path: tuple[str, ...]) -> tuple[Any, str | None]:
    if not path:
        return value, None
    for step in path[:-1]:
        value = value[step]
    return value, path[-1]


def prove_meaning(old: str, new: str, edits: Sequence[ListEdit | MapEdit | ValueEdit]) -> None:
    """Raises ProofFailed unless the YAML document `new` is `old` with exactly these edits."""
    expected = parse(old)
    for value in (edit for edit in edits if isinstance(edit, ValueEdit)):
        holder = _at(expected, value.path[:-1])
        holder[value.path[-1]] = value.value
    for change in (edit for edit in edits if isinstance(edit, MapEdit)):
        mapping = _at(expected, change.path)
        if not isinstance(mapping, dict):
            raise ProofFailed(f"no mapping at {_said(change.path)}")
        for key in change.removed:
            if key not in mapping:
                raise ProofFailed(f"{key} is not at {_said(change.path)}")
            del mapping[key]
        for key, added in change.added:
            if key in mapping:
                raise ProofFailed(f"{key} is there already at {_said(change.path)}")
            mapping[key] = added
    for lists in (edit for edit in edits if isinstance(edit, ListEdit)):
        expected = _with_list_edit(expected, lists)
    if parse(new) != expected:
        raise ProofFailed("the edited document does not mean the old one plus the intended change")


def _with_list_edit(value: Any, edit: ListEdit) -> Any:
    """`value` with one list edit made; it may be the top itself."""
    holder, key = _holder(value, edit.path)
    sequence = holder[key] if key is not None else holder
    if not isinstance(sequence, list):
        raise ProofFailed(f"no sequence at {'/'.join(edit.path) or 'the top'}")
    result: list[Any] = []
    for index in range(len(sequence) + 1):
        result += [added for at, added in edit.added if at == index]
        if index < len(sequence) and index not in edit.removed:
            result.append(sequence[index])
    if key is None:
        return result
    holder[key] = result
    return value


def _said(path: Sequence[str | int]) -> str:
    return "/".join(map(str, path)) or "the top"


def _at(value: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError) as error:
            raise ProofFailed(f"nothing at {'/'.join(map(str, path))}") from error
    return value


def prove_grown(old: str, splices: Sequence[Splice], grown: Sequence[GrownLine]) -> None:
    """Raises ProofFailed unless every splice inside a line only makes a declared list longer.

    Splices that add whole lines are not looked at: `plan.build` tells the two apart.
    """
    lines = Lines(old)
    declared = {proof.line - 1: proof for proof in grown}
    by_line: dict[int, list[Splice]] = {}
    for splice in splices:
        by_line.setdefault(lines.line_at(splice.start), []).append(splice)
    for number, mine in by_line.items():
        if number not in declared:
            raise ProofFailed(f"line {number + 1} would change")
        proof, start = declared[number], lines.starts[number]
        inner = [Splice(s.start - start, s.end - start, s.text) for s in mine]
        before, after = lines[number], apply_splices(lines[number], inner)
        left = _items(after, proof.separator)
        for item in _items(before, proof.separator):
            if item not in left:
                raise ProofFailed(f"line {number + 1} would lose {item!r}")
            left.remove(item)
        if any(splice.start != splice.end or "\n" in splice.text for splice in mine) or tuple(left) != proof.added:
            raise ProofFailed(f"line {number + 1} would gain {left!r}, not {list(proof.added)!r}")


def _items(line: str, separator: str) -> list[str]:
    return [part.strip() for part in re.split(separator, line) if part.strip()]
