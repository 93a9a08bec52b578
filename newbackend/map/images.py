"""The images of a backend by platform: what builds them, which gallery entries offer them, which hosts get them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from newbackend.catalog.variants import hardware_of, variant_table
from newbackend.findings import Finding
from newbackend.records import dataclass
from newbackend.registrations.base import Fact
from newbackend.registrations.matrix.place import variant_of
from newbackend.rules.backend import BackendInfo
from newbackend.rules.gallery import suffix_of


class ImageState(StrEnum):
    """Whether CI builds an image and the gallery offers it. The worst comes first. `MIXED` is a platform with both: an
    image that no entry offers, and an entry whose image nothing builds, as when the two differ in their tags."""

    MIXED = "mixed"
    OFFERED = "offered"
    BUILT = "built"
    BOTH = "both"
    NONE = "none"


@dataclass(frozen=True)
class Image:
    """One image: `rows` build it (one for each architecture), `entries` offer it; `hosts` get the released one."""

    suffix: str
    rows: tuple[Fact, ...]
    entries: tuple[Fact, ...]
    hosts: tuple[str, ...]

    @property
    def state(self) -> ImageState:
        """Built, offered, or both."""
        if self.rows:
            return ImageState.BOTH if self.entries else ImageState.BUILT
        return ImageState.OFFERED

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Rows and entries."""
        return self.rows + self.entries


@dataclass(frozen=True)
class Cell:
    """The images of one backend for one platform, and the findings about them."""

    variant: str
    images: tuple[Image, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def state(self) -> ImageState:
        """The worst state of its images."""
        states = {image.state for image in self.images}
        if ImageState.OFFERED in states and len(states) > 1:
            return ImageState.MIXED
        return next((state for state in ImageState if state in states), ImageState.NONE)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that get one of the images."""
        return tuple(dict.fromkeys(host for image in self.images for host in image.hosts))


def cells_of(info: BackendInfo, findings: Iterable[Finding], hosts: Mapping[str, Sequence[str]]) -> dict[str, Cell]:
    """The cell of each platform, and of "" for rows that are like no platform that is known, if there are any.

    `hosts` are those that get an entry, by the entry's name.
    """
    by_variant: dict[str, list[Image]] = {variant: [] for variant in variant_table().variants}
    for image in images_of(info, hosts):
        by_variant.setdefault(_variant(image, info.name), []).append(image)
    known = tuple(findings)
    return {
        variant: Cell(variant, tuple(images), tuple(found for found in known if _about(found, images)))
        for variant, images in by_variant.items()
    }


def images_of(info: BackendInfo, hosts: Mapping[str, Sequence[str]]) -> list[Image]:
    """Every image that a row builds or an entry offers, by tag suffix, in the order of the matrix."""
    rows: dict[str, list[Fact]] = {}
    entries: dict[str, list[Fact]] = {}
    for row in info.images:
        rows.setdefault(str(row.value.get("tag-suffix") or ""), []).append(row)
    for entry in info.entries:
        if entry.value.get("uri"):
            entries.setdefault(suffix_of(entry) or str(entry.value.get("name") or ""), []).append(entry)
    found = []
    for suffix in dict.fromkeys((*rows, *entries)):
        offering = tuple(entries.get(suffix, ()))
        names = (str(entry.value.get("name") or "") for entry in offering)
        reached = tuple(dict.fromkeys(host for name in names for host in hosts.get(name, ())))
        found.append(Image(suffix, tuple(rows.get(suffix, ())), offering, reached))
    return found


def _variant(image: Image, name: str) -> str:
    if image.rows:
        return variant_of(image.rows[0])
    return hardware_of(image.suffix, name)


def _about(finding: Finding, images: Iterable[Image]) -> bool:
    """Whether a finding is about one of the images: it stands at its row or entry, or names its tag suffix."""
    for image in images:
        if any(fact.path == finding.path and fact.line == finding.line for fact in image.facts):
            return True
        names = {image.suffix, *(str(entry.value.get("name")) for entry in image.entries)} - {""}
        if names & set(finding.subject.split()):
            return True
    return False
