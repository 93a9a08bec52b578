"""The front end that never asks: it takes defaults, and fails naming the flag where there is none."""

from __future__ import annotations

from collections.abc import Mapping

from newbackend.errors import NewbackendError, UsageError
from newbackend.plan.review import Letter, Turn
from newbackend.wizard.question import PartialAnswers, Question


class Headless:
    """The front end of --no-input, of pipes and of CI. It reads no saved answers, and of the network the pinned commit
    alone, so the same command line gives the same backend."""

    def text(self, question: Question, partial: PartialAnswers) -> str:
        return self.one(question, partial)

    def one(self, question: Question, partial: PartialAnswers) -> str:
        reply = question.unasked(partial)
        return reply if isinstance(reply, str) else ", ".join(reply)

    def many(self, question: Question, partial: PartialAnswers) -> tuple[str, ...]:
        reply = question.unasked(partial)
        return (reply,) if isinstance(reply, str) else reply

    def confirm(self, prompt: str, *, default: bool) -> bool:
        raise UsageError("not-confirmed", "nothing was written", hint="pass --yes to apply, or --dry-run to only look")

    def hunk(self, turn: Turn) -> Letter:
        raise UsageError(
            "review-needs-terminal",
            "--review asks about every hunk, so it needs a terminal; nothing was written",
            hint="look with --dry-run, or save the plan with --plan-out",
        )

    def say(self, text: str) -> None:
        """Prints nothing."""

    def refused(self, error: NewbackendError, hints: Mapping[str, str]) -> None:
        raise error
