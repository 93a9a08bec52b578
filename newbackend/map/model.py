"""What the page shows, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from newbackend.findings import Fix, Severity
from newbackend.map.hosts import Host
from newbackend.map.images import Cell
from newbackend.map.places import Column, PlaceCell
from newbackend.records import dataclass
from newbackend.report.folding import Entry
from newbackend.trace.stations import Station


@dataclass(frozen=True)
class Way:
    """The way of one row from a change to its hosts. `unknown` says what could not be read."""

    variant: str
    suffix: str
    platform: str
    stations: tuple[Station, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """A finding as the page shows it: `source` is the line that it stands at, "" for none."""

    entry: Entry
    source: str


@dataclass(frozen=True)
class Backend:
    """A row of the matrix, and the page of its own. `counts` are the findings that failed, by severity.

    Of a change: `since` is `added` or `changed`, "" for neither, and `marks` say the same of platforms, or `removed`.
    """

    name: str
    lang: str
    language: str
    directory: str
    status: str
    modalities: tuple[str, ...]
    cells: Mapping[str, Cell]
    places: tuple[PlaceCell, ...]
    findings: tuple[Shown, ...]
    counts: Mapping[Severity, int]
    unknown: int
    ways: tuple[Way, ...]
    answers: str
    notes: tuple[str, ...] = ()
    since: str = ""
    marks: Mapping[str, str] = field(default_factory=dict)

    @property
    def images(self) -> int:
        """The number of its images."""
        return sum(len(cell.images) for cell in self.cells.values())

    @property
    def variants(self) -> tuple[str, ...]:
        """The platforms that its rows build."""
        return tuple(key for key, cell in self.cells.items() if any(image.rows for image in cell.images))

    @property
    def worst(self) -> str:
        """The severity of its worst finding, `unknown`, or ""."""
        failed = [severity.value for severity in Severity if self.counts[severity]]
        return (failed + (["unknown"] if self.unknown else []) + [""])[0]

    @property
    def repairs(self) -> tuple[str, ...]:
        """The commands that repair some of its findings."""
        fixes = {shown.entry.first.fixable for shown in self.findings}
        commands = []
        for fix, option in ((Fix.SAFE, "--fix"), (Fix.UNSAFE, "--unsafe-fixes")):
            if fix in fixes:
                commands += [
                    f"newbackend verify {self.name} {option} --diff",
                    f"newbackend verify {self.name} {option}",
                ]
        return tuple(commands)


@dataclass(frozen=True)
class Touched:
    """What a change does to one backend: `lines` of a sign (`+` or `-`) and a text; what it is `missing` when it is
    new: places with what is missing there."""

    name: str
    kind: str
    lines: tuple[tuple[str, str], ...]
    missing: tuple[tuple[str, PlaceCell], ...] = ()


@dataclass(frozen=True)
class Difference:
    """A change against a base commit: the backends that it touches, and the findings that it introduces, heals and
    leaves."""

    base: str
    backends: tuple[Touched, ...]
    introduced: tuple[Shown, ...]
    kept: tuple[Shown, ...]
    healed: tuple[Shown, ...]


@dataclass(frozen=True)
class Map:
    """A checkout on one page; without backends, a gallery alone. `revision` names the commit, "" for none."""

    name: str
    revision: str
    platforms: Mapping[str, str]
    backends: tuple[Backend, ...] = ()
    columns: tuple[Column, ...] = ()
    hosts: tuple[Host, ...] = ()
    findings: tuple[Shown, ...] = ()
    summary: Mapping[str, int] = field(default_factory=dict)
    followed: bool = False
    change: Difference | None = None
