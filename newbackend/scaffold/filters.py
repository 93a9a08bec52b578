"""Jinja filters that escape arbitrary text for each generated language.

Descriptions and URLs are user input; templates use them only through one of these filters. Every filter is a pure
function of text and never raises. Templates load them through `_jinja_extensions:
[newbackend.scaffold.filters.Filters]` in their `copier.yml`.
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
    """Whether a reader of generated source cannot see the character or tell it apart.

    Control and format characters (bidi, zero width, BOM), surrogates, separators other than the
    plain blank. In literals they are escaped; in prose and comments they are dropped or replaced by blanks.
    """
    return not char.isprintable()


def _visible(text: str) -> str:
    """The text without invisible characters; any white space becomes a plain blank."""
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
    a block comment that the prefix is part of; both are removed.
    """
    lines: list[str] = []
    for line in text.splitlines() or [""]:
        clean = _visible(line).replace("*/", "* /").replace("/*", "/ *").rstrip(" \\")
        lines.append(f"{prefix} {clean}".rstrip())
    return "\n".join(lines)


_GO_PACKAGES = {
    path.rpartition("/")[2]: path
    for path in (
        *("bytes", "context", "encoding/binary", "errors", "fmt", "hash/fnv", "io", "math", "os", "path/filepath"),
        *("slices", "strings", "sync", "sync/atomic", "time", "unicode/utf8", "unsafe"),
    )
}
_GO_NAME = re.compile(r"(?<![\w.])([a-z]\w*)\.[A-Z]")


def go_imports(code: str) -> str:
    """The import lines for what Go code uses of the standard library, of the packages that the templates know."""
    names = set(_GO_NAME.findall(code))
    return "".join(f'\t"{path}"\n' for path in sorted(path for name, path in _GO_PACKAGES.items() if name in names))


def go_fields(lines: str) -> str:
    """Lines of `name type` as the fields of a Go struct: the types in one column, as gofmt puts them."""
    fields = [line.split(" ", 1) for line in lines.splitlines()]
    width = max((len(name) for name, _ in fields), default=0)
    return "".join(f"\t{name:{width}} {kind}\n" for name, kind in fields)


class Filters(Extension):
    """Registers the filters of this module in a Jinja environment.

    The environment also caches templates compiled from strings: copier compiles the same few hundreds of times, for
    each part of each path and for the name of its answers file.
    """

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters.update(
            shq=shq,
            cstr=cstr,
            pystr=pystr,
            rsstr=rsstr,
            yamlstr=yamlstr,
            md=md,
            comment=comment,
            go_imports=go_imports,
            go_fields=go_fields,
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
