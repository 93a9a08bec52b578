"""Never asks: defaults where there is one, a sentence that names the flag where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError


class Headless:
    """The front end of --no-input, of pipes and of CI."""

    def name(self, answers: Mapping[str, Any], checkout: Checkout) -> str:
        raise UsageError("name-missing", "the backend's name is missing", hint="pass it: newbackend create NAME")

    def lang(self, answers: Mapping[str, Any], checkout: Checkout) -> str:
        raise UsageError("lang-missing", "the language is missing", hint="pass --lang python|go|cpp|rust")

    def modalities(self, answers: Mapping[str, Any], checkout: Checkout) -> list[str]:
        return ["llm"]

    def variants(self, answers: Mapping[str, Any], checkout: Checkout) -> list[str]:
        return ["cpu"]

    def pin(self, answers: Mapping[str, Any], checkout: Checkout) -> str:
        return ""

    def description(self, answers: Mapping[str, Any], checkout: Checkout) -> str:
        pin = answers.get("pin") or {}
        source = f" on {pin['repo']}" if pin.get("repo") else ""
        return f"{answers['name']}: a LocalAI backend{source}"

    def license(self, answers: Mapping[str, Any], checkout: Checkout) -> str:
        return ""
