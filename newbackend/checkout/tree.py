"""Cached reads of one LocalAI checkout, with planned changes in an overlay.

With the overlay, every proof (idempotence, routes, rules) runs on a plan before anything is written: the same code
reads the current tree and the planned one.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar, TypeVarTuple

from newbackend.checkout.gitlink import commit_at, has_index, links_below
from newbackend.checkout.reading import Files
from newbackend.errors import UsageError

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


def digest(data: bytes) -> str:
    """Hex SHA-256 of file bytes: the base hash of a plan."""
    import hashlib

    return hashlib.sha256(data).hexdigest()


_NOT_OURS = frozenset([".git", "pyvenv.cfg", "CACHEDIR.TAG"])
"""A directory with one of these holds nothing that somebody wrote here."""


class Checkout:
    """A checkout rooted at `root`; every path is POSIX and relative to it.

    `changes` maps a path to its planned text, or to None when it is to be deleted; `links` does the same
    for the commits of submodules.
    """

    def __init__(
        self,
        root: Path,
        changes: Mapping[str, str | None] | None = None,
        links: Mapping[str, str | None] | None = None,
    ) -> None:
        self.root = root
        self._changes: dict[str, str | None] = dict(changes or {})
        self._links: dict[str, str | None] = dict(links or {})
        self._files = Files(str(root))
        self._disk: dict[str, bytes | str | None] = {}
        self._texts: dict[str, str] = {}
        self._listings: dict[str, list[str]] = {}
        self.memo: dict[tuple[object, ...], Any] = {}
        self.file_memo: dict[tuple[object, ...], Any] = {}

    def with_changes(
        self, changes: Mapping[str, str | None], links: Mapping[str, str | None] | None = None
    ) -> Checkout:
        """This checkout with more planned changes. It shares the disk cache, and everything parsed from unchanged
        files.

        Values parsed from changed files are dropped from this checkout's cache, because two node graphs of a big file
        would take too much memory. They are parsed again when needed.
        """
        other = Checkout(self.root, {**self._changes, **changes}, {**self._links, **(links or {})})
        other._files = self._files
        other._disk = self._disk
        for key in list(self.file_memo):
            if key[1] in changes:
                del self.file_memo[key]
            else:
                other.file_memo[key] = self.file_memo[key]
        return other

    @property
    def planned(self) -> Mapping[str, str | None]:
        """The planned text of every changed file, None for one that is to be deleted."""
        return self._changes

    def raw(self, path: str) -> bytes | None:
        """Bytes on disk, without the overlay; None when there is no such file. Raises UsageError for what
        `checkout.reading` refuses."""
        content = self._content(path)
        return content.encode("utf-8") if isinstance(content, str) else content

    def holds(self, path: str, *words: str) -> bool:
        """Whether a file has one of some words; text or not, and without becoming a text that was read."""
        content = self._changes[path] if path in self._changes else self._content(path)
        if content is None:
            return False
        if isinstance(content, str):
            return any(word in content for word in words)
        return any(word.encode() in content for word in words)

    def size(self, path: str) -> int:
        """The bytes of a file, or the characters of a text that was read; 0 when it does not exist."""
        content = self._changes[path] if path in self._changes else self._content(path)
        return len(content or "")

    def _content(self, path: str) -> bytes | str | None:
        """The content on disk, read once: bytes until the text is needed, which then replaces them."""
        if path not in self._disk:
            self._disk[path] = self._fetch(path)
        return self._disk[path]

    def _fetch(self, path: str) -> bytes | str | None:
        return self._files.read(path)

    def read(self, path: str) -> str | None:
        """Text of a file, with its line endings and BOM; None when it does not exist.

        Raises UsageError when the file is not UTF-8, or is none that is read (`checkout.reading`).
        """
        if path in self._changes:
            return self._changes[path]
        if path in self._texts:
            return self._texts[path]
        content = self._content(path)
        if content is None:
            return None
        text = content if isinstance(content, str) else self._decoded(path, content)
        self._texts[path] = self._disk[path] = text
        return text

    @staticmethod
    def _decoded(path: str, data: bytes) -> str:
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            raise UsageError(
                "file-not-utf8", "is not UTF-8 text, so it cannot be edited safely", where=f"{path}:{line}"
            ) from error

    def link(self, path: str) -> str | None:
        """The commit of the submodule at `path`, by git's index; None when there is none."""
        if path in self._links:
            return self._links[path]
        return commit_at(self.root, path)

    @property
    def has_index(self) -> bool:
        """Whether the tree has a git index."""
        return has_index(self.root)

    def links_below(self, path: str) -> dict[str, str]:
        """Commit by path of every submodule below a directory."""
        planned = {at: commit for at, commit in self._links.items() if at.startswith(f"{path}/")}
        merged = {**links_below(self.root, path), **planned}
        return {at: commit for at, commit in merged.items() if commit is not None}

    def texts_read(self) -> Mapping[str, str]:
        """Every text read so far, by path; these are searched for suppression comments."""
        planned = {path: text for path, text in self._changes.items() if text is not None}
        return {**self._texts, **planned}

    def need(self, path: str) -> str:
        """Like `read`, but a missing file is a UsageError."""
        text = self.read(path)
        if text is None:
            what = "is a directory, not a file" if self.is_dir(path) else "is missing from this checkout"
            raise UsageError("file-missing", what, where=path)
        return text

    def exists(self, path: str) -> bool:
        """Whether there is a file or directory (overlay included, for files)."""
        if path in self._changes:
            return self._changes[path] is not None
        if any(p.startswith(path.rstrip("/") + "/") and text is not None for p, text in self._changes.items()):
            return True
        return self._files.status(path) is not None

    def is_dir(self, path: str) -> bool:
        """Whether there is a directory, on disk or because a planned file lies below it."""
        prefix = path.rstrip("/") + "/"
        if any(p.startswith(prefix) and text is not None for p, text in self._changes.items()):
            return True
        status = self._files.status(path)
        return status is not None and stat.S_ISDIR(status.st_mode)

    def children(self, path: str) -> list[str]:
        """Sorted names directly below a directory; empty when there is none."""
        names = set(self._listed(path))
        prefix = path.rstrip("/") + "/"
        for changed, text in self._changes.items():
            if changed.startswith(prefix):
                head = changed[len(prefix) :].split("/", 1)[0]
                if text is not None:
                    names.add(head)
                elif changed == prefix + head:
                    names.discard(head)
        return sorted(names)

    def _listed(self, path: str) -> list[str]:
        """Names on disk below a directory, listed once."""
        if path not in self._listings:
            self._listings[path] = self._files.names(path)
        return self._listings[path]

    def files_below(self, path: str) -> Iterator[str]:
        """Every file below a directory, sorted, symlinks not followed; not those of a repository inside it, of a Python
        environment or of a directory that its maker marks as one of products (https://bford.info/cachedir/)."""
        on_disk = self._files.entries(path)
        for name in self.children(path):
            child = f"{path.rstrip('/')}/{name}"
            entry = on_disk.get(name)
            planned = entry is None and self.is_dir(child)
            if planned or (entry is not None and entry.is_dir(follow_symlinks=False)):
                if _NOT_OURS.isdisjoint(self._listed(child)):
                    yield from self.files_below(child)
            elif entry is not None or self.exists(child):
                yield child

    def mode(self, path: str) -> int:
        """Permission bits of a file on disk (0o644 when it is not there)."""
        status = self._files.status(path)
        return 0o644 if status is None else status.st_mode & 0o777


