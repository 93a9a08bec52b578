"""What the registration does not say outright: flavour, pin and modalities, read from the best witness."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from newbackend.catalog import modalities
from newbackend.describe.facts import Registered
from newbackend.describe.matrix import Row, departures

_SHA = re.compile(r"[0-9a-f]{40}\Z")
_ASSIGNED = re.compile(r"^([A-Z][A-Z0-9_]*)\s*\?=\s*(\S+)\s*$", re.M)
_FORK = re.compile(r"\.\./llama-cpp(?![A-Za-z0-9_-])")
_PUREGO = '"github.com/ebitengine/purego"'
FALLBACK = "llm"


def flavour_of(found: Registered, rows: Mapping[str, Sequence[Row]]) -> str:
    """The template flavour: what the backend's build files show, else the one whose table departs least."""
    language = found.language
    makefile = found.checkout.read(f"{found.directory}/Makefile") or ""
    if "llama-fork" in language.flavours and found.name != "llama-cpp" and _FORK.search(makefile):
        return "llama-fork"
    if "purego" in language.flavours and _loads_a_library(found):
        return "purego"
    tried = [language.default_flavour, *language.flavours]
    candidates = [flavour for flavour in dict.fromkeys(tried) if flavour not in ("llama-fork", "purego")]
    return min(candidates, key=lambda flavour: len(str(departures(found, flavour, rows))))


def _loads_a_library(found: Registered) -> bool:
    """Whether a Go backend builds a native library, or loads one by the package that the flavour is named after."""
    files = found.checkout.children(found.directory)
    sources = (f"{found.directory}/{name}" for name in files if name.endswith(".go"))
    return "CMakeLists.txt" in files or any(_PUREGO in (found.checkout.read(path) or "") for path in sources)


def pin_of(found: Registered) -> dict[str, str] | None:
    """The pin: the bump bot's row with the commit that the backend's Makefile has; None when either lacks."""
    text = found.checkout.read(f"{found.directory}/Makefile") or ""
    commits = {variable: value for variable, value in _ASSIGNED.findall(text) if _SHA.match(value)}
    for fact in found.of("bump-bot"):
        row = fact.value
        if row.get("file") == f"{found.directory}/Makefile" and row.get("variable") in commits:
            return {
                "repo": str(row.get("repository") or ""),
                "sha": commits[row["variable"]],
                "branch": str(row.get("branch") or ""),
                "variable": str(row["variable"]),
            }
    return None


def modalities_of(found: Registered) -> tuple[list[str], str]:
    """Modalities, and a note where they are a guess: by the RPCs that BackendCapabilities names, else by
    the gallery's tags, else text generation."""
    served = {rpc for fact in found.of("backend-capabilities") for rpc in fact.value.get("GRPCMethods") or ()}
    if served:
        named = {rpc for modality in modalities().values() for rpc in modality.rpcs}
        by_rpc = [m.id for m in modalities().values() if _serves(m.rpcs, served & named)]
        if by_rpc:
            return by_rpc, ""
    tags = {_word(tag) for tag in found.meta.get("tags") or ()}
    by_tag = [m.id for m in modalities().values() if tags & {_word(word) for word in (m.id, m.chip, *m.tags)}]
    exact = [m.id for m in modalities().values() if tags & {_word(word) for word in (m.id, *m.tags)}]
    if exact or by_tag:
        return exact or by_tag, "modalities are a guess by the gallery's tags"
    return [FALLBACK], f"modalities: nothing here says what it serves, {FALLBACK} is assumed"


def _serves(rpcs: Sequence[str], served: set[str]) -> bool:
    """Whether the table names a modality's first RPC: streaming twins are often left out of it."""
    return bool(rpcs) and rpcs[0] in served


def _word(text: Any) -> str:
    return re.sub(r"[^a-z0-9]", "", str(text).lower())
