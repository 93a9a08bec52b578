"""Which lines of a Makefile a build type reads, by the text alone.

A cheap look at the conditionals that ask for one variable; `evaluate` decides all. It is for rules, which look at every
backend: only where this look finds something suspicious is the build read as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from newbackend.records import dataclass
from newbackend.splice.make_text import arguments, closing
from newbackend.trace.make.conditions import sides_of
from newbackend.trace.make.functions import TEXT_FUNCTIONS

_CONDITIONAL = re.compile(r"^[ \t]*(ifeq|ifneq|ifdef|ifndef|else|endif)\b(.*)$", re.M)
_CONTENT = re.compile(r"^[ \t]*(?!#|\$\((?:error|warning|info)\b)\S", re.M)
_REFERENCE = re.compile(r"\$\((\w+)\)|\$\{(\w+)\}")
_CALL = re.compile(r"\$\((findstring|filter|filter-out|strip)\s")


@dataclass(frozen=True)
class Guard:
    """A conditional and whether it must hold."""

    word: str
    text: str
    holds: bool


@dataclass(frozen=True)
class Block:
    """Lines between two conditionals: offsets in the text, and the guards that let them be read."""

    start: int
    end: int
    guards: tuple[Guard, ...]


@lru_cache(maxsize=256)
def blocks_of(text: str) -> tuple[Block, ...]:
    """The blocks of a Makefile in their order."""
    return tuple(_blocks(text))


def _blocks(text: str) -> Iterator[Block]:
    open_: list[list[Guard]] = []
    at = 0
    for match in _CONDITIONAL.finditer(text):
        if match.start() > at:
            yield Block(at, match.start(), tuple(guard for level in open_ for guard in level))
        at = match.end()
        word, rest = match[1], match[2].split("#", 1)[0].strip()
        if word == "endif":
            if open_:
                open_.pop()
            continue
        if word == "else":
            if not open_:
                continue
            last = open_[-1][-1]
            open_[-1][-1] = Guard(last.word, last.text, holds=not last.holds)
            word, _, rest = rest.partition(" ") if " " in rest else (re.split(r"[\s(]", rest, maxsplit=1)[0], "", rest)
            rest = rest.strip() if word else ""
            if word:
                open_[-1].append(Guard(word, rest, holds=True))
            continue
        open_.append([Guard(word, rest, holds=True)])
    if at < len(text):
        yield Block(at, len(text), tuple(guard for level in open_ for guard in level))


def reads(block: Block, name: str, value: str) -> bool | None:
    """Whether the lines of a block are read when a variable has a value; None when other conditions decide."""
    answer: bool | None = True
    for guard in block.guards:
        verdict = _verdict(guard.word, guard.text, name, value)
        if verdict is None:
            answer = None
        elif verdict != guard.holds:
            return False
    return answer


def has_content(text: str, block: Block) -> bool:
    """Whether a block has a line that does something: no comment, and not only a message."""
    return _CONTENT.search(text, block.start, block.end) is not None


@lru_cache(maxsize=8192)
def _verdict(word: str, text: str, name: str, value: str) -> bool | None:
    """The value of a conditional that asks for one variable alone."""
    if f"({name})" not in text and f"{{{name}}}" not in text:
        return None
    sides = sides_of(text) if word in ("ifeq", "ifneq") else None
    if sides is None:
        return None
    left, right = (_expanded(side, name, value) for side in sides)
    return None if left is None or right is None else (left == right) == (word == "ifeq")


def _expanded(text: str, name: str, value: str) -> str | None:
    """The text with the variable and the functions of texts replaced; None when something else is in it."""
    text = _REFERENCE.sub(lambda match: value if name in (match[1], match[2]) else match[0], text)
    while match := _CALL.search(text):
        end = closing(text, match.start() + 1)
        given = arguments(text[match.end() : end].lstrip(), 0)
        if any("$" in argument for argument in given):
            inner = _expanded(text[match.end() : end], name, value)
            if inner is None:
                return None
            given = arguments(inner, 0)
        text = text[: match.start()] + TEXT_FUNCTIONS[match[1]](*given) + text[end + 1 :]
    return None if "$" in text else text


def looks_at(text: str, name: str, value: str) -> bool:
    """Whether a value of a variable lets lines be read that are not read when it is empty."""
    return any(
        block.guards
        and has_content(text, block)
        and reads(block, name, value) is not False
        and reads(block, name, "") is False
        for block in blocks_of(text)
    )


def only_asked(text: str, name: str, word: str) -> bool:
    """Whether a Makefile without comments certainly ignores a value: it never says `word`, uses the variable in
    conditionals, defaults and the call of `package.sh` alone, and reads no other Makefile."""
    if word in text or re.search(r"(?m)^[ \t]*[-s]?include\b|\beval\b", text):
        return False
    harmless = re.compile(rf"\s*(?:else\s+)?ifn?eq\b|\s*(?:export\s+)?{name}\s*[:?]?=|.*package\.sh")
    used = re.compile(rf"\b{name}\b")
    return all(name not in row or not used.search(row) or harmless.match(row) for row in text.split("\n"))
