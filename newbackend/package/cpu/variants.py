"""CPU variant sets, understood by file name: libggml-cpu-haswell.so, libx-avx2.so, llama-cpp-fallback."""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class Variant:
    """One member: what its name promises. `token` is the part of the name that says so."""

    path: str
    token: str
    level: int
    features: frozenset[str]


@dataclass(frozen=True, slots=True)
class VariantSet:
    """Files in one directory whose names differ only by the token (directories, for `variants/avx2/`)."""

    name: str
    members: tuple[Variant, ...]


@cache
def _table() -> dict[str, tuple[int, frozenset[str]]]:
    """Level and allowed features by token."""
    text = resources.files("newbackend.package").joinpath("data/variants.toml").read_text("utf-8")
    rows: list[dict[str, Any]] = tomllib.loads(text)["variant"]
    table: dict[str, tuple[int, frozenset[str]]] = {}
    for row in rows:  # a base stands above those that build on it
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
    return tuple(VariantSet(stem, tuple(found)) for stem, found in groups.items() if len(found) > 1)


def directory_of(found: VariantSet) -> str:
    """Where the set lies."""
    return posixpath.dirname(found.members[0].path)
