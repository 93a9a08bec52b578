"""A front end that knows its answers beforehand: the wizard without a keyboard.

An answer is what a person would type: a text, an id, ids with commas between. `<` goes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from newbackend.errors import NewbackendError
from newbackend.plan.review import Letter, Turn
from newbackend.wizard.protocol import Back
from newbackend.wizard.question import PartialAnswers, Question, words
from newbackend.wizard.questions import REST

BACK = "<"
_MAY_BE_UNSAID = (REST.key, "models", "docs.page")


class OutOfAnswers(Exception):
    """A question came for which the script has no answer, or another one's."""


class Scripted:
    """Each answer must be to the question that comes; the short way is declined, no model named and no page wanted,
    unless the script does. `refusals` collects what the wizard would not take."""

    def __init__(self, answers: Iterable[tuple[str, str]]) -> None:
        self._left = list(answers)
        self.refusals: list[str] = []

    @property
    def done(self) -> bool:
        """Whether every answer was asked for."""
        return not self._left

    def text(self, question: Question, partial: PartialAnswers) -> str:
        if question.key in _MAY_BE_UNSAID and (not self._left or self._left[0][0] != question.key):
            return ""
        key, answer = self._left.pop(0) if self._left else ("nothing", "")
        if key != question.key:
            raise OutOfAnswers(f"{question.key} is asked, the script answers {key}")
        if answer == BACK:
            raise Back
        return answer

    def one(self, question: Question, partial: PartialAnswers) -> str:
        return self.text(question, partial)

    def many(self, question: Question, partial: PartialAnswers) -> tuple[str, ...]:
        return words(self.text(question, partial))

    def confirm(self, prompt: str, *, default: bool) -> bool:
        raise OutOfAnswers(prompt)

    def hunk(self, turn: Turn) -> Letter:
        raise OutOfAnswers(turn.hunk.title)

    def say(self, text: str) -> None:
        raise OutOfAnswers(text)

    def refused(self, error: NewbackendError, hints: Mapping[str, str]) -> None:
        self.refusals.append(error.code)
