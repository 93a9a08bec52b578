"""Jinja filters that make arbitrary text safe in each of the generated languages.

A description or a URL is text that somebody typed; it reaches a template only through one of these.
Every filter is pure: text in, text out, nothing raised for any `str`. Templates load them through
`_jinja_extensions: [newbackend.scaffold.filters.Filters]` in their `copier.yml`.
"""

from __future__ import annotations

import re
import unicodedata

from jinja2 import Environment
from jinja2.ext import Extension

_MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~$&!])")
_MARKDOWN_BLOCK_START = re.compile(r"^(\d{1,9})([.)])|^([-+=])")


def _is_hidden(char: str) -> bool:
    """True for control, format (bidi, zero width, BOM), surrogate and line/paragraph separators.

    These are the characters that a reader of the generated source cannot see; in literals they are
    escaped, in prose and comments they are dropped.
    """
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


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
            code = ord(char)
            out.append(f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
        else:
            out.append(char)
    return '"' + "".join(out) + '"'


def md(text: str) -> str:
    """One Markdown paragraph on one line: whitespace folded, markup and HTML made literal."""
    folded = " ".join("".join(" " if c.isspace() else c for c in text if c.isspace() or not _is_hidden(c)).split())
    escaped = _MARKDOWN_SPECIAL.sub(r"\\\1", folded)
    return _MARKDOWN_BLOCK_START.sub(lambda m: f"{m[1]}\\{m[2]}" if m[1] else f"\\{m[3]}", escaped)


def comment(text: str, prefix: str = "#") -> str:
    """Every line of `text` after `prefix` and a blank; safe for line comments of all languages.

    A trailing backslash would continue a make or C++ comment onto the next line, and `*/` would end
    a block comment that the prefix is part of; both are taken out.
    """
    lines: list[str] = []
    for line in text.splitlines() or [""]:
        clean = "".join(" " if c == "\t" else c for c in line if c == "\t" or not _is_hidden(c))
        clean = clean.replace("*/", "* /").replace("/*", "/ *").rstrip(" \\")
        lines.append(f"{prefix} {clean}".rstrip())
    return "\n".join(lines)


class Filters(Extension):
    """Registers the filters of this module in a Jinja environment."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters.update(
            shq=shq, cstr=cstr, pystr=pystr, rsstr=rsstr, yamlstr=yamlstr, md=md, comment=comment
        )
