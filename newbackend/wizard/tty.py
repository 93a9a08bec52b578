"""The front end of a person at a terminal."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from newbackend.errors import NewbackendError
from newbackend.plan.review import Letter, Turn
from newbackend.wizard.prompts import Prompts
from newbackend.wizard.question import PartialAnswers, Question, asked

Show = Callable[[Turn], None]
LETTERS = "y n a d k p q ?"
HELP = """y - take this hunk
n - leave it out, and what needs it
a - take this and every later hunk of this file
d - leave out this and every later hunk of this file
k - back to the hunk before
p - show it once more, with every line of new files
q - leave out this and all that follow
? - this help"""


def prompts() -> Prompts:
    """Menus where the terminal can move its cursor, numbered lists where it cannot."""
    if os.environ.get("TERM", "") in ("", "dumb"):
        from newbackend.wizard.line_prompts import LinePrompts

        return LinePrompts()
    from newbackend.wizard.menu_prompts import MenuPrompts

    return MenuPrompts()


class Tty:
    """Asks with `prompts()`; `show` draws a hunk briefly, `show_all` in full."""

    def __init__(self, *, show: Show, show_all: Show, asks: Prompts | None = None) -> None:
        self._prompts = asks or prompts()
        self._greeted = False
        self._show, self._show_all = show, show_all

    @property
    def _asks(self) -> Prompts:
        """The prompts; prints a short introduction before the first question."""
        if not self._greeted:
            self._greeted = True
            self._prompts.say("A few questions, then the whole change for review; nothing is written before you agree.")
            self._prompts.say(self._prompts.keys)
        return self._prompts

    def text(self, question: Question, partial: PartialAnswers) -> str:
        return self._asks.text(asked(question, partial))

    def one(self, question: Question, partial: PartialAnswers) -> str:
        return self._asks.one(asked(question, partial))

    def many(self, question: Question, partial: PartialAnswers) -> tuple[str, ...]:
        return self._asks.many(asked(question, partial))

    def confirm(self, prompt: str, *, default: bool) -> bool:
        """Asks again when the reply is neither yes nor no; an empty reply is the default."""
        shown, otherwise = ("Y/n", "y") if default else ("y/N", "n")
        while True:
            reply = (self._prompts.line(f"{prompt} [{shown}]") or otherwise).lower()
            if reply in ("y", "yes", "n", "no"):
                return reply in ("y", "yes")
            self._prompts.say("! y or n, please")

    def hunk(self, turn: Turn) -> Letter:
        self._show(turn)
        while True:
            letter = self._prompts.line(f"Take this hunk [{LETTERS.replace(' ', ',')}]?").lower()
            for known in ("y", "n", "a", "d", "q", "k"):
                if letter == known:
                    return known
            if letter == "p":
                self._show_all(turn)
            else:
                for line in HELP.splitlines():
                    self._prompts.say(line)

    def say(self, text: str) -> None:
        self._asks.say(text)

    def refused(self, error: NewbackendError, hints: Mapping[str, str]) -> None:
        """A hint that names an option is left out: nobody can type one here."""
        hint = hints.get(error.code) or ("" if "--" in error.hint else error.hint)
        said = NewbackendError(error.code, error.message.removeprefix("--pin "), where=error.where, hint=hint)
        self._prompts.say(f"! {said.sentence()}")
