"""The questions of `create`, one method each (nix-init's habit): a front end that does not answer one
does not type-check, so a question without a non-interactive answer cannot exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError
from newbackend.plan.model import Plan
from newbackend.plan.review import Letter, Turn


@dataclass(frozen=True)
class PartialAnswers:
    """What a question may look at: the answers given by now, the checkout, and in `before` what was
    answered to this and later questions before the user went back."""

    answers: Mapping[str, Any]
    checkout: Checkout
    before: Mapping[str, Any] = field(default_factory=dict)


class Back(Exception):
    """The user wants the previous question again."""


class Stopped(KeyboardInterrupt):
    """Ctrl-C, end of input or a closed terminal; its text is the one sentence to say."""


class Frontend(Protocol):
    """Each method answers one question. A terminal's may raise `Back` or KeyboardInterrupt."""

    def resume(self, saved: Mapping[str, Any], checkout: Checkout) -> bool:
        """Whether to go on with the answers of an interrupted run."""
        ...

    def pin(self, so_far: PartialAnswers) -> str:
        """OWNER/REPO[@REF], or "" for a backend without an upstream."""
        ...

    def name(self, so_far: PartialAnswers) -> str:
        """The backend's name."""
        ...

    def lang(self, so_far: PartialAnswers) -> str:
        """The language id."""
        ...

    def flavour(self, so_far: PartialAnswers) -> str:
        """The flavour id, of a language that has more than one."""
        ...

    def modalities(self, so_far: PartialAnswers) -> list[str]:
        """Modality ids."""
        ...

    def like(self, so_far: PartialAnswers) -> str:
        """A backend of the same language to stand beside, or ""."""
        ...

    def variants(self, so_far: PartialAnswers) -> list[str]:
        """Variant ids."""
        ...

    def description(self, so_far: PartialAnswers) -> str:
        """One or more lines for the gallery."""
        ...

    def license(self, so_far: PartialAnswers) -> str:
        """An SPDX expression, or ""."""
        ...

    def tags(self, so_far: PartialAnswers) -> list[str]:
        """Gallery tags; none means those of the modalities."""
        ...

    def import_kind(self, so_far: PartialAnswers) -> str:
        """How the import form gets to know it: a kind of `places.import_choice`."""
        ...

    def import_of(self, so_far: PartialAnswers) -> str:
        """The backend whose importer a drop-in shares."""
        ...

    def import_extensions(self, so_far: PartialAnswers) -> list[str]:
        """The file extensions that an importer of its own goes by; none if there are pipeline tags."""
        ...

    def import_pipeline_tags(self, so_far: PartialAnswers) -> list[str]:
        """The Hugging Face pipeline tags that it goes by; none if there are extensions."""
        ...

    def summary(self, so_far: PartialAnswers) -> str:
        """The key of an answer to change, or "" to go on."""
        ...

    def hunk(self, turn: Turn) -> Letter:
        """What to do with one hunk of the plan (`--review`)."""
        ...

    def apply(self, plan: Plan) -> bool:
        """Whether to write the plan."""
        ...

    def refused(self, error: NewbackendError) -> None:
        """Says why an answer will not do; the question comes again. Raises it where nobody can answer."""
        ...
