"""Where the parts of a question stand on the screen: explanation, field or menu, and what belongs below each.

questionary's layouts are used as they are, except for heights: a menu never pushes the explanation off the screen, and
what is said about a field stands right below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.application.current import get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition, is_done, to_filter
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout import ConditionalContainer, Dimension, FormattedTextControl, HSplit, Layout, Window
from prompt_toolkit.layout.margins import ConditionalMargin, ScrollbarMargin
from questionary.prompts.common import InquirerControl

from newbackend.wizard.prompts import wrapped
from newbackend.wizard.question import Choice

_LEAST = 3  # rows of a menu that are always shown
_BACK = "Esc goes back"


def arrange_field(application: Application[Any], *, first: bool) -> None:
    """A text field: below it what is wrong with the text, or how to go back where there is a question before."""
    field: Buffer = application.layout.current_buffer or Buffer()
    _shrink(application)
    for window in application.layout.find_all_windows():
        if window.height == 1:
            window.height = 0  # the library's own line for errors, which does not wrap

    def said() -> StyleAndTextTuples:
        error = field.validation_error
        if error:
            return [("class:validation-toolbar", wrapped(f"! {error.message}"))]
        return [("", "" if first else wrapped(_BACK))]

    _below(application, Window(FormattedTextControl(said), dont_extend_height=True))


def arrange_menu(application: Application[Any], choices: Sequence[Choice], above: int) -> InquirerControl:
    """A menu below `above` lines of explanation: as many rows as the screen has room for, then the effect of the
    choice that is pointed at. Returns the menu's control."""
    _shrink(application)
    menu = next(win for win in application.layout.find_all_windows() if isinstance(win.content, InquirerControl))
    control = menu.content
    assert isinstance(control, InquirerControl)
    effects = {choice.value: choice.refused or choice.effect for choice in choices}

    def effect() -> str:
        if nothing_found(control):
            return wrapped(f"! nothing here has {control.search_filter!r} in it; Backspace erases")
        text = effects.get(str(control.get_pointed_at().value), "")
        return wrapped(text, " " * 4) if text else ""

    def effect_rows() -> int:
        """The same for all choices, so that nothing moves."""
        wanted = max((wrapped(text, " " * 4).count("\n") + 1 for text in effects.values() if text), default=0)
        return max(0, min(wanted, _rows() - above - 1 - _LEAST))

    def menu_rows() -> Dimension:
        searching = 2 if control.search_filter is not None else 0
        complaint = 2 if control.error_message is not None else 0
        room = max(_LEAST, _rows() - above - 1 - effect_rows() - searching - complaint)
        return Dimension(min=min(_LEAST, control.choice_count), max=room)

    @Condition
    def overflows() -> bool:
        return control.choice_count > (menu_rows().max or 0)

    menu.height = menu_rows
    menu.right_margins = [ConditionalMargin(ScrollbarMargin(display_arrows=True), overflows)]
    _below(application, Window(FormattedTextControl(effect), height=lambda: Dimension.exact(effect_rows())))
    return control


def nothing_found(control: InquirerControl) -> bool:
    """Whether no choice has what was typed: the library then shows all of them."""
    return bool(control.search_filter) and not any(
        str(control.search_filter).lower() in str(choice.title).lower() for choice in control.choices
    )


def _rows() -> int:
    return get_app().output.get_size().rows


def _shrink(application: Application[Any]) -> None:
    """No window is higher than its text, so that nothing is pushed to the bottom of the screen."""
    for window in application.layout.find_all_windows():
        window.wrap_lines = to_filter(True)
        window.dont_extend_height = to_filter(True)


def _below(application: Application[Any], window: Window) -> None:
    layout = application.layout
    rows = HSplit([layout.container, ConditionalContainer(window, filter=~is_done)])
    application.layout = Layout(rows, focused_element=layout.current_window)
