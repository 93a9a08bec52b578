"""core/gallery/importers: which type imports for which backend, read from the files themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass

from newbackend.checkout.tree import Checkout
from newbackend.registrations.support.go_files import go_file
from newbackend.spec import BackendSpec

FOLDER = "core/gallery/importers"
REGISTRY = f"{FOLDER}/importers.go"
VARIABLE = "defaultImporters"
_NAME = re.compile(r"^func \(\w*\s*\*?(\w+)\) Name\(\) string\s*\{\s*return \"([^\"\\]+)\"\s*\}", re.M)
_TYPE = re.compile(r"^type (\w+) ", re.M)


@dataclass(frozen=True)
class Importer:
    """A type that imports for `backend`, and the file that declares its `Name` method."""

    type_name: str
    backend: str
    path: str


def importers(checkout: Checkout) -> tuple[Importer, ...]:
    """Every importer of the folder, tests left out; cached."""
    key = ("importers", FOLDER)
    if key not in checkout.memo:
        found = []
        for name in checkout.children(FOLDER):
            if name.endswith(".go") and not name.endswith("_test.go"):
                path = f"{FOLDER}/{name}"
                found += [Importer(match[1], match[2], path) for match in _NAME.finditer(checkout.read(path) or "")]
        checkout.memo[key] = tuple(found)
    cached = checkout.memo[key]
    assert isinstance(cached, tuple)
    return cached


def importer_of(checkout: Checkout, backend: str) -> Importer | None:
    """The importer whose name is a backend's, when there is exactly one."""
    found = [one for one in importers(checkout) if one.backend == backend]
    return found[0] if len(found) == 1 else None


def type_name(spec: BackendSpec) -> str:
    """The type of the importer that a backend gets: `my-engine` -> `MyEngineImporter`."""
    words = spec.name.split("-")
    stem = "".join(word[:1].upper() + word[1:] for word in words)
    return f"{stem if stem[0].isalpha() else 'B' + stem}Importer"


def declared_in(checkout: Checkout, name: str) -> str:
    """The importers file that declares a type of that name, or ""."""
    for file in checkout.children(FOLDER):
        path = f"{FOLDER}/{file}"
        if file.endswith(".go") and name in _TYPE.findall(checkout.read(path) or ""):
            return path
    return ""


def additional_backends(checkout: Checkout, importer: Importer) -> tuple[str, ...] | None:
    """The drop-ins that an importer speaks for, or None when it speaks for none."""
    found = go_file(checkout, importer.path).returned("AdditionalBackends", importer.type_name)
    if found is None or not found.elements or not found.spread:
        return None
    return tuple(str(element.fields.get("Name") or "") for element in found.elements)
