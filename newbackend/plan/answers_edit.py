"""Changes a backend's answers file: comments and what is not asked for stay as they are."""

from __future__ import annotations

import io
import re
from dataclasses import fields, replace
from typing import Any

from newbackend.answers import Answers, as_data
from newbackend.answers_file import dump_answers, parse_answers
from newbackend.errors import UsageError

_GENERATED = re.compile(r"^generated:[^\n]*\n(?:[ \t]+[^\n]*\n|\n)*", re.M)


def edited(text: str, path: str, old: Answers, new: Answers) -> str:
    """The text of an answers file for other answers, its record of the rendering included.

    Raises UsageError when it has a layout in which the record cannot be told from the answers.
    """
    body = text if text.endswith("\n") else text + "\n"
    keys = [row for row in fields(Answers) if getattr(old, row.name) != getattr(new, row.name)]
    names = [row.metadata.get("key", row.name) for row in keys if row.name != "generated"]
    if names:
        body = _with(body, {name: as_data(new).get(name) for name in names})
    if new.generated is not None:
        fresh = dump_answers(Answers(generated=new.generated))
        body = _GENERATED.sub(lambda _: fresh, body, count=1) if _GENERATED.search(body) else body + fresh
    if parse_answers(body, path) != replace(new, like=new.like):
        raise UsageError("answers-layout", "the section generated cannot be told from the answers", where=path)
    return body


def _with(text: str, values: dict[str, Any]) -> str:
    """The text with other values of some keys, by a parser that keeps comments."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    data = yaml.load(text)
    for name, value in values.items():
        if value is None:
            data.pop(name, None)
        elif name in data or "generated" not in data:
            data[name] = value
        else:
            data.insert(list(data).index("generated"), name, value)
    out = io.StringIO()
    yaml.dump(data, out)
    return out.getvalue()
