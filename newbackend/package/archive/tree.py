"""A read-only file tree in memory: what a package holds, whether it came from a directory or an archive.

Paths are relative, with `/`, without `.` or `..`; the root is "". No link is followed out of the tree: a
package is unpacked at a place that is not known in advance, so an absolute link points into the user's
host, never into the package.
"""

from __future__ import annotations

import mmap
import os
import posixpath
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Protocol

from newbackend.errors import UsageError
from newbackend.records import dataclass

Buffer = bytes | bytearray | memoryview | mmap.mmap

MAX_LINKS = 40  # what the Linux kernel follows
MAX_ENTRIES = 500_000


class Kind(StrEnum):
    """What an entry is; OTHER is a device, socket or pipe and is never opened."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    OTHER = "other"


class Blob(Protocol):
    """The bytes of one file, opened only when a rule asks."""

    def view(self) -> Buffer:
        """All bytes, mapped rather than copied where possible."""

    def head(self, size: int) -> bytes:
        """The first `size` bytes (fewer when the file is shorter)."""


@dataclass(frozen=True, slots=True)
class DiskBlob:
    """A file of a package directory."""

    path: Path

    def view(self) -> Buffer:
        """The file, mapped; raises UsageError when it cannot be read."""
        with self._open() as descriptor:
            return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) if os.fstat(descriptor).st_size else b""

    def head(self, size: int) -> bytes:
        """The first bytes; raises UsageError when the file cannot be read."""
        with self._open() as descriptor:
            return os.read(descriptor, size)

    @contextmanager
    def _open(self) -> Iterator[int]:
        # O_NONBLOCK: a pipe put there after the listing must not hang the check.
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as err:
            raise UsageError("package-unreadable", f"cannot read {self.path}: {err.strerror}") from err
        try:
            yield descriptor
        except (OSError, ValueError) as err:
            raise UsageError("package-unreadable", f"cannot read {self.path}: {err}") from err
        finally:
            os.close(descriptor)


@dataclass(frozen=True, slots=True)
class SliceBlob:
    """A file inside a mapped archive."""

    mapping: Buffer
    offset: int
    size: int

    def view(self) -> Buffer:
        """The slice of the archive."""
        return memoryview(self.mapping)[self.offset : self.offset + self.size]

    def head(self, size: int) -> bytes:
        """The first bytes of the slice."""
        return bytes(self.mapping[self.offset : self.offset + min(size, self.size)])


@dataclass(frozen=True, slots=True)
class SparseBlob:
    """A file of an archive that is stored without its zeros: `pieces` are (offset, place in the archive, size)."""

    mapping: Buffer
    size: int
    pieces: tuple[tuple[int, int, int], ...]

    def view(self) -> Buffer:
        """The file with its zeros, in memory that only the pieces fill."""
        whole = mmap.mmap(-1, self.size) if self.size else b""
        for offset, at, size in self.pieces:
            whole[offset : offset + size] = bytes(self.mapping[at : at + size])  # type: ignore[index]
        return whole

    def head(self, size: int) -> bytes:
        """The first bytes."""
        return bytes(self.view()[: min(size, self.size)])


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of the tree. `mode` holds permission bits only; `link` is a symlink's target as written."""

    path: str
    kind: Kind
    mode: int = 0o644
    size: int = 0
    link: str = ""
    blob: Blob | None = field(default=None, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return posixpath.basename(self.path)

    @property
    def executable(self) -> bool:
        """Whether anybody may execute it."""
        return bool(self.mode & 0o111)

    def view(self) -> Buffer:
        """The bytes; empty for anything but a file."""
        return self.blob.view() if self.blob is not None else b""

    def head(self, size: int) -> bytes:
        """The first bytes; empty for anything but a file."""
        return self.blob.head(size) if self.blob is not None else b""

    def text(self, limit: int = 1 << 20) -> str:
        """At most `limit` bytes as text; undecodable bytes are replaced."""
        return self.head(limit).decode("utf-8", "replace")


class LinkLoop(Exception):
    """A chain of links that never ends, or that leads out of the tree."""


@dataclass(frozen=True)
class Tree:
    """All entries by path. `label` names the source in messages."""

    label: str
    entries: Mapping[str, Entry]

    @cached_property
    def children(self) -> dict[str, tuple[Entry, ...]]:
        """Entries by directory."""
        by_directory: dict[str, list[Entry]] = {}
        for path in sorted(self.entries):
            if path:
                by_directory.setdefault(posixpath.dirname(path), []).append(self.entries[path])
        return {directory: tuple(items) for directory, items in by_directory.items()}

    def files(self) -> Iterator[Entry]:
        """Every regular file, in path order."""
        return (self.entries[p] for p in sorted(self.entries) if self.entries[p].kind is Kind.FILE)

    def links(self) -> Iterator[Entry]:
        """Every symbolic link, in path order."""
        return (self.entries[p] for p in sorted(self.entries) if self.entries[p].kind is Kind.SYMLINK)

    def resolve(self, path: str) -> Entry | None:
        """The entry that `path` leads to through links inside the tree; None when it leads nowhere
        or outside (an absolute link, `..` above the root, a loop)."""
        try:
            return self._walk(path)
        except LinkLoop:
            return None

    def _walk(self, path: str) -> Entry | None:
        pending = [part for part in reversed(path.split("/")) if part not in ("", ".")]
        at, hops = "", 0
        while pending:
            part = pending.pop()
            if part == "..":
                if not at:
                    raise LinkLoop(path)
                at = posixpath.dirname(at)
                continue
            here = f"{at}/{part}" if at else part
            entry = self.entries.get(here)
            if entry is None:
                return None
            if entry.kind is Kind.SYMLINK:
                hops += 1
                if hops > MAX_LINKS or entry.link.startswith("/") or len(pending) > 4 * MAX_ENTRIES:
                    raise LinkLoop(path)
                pending.extend(p for p in reversed(entry.link.split("/")) if p not in ("", "."))
                continue
            if pending and entry.kind is not Kind.DIRECTORY:
                return None
            at = here
        return self.entries.get(at)


def directory_tree(root: Path) -> Tree:
    """The tree of a directory on disk, links not followed; raises UsageError when it cannot be listed
    or holds more than half a million entries."""
    entries: dict[str, Entry] = {"": Entry("", Kind.DIRECTORY, 0o755)}
    pending: list[tuple[str, Path]] = [("", root)]
    try:
        while pending:
            prefix, directory = pending.pop()
            with os.scandir(directory) as listing:
                for item in listing:
                    entry = _disk_entry(f"{prefix}{item.name}", Path(item.path), item.stat(follow_symlinks=False))
                    entries[entry.path] = entry
                    if entry.kind is Kind.DIRECTORY:
                        pending.append((f"{entry.path}/", Path(item.path)))
            if len(entries) > MAX_ENTRIES:
                raise UsageError("package-too-big", f"{root} holds more than {MAX_ENTRIES} files")
    except OSError as err:
        raise UsageError("package-unreadable", f"cannot list {err.filename or root}: {err.strerror}") from err
    return Tree(str(root), entries)


def _disk_entry(path: str, place: Path, status: os.stat_result) -> Entry:
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        return Entry(path, Kind.SYMLINK, 0o777, link=str(place.readlink()))
    if stat.S_ISDIR(status.st_mode):
        return Entry(path, Kind.DIRECTORY, 0o755)
    if not stat.S_ISREG(status.st_mode):
        return Entry(path, Kind.OTHER, mode)
    return Entry(path, Kind.FILE, mode, status.st_size, blob=DiskBlob(place))


def on_disk(path: str, place: Path) -> Entry | None:
    """The entry of one file on disk as `path`, links not followed; None when there is nothing."""
    try:
        return _disk_entry(path, place, place.lstat())
    except OSError:
        return None


def write_tree(tree: Tree, target: Path) -> None:
    """Write the tree below the existing, empty directory `target` (for a proof that runs it).

    Directories first, then files, links last: no path component can be a link while writing.
    """
    ordered = sorted(tree.entries.values(), key=lambda e: e.path)
    for entry in (e for e in ordered if e.kind is Kind.DIRECTORY and e.path):
        (target / entry.path).mkdir(parents=True, exist_ok=True)
    for entry in (e for e in ordered if e.kind is Kind.FILE):
        place = target / entry.path
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("xb") as sink:
            sink.write(entry.view())
        place.chmod(entry.mode & 0o755 | 0o400)
    for entry in (e for e in ordered if e.kind is Kind.SYMLINK):
        place = target / entry.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(entry.link)
