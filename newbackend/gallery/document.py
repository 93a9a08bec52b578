"""An `index.yaml` as LocalAI's Go code reads it: entries with merged fields, and what makes the whole file fail.

LocalAI decodes the first document into a list of structs. A field of the wrong kind or a repeated key is an error for
the whole file, an unknown key is nothing, a scalar in place of text keeps its letters (`1.10`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

import yaml

from newbackend.records import dataclass
from newbackend.splice.yaml_nodes import MERGE_TAG, YamlBroken, compose

TEXTS = ("name", "alias", "uri", "version", "sha256", "description", "license", "icon", "url", "size", "backend")
LISTS = ("mirrors", "urls", "tags")
MAP = "capabilities"
OVERWRITTEN = ("gallery", "installed", "verification")
"""What an index cannot set: LocalAI overwrites the first two, and takes no policy from an index."""
MODEL_FIELDS = ("url", "files", "size", "backend", *OVERWRITTEN)
"""Fields that mean something for models only, or nothing at all in an index."""
KNOWN = frozenset((*TEXTS, *LISTS, MAP, *MODEL_FIELDS))

_NULL = "tag:yaml.org,2002:null"
_SECOND = re.compile(r"^---(?=\s|$)", re.M)


@dataclass(frozen=True)
class Problem:
    """What is wrong with the file as YAML or as a list of entries; `line` is 1-based."""

    kind: str
    line: int
    message: str
    subject: str = ""


@dataclass(frozen=True)
class Field:
    """One field as it counts: `inherited` when it comes from a merge."""

    key: str
    node: yaml.Node
    line: int
    inherited: bool

    @property
    def text(self) -> str:
        """The letters of a scalar; "" for null and for anything else."""
        return scalar(self.node)


@dataclass(frozen=True)
class Entry:
    """One item of the list. `number` counts from 0."""

    number: int
    line: int
    fields: Mapping[str, Field]

    def text(self, key: str) -> str:
        """A field's letters, "" where there is none."""
        return self.fields[key].text if key in self.fields else ""

    def line_of(self, key: str) -> int:
        """Where a field is, or the entry when it comes from a merge or is missing."""
        field = self.fields.get(key)
        return self.line if field is None or field.inherited else field.line

    @property
    def name(self) -> str:
        """Its name."""
        return self.text("name")

    @property
    def uri(self) -> str:
        """Its image."""
        return self.text("uri")

    @property
    def label(self) -> str:
        """What to call it in a message."""
        return self.name or f"entry {self.number + 1}"

    @cached_property
    def capabilities(self) -> Mapping[str, str]:
        """Key -> name of an entry."""
        return {key: text for key, (text, _) in self.capability_lines.items()}

    @cached_property
    def capability_lines(self) -> Mapping[str, tuple[str, int]]:
        """Key -> name of an entry and the key's line."""
        field = self.fields.get(MAP)
        if field is None or not isinstance(field.node, yaml.MappingNode):
            return {}
        return {
            key: (scalar(value), self.line if field.inherited else line) for key, value, line, _ in merged(field.node)
        }

    @property
    def is_meta(self) -> bool:
        """LocalAI's own test: a map, and no image."""
        return bool(self.capabilities) and not self.uri

    def listed(self, key: str) -> tuple[str, ...]:
        """The texts of a list."""
        field = self.fields.get(key)
        if field is None or not isinstance(field.node, yaml.SequenceNode):
            return ()
        return tuple(scalar(child) for child in field.node.value)


@dataclass(frozen=True)
class Index:
    """A gallery file: `path` is how findings name it."""

    path: str
    text: str
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]

    @cached_property
    def by_name(self) -> Mapping[str, tuple[Entry, ...]]:
        """Name in lower case -> the entries of it, in the order of the file, by which LocalAI finds them."""
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(entry.name.lower(), []).append(entry)
        return {name: tuple(entries) for name, entries in found.items()}

    @property
    def metas(self) -> Iterator[Entry]:
        """Entries that map hosts to others."""
        return (entry for entry in self.entries if entry.is_meta)

    @property
    def images(self) -> Iterator[Entry]:
        """Entries with an image."""
        return (entry for entry in self.entries if entry.uri)


def scalar(node: yaml.Node) -> str:
    """A scalar's letters; "" for null and for anything else."""
    if not isinstance(node, yaml.ScalarNode) or node.tag == _NULL:
        return ""
    return str(node.value)


