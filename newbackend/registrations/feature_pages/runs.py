"""What a page has for each backend, one after the other: the items of a list, sections, or the rows of a table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from newbackend.checkout.tree import Checkout
from newbackend.records import dataclass
from newbackend.registrations.support.display_names import backend_of
from newbackend.spec import BackendSpec
from newbackend.splice.lines import Lines
from newbackend.splice.operation import Operation, drop_lines


@dataclass(frozen=True)
class Entry:
    """What says something about one thing: its backend ("" for none that the checkout has), what it is called there,
    where that leads to, and its lines (0-based). `names` are what it may mean by its title."""

    backend: str
    shown: str
    link: str
    first: int
    last: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run(ABC):
    """Entries of one form, in the order of the page."""

    kind: ClassVar[str]
    entries: tuple[Entry, ...]

    @property
    def named(self) -> tuple[Entry, ...]:
        """The entries about backends of the checkout."""
        return tuple(entry for entry in self.entries if entry.backend)

    @property
    def lists_backends(self) -> bool:
        """Whether it is about backends at all."""
        return bool(self.named)

    @property
    def alone_from(self) -> int:
        """The 0-based line from which the page can be read without what is above, up to the last named entry."""
        return self.named[-1].first

    @abstractmethod
    def rows(self, spec: BackendSpec) -> list[str]:
        """The lines of a new entry in the form of the others; "…" where nothing is known."""

    def complete(self, spec: BackendSpec) -> bool:
        """Whether everything that an entry of this form says is known."""
        return True

    def drop(self, lines: Lines, entry: Entry) -> Operation:
        """Takes an entry out."""
        return drop_lines(lines, entry.first, entry.last)

    def resolved(self, checkout: Checkout) -> Run:
        """With the backends that the entries are about."""
        return replace(self, entries=tuple(_resolved(checkout, entry) for entry in self.entries))


def _resolved(checkout: Checkout, entry: Entry) -> Entry:
    for name in (entry.shown, *entry.names):
        backend = backend_of(checkout, name, entry.link)
        if backend:
            return replace(entry, backend=backend, shown=name)
    return entry


def best(runs: Sequence[Run]) -> Run | None:
    """The run that names the most backends, of one as long in another form the first; of two in the same form that name
    as many nobody knows which is meant."""
    most = max((len(run.named) for run in runs), default=0)
    longest = [run for run in runs if len(run.named) == most]
    return longest[0] if [run.kind for run in longest].count(longest[0].kind if longest else "") == 1 else None
