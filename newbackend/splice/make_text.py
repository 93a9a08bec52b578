"""GNU make's texts, as far as they are the same for everybody who reads them: references, calls of functions, patterns
with one `%`, names of files (manual, chapters 6, 8 and 10).
"""

from __future__ import annotations

from functools import lru_cache

_CLOSING = {"(": ")", "{": "}"}
_TAKES = {
    "if": 3, "subst": 3, "patsubst": 3, "foreach": 3, "filter": 2, "filter-out": 2, "findstring": 2, "join": 2,
    "word": 2, "wordlist": 3, "addprefix": 2, "addsuffix": 2, "shell": 1, "eval": 1, "error": 1, "warning": 1,
    "info": 1, "strip": 1, "sort": 1, "words": 1, "firstword": 1, "lastword": 1, "dir": 1, "notdir": 1,
    "suffix": 1, "basename": 1, "wildcard": 1, "realpath": 1, "abspath": 1, "value": 1, "origin": 1,
    "flavor": 1, "or": 0, "and": 0, "call": 0, "file": 0, "guile": 0,
}  # fmt: skip
"""How many arguments a function takes at most: later commas belong to the last one. 0 is any number."""


@lru_cache(maxsize=16384)
def pieces_of(text: str) -> tuple[tuple[str, str | None], ...]:
    """The text cut at its references: fixed text, or the body of a reference."""
    found: list[tuple[str, str | None]] = []
    at = 0
    while True:
        dollar = text.find("$", at)
        if dollar < 0 or dollar + 1 >= len(text):
            found.append((text[at:] if dollar < 0 else text[at:dollar], None))
            return tuple(found)
        if dollar > at:
            found.append((text[at:dollar], None))
        mark = text[dollar + 1]
        if mark == "$":
            found.append(("$", None))
            at = dollar + 2
        elif mark in _CLOSING:
            end = closing(text, dollar + 1)
            found.append(("", text[dollar + 2 : end]))
            at = end + 1
        else:
            found.append(("", mark))
            at = dollar + 2


@lru_cache(maxsize=16384)
def called(body: str) -> tuple[str, list[str]]:
    """The function that a reference calls, with its arguments; "" for a variable."""
    name = body.split(None, 1)[0] if " " in body or "\t" in body else ""
    if name not in _TAKES or not body.startswith(name):
        return "", []
    return name, arguments(body[len(name) :].lstrip(), _TAKES[name])


def closing(text: str, start: int) -> int:
    """Where the bracket at `start` is closed; the end of the text when it never is."""
    opened, closed = text[start], _CLOSING[text[start]]
    depth = 0
    for at in range(start, len(text)):
        if text[at] == opened:
            depth += 1
        elif text[at] == closed:
            depth -= 1
            if depth == 0:
                return at
    return len(text)


def arguments(text: str, limit: int) -> list[str]:
    """The arguments of a function, unexpanded: separated by commas outside of brackets."""
    found: list[str] = []
    start = at = 0
    while at < len(text):
        if text[at] in "({":
            at = closing(text, at)
        elif text[at] == "," and (not limit or len(found) + 1 < limit):
            found.append(text[start:at])
            start = at + 1
        at += 1
    found.append(text[start:])
    return found


def stem_of(pattern: str, word: str) -> str | None:
    """What `%` stands for in a word, or None when the word does not match. Without `%` the word must be equal."""
    head, percent, tail = pattern.partition("%")
    if not percent:
        return "" if pattern == word else None
    fits = len(word) >= len(head) + len(tail) and word.startswith(head) and word.endswith(tail)
    return word[len(head) : len(word) - len(tail)] if fits else None


def replaced(pattern: str, replacement: str, word: str) -> str:
    """One word of `$(patsubst)`."""
    stem = stem_of(pattern, word)
    if stem is None:
        return word
    return replacement.replace("%", stem, 1) if "%" in pattern else replacement


def dir_of(word: str) -> str:
    """`$(dir)` of one name."""
    return word.rpartition("/")[0] + "/" if "/" in word else "./"


def notdir(word: str) -> str:
    """`$(notdir)` of one name."""
    return word.rpartition("/")[2]


def suffix(word: str) -> str:
    """`$(suffix)` of one name."""
    name = notdir(word)
    return "." + name.rpartition(".")[2] if "." in name else ""


def basename(word: str) -> str:
    """`$(basename)` of one name."""
    ending = suffix(word)
    return word[: -len(ending)] if ending else word
