"""Cargo and Go manifests of an upstream, and its Python distribution."""

from __future__ import annotations

import posixpath
import re
from dataclasses import field
from typing import Any

from newbackend.records import dataclass
from newbackend.upstream.distribution import read_distribution
from newbackend.upstream.facts import Gap
from newbackend.upstream.manifest_values import Crate, Distribution, GoModule, read_toml, table, word, words
from newbackend.upstream.sources import Sources

_NAMES = frozenset({"Cargo.toml", "pyproject.toml", "setup.cfg", "setup.py", "go.mod"})


@dataclass
class Manifests:
    """Every manifest at the top, and the members of a Cargo workspace."""

    crates: list[Crate] = field(default_factory=list)
    workspace: bool = False
    distribution: Distribution | None = None
    go: GoModule | None = None
    gaps: list[Gap] = field(default_factory=list)


def read_manifests(sources: Sources) -> Manifests:
    """What the manifests say; a manifest that cannot be parsed is a gap."""
    found = Manifests()
    sources.prefetch(
        path for path in sources.paths
        if (posixpath.basename(path) in _NAMES and path.count("/") < 3)
        or ("/" not in path and path.startswith("requirements") and path.endswith(".txt"))
    )  # fmt: skip
    _cargo(sources, found)
    found.distribution = read_distribution(sources, found.gaps)
    text = sources.text("go.mod")
    if text:
        module = re.search(r"^module\s+(\S+)", text, re.MULTILINE)
        version = re.search(r"^go\s+(\S+)", text, re.MULTILINE)
        if module:
            found.go = GoModule("go.mod", module[1].strip('"'), version[1] if version else "")
    return found


# Cargo: https://doc.rust-lang.org/cargo/reference/manifest.html


def _cargo(sources: Sources, found: Manifests) -> None:
    top = read_toml(sources, "Cargo.toml", found.gaps)
    if not top:
        return
    workspace = table(top, "workspace")
    found.workspace = bool(workspace)
    shared = table(workspace, "package")
    if "package" in top:
        found.crates.append(_crate(sources, "Cargo.toml", top, shared))
    for pattern in words(workspace.get("members")):
        for path in _members(sources, pattern):
            manifest = read_toml(sources, path, found.gaps)
            if "package" in manifest:
                found.crates.append(_crate(sources, path, manifest, shared))


def _members(sources: Sources, pattern: str) -> list[str]:
    from fnmatch import fnmatchcase

    wanted = posixpath.normpath(posixpath.join(pattern, "Cargo.toml"))
    depth = wanted.count("/")
    return sorted(path for path in sources.paths if path.count("/") == depth and fnmatchcase(path, wanted))[:64]


def _crate(sources: Sources, path: str, manifest: dict[str, Any], shared: dict[str, Any]) -> Crate:
    package = table(manifest, "package")
    folder = posixpath.dirname(path)
    library = table(manifest, "lib")
    kinds = list(words(library.get("crate-type"))) or (
        ["lib"] if library or sources.exists(posixpath.join(folder, "src/lib.rs")) else []
    )
    if "bin" in manifest or sources.exists(posixpath.join(folder, "src/main.rs")):
        kinds.append("bin")
    features = {name: words(value) for name, value in table(manifest, "features").items()}
    return Crate(
        name=word(package.get("name")),
        path=path,
        kinds=tuple(kinds),
        features={name: value for name, value in features.items() if name != "default"},
        default_features=features.get("default", ()),
        rust_version=word(package.get("rust-version"), word(shared.get("rust-version"))),
        licence=word(package.get("license"), word(shared.get("license"))),
        library=word(library.get("name"), word(package.get("name"))).replace("-", "_"),
        description=word(package.get("description"), word(shared.get("description"))),
    )
