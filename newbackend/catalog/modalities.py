"""Modalities: what a backend serves. `modalities.json` has one row for each, in canonical order."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from newbackend.records import dataclass


@dataclass(frozen=True)
class Modality:
    """A modality's RPCs, and its names in LocalAI's lists.

    `chip` is its word in the import form, `table` its category in the compatibility table, `bullet` that in the list
    of backends, `word` what the table's column of capabilities says, "" for nothing. `also` is what people call it,
    `endpoints` the addresses of LocalAI's API that lead to its RPCs. `prose` are phrases by which a project says that
    it does this.
    """

    id: str
    title: str
    rpcs: tuple[str, ...]
    tags: tuple[str, ...]
    chip: str
    table: str
    bullet: str
    optional_rpcs: tuple[str, ...] = ()
    usecases: tuple[str, ...] = ()
    word: str = ""
    also: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    prose: tuple[str, ...] = ()

    @property
    def other_words(self) -> tuple[str, ...]:
        """What people call it: its names in LocalAI's lists, and pipeline tags of Hugging Face."""
        return (self.title, *self.also, *self.tags, *self.usecases, *self.rpcs)


_INSIDE = frozenset(["llm", "embeddings", "rerank", "tokenize"])
_WAY = frozenset(["diffusion"])
"""Modalities and phrases that also say how something else is done: speech by a language model, music by diffusion."""


def spoken_of(text: str) -> tuple[tuple[str, str], ...]:
    """The modalities that a text about a project speaks of, each with its phrase, in the order of the text; behind them
    those that may only be how it is done."""
    words = _words(text)
    found: list[tuple[bool, int, str, str]] = []
    for modality in modalities().values():
        places = ((words.find(_words(phrase)), phrase) for phrase in modality.prose)
        for at, phrase in sorted((at, phrase) for at, phrase in places if at != -1)[:1]:
            found.append((modality.id in _INSIDE or phrase in _WAY, at, modality.id, phrase))
    return tuple((key, phrase) for _, _, key, phrase in sorted(found))


def _words(text: str) -> str:
    """The words of a text in small letters, each after a blank, without the plural's s."""
    return "".join(f" {re.sub(r'(?<=...)s$', '', word)}" for word in re.findall(r"[a-z0-9]+", text.lower())) + " "


_FILE = Path(__file__).with_name("modalities.json")


def modalities_file() -> Path:
    """The table."""
    return _FILE


def modalities() -> Mapping[str, Modality]:
    """All modalities by id, in canonical order."""
    return _load(modalities_file())


@cache
def _load(file: Path) -> Mapping[str, Modality]:
    rows = json.loads(file.read_text(encoding="utf-8"))["modalities"]
    return {key: _modality(key, row) for key, row in rows.items()}


def _modality(key: str, row: Mapping[str, Any]) -> Modality:
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
    return Modality(id=key, **{"bullet": row["table"], **values})
