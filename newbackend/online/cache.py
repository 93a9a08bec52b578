"""Answers of the last hour, so that a second run asks nobody again."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from newbackend.checkout.reading import read_named
from newbackend.errors import UsageError
from newbackend.online.questions import Kind, Question, Said, State

KEPT_SECONDS = 3600.0
_NAME = "online-1.json"
_LIMIT_BYTES = 8 * 1024 * 1024


class Cache:
    """A file in the user's cache directory (NEWBACKEND_CACHE_DIR, XDG_CACHE_HOME). One that cannot be read is empty.

    `bases` are part of every key: another registry is another answer.
    """

    def __init__(self, bases: str) -> None:
        self._bases = bases
        self._known = _load()

    def get(self, question: Question) -> Said | None:
        """An answer that is not too old."""
        row = self._known.get(self._key(question))
        if not isinstance(row, list) or len(row) != 4 or not isinstance(row[0], int | float):
            return None
        age = time.time() - row[0]
        if not 0 <= age < KEPT_SECONDS or row[1] not in (State.THERE, State.ABSENT):
            return None
        return Said(State(row[1]), tuple(map(str, row[2])) if isinstance(row[2], list) else (), str(row[3]))

    def put(self, answers: Mapping[Question, Said]) -> None:
        """Keeps answers; what is unknown is asked again."""
        now = time.time()
        for question, said in answers.items():
            if said.state is not State.UNKNOWN:
                self._known[self._key(question)] = [now, said.state.value, list(said.platforms), said.why]
        fresh = {key: row for key, row in self._known.items() if isinstance(row, list) and now - row[0] < KEPT_SECONDS}
        _save(fresh)

    def _key(self, question: Question) -> str:
        return f"{self._bases} {Kind(question.kind).value} {question.subject}"


def _folder() -> Path:
    own = os.environ.get("NEWBACKEND_CACHE_DIR")
    if own:
        return Path(own)
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "newbackend"


def _load() -> dict[str, object]:
    try:
        value = json.loads(read_named(_folder() / _NAME, _LIMIT_BYTES))
    except (OSError, ValueError, RecursionError, UsageError):
        return {}
    return value if isinstance(value, dict) else {}


def _save(rows: Mapping[str, object]) -> None:
    try:
        folder = _folder()
        folder.mkdir(parents=True, exist_ok=True)
        handle, path = tempfile.mkstemp(dir=folder, prefix=_NAME)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(rows, file)
        Path(path).replace(folder / _NAME)
    except OSError:
        return
