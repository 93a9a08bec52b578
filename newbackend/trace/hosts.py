"""The gallery entries of an image, the capability keys that lead to them, and the hosts that pick it.

By `catalog/hosts.py`, which `gallery check` goes by too.
"""

from __future__ import annotations

from collections.abc import Mapping

from newbackend.catalog.hosts import HOSTS, is_offered, picked_key
from newbackend.records import dataclass
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
    images = {str(entry.value.get("name")): str(entry.value.get("uri")) for entry in entries}
    keys = []
    for meta in info.metas:
        for key, target in capabilities_of(meta).items():
            if str(target) in images:
                keys.append((f"{meta.value.get('name')}: {key}", Where(meta.path, meta.line)))
    hosts: dict[str, None] = {}
    for meta in info.metas:
        if not str(meta.value.get("name")).endswith(DEV):
            hosts |= dict.fromkeys(host for host in sorted(HOSTS) if _picks(meta, host, images))
    places = tuple((str(entry.value.get("name")), Where(entry.path, entry.line)) for entry in entries)
    return Gallery(places, tuple(keys), tuple(hosts))


def _picks(meta: Fact, host: str, images: Mapping[str, str]) -> bool:
    """Whether a host gets one of these images, by the name of its entry."""
    capabilities = capabilities_of(meta)
    key = picked_key(capabilities, host)
    name = str(capabilities[key]) if key else ""
    return name in images and is_offered(name, images[name], host)
