"""CPU variant sets, understood by file name: libggml-cpu-haswell.so, libx-avx2.so, llama-cpp-fallback."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from newbackend.package.data import read_table
from newbackend.records import dataclass


@dataclass(frozen=True, slots=True)
class Variant:
    """One file and what its name promises. `token` is the part of the name that promises it."""

    path: str
    token: str
    level: int
    features: frozenset[str]


@dataclass(frozen=True, slots=True)
class VariantSet:
    """Files in one directory whose names differ only by the token (directories, for `variants/avx2/`)."""

    name: str
    members: tuple[Variant, ...]

    @property
    def directory(self) -> str:
        """Where its files are."""
        return posixpath.dirname(self.members[0].path)


@cache
def _table() -> dict[str, tuple[int, frozenset[str]]]:
    """Level and allowed features by token."""
    rows: list[dict[str, Any]] = read_table("variants")["variant"]
    table: dict[str, tuple[int, frozenset[str]]] = {}
    for row in rows:  # the file lists a base above those that build on it
        base = table[row["base"]][1] if "base" in row else frozenset()
        for token in row["tokens"]:
            table[token] = (row["level"], base | frozenset(row["features"]))
    return table


@cache
def _expression() -> re.Pattern[str]:
    tokens = "|".join(sorted(map(re.escape, _table()), key=len, reverse=True))
    return re.compile(rf"(?<=[-_/])({tokens})(?=[./]|$)")


def variant_sets(paths: Iterable[str]) -> tuple[VariantSet, ...]:
    """The sets with at least two members among `paths`."""
    groups: dict[str, list[Variant]] = {}
    known = set(paths)
    for path in sorted(known):
        tokens = list(_expression().finditer(path))
        if not tokens:
            continue
        match = tokens[-1]  # the last token counts: lib-avx/libx-avx2.so
        level, features = _table()[match[1]]
        stem = path[: match.start()] + "*" + path[match.end() :]
        members = groups.setdefault(stem, [])
        members.append(Variant(path, match[1], level, features))
        plain = path[: match.start() - 1] + path[match.end() :]  # `_x.so` beside `_x_avx2.so` is the fallback
        if plain in known and all(m.path != plain for m in members):
            members.append(Variant(plain, "no suffix", 1, frozenset()))
    return tuple(VariantSet(stem, tuple(members)) for stem, members in groups.items() if len(members) > 1)
