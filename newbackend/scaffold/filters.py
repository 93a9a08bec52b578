"""Jinja filters that make arbitrary text safe in each of the generated languages.

A description or a URL is text that somebody typed; it reaches a template only through one of these.
Every filter is pure: text in, text out, nothing raised for any `str`. Templates load them through
`_jinja_extensions: [newbackend.scaffold.filters.Filters]` in their `copier.yml`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from jinja2 import Environment, Template
from jinja2.ext import Extension

_MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~$&!])")
_MARKDOWN_BLOCK_START = re.compile(r"^(\d{1,9})([.)])|^([-+=])")


def _is_hidden(char: str) -> bool:
    """True for what a reader of generated source cannot see or tell apart.

    Control and format characters (bidi, zero width, BOM), surrogates, separators other than the
    plain blank. In literals they are escaped, in prose and comments they are dropped or blanks.
    """
    return not char.isprintable()


def _visible(text: str) -> str:
    """The text without what cannot be seen; every kind of white space becomes a plain blank."""
    return "".join(" " if char.isspace() else char for char in text if char.isspace() or not _is_hidden(char))


def shq(text: str) -> str:
    """One POSIX shell word in single quotes. NUL cannot be in a shell word and is dropped."""
    return "'" + text.replace("\0", "").replace("'", "'\\''") + "'"


def cstr(text: str) -> str:
    r"""A double-quoted literal, quotes included, that C, C++ and Go all read as the same UTF-8 bytes.

    Three-digit octal escapes are used because C's `\x` takes any number of digits; the second of
    two question marks is escaped so that no trigraph can arise.
    """
    out: list[str] = []
    for char in text:
        if char in '"\\':
            out.append("\\" + char)
        elif char == "\n":
            out.append("\\n")
        elif char == "\t":
            out.append("\\t")
        elif _is_hidden(char) or (char == "?" and out and out[-1] == "?"):
            out.extend(f"\\{byte:03o}" for byte in char.encode("utf-8", "replace"))
        else:
            out.append(char)
    return '"' + "".join(out) + '"'


def pystr(text: str) -> str:
    """A Python string literal on one line."""
    return repr(text)


def rsstr(text: str) -> str:
    """A Rust string literal, quotes included. Lone surrogates, which Rust has not, become `?`."""
    out: list[str] = []
    for char in text:
        if char in '"\\':
            out.append("\\" + char)
        elif char == "\n":
            out.append("\\n")
        elif unicodedata.category(char) == "Cs":
            out.append("?")
        elif _is_hidden(char):
            out.append(f"\\u{{{ord(char):x}}}")
        else:
            out.append(char)
    return '"' + "".join(out) + '"'


def yamlstr(text: str) -> str:
    """A double-quoted YAML scalar on one line; also valid in YAML 1.1 parsers."""
    out: list[str] = []
    for char in text:
        if char in '"\\':
            out.append("\\" + char)
        elif char == "\n":
            out.append("\\n")
        elif unicodedata.category(char) == "Cs":
            out.append("?")
        elif _is_hidden(char):
            out.append(f"\\U{ord(char):08x}")
        else:
            out.append(char)
    return '"' + "".join(out) + '"'


def md(text: str) -> str:
    """One Markdown paragraph on one line: whitespace folded, markup and HTML made literal."""
    escaped = _MARKDOWN_SPECIAL.sub(r"\\\1", " ".join(_visible(text).split()))
    return _MARKDOWN_BLOCK_START.sub(lambda m: f"{m[1]}\\{m[2]}" if m[1] else f"\\{m[3]}", escaped)


def comment(text: str, prefix: str = "#") -> str:
    """Every line of `text` after `prefix` and a blank; safe for line comments of all languages.

    A trailing backslash would continue a make or C++ comment onto the next line, and `*/` would end
    a block comment that the prefix is part of; both are taken out.
    """
    lines: list[str] = []
    for line in text.splitlines() or [""]:
        clean = _visible(line).replace("*/", "* /").replace("/*", "/ *").rstrip(" \\")
        lines.append(f"{prefix} {clean}".rstrip())
    return "\n".join(lines)


class Filters(Extension):
    """Registers the filters of this module in a Jinja environment.

    The environment also remembers what it compiled from strings: copier compiles every part of every path,
    and the name of its answers file beside each, hundreds of times the same few.
    """

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters.update(
            shq=shq, cstr=cstr, pystr=pystr, rsstr=rsstr, yamlstr=yamlstr, md=md, comment=comment
        )
        environment.from_string = _remembering(environment.from_string)  # type: ignore[method-assign]


def _remembering(plain: Callable[..., Template]) -> Callable[..., Template]:
    """`Environment.from_string` that compiles the same text once."""
    seen: dict[str, Template] = {}

    def from_string(source: Any, *rest: Any, **named: Any) -> Template:
        if rest or named or not isinstance(source, str):
            return plain(source, *rest, **named)
        if source not in seen:
            seen[source] = plain(source)
        return seen[source]

    return from_string
