"""GitHub's expressions, `${{ … }}`, as far as workflows use them for values.

https://docs.github.com/en/actions/reference/workflows-and-actions/expressions: literals, contexts, comparisons, `&&`,
`||`, `!` and a few functions. What a run alone knows (`steps`, `github`, `secrets`) is an open part.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from newbackend.trace.opentext import is_open, open_part

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.S)
_TOKEN = re.compile(
    r"\s*(?:('(?:[^']|'')*')|(-?\d+(?:\.\d+)?)|([A-Za-z_][\w-]*(?:\.[\w*-]+|\[\s*'[^']*'\s*\])*)|(==|!=|<=|>=|&&|\|\||[!()<>,]))"
)
_LITERALS = {"true": True, "false": False, "null": None}

Contexts = Mapping[str, Mapping[str, Any]]


class _Open(Exception):
    """The value depends on what only a run knows."""


def filled(text: str, contexts: Contexts) -> str:
    """The text with every expression replaced by its value; what is not known is open."""
    if "${{" not in text:
        return text
    return _EXPRESSION.sub(lambda match: value_text(match[1], contexts), text)


def value_text(expression: str, contexts: Contexts) -> str:
    """One expression as text."""
    try:
        return _as_text(_evaluated(expression, contexts))
    except (_Open, ValueError, IndexError):
        return open_part("${{ " + " ".join(expression.split()) + " }}")


def truth(text: str, contexts: Contexts) -> bool | None:
    """The value of an `if:`; None when only a run knows it."""
    match = _EXPRESSION.fullmatch(text.strip())
    try:
        return bool(_evaluated(match[1] if match else text, contexts))
    except (_Open, ValueError, IndexError):
        return None


def _evaluated(expression: str, contexts: Contexts) -> Any:
    """The value. Raises _Open when only a run knows it, ValueError and IndexError for what is no expression."""
    tokens = _tokens_of(expression)
    if len(tokens) == 1 and tokens[0][0] == "name" and tokens[0][1] not in _LITERALS:  # nearly every one
        value = _value_of(tokens[0][1], contexts)
    else:
        value = _Parser(tokens, contexts).whole()
    if isinstance(value, _Unknown):
        raise _Open
    return value


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


@lru_cache(maxsize=1024)
def _tokens_of(source: str) -> tuple[tuple[str, str], ...]:
    """Kind and text of each token; the same few expressions are evaluated for every row."""
    tokens: list[tuple[str, str]] = []
    at = 0
    source = source.strip()
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            raise ValueError(source)
        kind = ("text", "number", "name", "sign")[[group is not None for group in match.groups()].index(True)]
        tokens.append((kind, match[match.lastindex or 0]))
        at = match.end()
        while at < len(source) and source[at].isspace():
            at += 1
    return tuple(tokens)


@lru_cache(maxsize=1024)
def _parts_of(name: str) -> tuple[str, ...]:
    """The parts of `inputs.name` and of `inputs['name']`."""
    return tuple(part for part in re.split(r"\.|\[\s*'|'\s*\]", name) if part)


class _Parser:
    """Recursive descent over the tokens. An unknown part matters only when it decides."""

    def __init__(self, tokens: tuple[tuple[str, str], ...], contexts: Contexts) -> None:
        self._contexts = contexts
        self._tokens = tokens
        self._at = 0

    def whole(self) -> Any:
        value = self._or()
        if self._at != len(self._tokens):
            raise ValueError("left over")
        return value

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self) -> tuple[str, str]:
        self._at += 1
        return self._tokens[self._at - 1]

    def _or(self) -> Any:
        value = self._and()
        while self._peek() == "||":
            self._take()
            right = self._and()
            value = value if isinstance(value, _Unknown) else value or right
        return value

    def _and(self) -> Any:
        value = self._equal()
        while self._peek() == "&&":
            self._take()
            right = self._equal()
            if isinstance(value, _Unknown):
                value = value if right or isinstance(right, _Unknown) else False
            else:
                value = value and right
        return value

    def _equal(self) -> Any:
        value = self._unary()
        while self._peek() in ("==", "!=", "<", ">", "<=", ">="):
            sign = self._take()[1]
            right = self._unary()
            if isinstance(value, _Unknown) or isinstance(right, _Unknown):
                value = _Unknown()
            else:
                same = _as_text(value).lower() == _as_text(right).lower()
                value = same if sign == "==" else not same if sign == "!=" else _Unknown()
        return value

    def _unary(self) -> Any:
        kind, text = self._take()
        if text == "!" and kind == "sign":
            value = self._unary()
            return value if isinstance(value, _Unknown) else not value
        if text == "(" and kind == "sign":
            value = self._or()
            self._take()
            return value
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return text
        if text in _LITERALS:
            return _LITERALS[text]
        if self._peek() == "(":
            return self._function(text)
        return _value_of(text, self._contexts)

    def _function(self, name: str) -> Any:
        self._take()
        given: list[Any] = []
        while self._peek() != ")":
            given.append(self._or())
            if self._peek() == ",":
                self._take()
        self._take()
        function = _FUNCTIONS.get(name.lower())
        if function is None or any(isinstance(value, _Unknown) for value in given):
            return _Unknown()
        return function(*given)


def _value_of(name: str, contexts: Contexts) -> Any:
    """The value of `inputs.name`."""
    parts = _parts_of(name)
    context = contexts.get(parts[0])
    if context is None or len(parts) < 2:
        return _Unknown()
    value = context.get(parts[1], "" if parts[0] in ("matrix", "inputs") else _Unknown())
    return _Unknown() if isinstance(value, str) and is_open(value) else value


class _Unknown:
    """A value that only a run knows."""

    def __bool__(self) -> bool:
        return True


def _format(text: Any, *values: Any) -> str:
    out = _as_text(text)
    for number, value in enumerate(values):
        out = out.replace("{" + str(number) + "}", _as_text(value))
    return out


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "contains": lambda text, part: _as_text(part).lower() in _as_text(text).lower(),
    "startswith": lambda text, part: _as_text(text).lower().startswith(_as_text(part).lower()),
    "endswith": lambda text, part: _as_text(text).lower().endswith(_as_text(part).lower()),
    "format": _format,
}
