"""CMake's `if()` for a build on Linux, with a third answer: it depends on what the user passes.

Source: https://cmake.org/cmake/help/latest/command/if.html, condition syntax.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

Truth = bool | None
_TRUE = frozenset({"1", "ON", "YES", "TRUE", "Y"})
_FALSE = frozenset({"0", "OFF", "NO", "FALSE", "N", "IGNORE", "NOTFOUND", ""})
_ELSEWHERE = frozenset({
    "WIN32", "MSVC", "APPLE", "ANDROID", "IOS", "EMSCRIPTEN", "MINGW", "CYGWIN", "XCODE", "MSYS", "BORLAND",
    "CMAKE_CROSSCOMPILING", "CMAKE_JS_VERSION", "VISIONOS", "TVOS", "WATCHOS", "HAIKU", "BSD", "WINDOWS_STORE",
})  # fmt: skip
_HERE = frozenset({"UNIX", "LINUX"})
_UNARY = frozenset({
    "EXISTS", "IS_DIRECTORY", "TARGET", "DEFINED", "POLICY", "COMMAND", "TEST", "IS_ABSOLUTE",
})  # fmt: skip
_BINARY = frozenset({
    "STREQUAL", "MATCHES", "EQUAL", "LESS", "GREATER", "LESS_EQUAL", "GREATER_EQUAL", "STRLESS", "STRGREATER",
    "VERSION_LESS", "VERSION_GREATER", "VERSION_EQUAL", "VERSION_LESS_EQUAL", "VERSION_GREATER_EQUAL", "IN_LIST",
    "PATH_EQUAL", "IS_NEWER_THAN",
})  # fmt: skip


class Word(Protocol):
    """A token of cmake-parser."""

    @property
    def kind(self) -> str: ...
    @property
    def value(self) -> str: ...


class Known(Protocol):
    """What a condition can ask."""

    def expand(self, text: str) -> str: ...
    def values(self, name: str) -> Sequence[str]: ...
    def is_settable(self, name: str) -> bool: ...
    def exists(self, path: str) -> bool: ...
    def has_target(self, name: str) -> bool: ...


def truth_of_constant(text: str) -> Truth:
    """What CMake makes of a constant; None when it is not one."""
    word = text.upper()
    if word in _TRUE:
        return True
    return False if word in _FALSE or word.endswith("-NOTFOUND") else None


class Condition:
    """One condition, parsed while it is evaluated: `or` below `and` below `not` below tests."""

    def __init__(self, words: Sequence[Word], known: Known) -> None:
        self._words = list(words)
        self._at = 0
        self._known = known

    def truth(self) -> Truth:
        """True, False, or None when it depends on what the user passes, or is not understood."""
        answer = self._either()
        return answer if self._at == len(self._words) else None

    def _either(self) -> Truth:
        answer = self._both()
        while self._take("OR"):
            answer = _or(answer, self._both())
        return answer

    def _both(self) -> Truth:
        answer = self._negated()
        while self._take("AND"):
            answer = _not(_or(_not(answer), _not(self._negated())))
        return answer

    def _negated(self) -> Truth:
        if self._take("NOT"):
            return _not(self._negated())
        return self._test()

    def _test(self) -> Truth:
        word = self._next()
        if word is None:
            return None
        if word.kind == "LPAREN":
            answer = self._either()
            self._next()
            return answer
        operator = self._peek()
        if word.kind == "RAW" and word.value in _UNARY and operator is not None:
            self._next()
            return self._unary(word.value, operator.value)
        if operator is not None and operator.kind == "RAW" and operator.value in _BINARY:
            self._next()
            right = self._next()
            return self._binary(word, operator.value, right) if right else None
        return self._single(word)

    def _unary(self, operator: str, operand: str) -> Truth:
        text = self._known.expand(operand)
        if "${" in text:
            return None
        if operator in ("EXISTS", "IS_DIRECTORY"):
            return self._known.exists(text)
        if operator == "TARGET":
            return True if self._known.has_target(text) else None
        if operator == "DEFINED":
            return True if self._known.values(text) and not self._known.is_settable(text) else None
        return True if operator == "POLICY" else None

    def _binary(self, left: Word, operator: str, right: Word) -> Truth:
        if operator != "STREQUAL":
            return None
        one, other = self._operand(left), self._operand(right)
        return None if one is None or other is None else one == other

    def _operand(self, word: Word) -> str | None:
        text = self._known.expand(word.value)
        if "${" in text:
            return None
        if word.kind == "RAW" and "${" not in word.value:
            values = self._known.values(text)
            if len(values) > 1 or self._known.is_settable(text):
                return None
            return values[0] if values else _named_elsewhere(text)
        return text

    def _single(self, word: Word) -> Truth:
        text = self._known.expand(word.value)
        constant = truth_of_constant(text)
        if constant is not None:
            return constant
        if text in _ELSEWHERE:
            return False
        if text in _HERE:
            return True
        if "${" in text or self._known.is_settable(text):
            return None
        values = self._known.values(text)
        answers = {truth_of_constant(value) is not False for value in values if "${" not in value}
        return answers.pop() if len(answers) == 1 and len(values) == 1 and "${" not in values[0] else None

    def _peek(self) -> Word | None:
        return self._words[self._at] if self._at < len(self._words) else None

    def _next(self) -> Word | None:
        word = self._peek()
        self._at += 1 if word else 0
        return word

    def _take(self, name: str) -> bool:
        word = self._peek()
        if word is None or word.kind != "RAW" or word.value != name:
            return False
        self._at += 1
        return True


def _named_elsewhere(text: str) -> str | None:
    """A bare word that no variable has is itself; one that looks like a variable may be passed by the user."""
    return None if text.isupper() or "_" in text else text


def _or(one: Truth, other: Truth) -> Truth:
    if one or other:
        return True
    return None if one is None or other is None else False


def _not(answer: Truth) -> Truth:
    return None if answer is None else not answer
