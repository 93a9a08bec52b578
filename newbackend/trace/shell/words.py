"""Expansion of the shell's words: variables, command substitutions, quotes, splitting."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tree_sitter import Node

from newbackend.trace.opentext import is_open, open_part, words
from newbackend.trace.shell.globs import substituted, without_head, without_tail
from newbackend.trace.shell.parse import parse, text_of

if TYPE_CHECKING:
    from newbackend.trace.shell.run import Shell

_PARAMETER = re.compile(r"\$\{(?P<pre>[!#]?)(?P<name>\w+|[@*#?$!0-9-])(?P<index>\[[^\]]*\])?(?P<rest>.*)\}\Z", re.S)
_OPERATOR = re.compile(r":?[-=+?]|##?|%%?|//?|\^\^?|,,?|:|@")
_ESCAPE = re.compile(r"\\(\n|.)", re.S)
_HOST = frozenset(
    {
        *("HOME", "USER", "LOGNAME", "HOSTNAME", "RANDOM", "SECONDS", "UID", "EUID", "PPID", "BASHPID", "TMPDIR"),
        *("OSTYPE", "GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE"),
    }
)
"""Variables that the system sets, not the build."""


class Fields:
    """Collects the fields of one word: quoted text stays together, unquoted expansions are split."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self._current = ""
        self._begun = False

    def quoted(self, text: str) -> None:
        """Adds text that is never split."""
        self._current += text
        self._begun = True

    def split(self, text: str) -> None:
        """Adds an expansion that is split at white space."""
        if not text:
            return
        pieces = words(text)
        if not pieces or text[0].isspace():
            self._end()
        for number, piece in enumerate(pieces):
            if number:
                self._end()
            self._current += piece
            self._begun = True
        if text[-1].isspace():
            self._end()

    def _end(self) -> None:
        if self._begun:
            self.done.append(self._current)
        self._current, self._begun = "", False

    def all(self) -> list[str]:
        """All fields."""
        self._end()
        return self.done


def fields_of(shell: Shell, node: Node, data: bytes) -> list[str]:
    """The fields that a word becomes."""
    fields = Fields()
    _collect(shell, node, data, fields)
    return fields.all()


def value_of(shell: Shell, node: Node, data: bytes) -> str:
    """A word as one text, never split: in assignments, tests and `case`."""
    if node.type == "array":
        return " ".join(value_of(shell, child, data) for child in node.named_children)
    return "".join(_pieces(shell, node, data))


def _collect(shell: Shell, node: Node, data: bytes, fields: Fields) -> None:
    kind = node.type
    if kind == "concatenation":
        for child in node.children:
            _collect(shell, child, data, fields)
    elif kind in ("simple_expansion", "expansion", "command_substitution"):
        fields.split("".join(_pieces(shell, node, data)))
    elif kind == "string" and _is_all_arguments(node, data):
        for number, argument in enumerate(shell.arguments):
            if number:
                fields._end()
            fields.quoted(argument)
    else:
        fields.quoted("".join(_pieces(shell, node, data)))


def _is_all_arguments(node: Node, data: bytes) -> bool:
    return text_of(node, data) in ('"$@"', '"${@}"')


def _pieces(shell: Shell, node: Node, data: bytes) -> list[str]:
    """The expanded pieces of a word."""
    kind = node.type
    if kind in ("word", "number", "extglob_pattern", "regex", "variable_name", "test_operator"):
        text = text_of(node, data)
        if node.child_count and kind != "word":
            return [piece for child in node.children for piece in _pieces(shell, child, data)]
        return [_ESCAPE.sub(lambda match: "" if match[1] == "\n" else match[1], text)]
    if kind == "raw_string":
        return [text_of(node, data)[1:-1]]
    if kind == "ansi_c_string":
        return [text_of(node, data)[2:-1].replace("\\n", "\n").replace("\\t", "\t")]
    if kind in ("string", "translated_string"):
        return _string(shell, node, data)
    if kind == "concatenation":
        return [piece for child in node.children for piece in _pieces(shell, child, data)]
    if kind == "simple_expansion":
        return [shell.parameter(text_of(node, data).lstrip()[1:])]
    if kind == "expansion":
        return [_parameter(shell, text_of(node, data).lstrip())]
    if kind == "command_substitution":
        return [shell.substitute(node, data)]
    if kind == "arithmetic_expansion" or kind == "process_substitution":
        return [open_part(text_of(node, data))]
    return [text_of(node, data)]


def _string(shell: Shell, node: Node, data: bytes) -> list[str]:
    """A double-quoted string. The grammar leaves white space between two expansions out of the tree, or puts it into
    the second one."""
    out: list[str] = []
    at = node.start_byte + 1
    for child in node.children[1:]:
        if child.start_byte > at:
            out.append(data[at : child.start_byte].decode("utf-8", "replace"))
        at = child.end_byte
        if child.type == '"':
            break
        if child.type == "string_content":
            text = text_of(child, data)
            out.append(re.sub(r"\\(\n|[$`\"\\])", lambda match: "" if match[1] == "\n" else match[1], text))
        else:
            source = data[child.start_byte : child.end_byte]
            out.append(source[: len(source) - len(source.lstrip())].decode())
            out += _pieces(shell, child, data)
    return out


def text_value(shell: Shell, text: str) -> str:
    """The value of text as inside of double quotes, for the word in `${name:-word}`."""
    if not any(sign in text for sign in "$`\\\"'"):
        return text
    root, data = parse('x="' + text.strip('"') + '"')
    node = root.named_children[0].child_by_field_name("value") if root.named_children else None
    return open_part(text) if node is None else value_of(shell, node, data)


def _parameter(shell: Shell, source: str) -> str:
    """`${name}` with its operators."""
    match = _PARAMETER.match(source)
    if match is None:
        return open_part(source)
    name, rest = match["name"], match["rest"]
    value = shell.parameter(name)
    if match["pre"]:
        return open_part(source) if match["pre"] == "!" or is_open(value) else str(len(value))
    if not rest:
        return value
    operator = _OPERATOR.match(rest)
    if operator is None:
        return open_part(source)
    sign, word = operator[0], rest[operator.end() :]
    if sign.lstrip(":") in ("-", "=", "+", "?"):
        return _default(shell, name, value, sign, word)
    if is_open(value):
        return open_part(source)
    if sign in ("#", "##"):
        return without_head(value, text_value(shell, word), longest=sign == "##")
    if sign in ("%", "%%"):
        return without_tail(value, text_value(shell, word), longest=sign == "%%")
    if sign in ("/", "//"):
        old, _, new = word.partition("/")
        return substituted(value, text_value(shell, old), text_value(shell, new), every=sign == "//")
    if sign in ("^^", ",,"):
        return value.upper() if sign == "^^" else value.lower()
    return open_part(source)


def _default(shell: Shell, name: str, value: str, sign: str, word: str) -> str:
    """`:-`, `:=`, `:+`, `:?`. A variable that the build never sets is unset."""
    empty = not value if sign.startswith(":") else not shell.is_set(name)
    kind = sign.lstrip(":")
    if kind == "+":
        return "" if empty else text_value(shell, word)
    if not empty or kind == "?":
        return value
    fallback = text_value(shell, word)
    if kind == "=":
        shell.variables[name] = fallback
    return fallback


def host_variable(name: str) -> bool:
    """Whether the system sets a variable."""
    return name in _HOST
