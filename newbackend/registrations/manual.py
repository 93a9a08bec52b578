"""What is left to a person: by a plan, and by a registered backend."""

from __future__ import annotations

from newbackend.records import dataclass


@dataclass(frozen=True)
class Manual:
    """Something that a person has to do: where it belongs, what to paste, and why.

    `needed`: an edit that could not be made safely; without it the registration is not whole. Anything else is what
    nobody but a person can write or decide: the backend is registered without it, and nothing fails (docs/adr/0086).
    `line` is 1-based; `place` is the registration place, or what else found it.
    """

    path: str
    line: int
    snippet: str
    reason: str
    place: str
    rules: tuple[str, ...] = ()
    needed: bool = True
