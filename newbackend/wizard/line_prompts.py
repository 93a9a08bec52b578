"""Questions on plain lines: TERM=dumb, an editor's shell window, a serial console. No cursor is moved."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from newbackend.console import write
from newbackend.errors import NewbackendError
from newbackend.wizard.prompts import BACK, wrapped
from newbackend.wizard.protocol import Back
from newbackend.wizard.question import Asked, Choice


class LinePrompts:
    """Prints one line and reads one. `<` goes back; an empty line takes the value in brackets."""

    keys = "Enter takes the default in [brackets], < goes back, Ctrl-C stops and keeps your answers."

    def text(self, question: Asked) -> str:
        self._head(question.explain, question.touches)
        doubted: set[str] = set()
        while True:
            reply = self._reply(question.prompt, question.default)
            try:
                question.check(reply)
            except NewbackendError as error:
                self._wrong(error.sentence())
                continue
            doubt = question.doubt(reply) if reply not in doubted else ""
            if not doubt:
                return reply
            doubted.add(reply)
            self._wrong(f"{doubt}. The same again keeps it.")

    def one(self, question: Asked) -> str:
        self._head(question.explain, "")
        self._list(question.choices)
        values = question.values
        default = str(values.index(question.default) + 1) if question.default in values else ""
        while True:
            picked = self._picked(self._reply(question.prompt, default), question.choices)
            if picked is not None and len(picked) == 1:
                return picked[0]
            self._wrong(f"one number from 1 to {len(values)}, please")

    def many(self, question: Asked) -> tuple[str, ...]:
        self._head(question.explain, "")
        self._list(question.choices)
        values = question.values
        default = ",".join(str(values.index(value) + 1) for value in question.defaults)
        prompt = f"{question.prompt} (numbers, commas between)"
        while True:
            picked = self._picked(self._reply(prompt, default), question.choices)
            if picked:
                return tuple(value for value in values if value in picked)
            self._wrong(f"at least one number from 1 to {len(values)}, please")

    def line(self, prompt: str) -> str:
        write(sys.stderr, f"{prompt} ")
        sys.stderr.flush()
        try:
            return read_line().strip()
        except (KeyboardInterrupt, EOFError):
            write(sys.stderr, "\n")
            raise

    def say(self, text: str) -> None:
        write(sys.stderr, wrapped(text, "") + "\n")
        sys.stderr.flush()

    def _head(self, explain: str, touches: str) -> None:
        write(sys.stderr, "\n" + wrapped(explain) + "\n")
        if touches:
            write(sys.stderr, wrapped(f"Touches: {touches}") + "\n")

    def _list(self, choices: Sequence[Choice]) -> None:
        for number, choice in enumerate(_offered(choices), 1):
            effect = f": {choice.effect}" if choice.effect else ""
            write(sys.stderr, wrapped(f"{number}. {choice.title}{effect}", hanging="   ") + "\n")
        for choice in choices:
            if choice.refused:
                write(sys.stderr, wrapped(f"-  {choice.title} (not offered): {choice.refused}", hanging="   ") + "\n")

    def _reply(self, prompt: str, default: str) -> str:
        reply = self.line(f"{prompt} [{default}]:" if default else f"{prompt}:")
        if reply == BACK:
            raise Back
        return reply or default

    def _picked(self, reply: str, choices: Sequence[Choice]) -> list[str] | None:
        """The values of the given numbers or ids; None when one of them is unknown."""
        values = []
        known = {choice.value: choice.value for choice in _offered(choices) if choice.value}
        known |= {str(number): choice.value for number, choice in enumerate(_offered(choices), 1)}
        for part in reply.replace(",", " ").split():
            if part not in known:
                return None
            values.append(known[part])
        return values

    def _wrong(self, why: str) -> None:
        write(sys.stderr, wrapped(f"! {why}") + "\n")


def _offered(choices: Sequence[Choice]) -> list[Choice]:
    return [choice for choice in choices if not choice.refused]


def read_line() -> str:
    """A line from the terminal without its end. Raises EOFError at the end of input.

    Bytes that are not text become surrogates, which every check refuses.
    """
    data = sys.stdin.buffer.readline()
    if not data:
        raise EOFError
    return data.decode(sys.stdin.encoding or "utf-8", "surrogateescape").rstrip("\r\n")
