"""Which entry each kind of host gets for each name, or why none: LocalAI's install by name, without its download."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from newbackend.catalog.hosts import HOSTS, is_offered, picked_key
from newbackend.gallery.document import Entry, Index
from newbackend.records import dataclass


class Why(StrEnum):
    """Why a host gets nothing."""

    NO_KEY = "no key"
    HIDDEN = "hidden"
    MISSING = "missing"
    META = "a meta"
    NOTHING = "no image"


@dataclass(frozen=True)
class Pick:
    """What one host gets for one name: an entry, by a key of the meta, or the reason why nothing."""

    entry: Entry | None = None
    key: str = ""
    target: str = ""
    why: Why | None = None


def _offered(entry: Entry, host: str) -> bool:
    """`IsCompatibleWith`: a meta is offered when its map has a key for the host."""
    if entry.is_meta:
        return picked_key(entry.capabilities, host) is not None
    return is_offered(entry.name, entry.uri, host)


def _first_offered(index: Index, name: str, host: str) -> Entry | None:
    """The lookup of an install: every `/` is `__`, an `@` divides gallery and name, the first one that is seen wins."""
    if "@" in name:
        return None
    named = index.by_name.get(name.replace("/", "__").lower(), ())
    return next((one for one in named if _offered(one, host)), None)


def pick(index: Index, name: str, host: str) -> Pick:
    """What a host gets that installs `name` from this gallery alone."""
    entry = _first_offered(index, name, host)
    if entry is None:
        known = index.by_name.get(name.lower())
        if not known:
            return Pick(why=Why.MISSING)
        return Pick(why=Why.NO_KEY if known[0].is_meta else Why.HIDDEN)
    if not entry.is_meta:
        return Pick(entry, why=None if entry.uri else Why.NOTHING)
    key = picked_key(entry.capabilities, host) or ""
    target = entry.capabilities[key]
    found = _first_offered(index, target, host) if target else None
    if found is None:
        there = target.lower() in index.by_name
        return Pick(key=key, target=target, why=Why.HIDDEN if there else Why.MISSING)
    if found.is_meta:
        return Pick(key=key, target=target, why=Why.META)
    return Pick(found, key, target, None if found.uri else Why.NOTHING)


def host_table(index: Index) -> Mapping[str, Mapping[str, Pick]]:
    """Meta -> host -> what it gets, in the order of the file. Of metas of one name the first counts."""
    names = dict.fromkeys(meta.name for meta in index.metas if meta.name)
    return {name: {host: pick(index, name, host) for host in HOSTS} for name in names}
