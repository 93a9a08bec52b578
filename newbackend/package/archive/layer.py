"""One tar layer: checks its members and applies them to the tree of the layers below.

Whiteouts and opaque markers: OCI image specification, "Layer Filesystem Changeset".
"""

from __future__ import annotations

import io
import posixpath
import tarfile
from collections.abc import Iterator
from functools import cached_property
from typing import IO, cast

from newbackend.errors import UsageError
from newbackend.package.archive.tree import MAX_ENTRIES, Buffer, Entry, Kind, SliceBlob, SparseBlob

WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
MAX_HEADER = 16 << 20
MAX_NAMES = 128 << 20
MAX_SPARSE = 1 << 30  # bytes of one member with its zeros


class _Bounded(io.RawIOBase):
    """A seekable view for `tarfile`; one read is bounded, so that an extended header cannot fill memory."""

    def __init__(self, data: Buffer) -> None:
        self._data = data
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > MAX_HEADER:
            raise tarfile.ReadError(f"a header of {size} bytes")
        chunk = bytes(self._data[self._at : self._at + size])
        self._at += len(chunk)
        return chunk

    def seek(self, offset: int, whence: int = 0) -> int:
        base = (0, self._at, len(self._data))[whence]
        self._at = max(base + offset, 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


def _refuse(reference: str, message: str, where: str) -> UsageError:
    return UsageError(reference, message, where=where, hint="nothing was unpacked")


def safe_path(name: str, where: str) -> str:
    """A member name as a tree path; raises UsageError for an absolute name or one with `..`."""
    if name.startswith("/"):
        raise _refuse("archive-absolute", f"member {name!r} has an absolute name", where)
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts or "\0" in name:
        raise _refuse("archive-traversal", f"member {name!r} leaves the archive", where)
    return "/".join(parts)


def _members(data: Buffer, where: str) -> Iterator[tarfile.TarInfo]:
    """The headers of a tar; raises UsageError for anything damaged or cut off."""
    # tarfile's own error types, plus what its header parsing lets through on mutated input.
    damage = (tarfile.TarError, EOFError, ValueError, OverflowError, IndexError, KeyError, UnicodeError)
    try:
        archive = tarfile.TarFile(fileobj=cast("IO[bytes]", _Bounded(data)))
        for count, member in enumerate(archive):
            if count > MAX_ENTRIES:
                raise _refuse("archive-bomb", f"more than {MAX_ENTRIES} members", where)
            yield member
            vars(archive)["members"] = []  # tarfile keeps every header for random access, which is not used here
    except damage as err:
        raise _refuse("archive-damaged", f"not a whole tar archive ({err})", where) from err
    if bytes(data[archive.offset : archive.offset + 512]) != bytes(512):
        # tarfile stops silently at garbage or at the end of the file.
        raise _refuse("archive-damaged", f"the archive breaks off at byte {archive.offset}", where)


def _entry(member: tarfile.TarInfo, path: str, data: Buffer, where: str) -> Entry:
    """The tree entry of a file, directory or symlink; anything else is refused."""
    mode = member.mode & 0o7777
    if member.isdir():
        return Entry(path, Kind.DIRECTORY, mode)
    if member.issym():
        return Entry(path, Kind.SYMLINK, 0o777, link=member.linkname)
    if not member.isreg():
        raise _refuse("archive-device", f"member {member.name!r} is a device, pipe or unknown type", where)
    if member.issparse():
        return _sparse(member, path, mode, data, where)
    if member.size < 0 or member.offset_data + member.size > len(data):
        raise _refuse("archive-damaged", f"member {member.name!r} is cut off", where)
    blob = SliceBlob(data, member.offset_data, member.size)
    return Entry(path, Kind.FILE, mode, member.size, blob=blob)


def _sparse(member: tarfile.TarInfo, path: str, mode: int, data: Buffer, where: str) -> Entry:
    """A file that is stored without its zeros."""
    pieces, at = [], member.offset_data
    for offset, size in getattr(member, "sparse", None) or ():
        if offset < 0 or size < 0 or offset + size > member.size or at + size > len(data):
            raise _refuse("archive-damaged", f"the sparse member {member.name!r} is cut off", where)
        pieces.append((offset, at, size))
        at += size
    if member.size > MAX_SPARSE:
        stored = at - member.offset_data
        message = f"the sparse member {member.name!r} stores {stored} bytes and unpacks to {member.size}"
        raise _refuse("archive-bomb", message, where)
    return Entry(path, Kind.FILE, mode, member.size, blob=SparseBlob(data, member.size, tuple(pieces)))


def apply_layer(below: dict[str, Entry], data: Buffer, where: str) -> dict[str, Entry]:
    """The tree after laying the tar `data` over `below` (which is not changed).

    Raises UsageError for a damaged tar and for traversal, devices, writing through a link, hard
    links to nothing, and too many members or names.
    """
    layer = _Layer(below, where)
    for member in _members(data, where):
        path = safe_path(member.name, where)
        if posixpath.basename(path).startswith(WHITEOUT):
            layer.white_out(path)
        elif path:
            layer.add_parents(path)
            entry = layer.hard_link(member, path) if member.islnk() else _entry(member, path, data, where)
            layer.add(entry)
    return layer.tree


class _Layer:
    """A tree while one layer is laid over it. Taking a directory away costs what is in it, not what is in the tree."""

    def __init__(self, below: dict[str, Entry], where: str) -> None:
        self.tree = dict(below)
        self._below = below
        self._where = where
        self._added: dict[str, Entry] = {}
        self._names = 0

    @cached_property
    def _lower(self) -> dict[str, list[str]]:
        """What lower layers have in each directory; an entry is taken out when it is visited."""
        return _by_directory(self._below)

    @cached_property
    def _current(self) -> dict[str, list[str]]:
        """What is in each directory now, kept up to date by `_put`; may still hold what is gone."""
        return _by_directory(self.tree)

    def _put(self, entry: Entry) -> None:
        path = entry.path
        if "_current" in vars(self) and path not in self.tree:
            self._current.setdefault(posixpath.dirname(path), []).append(path)
        self.tree[path] = self._added[path] = entry
        self._names += len(path) + len(entry.link)
        if len(self.tree) > MAX_ENTRIES:
            raise _refuse("archive-bomb", f"more than {MAX_ENTRIES} files", self._where)
        if self._names > MAX_NAMES:
            raise _refuse("archive-bomb", f"more than {MAX_NAMES} bytes of file names", self._where)

    def add(self, entry: Entry) -> None:
        """Put one entry in place of what is there."""
        old = self.tree.get(entry.path)
        if old is not None and old.kind is Kind.DIRECTORY and entry.kind is not Kind.DIRECTORY:
            self._remove(entry.path, self._current, keep={})
        self._put(entry)

    def hard_link(self, member: tarfile.TarInfo, path: str) -> Entry:
        """The entry of a hard link: its target's under another name."""
        target = self.tree.get(safe_path(member.linkname, self._where))
        if target is None or target.kind is Kind.DIRECTORY:
            message = f"hard link {member.name!r} points at {member.linkname!r}, which is not a file in the archive"
            raise _refuse("archive-hard-link", message, self._where)
        return Entry(path, target.kind, target.mode, target.size, target.link, target.blob)

    def add_parents(self, path: str) -> None:
        """Directories that a tar left out; a link or file in their place is a trick (or a broken archive)."""
        parent = posixpath.dirname(path)
        if parent.count("/") > 200:
            message = f"member {path[:80]!r}… lies {parent.count('/')} directories deep"
            raise _refuse("archive-depth", message, self._where)
        while parent:
            entry = self.tree.get(parent)
            if entry is None:
                self._put(Entry(parent, Kind.DIRECTORY, 0o755))
            elif entry.kind is not Kind.DIRECTORY:
                message = f"member {path!r} is written through the {entry.kind} {parent!r}"
                raise _refuse("archive-through-link", message, self._where)
            else:
                return
            parent = posixpath.dirname(parent)

    def _remove(self, path: str, index: dict[str, list[str]], *, keep: dict[str, Entry]) -> None:
        """Take away what the index has below `path`, except `keep`."""
        pending = index.pop(path, [])
        while pending:
            known = pending.pop()
            if known not in keep:
                self.tree.pop(known, None)
            pending.extend(index.pop(known, []))

    def white_out(self, path: str) -> None:
        """Take away what lower layers put there; what this layer added stays."""
        parent, name = posixpath.split(path)
        if name == OPAQUE:
            self._remove(parent, self._lower, keep=self._added)
            return
        victim = name.removeprefix(WHITEOUT)
        if victim in ("", ".", "..") or victim.startswith(WHITEOUT):
            raise _refuse("archive-whiteout", f"whiteout {path!r} names nothing", self._where)
        target = f"{parent}/{victim}" if parent else victim
        if target in self._added:
            return
        self._remove(target, self._lower, keep=self._added)
        self.tree.pop(target, None)


def _by_directory(tree: dict[str, Entry]) -> dict[str, list[str]]:
    index: dict[str, list[str]] = {}
    for known in tree:
        path = known
        while path:
            parent = posixpath.dirname(path)
            index.setdefault(parent, []).append(path)
            # A whiteout may have taken a directory away from above what its layer added.
            path = "" if parent in tree else parent
    return index
