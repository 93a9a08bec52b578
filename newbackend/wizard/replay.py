"""Answers from a list: the wizard without a keyboard, and the way back to question k is k-1 answers again.

An answer is a line as a person would type it: a text, an id, ids with commas between. `<` goes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError, NotFoundError, UsageError
from newbackend.plan.model import Plan
from newbackend.plan.review import Letter, Turn
from newbackend.wizard.protocol import Back, PartialAnswers

BACK = "<"


def read_replay(path: Path) -> Replay:
    """Lines `question: answer` of a file; raises NotFoundError or UsageError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise NotFoundError("replay-missing", "cannot be read", where=str(path)) from error
    pairs = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        key, separator, answer = line.partition(":")
        if not separator:
            raise UsageError("replay-malformed", "is not `question: answer`", where=f"{path}:{number}")
        pairs.append((key.strip(), answer.strip()))
    return Replay(pairs)


class Replay:
    """The front end that knows its answers beforehand. Each must be to the question that comes.

    `refusals` collects what the wizard would not take.
    """

    def __init__(self, answers: Iterable[tuple[str, str]]) -> None:
        self._left = list(answers)
        self.refusals: list[str] = []

    @property
    def done(self) -> bool:
        """Whether every answer was asked for."""
        return not self._left

    def _take(self, key: str) -> str:
        if not self._left:
            raise UsageError("replay-short", f"the replay has no answer to {key!r}")
        asked, answer = self._left.pop(0)
        if asked != key:
            raise UsageError("replay-other-question", f"the replay answers {asked!r} where {key!r} is asked")
        if answer == BACK:
            raise Back
        return answer

    def _list(self, key: str) -> list[str]:
        return [part.strip() for part in self._take(key).split(",") if part.strip()]

    def resume(self, saved: Mapping[str, Any], checkout: Checkout) -> bool:
        return self._take("resume") == "y"

    def pin(self, so_far: PartialAnswers) -> str:
        return self._take("pin")

    def name(self, so_far: PartialAnswers) -> str:
        return self._take("name")

    def lang(self, so_far: PartialAnswers) -> str:
        return self._take("lang")

    def flavour(self, so_far: PartialAnswers) -> str:
        return self._take("flavour")

    def modalities(self, so_far: PartialAnswers) -> list[str]:
        return self._list("modalities")

    def like(self, so_far: PartialAnswers) -> str:
        return self._take("like")

    def variants(self, so_far: PartialAnswers) -> list[str]:
        return self._list("variants")

    def description(self, so_far: PartialAnswers) -> str:
        return self._take("description")

    def license(self, so_far: PartialAnswers) -> str:
        return self._take("license")

    def tags(self, so_far: PartialAnswers) -> list[str]:
        return self._list("tags")

    def import_kind(self, so_far: PartialAnswers) -> str:
        return self._take("import.kind")

    def import_of(self, so_far: PartialAnswers) -> str:
        return self._take("import.of")

    def import_extensions(self, so_far: PartialAnswers) -> list[str]:
        return self._list("import.extensions")

    def import_pipeline_tags(self, so_far: PartialAnswers) -> list[str]:
        return self._list("import.pipeline_tags")

    def summary(self, so_far: PartialAnswers) -> str:
        return self._take("summary")

    def hunk(self, turn: Turn) -> Letter:
        letter = self._take("hunk")
        for known in ("y", "n", "a", "d", "q", "k"):
            if letter == known:
                return known
        raise UsageError("replay-malformed", f"{letter!r} is not one of y n a d q k")

    def apply(self, plan: Plan) -> bool:
        return self._take("apply") == "y"

    def refused(self, error: NewbackendError) -> None:
        if error.reference.startswith("replay-"):
            raise error
        self.refusals.append(error.reference)