def merged(node: yaml.MappingNode, *, inherited: bool = False) -> Iterator[tuple[str, yaml.Node, int, bool]]:
    """Key, value, line and whether it is inherited, merge keys followed: a mapping's own keys come first and win."""
    seen: set[str] = set()
    for key, value in node.value:
        if key.tag != MERGE_TAG and str(key.value) not in seen:
            seen.add(str(key.value))
            yield str(key.value), value, key.start_mark.line + 1, inherited
    for key, value in node.value:
        if key.tag == MERGE_TAG:
            bases = value.value if isinstance(value, yaml.SequenceNode) else [value]
            for base in bases:
                if isinstance(base, yaml.MappingNode):
                    for row in merged(base, inherited=True):
                        if row[0] not in seen:
                            seen.add(row[0])
                            yield row


def read_index(path: str, text: str) -> Index:
    """The gallery in a text. What is wrong with it is in `problems`; the entries are as far as they can be read."""
    problems: list[Problem] = []
    first, second = _first_document(text)
    if second:
        message = f"another document begins in line {second}: LocalAI reads none of its entries"
        problems.append(Problem("second-document", second, message))
    try:
        root = compose(first)
    except YamlBroken as error:
        kind = "empty" if error.problem == "the document is empty" else "unreadable"
        return Index(path, text, (), (*problems, Problem(kind, error.line, f"{path} is not readable: {error.problem}")))
    return _index_of(path, text, root, problems)


def index_of(path: str, text: str, root: yaml.Node) -> Index:
    """The gallery in a text whose first document is composed already."""
    return _index_of(path, text, root, [])


def _index_of(path: str, text: str, root: yaml.Node, problems: list[Problem]) -> Index:
    if not isinstance(root, yaml.SequenceNode):
        kind = "mapping" if isinstance(root, yaml.MappingNode) else "text"
        message = f"the top level of {path} is a {kind}, not a list of entries"
        return Index(path, text, (), (*problems, Problem("not-a-list", root.start_mark.line + 1, message)))
    entries: list[Entry] = []
    for number, node in enumerate(root.value):
        line = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            problems += _repeated(node, f"entry {number + 1}")
            fields = {key: Field(key, value, at, old) for key, value, at, old in merged(node)}
            entry = Entry(number, line, fields)
            entries.append(entry)
            problems += _kinds(entry)
        elif scalar(node) == "":
            problems.append(Problem("null-entry", line, f"entry {number + 1} is empty", f"entry {number + 1}"))
        else:
            message = f"entry {number + 1} is not a mapping"
            problems.append(Problem("not-a-list", line, message, f"entry {number + 1}"))
    return Index(path, text, tuple(entries), tuple(problems))


def _first_document(text: str) -> tuple[str, int]:
    """The text of the first document, and the 1-based line of a second one or 0."""
    for match in _SECOND.finditer(text):
        before = text[: match.start()]
        if any(line.strip() and not line.lstrip().startswith(("#", "%", "---")) for line in before.splitlines()):
            if _inside_scalar(before):
                continue
            return before, before.count("\n") + 1
    return text, 0


def _inside_scalar(before: str) -> bool:
    """Whether a text that is cut here ends inside of a quoted scalar."""
    try:
        for _ in yaml.parse(before, Loader=yaml.CSafeLoader):
            pass
    except yaml.YAMLError:
        return True
    return False


def _repeated(node: yaml.MappingNode, where: str) -> Iterator[Problem]:
    """Keys that a mapping has twice."""
    seen: dict[str, int] = {}
    for key, value in node.value:
        name, line = str(key.value), key.start_mark.line + 1
        if name in seen and key.tag != MERGE_TAG:
            message = f"{where} has the key {name!r} in lines {seen[name]} and {line}"
            yield Problem("duplicate-key", line, message, f"{where} {name}")
        seen.setdefault(name, line)
        if isinstance(value, yaml.MappingNode) and value.start_mark.index > key.start_mark.index:
            yield from _repeated(value, f"{where} {name}")


def _kinds(entry: Entry) -> Iterator[Problem]:
    """Fields of a kind that Go refuses. An inherited one is said where it is written."""
    for key, field in entry.fields.items():
        if field.inherited or (wrong := _wrong_kind(key, field.node)) is None:
            continue
        message = f"{entry.label}: {key} is {wrong}"
        yield Problem("field-type", field.line, message, f"{entry.label} {key}")


def _wrong_kind(key: str, node: yaml.Node) -> str | None:
    if isinstance(node, yaml.ScalarNode) and node.tag == _NULL:
        return None
    if key in TEXTS:
        return None if isinstance(node, yaml.ScalarNode) else "not one text"
    if key in LISTS:
        if not isinstance(node, yaml.SequenceNode):
            return "not a list"
        return None if all(isinstance(child, yaml.ScalarNode) for child in node.value) else "not a list of texts"
    if key == MAP:
        if not isinstance(node, yaml.MappingNode):
            return "not a mapping of hosts to names"
        fine = all(isinstance(value, yaml.ScalarNode) for name, value in node.value if name.tag != MERGE_TAG)
        return None if fine else "not a mapping of hosts to names"
    return None
