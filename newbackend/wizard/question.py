"""A question as data: what is asked, in one line why, what may be answered and what that touches.

Front ends that ask show these; none of them is a front end's own business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Check = Callable[[str], object]


def anything(text: str) -> str:
    """The check of a question that takes every text."""
    return text


@dataclass(frozen=True)
class Choice:
    """One answer to choose: `effect` says what choosing it touches."""

    value: str
    title: str
    effect: str = ""


@dataclass(frozen=True)
class TextQuestion:
    """A line of text. `check` raises NewbackendError for one that will not do."""

    key: str
    prompt: str
    explain: str
    touches: str = ""
    default: str = ""
    check: Check = anything


@dataclass(frozen=True)
class OneQuestion:
    """Exactly one of the choices."""

    key: str
    prompt: str
    explain: str
    choices: tuple[Choice, ...]
    default: str = ""


@dataclass(frozen=True)
class ManyQuestion:
    """At least one of the choices."""

    key: str
    prompt: str
    explain: str
    choices: tuple[Choice, ...]
    default: tuple[str, ...] = ()


Question = TextQuestion | OneQuestion | ManyQuestion
