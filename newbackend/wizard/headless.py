"""Never asks: defaults where there is one, a sentence that names the flag where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from newbackend.catalog.languages import languages
from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError, UsageError
from newbackend.plan.model import Plan
from newbackend.plan.review import Letter, Turn
from newbackend.spec import DEFAULT_KIND
from newbackend.wizard.protocol import PartialAnswers


class Headless:
    """The front end of --no-input, of pipes and of CI. It never reads the network or saved answers, so the
    same command line gives the same backend."""

    def resume(self, saved: Mapping[str, Any], checkout: Checkout) -> bool:
        return False

    def pin(self, so_far: PartialAnswers) -> str:
        return ""

    def name(self, so_far: PartialAnswers) -> str:
        raise UsageError("name-missing", "the backend's name is missing", hint="pass it: newbackend create NAME")

    def lang(self, so_far: PartialAnswers) -> str:
        raise UsageError("lang-missing", "the language is missing", hint=f"pass --lang {'|'.join(languages())}")

    def flavour(self, so_far: PartialAnswers) -> str:
        return languages()[str(so_far.answers["lang"])].default_flavour

    def modalities(self, so_far: PartialAnswers) -> list[str]:
        return ["llm"]

    def like(self, so_far: PartialAnswers) -> str:
        return ""

    def variants(self, so_far: PartialAnswers) -> list[str]:
        return ["cpu"]

    def description(self, so_far: PartialAnswers) -> str:
        pin = so_far.answers.get("pin") or {}
        source = f" on {pin['repo']}" if pin.get("repo") else ""
        return f"{so_far.answers['name']}: a LocalAI backend{source}"

    def license(self, so_far: PartialAnswers) -> str:
        return ""

    def tags(self, so_far: PartialAnswers) -> list[str]:
        return []

    def import_kind(self, so_far: PartialAnswers) -> str:
        return DEFAULT_KIND

    def import_of(self, so_far: PartialAnswers) -> str:
        return ""  # will not do, and the refusal names the flag; so for an importer without a signal

    def import_extensions(self, so_far: PartialAnswers) -> list[str]:
        return []

    def import_pipeline_tags(self, so_far: PartialAnswers) -> list[str]:
        return []

    def summary(self, so_far: PartialAnswers) -> str:
        return ""

    def hunk(self, turn: Turn) -> Letter:
        raise UsageError(
            "review-needs-terminal",
            "--review asks about every hunk, so it needs a terminal; nothing was written",
            hint="look with --dry-run, or save the plan with --plan-out",
        )

    def apply(self, plan: Plan) -> bool:
        raise UsageError("not-confirmed", "nothing was written", hint="pass --yes to apply, or --dry-run to only look")

    def refused(self, error: NewbackendError) -> None:
        raise error
