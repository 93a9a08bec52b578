"""The book of the rules of `gallery check`, and what its checks get."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from newbackend.catalog.hosts import Hardware, hardware_word
from newbackend.checkout.reading import Files
from newbackend.errors import UsageError
from newbackend.findings import Finding, Rule, Severity
from newbackend.gallery.document import Entry, Index
from newbackend.gallery.surroundings import Surroundings
from newbackend.records import dataclass
from newbackend.rulebook import Rulebook
from newbackend.sanitize import printable_name


@dataclass(frozen=True)
class Gallery:
    """A gallery, the official one where it is known and another, and the repository around it where there is one.

    `is_official` says that this is LocalAI's own gallery. `published` is false for a file outside of every repository:
    it may be for its author alone. `localai` is the root of the LocalAI checkout at hand.
    """

    index: Index | None
    official: Index | None = None
    is_official: bool = False
    around: Surroundings | None = None
    published: bool = True
    localai: str = ""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Its entries; none without a gallery."""
        return self.index.entries if self.index else ()

    @property
    def path(self) -> str:
        """How findings name the file."""
        return self.index.path if self.index else ""

    def named(self, name: str) -> tuple[Entry, ...]:
        """The entries of a name, in any case of letters."""
        return self.index.by_name.get(name.lower(), ()) if self.index else ()

    @cached_property
    def asked_by(self) -> Mapping[str, tuple[tuple[Entry, str], ...]]:
        """Name of an entry in lower case -> the metas that map a host to it, with the key."""
        found: dict[str, list[tuple[Entry, str]]] = {}
        for meta in self.index.metas if self.index else ():
            for key, target in meta.capabilities.items():
                found.setdefault(target.lower(), []).append((meta, key))
        return {name: tuple(rows) for name, rows in found.items()}

    def of_localai(self, path: str) -> str:
        """A file of the LocalAI checkout at hand; "" without one, and for a missing file."""
        if not self.localai:
            return ""
        try:
            return (Files(self.localai).read(path) or b"").decode("utf-8", "replace")
        except UsageError:
            return ""

    def images(self) -> Iterator[Entry]:
        """Entries with an image."""
        return (entry for entry in self.entries if entry.uri)


GALLERY: Rulebook[Gallery, Iterable[Finding]] = Rulebook("GAL", "gallery/rules/[!_]*.py")
rule, check = GALLERY.rule, GALLERY.check


def about(
    rule: Rule,
    gallery: Gallery,
    entry: Entry,
    key: str,
    message: str,
    *,
    line: int = 0,
    subject: str = "",
    severity: Severity | None = None,
    expected: str = "",
) -> Finding:
    """A finding about a field of an entry."""
    return Finding(
        rule,
        printable_name(subject or entry.label),
        gallery.path,
        line or entry.line_of(key),
        printable_name(message),
        severity=severity,
        expected=expected,
    )


def in_file(
    rule: Rule, path: str, message: str, *, line: int = 1, subject: str = "", severity: Severity | None = None
) -> Finding:
    """A finding about a file of the repository, which is also the subject where none is given."""
    shown = printable_name(path)
    return Finding(rule, printable_name(subject) or shown, shown, line, printable_name(message), severity=severity)


def split_image(uri: str) -> tuple[str, str]:
    """The repository of an image, with its registry, and its tag or digest with the sign in front."""
    head, at, digest = uri.partition("@")
    slash = head.rfind("/")
    colon = head.find(":", slash + 1)
    if colon < 0:
        return head, at + digest
    return head[:colon], head[colon:] + at + digest


def owners_word(entry: Entry) -> tuple[str, Hardware] | None:
    """The hardware word that only the registry, the owner or the repository of an image has."""
    repository, tag = split_image(entry.uri)
    whole = hardware_word(f"{entry.name} {entry.uri}")
    own = hardware_word(f"{entry.name} {tag}")
    if whole is None or (own is not None and own[1] is whole[1]):
        return None
    return whole if hardware_word(repository) else None


_DELIBERATE = re.compile(
    r"(?:darwin|mlx|metal|l4t|cuda|nvidia|rocm|hip|hipblas|sycl|intel|amd|amdgpu)(?!64)(?:v?\d+)?\Z"
)


def is_meant(entry: Entry, word: str) -> bool:
    """Whether a hardware word stands for itself in the name or the tag: `cuda12-demo`, and not `barracuda`."""
    parts = re.split(r"[^a-z0-9]+", f"{entry.name} {split_image(entry.uri)[1]}".lower())
    return any(word in part and _DELIBERATE.match(part) for part in parts)
