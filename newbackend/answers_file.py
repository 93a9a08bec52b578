"""Answers as text: the YAML file, and `--set KEY=VALUE` on the command line.

ruamel.yaml reads and writes the files that this project owns. Tags and wrong types are refused.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from newbackend.answers import Answers, ValueKind, as_data, key_at, read_answers
from newbackend.checkout.reading import read_named
from newbackend.errors import NotFoundError, UsageError
from newbackend.records import dataclass
from newbackend.sanitize import has_hidden, printable

ANSWERS_NAME = ".newbackend.yml"
"""The file in a generated backend's directory that keeps its answers."""
TEXT_LIMIT = 256 * 1024
"""Characters of an answers file; one of a backend with all that there is to say has 10 KiB."""
VALUE_LIMIT = 20_000
DEPTH_LIMIT = 60


def load_answers(path: Path) -> Answers:
    """Reads an answers file. Raises NotFoundError (no such file) or UsageError (not a valid answers file)."""
    try:
        text = read_named(path, TEXT_LIMIT)
    except FileNotFoundError as error:
        raise NotFoundError("answers-missing", "there is no such answers file", where=str(path)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("answers-unreadable", f"the answers file cannot be read: {error}", where=str(path)) from error
    return parse_answers(text, str(path))


def parse_answers(text: str, where: str) -> Answers:
    """The answers in a file's text. Raises UsageError."""
    return read_answers(parse_yaml(text, where), where)


def parse_yaml(text: str, where: str) -> Any:
    """The plain value of a small YAML text. Raises UsageError for tags, undefined aliases and syntax errors."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    if len(text) > TEXT_LIMIT:
        raise UsageError("answers-not-yaml", f"is longer than {TEXT_LIMIT // 1024} KiB", where=where)
    try:
        if "<<" in text or "merge" in text:
            _refuse_merged_lists(YAML(typ="safe", pure=True).compose(text))
        value = YAML(typ="safe", pure=True).load(text)
        return _Plain(VALUE_LIMIT).of(value)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"{where}:{mark.line + 1}" if mark else where
        raise UsageError(
            "answers-not-yaml", f"is not plain YAML: {error.problem or error.context}", where=line
        ) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise UsageError("answers-not-yaml", f"is not plain YAML: {error}", where=where) from error


def _refuse_merged_lists(top: Any) -> None:
    """Raises ValueError for a merge key with a list, or two of them: ruamel.yaml copies what they merge, so that
    a few lines can double it each time."""
    left, seen = [top], set()
    while left:
        node = left.pop()
        if node is None or id(node) in seen or isinstance(node.value, str):
            continue
        seen.add(id(node))
        pairs = [child for child in node.value if isinstance(child, tuple)]
        merged = [value for key, value in pairs if str(key.tag).endswith(":merge")]
        if len(merged) > 1 or any(isinstance(value.value, list) and value.id == "sequence" for value in merged):
            raise ValueError("a merge key takes one mapping here")
        left += [node for child in node.value for node in (child if isinstance(child, tuple) else (child,))]


@dataclass
class _Plain:
    """Copies a parsed value. Aliases share values, so that a small text can mean millions: only so many are copied."""

    left: int

    def of(self, value: Any, depth: int = 0) -> Any:
        """The value with surrogate pairs, JSON's way to write an emoji, as one character. Raises ValueError."""
        self.left -= 1
        if self.left < 0 or depth > DEPTH_LIMIT:
            raise ValueError(f"it expands to more than {VALUE_LIMIT} values, or is nested more than {DEPTH_LIMIT} deep")
        if isinstance(value, str):
            return value.encode("utf-16", "surrogatepass").decode("utf-16")
        if isinstance(value, list):
            return [self.of(item, depth + 1) for item in value]
        if isinstance(value, dict):
            return {self.of(key, depth + 1): self.of(item, depth + 1) for key, item in value.items()}
        return value


def parse_set(pairs: Sequence[str]) -> Answers:
    """`--set KEY=VALUE` pairs (dotted keys, YAML values, lists also with commas) as answers. Raises UsageError."""
    data: dict[str, Any] = {}
    for pair in pairs:
        path, separator, raw = pair.partition("=")
        if not separator or not path:
            raise UsageError("set-malformed", f"--set {pair!r} is not KEY=VALUE")
        *sections, last = path.split(".")
        target = data
        for name in sections:
            target = target.setdefault(name, {})
            if not isinstance(target, dict):
                raise UsageError("set-malformed", f"--set {pair!r}: {name} is not a mapping")
        target[last] = _set_value(path, raw)
    return read_answers(data, "--set")


def _set_value(path: str, raw: str) -> Any:
    key = key_at(path)
    kind = key.kind if key else None
    if kind is ValueKind.TEXT and "." not in path:
        return raw
    value = parse_yaml(raw, f"--set {path}")
    if kind is ValueKind.WORDS:
        value = "" if value is None and not raw else value
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
    if kind is ValueKind.TEXT:
        return value if isinstance(value, str) else raw
    return value if isinstance(value, dict | list | bool | str) or "." not in path else raw


def schema_line() -> str:
    """The comment by which an editor finds the schema of an answers file, with its line break; "" while this project
    has no address."""
    from newbackend import address

    return f"# yaml-language-server: $schema={address.of_schema('answers')}\n" if address.REPOSITORY else ""


def dump_answers(answers: Answers, header: str = "") -> str:
    """Answers as YAML text that `parse_answers` reads back to the same value."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump(_readable(as_data(answers)), stream)
    return printable(header) + printable(stream.getvalue())  # inside of double quotes, these are YAML's escapes


def _readable(value: Any) -> Any:
    """The value with texts of several lines as literal blocks, where YAML would read them back the same, and with
    texts that hide something in double quotes."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

    if isinstance(value, Mapping):
        return {_readable(key): _readable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_readable(item) for item in value]
    if isinstance(value, str) and has_hidden(value):
        return DoubleQuotedScalarString(value)
    if isinstance(value, str) and "\n" in value and not value.startswith((" ", "\n")):
        rows = value.split("\n")
        if all(row == row.rstrip() and row.isprintable() for row in rows) and not value.endswith("\n\n"):
            return LiteralScalarString(value)
    return value
