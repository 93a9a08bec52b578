"""The answers `import`, `docs` and the overrides of places that are only written on request."""

from __future__ import annotations

from typing import Any

from newbackend.answers import DocsAnswers, ImportAnswers
from newbackend.catalog import modalities
from newbackend.catalog.registries import registries
from newbackend.describe.facts import Registered
from newbackend.registrations.base import Fact
from newbackend.registrations.importer_registry.place import ImporterRegistry, comment_above

_NOTE = " (preference-only)"


def import_of(backend: Registered) -> ImportAnswers:
    """How the import form finds the backend. An importer of its own becomes a fact of its place, because how it
    recognises models is in its code."""
    for fact in backend.of("known-backends"):
        text = _text(fact, "Description").removesuffix(_NOTE)
        return ImportAnswers(kind="preference", modality=_text(fact, "Modality"), description=text)
    for fact in backend.of("importer-drop-in"):
        modality, description = _text(fact, "Modality"), _text(fact, "Description")
        return ImportAnswers(kind="drop-in", of=_text(fact, "of"), modality=modality, description=description)
    return ImportAnswers(kind="none")


def _text(fact: Fact, key: str) -> str:
    return str(fact.value.get(key) or "")


def docs_of(backend: Registered, served: list[str]) -> DocsAnswers | None:
    """The category of its documentation, if not that of its first modality, whether it is in-house, and whether it has
    a page."""
    data = registries()
    category = None
    for fact in backend.of("compatibility-table")[:1]:
        heading = str(fact.value.get("heading") or "")
        names = [category for category, titles in data.tables.items() if heading in titles]
        if modalities()[served[0]].table not in names:
            category = (names or [heading])[0]
    paged = any(fact.backend == backend.name for fact in backend.of("own-page"))
    docs = DocsAnswers(category, True if backend.of("readme-engines") else None, paged or None)
    return docs if docs != DocsAnswers() else None


def places_of(backend: Registered) -> dict[str, dict[str, Any]]:
    """Overrides of the places that register a backend only on request."""
    places: dict[str, dict[str, Any]] = {}
    ranks = {}
    for fact in backend.of("engine-preference", "rank"):
        engines = list(fact.value)
        after = engines[engines.index(backend.name) + 1 :] if backend.name in engines else []
        ranks[fact.key.split(":")[1]] = after[0] if after else ""
    for fact in backend.of("engine-preference", "engine"):
        ranks["constant"] = str(fact.value)
    if ranks:
        places["engine-preference"] = ranks
    if backend.of("importer-registry"):
        places |= _importer_order(backend)
    if backend.of("test-workflow"):
        places["test-workflow"] = {"job": True}
    return places


def _importer_order(backend: Registered) -> dict[str, dict[str, Any]]:
    """The importer that follows the backend's, because the first match wins, and the comment above its line."""
    types = [str(fact.value) for fact in ImporterRegistry().observe(backend.checkout)]
    own = {str(fact.value) for fact in backend.of("importer-registry")}
    last = max(number for number, name in enumerate(types) if name in own)
    after = types[last + 1] if last + 1 < len(types) else ""
    generic = [name for name in types if name in registries().generic_importers and name not in own]
    told: dict[str, Any] = {} if after and generic[:1] == [after] else {"before": after}
    comment = comment_above(backend.checkout, types[last])
    if comment:
        told["comment"] = comment
    return {ImporterRegistry.id: told} if told else {}
