"""Texts that still describe the placeholder engine after it is gone."""

from __future__ import annotations

import re
from collections.abc import Iterable

from newbackend.answers_file import ANSWERS_NAME
from newbackend.catalog.languages import PLACEHOLDER as MARKER
from newbackend.checklist import DIRECTORY
from newbackend.errors import NewbackendError
from newbackend.findings import Finding, Location, Severity
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.registry import Result, check, rule, skipped

_WORD = re.compile(r"\bplaceholder", re.I)

LEFTOVER = rule(
    "REG839",
    "placeholder-described",
    Severity.WARNING,
    what="The engine of a generated backend is no longer the placeholder, and files of its directory still speak of "
    "the placeholder: the README, comments, tests that expect its answers.",
    why="Readers of the README believe that every answer is made up, and tests that expect the placeholder's answers "
    "test nothing.",
    how="Describe the real engine; delete helpers that only the placeholder needs.",
    bad="Everything the backend answers comes from a placeholder.      # README.md",
    good="The answers come from demo.cpp.",
    checklist=DIRECTORY,
    blocks_release=True,
)


@check(LEFTOVER)
def leftovers(context: Context) -> Iterable[Result]:
    """Generated backends: those with an answers file."""
    for info in context.backends.values():
        paths = list(context.checkout.files_below(info.directory)) if _generated(context, info) else []
        if not paths or any(MARKER in _text(context, path) for path in _engines(info)):
            yield skipped(LEFTOVER, info.name, "it was not generated, or its engine is the placeholder (REG818)")
            continue
        found = [Location(path, line) for path in paths if (line := _line(_text(context, path)))]
        if found:
            first, *others = found
            more = f", and {len(others)} more files do" if others else ""
            message = f"{first.path} still speaks of the placeholder engine{more}"
            yield Finding(
                LEFTOVER,
                "placeholder",
                first.path,
                line=first.line,
                message=message,
                backend=info.name,
                related=tuple(others),
            )


def _generated(context: Context, info: BackendInfo) -> bool:
    return bool(info.directory) and context.checkout.exists(f"{info.directory}/{ANSWERS_NAME}")


def _engines(info: BackendInfo) -> set[str]:
    """Where the language's templates put the placeholder."""
    paths = {flavour.placeholder for flavour in info.language.flavours.values()}
    return {path.replace("{name}", info.name) for path in paths if path}


def _text(context: Context, path: str) -> str:
    try:
        return context.read(path) or ""
    except NewbackendError:
        return ""  # a picture or a model


def _line(text: str) -> int:
    match = _WORD.search(text)
    return text.count("\n", 0, match.start()) + 1 if match else 0