def cached(make: Callable[[Checkout, *Ts], T]) -> Callable[[Checkout, *Ts], T]:
    """Caches a function of a checkout per checkout and arguments."""

    @wraps(make)
    def once(checkout: Checkout, *args: *Ts) -> T:
        return _once(checkout.memo, make, checkout, *args)

    return once


def cached_by_file(make: Callable[[Checkout, str, *Ts], T]) -> Callable[[Checkout, str, *Ts], T]:
    """Like `cached`, for a value that depends on one file alone: the path is the first argument.

    A checkout with planned changes shares the value if they do not change that file.
    """

    @wraps(make)
    def once(checkout: Checkout, path: str, *args: *Ts) -> T:
        return _once(checkout.file_memo, make, checkout, path, *args)

    return once


def _once(memo: dict[tuple[object, ...], Any], make: Callable[[Checkout, *Ts], T], checkout: Checkout, *args: *Ts) -> T:
    key = (make, *args)
    if key not in memo:
        memo[key] = make(checkout, *args)
    value: T = memo[key]
    return value


def inside(root: Path, path: str) -> Path:
    """The absolute path of `path`. Raises UsageError when it is outside the checkout, by `..`, an absolute path or a
    symbolic link."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts or "\\" in path or "\0" in path:
        raise UsageError("path-outside", "lies outside the checkout, so it is not written", where=repr(path))
    target = root / path
    probe = target
    while not probe.exists() and not probe.is_symlink():
        probe = probe.parent
    real_root = root.resolve()
    real = probe.resolve()
    if real != real_root and real_root not in real.parents:
        raise UsageError("symlink-escape", "leads out of the checkout through a symbolic link", where=path)
    if pure.parts[0] == ".git":
        raise UsageError("path-in-git", "lies in the git directory, so it is not written", where=path)
    return target
