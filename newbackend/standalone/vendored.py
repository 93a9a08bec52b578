"""What a repository of its own takes from LocalAI, unchanged and at the same places: `vendored` of each language."""

from __future__ import annotations

import fnmatch
import posixpath
import re

from newbackend.catalog.languages import Language
from newbackend.checkout.layout import PROTO
from newbackend.checkout.tree import Checkout
from newbackend.errors import NotFoundError, UsageError
from newbackend.scaffold.render import RenderedFile

LICENSE = "LICENSE"
LICENSE_COPY = "LICENSES/LocalAI.txt"
_GO_MOD, _GO_SUM = "go.mod", "go.sum"
_REQUIRED = re.compile(r"^[ \t]*(?:require\s+)?(\S+/\S+) (v\S+)(?:\s*//.*)?$", re.M)


def vendored(language: Language, checkout: Checkout) -> dict[str, RenderedFile]:
    """LocalAI's files by path. Raises NotFoundError when the checkout has no proto."""
    found: dict[str, RenderedFile] = {}
    for path in (PROTO, *(path for pattern in language.vendored for path in _matching(checkout, pattern))):
        text = checkout.read(path)
        if text is not None:
            found[path] = RenderedFile(0o755 if text.startswith("#!") else 0o644, text)
    if PROTO not in found:
        raise NotFoundError("proto-missing", f"the checkout has no {PROTO}", where=str(checkout.root))
    if language.vendored_modules:
        found |= _go_module(language, checkout)
    return found


def license_text(checkout: Checkout) -> str:
    """LocalAI's licence, when the checkout has it."""
    try:
        return checkout.read(LICENSE) or ""
    except UsageError:
        return ""


def _matching(checkout: Checkout, pattern: str) -> list[str]:
    folder, name = posixpath.split(pattern)
    names = (entry for entry in checkout.children(folder) if fnmatch.fnmatch(entry, name))
    paths = sorted(f"{folder}/{entry}" for entry in names if not entry.endswith("_test.go"))
    return [path for path in paths if not checkout.is_dir(path)]


def _go_module(language: Language, checkout: Checkout) -> dict[str, RenderedFile]:
    """go.mod and go.sum with the modules that are needed, at LocalAI's versions. The module keeps LocalAI's name, by
    which the sources import its packages."""
    text = checkout.need(_GO_MOD)
    wanted = dict.fromkeys(language.vendored_modules)
    versions = {name: version for name, version in _REQUIRED.findall(text) if name in wanted}
    head = [line for line in text.split("\n") if line.startswith(("module ", "go "))]
    rows = [f"\t{name} {version}" for name, version in sorted(versions.items())]
    module = "\n".join([*(line for row in head for line in (row, "")), "require (", *rows, ")", ""])
    sums = [
        line
        for line in (checkout.read(_GO_SUM) or "").split("\n")
        if (words := line.split(" ")) and versions.get(words[0]) == (words[1:2] or [""])[0].removesuffix("/go.mod")
    ]
    return {
        _GO_MOD: RenderedFile(0o644, module),
        _GO_SUM: RenderedFile(0o644, "\n".join(sums) + "\n"),
    }
