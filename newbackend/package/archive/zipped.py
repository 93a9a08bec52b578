"""A zip archive or a wheel as a tree: unpacked into one temporary file, which is mapped."""

from __future__ import annotations

import mmap
import stat
import tempfile
import zipfile
import zlib
from pathlib import Path

from newbackend.errors import UsageError
from newbackend.package.archive.layer import safe_path
from newbackend.package.archive.tree import MAX_ENTRIES, Buffer, Entry, Kind, SliceBlob, Tree
from newbackend.package.archive.unpack import CHUNK, Unpacker

MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
MAX_LINK = 4096


def zip_tree(path: Path, unpacker: Unpacker) -> Tree:
    """The files of a zip archive; raises UsageError when it is damaged, encrypted, hostile or unpacks to too much."""
    where = str(path)
    damage = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, OverflowError)
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryFile(prefix="newbackend-zip-") as sink:
            members = archive.infolist()
            if len(members) > MAX_ENTRIES:
                raise UsageError("archive-bomb", f"more than {MAX_ENTRIES} members", where=where)
            places = []
            for member in members:
                start = sink.tell()
                with archive.open(member) as source:
                    while chunk := source.read(CHUNK):
                        unpacker.spend(len(chunk), where)
                        sink.write(chunk)
                places.append((member, start, sink.tell() - start))
            size = sink.tell()
            sink.flush()
            data: Buffer = mmap.mmap(sink.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
    except damage as err:
        raise UsageError("archive-damaged", f"not a whole zip archive that can be read ({err})", where=where) from err
    entries = {"": Entry("", Kind.DIRECTORY, 0o755)}
    for member, start, length in places:
        entry = _entry(member, data, start, length, where)
        if entry.path:
            _add_parents(entries, entry.path, where)
            entries[entry.path] = entry
    return Tree(where, entries)


def _entry(member: zipfile.ZipInfo, data: Buffer, start: int, length: int, where: str) -> Entry:
    path, mode = safe_path(member.filename, where), member.external_attr >> 16
    if member.is_dir() or stat.S_ISDIR(mode):
        return Entry(path, Kind.DIRECTORY, 0o755)
    blob = SliceBlob(data, start, length)
    if stat.S_ISLNK(mode):
        return Entry(path, Kind.SYMLINK, 0o777, link=blob.head(MAX_LINK).decode("utf-8", "replace"))
    return Entry(path, Kind.FILE, mode & 0o7777 or 0o644, length, blob=blob)


def _add_parents(entries: dict[str, Entry], path: str, where: str) -> None:
    """Directories that the archive left out; a file or a link in their place is a trick."""
    parts = path.split("/")[:-1]
    for end in range(1, len(parts) + 1):
        parent = "/".join(parts[:end])
        if entries.setdefault(parent, Entry(parent, Kind.DIRECTORY, 0o755)).kind is not Kind.DIRECTORY:
            message = f"member {path!r} is written through {parent!r}, which is no directory"
            raise UsageError("archive-through-link", message, where=where, hint="nothing was unpacked")
