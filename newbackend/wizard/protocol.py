"""The interface between the wizard and a front end: a person at a terminal, or none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from newbackend.errors import NewbackendError
from newbackend.plan.review import Letter, Turn
from newbackend.wizard.question import PartialAnswers, Question


class Back(Exception):
    """The user wants to go back to the previous question."""


class Stopped(KeyboardInterrupt):
    """Ctrl-C, end of input or a closed terminal; its text is the one sentence to print."""


class Frontend(Protocol):
    """One method for each kind of question. A terminal's may raise `Back` or KeyboardInterrupt."""

    def text(self, question: Question, partial: PartialAnswers) -> str:
        """A line of text."""
        ...

    def one(self, question: Question, partial: PartialAnswers) -> str:
        """The value of one choice."""
        ...

    def many(self, question: Question, partial: PartialAnswers) -> tuple[str, ...]:
        """The values of at least one choice."""
        ...

    def confirm(self, prompt: str, *, default: bool) -> bool:
        """Yes or no."""
        ...

    def hunk(self, turn: Turn) -> Letter:
        """What to do with one hunk of the plan (`--review`)."""
        ...

    def say(self, text: str) -> None:
        """Prints a message before the questions."""
        ...

    def refused(self, error: NewbackendError, hints: Mapping[str, str]) -> None:
        """Prints why an answer is invalid, with what to do at a terminal by the error's code; the question is asked
        again. Raises the error when nobody can answer."""
        ...
