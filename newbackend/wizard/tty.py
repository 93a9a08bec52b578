"""Asks on a terminal (questionary), with every default taken from the checkout or the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from newbackend.catalog import modalities, variant_table
from newbackend.catalog.languages import languages
from newbackend.checkout.layout import layout_of
from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError
from newbackend.pin import parse_pin
from newbackend.spec import check_name
from newbackend.wizard.headless import Headless


def _checked(question: Any) -> Any:
    """The answer; Ctrl-C and a closed terminal stop the program."""
    answer = question.unsafe_ask()
    if answer is None:
        raise KeyboardInterrupt
    return answer


def _says(check: Any, text: str) -> bool | str:
    """Validation as questionary wants it: True, or the sentence that says what is wrong."""
    try:
        check(text)
    except NewbackendError as error:
        return error.message
    return True


class Tty:
    """The front end of a person at a terminal."""

    def name(self, answers: Mapping[str, Any], checkout: Checkout) -> str:
        import questionary

        return str(_checked(questionary.text("Backend name:", validate=lambda text: _says(check_name, text))))

    def lang(self, answers: Mapping[str, Any], checkout: Checkout) -> str:
        import questionary

        choices = [questionary.Choice(language.title, value=key) for key, language in languages().items()]
        return str(_checked(questionary.select("Language:", choices=choices)))

    def modalities(self, answers: Mapping[str, Any], checkout: Checkout) -> list[str]:
        import questionary

        language = languages().get(str(answers.get("lang")))
        rpcs = set(layout_of(checkout).proto.rpcs)
        offered = [
            questionary.Choice(modality.title, value=key, checked=key == "llm")
            for key, modality in modalities().items()
            if language and key in language.modalities and rpcs.issuperset(modality.rpcs)
        ]
        question = questionary.checkbox(
            "What does it serve?", choices=offered, validate=lambda chosen: bool(chosen) or "choose at least one"
        )
        return list(_checked(question))

    def variants(self, answers: Mapping[str, Any], checkout: Checkout) -> list[str]:
        import questionary

        language = languages()[str(answers["lang"])]
        flavour = str(answers.get("flavour") or language.default_flavour)
        offered = [
            questionary.Choice(variant.title, value=key, checked=key == "cpu")
            for key, variant in variant_table().variants.items()
            if key in language.variants[flavour]
        ]
        question = questionary.checkbox(
            "Platforms:", choices=offered, validate=lambda chosen: bool(chosen) or "choose at least one"
        )
        return list(_checked(question))

    def pin(self, answers: Mapping[str, Any], checkout: Checkout) -> str:
        import questionary

        question = questionary.text(
            "Upstream to pin (OWNER/REPO[@REF], empty for none):",
            validate=lambda text: True if not text else _says(parse_pin, text),
        )
        return str(_checked(question))

    def description(self, answers: Mapping[str, Any], checkout: Checkout) -> str:
        import questionary

        default = Headless().description(answers, checkout)
        return str(_checked(questionary.text("One line for the gallery:", default=default)))

    def license(self, answers: Mapping[str, Any], checkout: Checkout) -> str:
        import questionary

        return str(_checked(questionary.text("Licence (SPDX, empty if unknown):", default="")))
