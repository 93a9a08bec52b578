"""The keys of a question at a terminal, beside those that questionary gives it: back, stop, paste, and keep."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import questionary
from prompt_toolkit.application import Application
from prompt_toolkit.buffer import ValidationState
from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent, merge_key_bindings
from prompt_toolkit.keys import Keys
from prompt_toolkit.validation import ValidationError
from questionary.prompts.common import InquirerControl

from newbackend.wizard.menu_layout import nothing_found
from newbackend.wizard.prompts import BACK, on_one_line
from newbackend.wizard.protocol import Back
from newbackend.wizard.question import Asked

_ESCAPE_SECONDS = 0.1
"""How long Esc is waited for to be the start of an arrow key. The library's half a second feels stuck."""


def for_field(application: Application[Any], question: Asked) -> None:
    """A text field: `<` goes back before something is typed, several pasted lines become one, and a doubtful text is
    asked about once."""
    keys = _common()
    field = application.layout.current_buffer
    assert field is not None

    @Condition
    def untouched() -> bool:
        return field.text in ("", question.default)

    keys.add(BACK, filter=untouched, eager=True)(_leave(Back))

    @keys.add(Keys.BracketedPaste, eager=True)
    def paste(event: KeyPressEvent) -> None:
        field.insert_text(on_one_line(event.data, question.separator))

    doubted: set[str] = set()

    @keys.add(Keys.ControlM, eager=True)
    def enter(_event: KeyPressEvent) -> None:
        text = field.text.strip()
        field.validation_state = ValidationState.UNKNOWN
        doubt = question.doubt(text) if text not in doubted and field.validate(set_cursor=True) else ""
        if not doubt:
            field.validate_and_handle()
            return
        doubted.add(text)
        field.validation_state = ValidationState.INVALID
        field.validation_error = ValidationError(len(field.text), f"{doubt}. Enter again keeps it.")

    _add(application, keys)


def for_menu(application: Application[Any], control: InquirerControl) -> None:
    """A menu: `<` goes back; what is not offered can be pointed at, to read why, but not chosen. Nor is anything when
    no choice has what was typed."""
    keys = _common()
    keys.add(BACK, eager=True)(_leave(Back))
    control.is_selection_valid = lambda: True  # type: ignore[method-assign]

    @Condition
    def refused() -> bool:
        return bool(control.get_pointed_at().disabled) or nothing_found(control)

    @keys.add(" ", filter=refused, eager=True)
    def ignore(_event: KeyPressEvent) -> None:
        """The line below the menu says why."""

    with_marks = control.use_indicator  # then Enter ends the question wherever the pointer stands
    searching = Condition(lambda: nothing_found(control))
    keys.add(Keys.ControlM, filter=searching if with_marks else refused, eager=True)(ignore)
    _add(application, keys)


def run(question: questionary.Question, above: int, *, erased: bool = False) -> Any:
    """Asks. `erased`: the question leaves nothing on the screen. Going back also erases the `above` lines that explain
    it. Raises Back, KeyboardInterrupt or EOFError."""
    application = question.application
    application.erase_when_done = erased
    application.ttimeoutlen = _ESCAPE_SECONDS
    try:
        answer = question.unsafe_ask()
    except Back:
        sys.stderr.write(f"\x1b[{above}A\x1b[J")
        sys.stderr.flush()
        raise
    if answer is None:
        raise KeyboardInterrupt
    return answer


def _common() -> KeyBindings:
    keys = KeyBindings()
    for key in ("escape", "c-b", "s-tab"):
        keys.add(key, eager=True)(_leave(Back))
    keys.add("c-c", eager=True)(_leave(KeyboardInterrupt))
    keys.add("c-d", eager=True)(_leave(EOFError))
    return keys


def _add(application: Application[Any], keys: KeyBindings) -> None:
    application.key_bindings = merge_key_bindings([application.key_bindings or KeyBindings(), keys])


def _leave(reason: type[BaseException]) -> Callable[[KeyPressEvent], None]:
    def leave(event: KeyPressEvent) -> None:
        event.app.erase_when_done = reason is Back  # keep the question on the screen when the run is stopped there
        event.app.exit(exception=reason, style="class:aborting")

    return leave
