"""The answers `import`, `docs` and the overrides of places that are only written on request."""

from __future__ import annotations

from typing import Any

from newbackend.catalog.registries import registries
from newbackend.describe.facts import Registered
from newbackend.registrations.importer_registry.place import ImporterRegistry

_NOTE = " (preference-only)"


def import_of(found: Registered) -> dict[str, Any]:
    """How the import form knows the backend. An importer of its own stays a fact of its place: what it
    tells models by is in its code."""
    for fact in found.of("known-backends"):
        text = str(fact.value.get("Description") or "").removesuffix(_NOTE)
        return {"kind": "preference", "modality": str(fact.value.get("Modality") or ""), "description": text}
    for fact in found.of("importer-drop-in"):
        keys = {"of": "of", "modality": "Modality", "description": "Description"}
        return {"kind": "drop-in", **{key: str(fact.value.get(word) or "") for key, word in keys.items()}}
    return {"kind": "none"}


def docs_of(found: Registered, modalities: list[str]) -> dict[str, Any]:
    """The category of its documentation where it is not its first modality's, and whether it is in-house."""
    data = registries()
    said: dict[str, Any] = {}
    for fact in found.of("compatibility-table"):
        heading = str(fact.value.get("heading") or "")
        names = [category for category, titles in data.tables.items() if heading in titles]
        if data.table_of[modalities[0]] not in names:
            said["category"] = (names or [heading])[0]
        break
    if found.of("readme-engines"):
        said["in_house"] = True
    return said


def places_of(found: Registered) -> dict[str, dict[str, Any]]:
    """Places that a backend is in only when somebody asked for it."""
    places: dict[str, dict[str, Any]] = {}
    ranks = {}
    for fact in found.of("engine-preference", "rank"):
        engines = list(fact.value)
        after = engines[engines.index(found.name) + 1 :] if found.name in engines else []
        ranks[fact.key.split(":")[1]] = after[0] if after else ""
    for fact in found.of("engine-preference", "engine"):
        ranks["constant"] = str(fact.value)
    if ranks:
        places["engine-preference"] = ranks
    if found.of("importer-registry"):
        places |= _importer_order(found)
    if found.of("test-workflow"):
        places["test-workflow"] = {"job": True}
    return places


def _importer_order(found: Registered) -> dict[str, dict[str, Any]]:
    """What the backend's importer stands in front of: the first match wins, so the order is a fact too."""
    types = [str(fact.value) for fact in ImporterRegistry().observe(found.checkout)]
    own = {str(fact.value) for fact in found.of("importer-registry")}
    last = max(number for number, name in enumerate(types) if name in own)
    after = types[last + 1] if last + 1 < len(types) else ""
    generic = [name for name in types if name in registries().generic_importers and name not in own]
    return {} if after and generic[:1] == [after] else {ImporterRegistry.id: {"before": after}}
