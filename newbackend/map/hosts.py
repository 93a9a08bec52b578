"""What a host gets of each name of a gallery: the image that LocalAI would pull, or why it can pull none.

By `gallery/table.py`, as `gallery check` says it; needs nothing but the gallery, so it works on any `index.yaml`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum

from newbackend.catalog import modalities
from newbackend.catalog.hosts import HOSTS
from newbackend.catalog.variants import hardware_of, variant_table
from newbackend.gallery.check import reason
from newbackend.gallery.document import Entry, Index
from newbackend.gallery.table import Pick, pick
from newbackend.records import dataclass
from newbackend.registrations.gallery_index.entries import DEV

OTHER = "other"
"""The group of what serves nothing that the table of modalities knows."""


class Gets(StrEnum):
    """What a host gets. The best comes first."""

    ACCELERATED = "accelerated"
    PLAIN = "plain"
    FALLBACK = "fallback"
    UNFIT = "unfit"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Offer:
    """What one host gets for one name of the gallery: `entry`, an image for the platform `variant`, or nothing.
    `why` says what is wrong. `backend` is the one that the name belongs to, "" when that is not known."""

    backend: str
    name: str
    entry: str
    variant: str
    gets: Gets
    why: str = ""


@dataclass(frozen=True)
class Host:
    """A kind of host: what it reports, and what it gets, by modality."""

    id: str
    title: str
    offers: Mapping[str, Sequence[Offer]]

    def count(self, gets: str) -> int:
        """The number of names of which it gets that, each once."""
        return len({offer.name for offers in self.offers.values() for offer in offers if offer.gets == gets})


class Picks:
    """The released names of a gallery, and what each host gets for them."""

    def __init__(self, index: Index) -> None:
        names = dict.fromkeys(_released(index))
        self.by_name = {name: {host: pick(index, name, host) for host in HOSTS} for name in names}
        self.entries = {name: index.by_name[name.lower()][0] for name in names}

    def hosts_by_entry(self) -> Mapping[str, Sequence[str]]:
        """Entry -> the hosts that get its image by a released name."""
        found: dict[str, dict[str, None]] = {}
        for row in self.by_name.values():
            for host, got in row.items():
                if got.entry is not None:
                    found.setdefault(got.entry.name, {})[host] = None
        return {name: tuple(hosts) for name, hosts in found.items()}

    def hosts(self, owner: Callable[[str], str], serves: Callable[[Entry], Sequence[str]]) -> tuple[Host, ...]:
        """Every kind of host. `owner` gives the backend of a name, `serves` the modalities of an entry."""
        served = {name: tuple(serves(entry)) or (OTHER,) for name, entry in self.entries.items()}
        hosts = []
        for host, title in HOSTS.items():
            groups: dict[str, list[Offer]] = {key: [] for key in (*modalities(), OTHER)}
            for name, row in self.by_name.items():
                offer = _offer(owner(name), name, row[host], host)
                for modality in served[name]:
                    groups.setdefault(modality, []).append(offer)
            ordered = {key: sorted(rows, key=lambda row: row.name) for key, rows in groups.items() if rows}
            hosts.append(Host(host, title, ordered))
        return tuple(hosts)


def title_of(modality: str) -> str:
    """A modality's title."""
    return modalities()[modality].title if modality in modalities() else "Something else"


def tagged_modalities(entry: Entry) -> tuple[str, ...]:
    """The modalities that an entry's own tags say: all that a gallery without its sources knows."""
    tags = {tag.lower() for tag in entry.listed("tags")}
    return tuple(key for key, row in modalities().items() if tags & {key, *(tag.lower() for tag in row.tags)})


def _released(index: Index) -> Iterator[str]:
    """The names that people install: metas, and images that no meta leads to and that are no image of a meta's."""
    metas = {meta.name.lower() for meta in index.metas}
    led = {target.lower() for meta in index.metas for target in meta.capabilities.values()}
    for entry in index.entries:
        name = entry.name
        alone = name.lower() not in led and entry.text("alias").lower() not in metas
        if name and not name.endswith(DEV) and (entry.is_meta or alone):
            yield name


def _offer(backend: str, name: str, got: Pick, host: str) -> Offer:
    """What a host gets for a name: the platform is the one that the image's tag, else the entry's name, means."""
    if got.entry is None or got.why is not None:
        return Offer(backend, name, got.target, "", Gets.NOTHING, reason(got).replace("them", "it"))
    table = variant_table()
    entry = got.entry
    variant = hardware_of(entry.uri.rpartition(":")[2] or entry.name, backend)
    if variant == table.plain:
        gets = Gets.PLAIN if host in table.variants[variant].capability_keys else Gets.FALLBACK
    else:
        gets = Gets.ACCELERATED
    if not table.variants[variant].loads_on(host):
        why = f"an image for {table.variants[variant].title}"
        return Offer(backend, name, entry.name, variant, Gets.UNFIT, why)
    return Offer(backend, name, entry.name, variant, gets)
