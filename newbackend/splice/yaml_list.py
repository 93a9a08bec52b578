"""Block sequences of mappings in YAML: where each item stands, and text to put beside it.

Positions come from libyaml (PyYAML's C composer: 0.02 s for LocalAI's 280 KiB index); nothing here
re-emits a document. Source: reference/anchors-generators, sections 4.2 and 4.3; docs/adr/0002.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import yaml

from newbackend.splice.lines import Lines
from newbackend.splice.outcome import Splice

_MERGE_TAG = "tag:yaml.org,2002:merge"
_INT_TAG = "tag:yaml.org,2002:int"
_BOOL_TAG = "tag:yaml.org,2002:bool"
_STR_TAG = "tag:yaml.org,2002:str"
_NULL_TAG = "tag:yaml.org,2002:null"
_COLLECTION_TAGS = {yaml.MappingNode: "tag:yaml.org,2002:map", yaml.SequenceNode: "tag:yaml.org,2002:seq"}
_PLAIN = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./+-]*(?: [A-Za-z0-9_./+-]+)*\Z")
_DASH = re.compile(r"^( *)-(?= |$)")


EXPANSION_LIMIT = 20_000
"""Values of one list entry, aliases followed; upstream's largest has fewer than a hundred."""


class YamlBroken(Exception):
    """The text is not a YAML document that can be read; `line` is 1-based."""

    def __init__(self, problem: str, line: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line


class _Loader(yaml.CSafeLoader):
    """The C loader without path resolvers, and with tags remembered: most scalars of a list repeat."""

    _tags: ClassVar[dict[str, str]] = {}

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        """There are no path resolvers."""

    def ascend_resolver(self) -> None:
        """There are no path resolvers."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        """The tag of a node; a quoted scalar is a string."""
        if kind is not yaml.ScalarNode:
            return _COLLECTION_TAGS[kind]
        if not implicit[0]:
            return _STR_TAG
        found = self._tags.get(value)
        if found is None:
            found = super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]
            if len(self._tags) < 4096:
                self._tags[value] = found
        return found


def compose(text: str) -> yaml.Node:
    """The node graph of a one-document text. Raises YamlBroken (syntax, duplicate anchor, empty)."""
    body = text[1:] if text.startswith("\ufeff") else text
    try:
        node = yaml.compose(body, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        raise YamlBroken(problem or "not YAML", mark.line + 1 if mark else 1) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise YamlBroken(str(error).split("\n", 1)[0] or "not YAML", 1) from error
    if node is None:
        raise YamlBroken("the document is empty", 1)
    return node


class Field(NamedTuple):
    """One `key: value` of a mapping as written: value, quoting style, 1-based line."""

    value: Any
    style: str | None
    line: int


@dataclass(frozen=True)
class Item:
    """One mapping of a block sequence. Lines are 0-based; `last` is its last line of content."""

    index: int
    fields: Mapping[str, Field]
    anchor: str
    merges: tuple[str, ...]
    first: int
    last: int
    indent: int

    @property
    def line(self) -> int:
        """The 1-based line of the item's dash."""
        return self.first + 1

    def get(self, key: str) -> Any:
        """The item's own value of a key (merged keys do not count), or None."""
        found = self.fields.get(key)
        return None if found is None else found.value

    def own(self) -> dict[str, Any]:
        """Own keys and values, in file order, without the merge key."""
        return {key: found.value for key, found in self.fields.items()}


@dataclass(frozen=True)
class YamlList:
    """A block sequence of mappings inside a document; `path` are the keys that lead to it."""

    lines: Lines
    items: tuple[Item, ...]
    path: tuple[str, ...]
    line: int


def node_at(root: yaml.Node, path: Sequence[str]) -> yaml.Node | None:
    """The node that a path of mapping keys leads to."""
    node: yaml.Node | None = root
    for key in path:
        if not isinstance(node, yaml.MappingNode):
            return None
        node = next((value for name, value in node.value if name.value == key), None)
    return node


def read_list(text: str, path: Sequence[str] = (), root: yaml.Node | None = None) -> YamlList | None:
    """The block sequence at `path`, or None when there is none there.

    Raises YamlBroken. Items that are not mappings are left out (their index is still counted).
    """
    root = compose(text) if root is None else root
    node = node_at(root, path)
    if not isinstance(node, yaml.SequenceNode) or node.flow_style:
        return None
    lines = Lines(text)
    items: list[Item] = []
    for index, child in enumerate(node.value):
        if isinstance(child, yaml.MappingNode):
            items.append(_item(child, index, lines))
    return YamlList(lines, tuple(items), tuple(path), node.start_mark.line + 1)


_ITEM_ANCHOR = re.compile(r"^ *- +(?:!\S+ +)?&(\S+)")
_MERGE_ALIAS = re.compile(r"<<\s*:\s*(?:\*(\S+)|\[([^\]]*)\])")


def _item(node: yaml.MappingNode, index: int, lines: Lines) -> Item:
    first = node.start_mark.line
    while first > 0 and not _DASH.match(lines[first]):
        first -= 1
    dash = _DASH.match(lines[first])
    indent = len(dash[1]) if dash else 0
    anchor_match = _ITEM_ANCHOR.match(lines[first])
    fields: dict[str, Field] = {}
    merges: list[str] = []
    for key, value in node.value:
        if key.tag == _MERGE_TAG:
            merges += _merge_names(lines[key.start_mark.line][key.start_mark.column :])
        else:
            fields[str(key.value)] = _field(value, key.start_mark.line + 1)
    anchor = anchor_match[1] if anchor_match else ""
    last = _last_line(node, lines)
    return Item(index, fields, anchor, tuple(merges), first, last, indent)


def _merge_names(text: str) -> list[str]:
    match = _MERGE_ALIAS.search(text)
    if not match:
        return []
    if match[1]:
        return [match[1]]
    return [name.strip().lstrip("*") for name in match[2].split(",")]


def _field(node: yaml.Node, line: int) -> Field:
    if node.__class__ is yaml.ScalarNode:
        return Field(node.value if node.tag == _STR_TAG else _scalar_value(node), node.style, line)
    return Field(plain_value(node), None, line)


def _last_line(node: yaml.Node, lines: Lines) -> int:
    """The last line that holds content of a node: comments and blank lines behind it are not its own."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        key, value = node.value[-1]
        if value.start_mark.index < key.end_mark.index:  # an alias: the node stands elsewhere
            return int(key.end_mark.line)
        return max(int(key.end_mark.line), _last_line(value, lines))
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        value = node.value[-1]
        if value.start_mark.index >= node.start_mark.index:
            return _last_line(value, lines)
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        line = int(node.end_mark.line)
        if node.end_mark.column == 0:
            line -= 1
        while line > node.start_mark.line and not lines[line].strip():
            line -= 1
        return line
    return int(node.end_mark.line)


def plain_value(node: yaml.Node) -> Any:
    """The Python value of a node: str, int, bool, None, list or dict. A cycle reads as None.

    Raises YamlBroken when aliases multiply it beyond all bounds.
    """
    if node.__class__ is yaml.ScalarNode and node.tag == _STR_TAG:  # nearly every one
        return node.value
    return _Expansion(node).value(node)


class _Expansion:
    """One reading of a node: counts what aliases expand to, and knows the nodes that it is inside of."""

    def __init__(self, top: yaml.Node) -> None:
        self._top = top
        self._left = EXPANSION_LIMIT
        self._open: set[int] = set()

    def value(self, node: yaml.Node) -> Any:
        """As `plain_value`."""
        if isinstance(node, yaml.ScalarNode):
            return _scalar_value(node)
        if id(node) in self._open or len(self._open) > 64:
            return None
        self._left -= len(node.value) + 1
        if self._left < 0:
            problem = f"an entry expands to more than {EXPANSION_LIMIT} values"
            raise YamlBroken(problem, self._top.start_mark.line + 1)
        self._open.add(id(node))
        found: Any
        if isinstance(node, yaml.SequenceNode):
            found = [self.value(child) for child in node.value]
        else:
            found = {str(key.value): self.value(value) for key, value in node.value}
        self._open.discard(id(node))
        return found


def _scalar_value(node: yaml.ScalarNode) -> Any:
    text = str(node.value)
    if node.tag == _NULL_TAG:
        return None
    if node.tag == _BOOL_TAG:
        return text.lower() in ("true", "yes", "on")
    if node.tag == _INT_TAG and re.fullmatch(r"[-+]?\d+", text):
        return int(text)
    return text


def scalar(value: str, style: str | None) -> str:
    """A string as a YAML scalar in the wanted style (`'`, `"` or plain when that is safe)."""
    printable = all(ch.isprintable() for ch in value)
    if style == "'" and printable:
        return "'" + value.replace("'", "''") + "'"
    if style is None and _PLAIN.match(value) and not _looks_typed(value):
        return value
    return '"' + "".join(_escaped(ch) for ch in value) + '"'


def _escaped(ch: str) -> str:
    """One character of a double-quoted scalar. JSON's escapes will not do: YAML has no surrogate pairs."""
    if ch in '"\\':
        return "\\" + ch
    if ch.isprintable() and ch != "\ufeff":
        return ch
    named = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
    code = ord(ch)
    return named.get(ch) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}")


def _looks_typed(value: str) -> bool:
    """Whether YAML 1.1 or 1.2 would read a plain scalar as something other than a string."""
    if re.fullmatch(r"(?i)(y|n|yes|no|on|off|true|false|null|~|\.nan|[-+]?\.inf)", value):
        return True
    return bool(re.match(r"[-+.]?[0-9]", value)) and bool(re.fullmatch(r"[-+]?[0-9a-fA-FxXoO_:.,eE+-]+", value))


def block_text(value: str, indent: int) -> list[str] | None:
    """The lines of `value` as a literal block (`|`), or None when the block form would change it."""
    rows = value.rstrip("\n").split("\n")
    clean = all(all(ch.isprintable() for ch in row) and row == row.rstrip() for row in rows)
    if not clean or not rows[0] or rows[0][0].isspace() or not value.endswith("\n"):
        return None
    return [(" " * indent + row) if row else "" for row in rows]


def insert_after(found: YamlList, item: Item, new_items: Iterable[Sequence[str]]) -> Splice:
    """A splice that puts whole items (their lines) right after an item, before any comment there."""
    rows = [row for lines in new_items for row in lines]
    at, text = found.lines.after(item.last, rows)
    return Splice(at, at, text)
