"""Answers as text: the YAML file, and `--set KEY=VALUE` on the command line.

ruamel.yaml reads and writes the files that this project owns. Tags and wrong types are refused.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from newbackend.answers import Answers, ValueKind, as_data, key_at, read_answers
from newbackend.errors import NotFoundError, UsageError


def load_answers(path: Path) -> Answers:
    """Reads an answers file. Raises NotFoundError (no such file) or UsageError (not a valid answers file)."""
    try:
        text = path.read_text(encoding="utf-8")
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

    try:
        value = YAML(typ="safe", pure=True).load(text)
        json.dumps(value, ensure_ascii=False, default=str).encode()  # a lone surrogate is not text
        return value
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"{where}:{mark.line + 1}" if mark else where
        raise UsageError(
            "answers-not-yaml", f"is not plain YAML: {error.problem or error.context}", where=line
        ) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise UsageError("answers-not-yaml", f"is not plain YAML: {error}", where=where) from error


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
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
    if kind is ValueKind.TEXT:
        return value if isinstance(value, str) else raw
    return value if isinstance(value, dict | list | bool | str) or "." not in path else raw


def dump_answers(answers: Answers, header: str = "") -> str:
    """Answers as YAML text that `parse_answers` reads back to the same value."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump(_readable(as_data(answers)), stream)
    return header + stream.getvalue()


def _readable(value: Any) -> Any:
    """The value with texts of several lines as literal blocks, where YAML would read them back the same."""
    from ruamel.yaml.scalarstring import LiteralScalarString

    if isinstance(value, Mapping):
        return {key: _readable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_readable(item) for item in value]
    if isinstance(value, str) and "\n" in value and not value.startswith((" ", "\n")):
        rows = value.split("\n")
        if all(row == row.rstrip() and row.isprintable() for row in rows) and not value.endswith("\n\n"):
            return LiteralScalarString(value)
    return value
