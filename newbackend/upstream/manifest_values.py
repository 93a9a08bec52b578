"""What manifests of packages say, and values of a TOML file that may be of any type."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from typing import Any

from newbackend.records import dataclass
from newbackend.upstream.facts import Gap
from newbackend.upstream.sources import Sources


@dataclass(frozen=True)
class Crate:
    """One package of a Cargo project. `kinds` are its targets: `lib`, `cdylib`, `bin`...; `library` is what Rust calls
    its library."""

    name: str
    path: str
    kinds: tuple[str, ...]
    features: dict[str, tuple[str, ...]]
    default_features: tuple[str, ...]
    rust_version: str
    licence: str
    library: str = ""
    description: str = ""


def main_crate(repo: str, crates: Iterable[Crate]) -> Crate | None:
    """The library crate of OWNER/REPO that is named like it, else its `core`, else the one highest up."""
    name = repo.rpartition("/")[2].lower()
    names = {_plain(text) for text in (name, name.removesuffix("-rs").removesuffix(".rs"))}

    def place(crate: Crate) -> tuple[bool, bool, int, str]:
        called = _plain(crate.name)
        return called not in names, called.removesuffix("core") not in names, crate.path.count("/"), crate.path

    return min((crate for crate in crates if {"lib", "rlib"}.intersection(crate.kinds)), key=place, default=None)


def _plain(name: str) -> str:
    """A name's letters and digits: `mistral.rs` and `mistralrs` are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


@dataclass(frozen=True)
class Distribution:
    """A Python distribution."""

    name: str
    path: str
    imports: tuple[str, ...]
    requires_python: str
    extras: dict[str, tuple[str, ...]]
    scripts: tuple[str, ...]
    dependencies: tuple[str, ...]
    licence: str
    description: str = ""


@dataclass(frozen=True)
class GoModule:
    """A Go module and its minimum Go version."""

    path: str
    name: str
    go: str


def read_toml(sources: Sources, path: str, gaps: list[Gap]) -> dict[str, Any]:
    """A TOML file of the upstream, empty without one; one that is not valid is a gap."""
    text = sources.text(path)
    if text is None:
        return {}
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        gaps.append(Gap(path, "is not valid TOML"))
        return {}


def table(value: object, key: str) -> dict[str, Any]:
    """A table within a value, empty where there is none."""
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def words(value: object) -> tuple[str, ...]:
    """The strings of a list."""
    return tuple(entry for entry in value if isinstance(entry, str)) if isinstance(value, list) else ()


def word(value: object, otherwise: str = "") -> str:
    """A string, or what to take for a value that is none."""
    return value if isinstance(value, str) else otherwise
