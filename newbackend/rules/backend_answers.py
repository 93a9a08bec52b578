"""The answers file beside a backend that was generated."""

from __future__ import annotations

from newbackend.answers import Answers
from newbackend.answers_file import ANSWERS_NAME, parse_answers
from newbackend.checkout.tree import Checkout, cached_by_file
from newbackend.errors import UsageError
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context


def answers_path(info: BackendInfo) -> str:
    """Where the answers file of a backend is, if it has one."""
    return f"{info.directory}/{ANSWERS_NAME}"


def answers_of(context: Context, info: BackendInfo) -> Answers | None:
    """What was answered when the backend was generated; None without such a file, or when it cannot be read."""
    return _answers(context.checkout, answers_path(info)) if info.directory else None


@cached_by_file
def _answers(checkout: Checkout, path: str) -> Answers | None:
    text = checkout.read(path)
    if text is None:
        return None
    try:
        return parse_answers(text, path)
    except UsageError:
        return None
