"""The one way to read a file: of a checkout, of its state, or one that the user named.

Whoever made the checkout may have put anything there: a link to a file of the reader's, a FIFO that never ends,
a file that fills the memory. So a file is read only when it lies inside the checkout after symbolic links, is a
regular file and is not too big. Everything else is refused with its path.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from newbackend.errors import UsageError

LIMIT_BYTES = 32 * 1024 * 1024
"""The biggest file that is read. LocalAI's biggest has 3.5 MB, the biggest needed 0.3 (`backend/index.yaml`)."""

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC


class Files:
    """The files below a directory, by POSIX paths relative to it. Directories are resolved once."""

    def __init__(self, root: str) -> None:
        self._root = os.path.realpath(root)
        self._folders: dict[str, str | None] = {}

    def read(self, path: str) -> bytes | None:
        """A file's bytes; None when there is no file. Raises UsageError for what must not be read."""
        try:
            return read_regular(self._inside(path), path)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "no file can have such a name"
            raise UsageError("file-unreadable", f"cannot be read: {why}", where=path) from error

    def status(self, path: str) -> os.stat_result | None:
        """What `stat` says of a file or directory inside; None for what is missing or lies outside."""
        try:
            return os.lstat(self._inside(path))
        except (OSError, UsageError, ValueError):
            return None

    def names(self, path: str) -> list[str]:
        """Names directly below a directory; empty when there is none inside."""
        try:
            return os.listdir(self._inside(path))  # noqa: PTH208
        except (OSError, UsageError, ValueError):
            return []

    def entries(self, path: str) -> dict[str, os.DirEntry[str]]:
        """What is directly below a directory, by name, with its kind; empty when there is none inside."""
        try:
            with os.scandir(self._inside(path)) as found:
                return {entry.name: entry for entry in found}
        except (OSError, UsageError, ValueError):
            return {}

    def _inside(self, path: str) -> str:
        """The absolute path with links resolved. Raises UsageError when that lies outside, or in a git directory,
        which holds passwords (actions/checkout keeps its token in `.git/config`)."""
        head, _, name = path.rpartition("/")
        if head not in self._folders:
            self._folders[head] = self._contained(f"{self._root}/{head}")
        folder = self._folders[head]
        target = f"{folder}/{name}"
        if folder is None or name in ("", ".", "..", ".git") or os.path.islink(target):  # noqa: PTH114
            resolved = self._contained(f"{self._root}/{path}")
            if resolved is None:
                raise UsageError("symlink-escape", "leads out of the checkout, so it is not read", where=path)
            return resolved
        return target

    def _contained(self, path: str) -> str | None:
        real = os.path.realpath(path)
        below = real.removeprefix(self._root)
        if real != self._root and (not below.startswith("/") or below == real):
            return None
        return None if ".git" in below.split("/") else real


def read_regular(path: str, where: str) -> bytes:
    """The bytes of a regular file below the limit; `where` names it in refusals. A link is not followed.

    Raises OSError when it cannot be opened and UsageError for another kind of file or one too big.
    """
    descriptor = os.open(path, _FLAGS)
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(path)
        if not stat.S_ISREG(status.st_mode):
            raise UsageError("file-irregular", "is not a regular file, so it is not read", where=where)
        if status.st_size > LIMIT_BYTES:
            raise too_big(status.st_size, where)
        data = os.read(descriptor, status.st_size + 1)
        while len(data) < status.st_size:  # the kernel may give less than asked for
            piece = os.read(descriptor, status.st_size - len(data))
            if not piece:
                break
            data += piece
        return data[: status.st_size]
    finally:
        os.close(descriptor)


def read_named(path: Path, limit: int) -> str:
    """The text of a file that the user named, which may be a pipe. Raises OSError, UnicodeDecodeError, and UsageError
    beyond `limit` bytes."""
    with path.open("rb") as source:
        data = source.read(limit + 1)
    if len(data) > limit:
        size = f"{limit // 1024} KiB" if limit < 1024 * 1024 else f"{limit // 1024 // 1024} MiB"
        raise UsageError("file-too-big", f"is longer than {size}, so it is not read", where=str(path))
    return data.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")


def beginning(path: Path, size: int) -> bytes | None:
    """The first bytes of a regular file that the user named; None when there is nothing of that name. Raises OSError
    for what cannot be opened, and UsageError for what is no regular file."""
    try:
        descriptor = os.open(path, _FLAGS)
    except FileNotFoundError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UsageError("file-irregular", "is not a regular file", where=str(path))
        return os.read(descriptor, size)
    finally:
        os.close(descriptor)


def too_big(size: int, where: str) -> UsageError:
    """The refusal of a file of so many bytes."""
    limit = LIMIT_BYTES // 1024 // 1024
    return UsageError(
        "file-too-big", f"has {size // 1_000_000} MB and is not read: the limit is {limit} MiB", where=where
    )
