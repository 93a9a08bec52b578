"""Errors that a user can cause, and the exit statuses (design, section 2).

Every error is one sentence that says what is wrong, where, and what to do. Only `cli` prints
them; everything below raises. A traceback is a bug.
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit statuses of every verb. Fixed interface; scripts depend on the numbers."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    NOT_FOUND = 3


class NewbackendError(Exception):
    """A refusal: `reference` is a kebab-case id that stays stable, `message` one sentence.

    `where` is `path` or `path:line` relative to the checkout; `hint` says what to do about it.
    """

    exit_status: Exit = Exit.USAGE

    def __init__(self, reference: str, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.reference = reference
        self.message = message
        self.where = where
        self.hint = hint

    def sentence(self) -> str:
        """The one line a user sees: `where: message; hint [reference]` without empty parts."""
        head = f"{self.where}: {self.message}" if self.where else self.message
        tail = f"; {self.hint}" if self.hint else ""
        return f"{head}{tail}"


class UsageError(NewbackendError):
    """Wrong arguments, answers or configuration (exit 2)."""


class NotFoundError(NewbackendError):
    """The input does not exist, or a proof that was asked for could not run (exit 3)."""

    exit_status = Exit.NOT_FOUND
