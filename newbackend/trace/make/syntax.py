"""The shapes of a Makefile's lines: assignments, rules, recipes on the same line. Texts in, texts out."""

from __future__ import annotations

import re
from functools import lru_cache

from newbackend.trace.opentext import is_open

MODIFIERS = frozenset({"export", "override", "private", "unexport", "undefine", "define"})
_ASSIGNMENT = re.compile(
    r"\s*((?:\$\([^()]*(?:\([^()]*\)[^()]*)*\)|\$\{[^}]*\}|[^\s:#=?+!$])+)\s*(:::=|::=|:=|\?=|\+=|!=|=)[ \t]*(.*)\Z",
    re.S,
)


RULE = re.compile(r"([^:=]*(?:=[^:]*)?)(&?::?)(.*)\Z", re.S)


@lru_cache(maxsize=4096)
def assignment_in(text: str) -> tuple[str, str, str] | None:
    """Name, operator and value of an assignment; None for another line, as `target: NAME = value`."""
    match = _ASSIGNMENT.match(text)
    return (match[1], match[2], match[3]) if match and not 0 <= text.find(":") < match.start(2) else None


_OPEN_PART = re.compile("\ue000[^\ue001]*\ue001")
_MASK = str.maketrans(":=|", "\ue010\ue011\ue012")
UNMASK = str.maketrans("\ue010\ue011\ue012", ":=|")


def masked(text: str) -> str:
    """The text with the separators of open parts hidden."""
    return _OPEN_PART.sub(lambda match: match[0].translate(_MASK), text) if is_open(text) else text


@lru_cache(maxsize=4096)
def before_recipe(text: str) -> tuple[str, str | None]:
    """The rule line without its `; command`, and that command."""
    depth = 0
    for at, sign in enumerate(text):
        depth += (sign in "({") - (sign in ")}")
        if sign == ";" and depth <= 0:
            return text[:at], text[at + 1 :].lstrip()
    return text, None


@lru_cache(maxsize=4096)
def own_assignment(head: str) -> tuple[str, str] | None:
    """The targets and the assignment of `targets: NAME = value`, or None."""
    depth = 0
    for at, sign in enumerate(head):
        depth += (sign in "({") - (sign in ")}")
        if sign == ":" and depth <= 0:
            rest = head[at + 1 :]
            while True:
                stripped = rest.lstrip()
                first = stripped.split(None, 1)
                if len(first) == 2 and first[0] in MODIFIERS and not _ASSIGNMENT.match(stripped):
                    rest = first[1]
                    continue
                break
            return (head[:at], stripped) if not rest.startswith((":", "=")) and _ASSIGNMENT.match(stripped) else None
    return None
