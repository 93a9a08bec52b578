"""The gallery entries of an image, the capability keys that lead to them, and the hosts that pick it.

By `SystemState.Capability` (pkg/system/capabilities.go): the key that the host reports, else `default`, else `cpu`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from newbackend.catalog.variants import variant_table
from newbackend.registrations.base import Fact
from newbackend.registrations.gallery_index.entries import DEV
from newbackend.rules.backend import BackendInfo
from newbackend.rules.gallery import capabilities_of, suffix_of
from newbackend.trace.steps import Where


@dataclass(frozen=True)
class Gallery:
    """`keys` are `meta: key`, with the key's line; `hosts` what they report, of the released meta alone."""

    entries: tuple[tuple[str, Where], ...]
    keys: tuple[tuple[str, Where], ...]
    hosts: tuple[str, ...]


def gallery_of(info: BackendInfo, row: Fact) -> Gallery:
    """What the gallery says of a row's image."""
    suffix = str(row.value.get("tag-suffix") or "")
    entries = [entry for entry in info.entries if suffix_of(entry) == suffix]
    names = {str(entry.value.get("name")) for entry in entries}
    keys = []
    for meta in info.metas:
        for key, target in capabilities_of(meta).items():
            if target in names:
                keys.append((f"{meta.value.get('name')}: {key}", Where(meta.path, meta.line)))
    hosts: dict[str, None] = {}
    for meta in info.metas:
        if not str(meta.value.get("name")).endswith(DEV):
            hosts |= dict.fromkeys(
                host for host in sorted(_reported()) if _picked(capabilities_of(meta), host) in names
            )
    places = tuple((str(entry.value.get("name")), Where(entry.path, entry.line)) for entry in entries)
    return Gallery(places, tuple(keys), tuple(hosts))


def _reported() -> frozenset[str]:
    """What hosts can report: every key but the fallback `cpu`, which none does."""
    return variant_table().capabilities - {"cpu"}


def _picked(capabilities: Mapping[str, Any], host: str) -> Any:
    """The entry that a host gets, or None."""
    return next((capabilities[key] for key in (host, "default", "cpu") if key in capabilities), None)
