"""Questions with questionary: input is validated while typing, menus show the effect of the selected choice.

Everything is drawn on standard error, because standard output is for data.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import questionary
from prompt_toolkit import print_formatted_text
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.output import create_output
from questionary.styles import merge_styles_default

from newbackend.console import write
from newbackend.errors import NewbackendError
from newbackend.sanitize import one_line
from newbackend.wizard import menu_keys
from newbackend.wizard.line_prompts import LinePrompts
from newbackend.wizard.menu_layout import arrange_field, arrange_menu
from newbackend.wizard.prompts import width, wrapped
from newbackend.wizard.question import Asked, Choice

_STYLE = questionary.Style(
    [
        ("qmark", "bold"),
        ("answer", "bold"),
        ("search_success", "bold"),
        ("search_none", "bold"),
        ("validation-toolbar", "noinherit bold"),
        ("bottom-toolbar", "noreverse"),
    ]
)
"""The terminal's own colours, which are readable on any background; weight alone tells the parts apart."""
_REFUSED = " (not offered)"
_POINTER = 5  # the columns before a menu's titles
_FILTERED = 9  # a menu of so many choices can be filtered by typing


class MenuPrompts:
    """The questions of a terminal that can move its cursor."""

    keys = "Esc or Ctrl-B goes back, Ctrl-C stops and keeps your answers."

    def text(self, question: Asked) -> str:
        above = self._head(question.explain, question.touches)

        def valid(text: str) -> bool | str:
            try:
                question.check(text.strip())
            except NewbackendError as error:
                return one_line(error.sentence())
            return True

        asked = questionary.text(
            _asking(question.prompt), default=question.default, validate=valid, style=_STYLE, output=_output()
        )
        arrange_field(asked.application, first=question.first)
        menu_keys.for_field(asked.application, question)
        return str(menu_keys.run(asked, above)).strip()

    def one(self, question: Asked) -> str:
        above = self._head(question.explain, "")
        asked = questionary.select(
            _asking(question.prompt),
            choices=_choices(question.choices, ()),
            default=question.default if question.default in question.values else None,
            instruction=_instruction(question.prompt, ("arrows", "Enter"), question.choices),
            use_search_filter=_filtered(question.choices),
            use_jk_keys=False,
            show_description=False,
            style=_STYLE,
            output=_output(),
        )
        control = arrange_menu(asked.application, question.choices, above)
        menu_keys.for_menu(asked.application, control)
        answer = str(menu_keys.run(asked, above, erased=True))
        self._answered(question, [answer])
        return answer

    def many(self, question: Asked) -> tuple[str, ...]:
        above = self._head(question.explain, "")
        asked = questionary.checkbox(
            _asking(question.prompt),
            choices=_choices(question.choices, question.defaults),
            instruction=_instruction(question.prompt, ("Space marks", "Enter ends"), question.choices),
            validate=_at_least_one,
            use_search_filter=_filtered(question.choices),
            use_jk_keys=False,
            show_description=False,
            style=_STYLE,
            output=_output(),
        )
        control = arrange_menu(asked.application, question.choices, above)
        menu_keys.for_menu(asked.application, control)
        answer = tuple(str(value) for value in menu_keys.run(asked, above, erased=True))
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
        write(sys.stderr, text + "\n")
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


def _instruction(prompt: str, keys: Sequence[str], choices: Sequence[Choice]) -> str:
    """The keys to use, as far as they fit; a single blank keeps the library from printing its own text."""
    ways = [f"({', '.join(keys)})", f"({keys[0]})"]
    if _filtered(choices):
        ways = [f"({', '.join(keys)}; type to filter)", *ways]
    return next((way for way in ways if len(_asking(prompt)) + len(way) + 3 <= width()), " ")


def _filtered(choices: Sequence[Choice]) -> bool:
    """Whether a menu is long enough to be filtered by typing."""
    return len(choices) >= _FILTERED


def _title(choice: Choice) -> str:
    """A choice's row. That it is not offered is never cut off."""
    mark = _REFUSED if choice.refused else ""
    return _fitting(choice.title, _POINTER + len(mark)) + mark


def _choices(choices: Sequence[Choice], checked: Sequence[str]) -> list[questionary.Choice]:
    return [
        questionary.Choice(
            _title(choice),
            value=choice.value,
            checked=choice.value in checked and not choice.refused,
            disabled=True if choice.refused else None,  # type: ignore[arg-type]  # a text would be printed
        )
        for choice in choices
    ]
