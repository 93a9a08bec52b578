"""Errors that a user can cause, and the exit statuses.

Every error is one sentence that says what is wrong, where, and what to do. Only `cli` prints errors; all other packages
raise them. A traceback is a bug.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Annotated, TypedDict

SCHEMA = "newbackend/error/1"


class Exit(IntEnum):
    """Exit statuses of every verb. Fixed interface; scripts depend on the numbers."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    NOT_FOUND = 3


class ErrorJson(TypedDict):
    """What `--format json` prints when a run ends with an error."""

    schema: str
    code: Annotated[str, "A kebab-case id that stays the same, such as pin-form."]
    message: Annotated[str, "One sentence."]
    where: Annotated[str, 'path or path:line; "" when it is about no file.']
    hint: Annotated[str, 'What to do; "" when that follows from the message.']
    choices: Annotated[list[str], "The valid values, the nearest first; empty where there is no list."]


class NewbackendError(Exception):
    """A refusal. `code` is a kebab-case id that stays stable, `message` one sentence.

    `where` is `path` or `path:line` relative to the checkout. `hint` says what to do. `choices` are the valid values
    when an unknown one was given.
    """

    exit_status: Exit = Exit.USAGE

    def __init__(
        self, code: str, message: str, *, where: str = "", hint: str = "", choices: Iterable[str] = ()
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.where = where
        self.hint = hint
        self.choices = tuple(choices)

    def sentence(self) -> str:
        """The one line a user sees: `where: message; hint` without empty parts."""
        head = f"{self.where}: {self.message}" if self.where else self.message
        tail = f"; {self.hint}" if self.hint else ""
        return f"{head}{tail}"

    def as_json(self) -> ErrorJson:
        """What `--format json` prints in place of the sentence."""
        return {
            "schema": SCHEMA,
            "code": self.code,
            "message": self.message,
            "where": self.where,
            "hint": self.hint,
            "choices": list(self.choices),
        }


class UsageError(NewbackendError):
    """Wrong arguments, answers or configuration (exit 2)."""


class RefusedChange(NewbackendError):
    """The change cannot be made as it was asked for, so nothing was written (exit 1)."""

    exit_status = Exit.FINDINGS


class NotFoundError(NewbackendError):
    """The input does not exist, or a proof that was asked for could not run (exit 3)."""

    exit_status = Exit.NOT_FOUND
