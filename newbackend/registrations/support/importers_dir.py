"""core/gallery/importers: which type imports for which backend, parsed from the source files."""

from __future__ import annotations

import re

from newbackend.checkout.tree import Checkout, cached
from newbackend.records import dataclass
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


@cached
def importers(checkout: Checkout) -> tuple[Importer, ...]:
    """Every importer of the folder, tests left out; cached."""
    names = [name for name in checkout.children(FOLDER) if name.endswith(".go") and not name.endswith("_test.go")]
    return tuple(
        Importer(match[1], match[2], path)
        for path in (f"{FOLDER}/{name}" for name in names)
        for match in _NAME.finditer(checkout.read(path) or "")
    )


def importer_of(checkout: Checkout, backend: str) -> Importer | None:
    """The importer with the name of a backend, if there is exactly one."""
    own = [importer for importer in importers(checkout) if importer.backend == backend]
    return own[0] if len(own) == 1 else None


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
    """The drop-ins that an importer handles, or None when it handles none."""
    entries = go_file(checkout, importer.path).returned("AdditionalBackends", importer.type_name)
    if entries is None or not entries.elements or not entries.spread:
        return None
    return tuple(str(element.fields.get("Name") or "") for element in entries.elements)
