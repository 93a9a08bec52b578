"""Items of a list at the top of a big YAML file, found by their lines and proven by two parsers.

A node graph of LocalAI's model gallery (53,417 lines) costs a second and 100 MB, so it is not made: an item begins
with a dash in the first column, and its text is all that an edit needs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import yaml

from newbackend.records import dataclass
from newbackend.splice.lines import Lines
from newbackend.splice.outcome import Inserted, Splice
from newbackend.splice.prove import BlocksEdit, ProofFailed
from newbackend.splice.yaml_nodes import compose, plain_value

_BEFORE = r"(?:- |[ ]+[\w.\"'-]+: )"
ALIAS = re.compile(rf"^{_BEFORE}?(?:- )?(?:!!merge )?(?:<<: )?\*([A-Za-z0-9_.-]+)\s*$", re.M)
"""An alias where LocalAI's files have one: merged into an item, or the value of a key."""
ANCHOR = re.compile(rf"^{_BEFORE}&([A-Za-z0-9_.-]+)", re.M)


@dataclass(frozen=True, slots=True)
class Block:
    """One item: the offsets of its lines, without the blank lines and comments behind it, and its 1-based line."""

    start: int
    end: int
    line: int


@lru_cache(maxsize=2)
def blocks(text: str) -> tuple[Block, ...]:
    """The items of the list, in order; empty when no line begins with a dash and a blank."""
    starts = [0] if _is_dash(text, 0) else []
    at = text.find("\n-")
    while at != -1:
        if _is_dash(text, at + 1):
            starts.append(at + 1)
        at = text.find("\n-", at + 2)
    found, line, before = [], 1, 0
    for start, behind in pairwise([*starts, len(text)]):
        line, before = line + text.count("\n", before, start), start
        found.append(Block(start, _content_end(text, start, behind), line))
    return tuple(found)


def _is_dash(text: str, at: int) -> bool:
    return text.startswith("-", at) and text[at + 1 : at + 2] in (" ", "\r", "\n")


def _content_end(text: str, start: int, end: int) -> int:
    """The end of the last line that says something."""
    while True:
        last = text.rfind("\n", start, end - 1) + 1 or start
        if last == start or text[last] not in "#.\r\n \t":
            return end
        row = text[last:end].strip()
        if row and text[last] != "#" and row != "...":
            return end
        end = last


def item_text(text: str, block: Block) -> str:
    """An item as it is written, with line feeds, without the last one."""
    return text[block.start : block.end].replace("\r\n", "\n").rstrip("\n")


def item_value(text: str) -> Any:
    """The value of one item; what it merges from other items is empty. Raises YamlBroken."""
    known = set(ANCHOR.findall(text))
    stubs = "".join(f"- &{name} {{}}\n" for name in dict.fromkeys(ALIAS.findall(text)) if name not in known)
    value = plain_value(compose(stubs + text + "\n"))
    return value[-1] if isinstance(value, list) and value else None


def put(text: str, at: int, items: Sequence[str], line: int) -> Inserted:
    """New items at the end of a line, in the file's own line ending."""
    newline = Lines(text).newline
    body = newline.join(row for item in items for row in item.split("\n"))
    whole = newline + body if at and text[at - 1] != "\n" else body + newline
    return Inserted((Splice(at, at, whole),), line)


def swap(text: str, block: Block, item: str, line: int) -> Inserted:
    """An item instead of another."""
    end = len(text[: block.end].rstrip("\r\n"))
    return Inserted((Splice(block.start, end, item.replace("\n", Lines(text).newline)),), line)


def take(text: str, gone: Sequence[Block]) -> tuple[Splice, ...]:
    """Deletes items, in their order; at the end of a file without a final line break the break before them goes."""
    splices: list[Splice] = []
    for block in gone:
        if splices and splices[-1].end == block.start:
            splices[-1] = Splice(splices[-1].start, block.end, "")
        else:
            splices.append(Splice(block.start, block.end, ""))
    if splices and splices[-1].end == len(text) and not text.endswith("\n") and splices[-1].start:
        start = splices[-1].start
        splices[-1] = Splice(start - (2 if text[start - 2 : start] == "\r\n" else 1), len(text), "")
    return tuple(splices)


def prove_blocks(old: str, new: str, edits: Sequence[BlocksEdit]) -> None:
    """Raises ProofFailed unless the list `new` is `old` with these items added and removed.

    libyaml reads the whole new text. rapidyaml counts the items of both, and finds as many as there are dashes in the
    first column: so every item is where it was thought to be. All others keep their text, and lose no anchor.
    """
    added = [row for edit in edits for row in edit.added]
    removed = {index for edit in edits for index in edit.removed}
    check_events(new)
    before, after = blocks(old), blocks(new)
    for text, found in ((old, before), (new, after)):
        if len(found) != _count(text):
            raise ProofFailed("an item does not begin with a dash in the first column")
    kept = [item_text(old, block) for block in before]
    expected: list[str] = []
    for index in range(len(before) + 1):
        expected += [item for at, item in added if at == index]
        expected += [item for item in kept[index : index + 1] if index not in removed]
    if [item_text(new, block) for block in after] != expected:
        raise ProofFailed("the edited list does not have the old items plus the intended ones")
    _prove_anchors(new, [kept[index] for index in removed], added, kept)


def check_events(text: str) -> None:
    """Raises ProofFailed for a text that libyaml does not read."""
    try:
        yaml.CSafeLoader(text).raw_parse()
    except yaml.YAMLError as error:
        raise ProofFailed(f"the edited document would not be valid YAML: {str(error).splitlines()[0]}") from error


def _count(text: str) -> int:
    import ryml

    try:
        tree = ryml.parse_in_arena(text.removeprefix("\ufeff").encode())
        root = tree.root_id()
        top = tree.first_child(root) if tree.is_stream(root) else root
        return int(tree.num_children(top)) if tree.is_seq(top) else -1
    except Exception as error:  # ryml raises plain exceptions of several kinds
        raise ProofFailed("the second YAML parser refuses the document") from error


def _prove_anchors(new: str, gone: Sequence[str], added: Sequence[tuple[int, str]], kept: Sequence[str]) -> None:
    """No alias loses its anchor; a new item's aliases come after their anchors, and its anchors are there once."""
    for item in gone:
        for name in ANCHOR.findall(item):
            if re.search(rf"\*{re.escape(name)}(?![\w.-])", new) and not _anchored(name, new):
                raise ProofFailed(f"*{name} would lead nowhere")
    for at, item in added:
        earlier = "\n".join([*kept[:at], *(other for index, other in added if index <= at)])
        for name in ALIAS.findall(item):
            if not _anchored(name, earlier):
                raise ProofFailed(f"*{name} would lead nowhere")
        for name in ANCHOR.findall(item):
            if _anchored(name, new) > 1:
                raise ProofFailed(f"&{name} would be there twice")


def _anchored(name: str, text: str) -> int:
    return len(re.findall(rf"^{_BEFORE}&{re.escape(name)}(?![\w.-])", text, re.M))
