"""Questions with questionary: input is validated while typing, menus show the effect of the selected choice.

Everything is drawn on standard error, because standard output is for data.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import questionary
from prompt_toolkit import print_formatted_text
from prompt_toolkit.application import Application
from prompt_toolkit.filters import to_filter
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent, merge_key_bindings
from prompt_toolkit.output import create_output
from questionary.styles import merge_styles_default

from newbackend.errors import NewbackendError
from newbackend.sanitize import one_line
from newbackend.wizard.line_prompts import LinePrompts
from newbackend.wizard.prompts import BACK, width, wrapped
from newbackend.wizard.protocol import Back
from newbackend.wizard.question import Asked, Choice

_STYLE = questionary.Style([("explain", "fg:ansibrightblack"), ("disabled", "fg:ansibrightblack")])
_POINTER = 5  # the columns before a menu's titles


class MenuPrompts:
    """The questions of a terminal that can move its cursor. `<` or Ctrl-B goes back."""

    keys = "< or Ctrl-B goes back, Ctrl-C stops and keeps your answers."

    def text(self, question: Asked) -> str:
        above = self._head(question.explain, question.touches)

        def valid(text: str) -> bool | str:
            if text.strip() == BACK:
                return True
            try:
                question.check(text.strip())
            except NewbackendError as error:
                return _fitting(one_line(error.sentence()))
            return True

        asked = questionary.text(
            _asking(question.prompt), default=question.default, validate=valid, style=_STYLE, output=_output()
        )
        reply = str(_answer(asked, ("c-b",), above)).strip()
        if reply == BACK:
            raise Back
        return reply

    def one(self, question: Asked) -> str:
        above = self._head(question.explain, "")
        asked = questionary.select(
            _asking(question.prompt),
            choices=_choices(question.choices, ()),
            default=question.default if question.default in question.values else None,
            instruction=_instruction(question.prompt, "(arrows, Enter)"),
            style=_STYLE,
            output=_output(),
        )
        answer = str(_answer(asked, ("c-b", BACK), above, erased=True))
        self._answered(question, [answer])
        return answer

    def many(self, question: Asked) -> tuple[str, ...]:
        above = self._head(question.explain, "")
        asked = questionary.checkbox(
            _asking(question.prompt),
            choices=_choices(question.choices, question.defaults),
            instruction=_instruction(question.prompt, "(Space marks, Enter ends)"),
            validate=_at_least_one,
            style=_STYLE,
            output=_output(),
        )
        answer = tuple(str(value) for value in _answer(asked, ("c-b", BACK), above, erased=True))
        self._answered(question, answer)
        return answer

    def _answered(self, question: Asked, values: Sequence[str]) -> None:
        """What a menu leaves on the screen: the question and the choices made."""
        titles = [choice.title for choice in question.choices if choice.value in values]
        tokens = [("class:qmark", "? "), ("class:question", _asking(question.prompt) + " ")]
        answer = wrapped(", ".join(titles), " " * 4).strip()
        long = len(_asking(question.prompt)) + len(answer) + 3 > width()
        tokens.append(("class:answer", f"\n    {answer}" if long else answer))
        print_formatted_text(FormattedText(tokens), style=merge_styles_default([_STYLE]), output=_output())

    def line(self, prompt: str) -> str:
        return LinePrompts().line(prompt)

    def say(self, text: str) -> None:
        LinePrompts().say(text)

    def _head(self, explain: str, touches: str) -> int:
        """Prints the explanation of a question; returns the number of lines."""
        text = "\n" + wrapped(f"{explain} Touches {touches}." if touches else explain)
        questionary.print(text, style="fg:ansibrightblack", output=_output())
        return text.count("\n") + 1


def _asking(prompt: str) -> str:
    return prompt if prompt.endswith("?") else f"{prompt}:"


def _at_least_one(chosen: Sequence[str]) -> bool | str:
    return bool(chosen) or "Mark at least one with the space bar."


def _output() -> Any:
    return create_output(stdout=sys.stderr)


def _fitting(text: str, room: int = 0) -> str:
    """A title cut to the terminal's width: a menu cannot wrap."""
    space = width() - room
    return text if len(text) <= space else text[: space - 1] + "…"


def _instruction(prompt: str, keys: str) -> str:
    """The keys to use, if they fit; a single blank keeps the library from printing its own text."""
    return keys if len(prompt) + len(keys) + 5 <= width() else " "


def _effect(text: str) -> str:
    """The line under a menu, folded between words; the library prints a label before it."""
    label = "  Description: "
    return textwrap.fill(label + text, width(), subsequent_indent="    ", break_on_hyphens=False)[len(label) :]


def _choices(choices: Sequence[Choice], checked: Sequence[str]) -> list[questionary.Choice]:
    return [
        questionary.Choice(
            _fitting(choice.title, _POINTER),
            value=choice.value,
            checked=choice.value in checked,
            description=_effect(choice.effect) or None,
        )
        for choice in choices
    ]


def _answer(question: questionary.Question, back: Sequence[str], above: int, *, erased: bool = False) -> Any:
    """Runs a question with the keys for back and for the end of input, which raise Back and EOFError.

    `erased`: the menu leaves nothing on the screen. Going back also erases the `above` lines that explain the question.
    """
    application: Application[Any] = question.application
    for window in application.layout.find_all_windows():
        window.wrap_lines = to_filter(True)  # an effect may take two lines in a narrow terminal
    application.erase_when_done = erased
    keys = KeyBindings()
    for key in back:
        keys.add(key, eager=True)(_leave(Back))
    keys.add("c-c", eager=True)(_leave(KeyboardInterrupt))
    keys.add("c-d", eager=True)(_leave(EOFError))
    application.key_bindings = merge_key_bindings([application.key_bindings or KeyBindings(), keys])
    try:
        answer = question.unsafe_ask()
    except Back:
        sys.stderr.write(f"\x1b[{above}A\x1b[J")
        sys.stderr.flush()
        raise
    if answer is None:
        raise KeyboardInterrupt
    return answer


def _leave(reason: type[BaseException]) -> Callable[[KeyPressEvent], None]:
    def leave(event: KeyPressEvent) -> None:
        event.app.erase_when_done = reason is Back  # keep the question on the screen when the run is stopped there
        event.app.exit(exception=reason, style="class:aborting")

    return leave
