"""The root that missing libraries are copied from: the build container's, a file system of an image, `/`.

Links are followed as in a chroot: an absolute one begins at the root, and `..` does not leave it. Only what is asked
for is looked at, because a root may hold a million files.
"""

from __future__ import annotations

import fnmatch
import posixpath
import stat
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from newbackend.errors import NotFoundError, UsageError
from newbackend.package.archive import Entry, Kind, on_disk
from newbackend.package.elf import AARCH64, X86_64, ELFFile, read_loadable

MAX_LINKS = 40  # what the Linux kernel follows
MAX_CONFIG = 1 << 16
MAX_DIRECTORIES = 1000
TRIPLETS = {X86_64: "x86_64-linux-gnu", AARCH64: "aarch64-linux-gnu"}
USUAL = ("lib64", "usr/lib64", "lib", "usr/lib", "usr/local/lib64", "usr/local/lib", "")


class SourceRoot:
    """A directory with the libraries of one system."""

    def __init__(self, root: Path) -> None:
        """Raises NotFoundError when there is no such directory."""
        if not root.is_dir():
            raise NotFoundError("root-not-found", "there is no such directory to copy from", where=str(root))
        self.root = root
        self._base = root.resolve()

    def library(self, name: str, like: ELFFile, also: tuple[str, ...] = ()) -> tuple[Entry, ELFFile] | None:
        """The file that answers to `name` for a program such as `like`, and its record; None when there is none.

        `also` are directories to look in first, absolute as seen in the root. Raises UsageError when one is unreadable.
        """
        for directory in (*also, *self._directories(like.machine)):
            entry = self._file(posixpath.join(directory, name))
            record = read_loadable(entry) if entry is not None else None
            if entry is None or not isinstance(record, ELFFile):
                continue
            if (record.machine, record.bits) == (like.machine, like.bits):
                return entry, record
        return None

    def loader(self, like: ELFFile) -> tuple[Entry, ELFFile] | None:
        """The loader that a program names, and its record; None when the root has none for the program's processor."""
        entry = self._file(like.interp) if like.interp else None
        record = read_loadable(entry) if entry is not None else None
        if entry is None or not isinstance(record, ELFFile):
            return None
        return (entry, record) if (record.machine, record.bits) == (like.machine, like.bits) else None

    def _directories(self, machine: int) -> Iterator[str]:
        triplet = TRIPLETS.get(machine, "")
        yield from self._configured
        if triplet:
            yield from (f"lib/{triplet}", f"usr/lib/{triplet}", f"usr/local/lib/{triplet}")
        yield from USUAL

    @cached_property
    def _configured(self) -> tuple[str, ...]:
        """The directories of the root's /etc/ld.so.conf, which its own loader searches first."""
        return tuple(dict.fromkeys(self._read_config("etc/ld.so.conf", 0)))[:MAX_DIRECTORIES]

    def _read_config(self, path: str, depth: int) -> Iterator[str]:
        entry = self._file(path)
        if entry is None or depth > 2:
            return
        for line in entry.text(MAX_CONFIG).splitlines():
            words = line.split("#", 1)[0].split()
            if words[:1] == ["include"]:
                for pattern in words[1:]:
                    for each in self._matching(posixpath.join("/etc", pattern)):
                        yield from self._read_config(each, depth + 1)
            elif len(words) == 1 and words[0].startswith("/"):
                yield words[0]

    def _matching(self, pattern: str) -> list[str]:
        directory = posixpath.dirname(pattern)
        real = self._resolve(directory)
        if real is None:
            return []
        try:
            names = sorted(each.name for each in (self._base / real).iterdir())
        except OSError:
            return []
        found = [posixpath.join(directory, n) for n in names if fnmatch.fnmatchcase(n, posixpath.basename(pattern))]
        return found[:MAX_DIRECTORIES]

    def _file(self, path: str) -> Entry | None:
        """The regular file that a path leads to inside the root."""
        real = self._resolve(path)
        if not real:
            return None
        entry = on_disk(real, self._base / real)
        return entry if entry is not None and entry.kind is Kind.FILE else None

    def _resolve(self, path: str) -> str | None:
        """Where a path leads to, relative to the root and without links; None when it leads nowhere."""
        pending = [part for part in reversed(path.split("/")) if part not in ("", ".")]
        at: list[str] = []
        links = 0
        while pending:
            part = pending.pop()
            if part == "..":
                del at[-1:]
                continue
            here = self._base.joinpath(*at, part)
            try:
                status = here.lstat()
                target = str(here.readlink()) if stat.S_ISLNK(status.st_mode) else None
            except (OSError, ValueError):
                return None
            if target is None:
                at.append(part)
                continue
            links += 1
            if links > MAX_LINKS:
                return None
            if target.startswith("/"):
                at = []
            pending.extend(piece for piece in reversed(target.split("/")) if piece not in ("", "."))
        return "/".join(at)


def open_root(root: Path | None, package: Path) -> SourceRoot | None:
    """The root that was named, if one was. Raises NotFoundError without it, UsageError when it is the package."""
    if root is None:
        return None
    source = SourceRoot(root)
    if root.resolve() == package.resolve():
        raise UsageError(
            "root-is-package", "is the package itself: name the system that it was built on", where=str(root)
        )
    return source
