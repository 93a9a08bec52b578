"""The questions of `create`, one method each (nix-init's habit): a front end that does not answer one
does not type-check, so a question without a non-interactive answer cannot exist."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from newbackend.checkout.tree import Checkout


class Frontend(Protocol):
    """Each method gets the answers so far and returns one more; defaults are the caller's business."""

    def name(self, answers: Mapping[str, Any], checkout: Checkout) -> str:
        """The backend's name."""
        ...

    def lang(self, answers: Mapping[str, Any], checkout: Checkout) -> str:
        """The language id."""
        ...

    def modalities(self, answers: Mapping[str, Any], checkout: Checkout) -> list[str]:
        """Modality ids."""
        ...

    def variants(self, answers: Mapping[str, Any], checkout: Checkout) -> list[str]:
        """Variant ids."""
        ...

    def pin(self, answers: Mapping[str, Any], checkout: Checkout) -> str:
        """OWNER/REPO[@REF], or "" for a backend without an upstream."""
        ...

    def description(self, answers: Mapping[str, Any], checkout: Checkout) -> str:
        """One or more lines for the gallery."""
        ...

    def license(self, answers: Mapping[str, Any], checkout: Checkout) -> str:
        """An SPDX expression, or ""."""
        ...
