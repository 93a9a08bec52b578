"""A checkout at a git revision, read from git's object store; no work tree is touched.

Places and rules run on it as on files on disk. `verify --base` compares both to find what a change introduces.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from newbackend.checkout.git import Git
from newbackend.checkout.reading import LIMIT_BYTES, too_big
from newbackend.checkout.tree import Checkout
from newbackend.errors import NotFoundError, UsageError

_REGULAR = ("100644", "100755")
"""Modes of files in git, symbolic links left out."""
_EAGER_BYTES = 1024 * 1024
"""The biggest file that is read before somebody asks for it."""
_READ = (
    "backend/", ".github/", "scripts/", "gallery/", "docs/content/", "core/gallery/", "core/config/", "pkg/system/",
    "core/http/endpoints/localai/",
)  # fmt: skip
"""Where the files are that rules read, beside those at the top."""

_AFTER_SLASH = chr(ord("/") + 1)


class RevisionCheckout(Checkout):
    """The tree of one commit. Nothing is ever written to it.

    With `now`, a work tree of the same repository, and the paths that differ from it (`Git.changed`), all other files
    are read there, and what was parsed from them until now is taken over: git is asked for what a change touches.
    """

    def __init__(
        self,
        root: Path,
        commit: str,
        git: Git | None = None,
        *,
        now: Checkout | None = None,
        differ: Iterable[str] = (),
    ) -> None:
        super().__init__(root)
        self.commit = commit
        self._git = git or Git(root)
        self._sizes: dict[str, int] = {}
        self._now = now
        self._differ = frozenset((*differ, *(now.planned if now else ())))
        if now:
            self.file_memo = {key: value for key, value in now.file_memo.items() if self._is_same(str(key[1]))}

    def _is_same(self, path: str) -> bool:
        """Whether the work tree has the file of this commit."""
        return self._now is not None and path not in self._differ and self._modes.get(path, ("",))[0] in _REGULAR

    @cached_property
    def _tree(self) -> dict[str, dict[str, tuple[str, str]]]:
        """Kind (`blob`, or `commit` for a submodule) -> path -> (mode, object id)."""
        objects: dict[str, dict[str, tuple[str, str]]] = {"blob": {}, "commit": {}}
        for row in self._git.run("ls-tree", "-r", "-z", "--full-tree", self.commit).split(b"\0"):
            head, _, path = row.partition(b"\t")
            if path:
                mode, kind, object_id = head.decode().split()
                objects[kind][path.decode("utf-8", "surrogateescape")] = (mode, object_id)
        return objects

    @property
    def _modes(self) -> dict[str, tuple[str, str]]:
        """Path -> (mode, object id) of every file."""
        return self._tree["blob"]

    @cached_property
    def _paths(self) -> list[str]:
        """Every file, sorted."""
        return sorted(self._modes)

    @cached_property
    def _folders(self) -> dict[str, set[str]]:
        """Directory -> names directly below it."""
        folders: dict[str, set[str]] = {"": set()}
        for path in self._modes:
            parts = path.split("/")
            for depth, name in enumerate(parts):
                folders.setdefault("/".join(parts[:depth]), set()).add(name)
        return folders

    def prefetch(self, paths: Iterable[str]) -> None:
        """Reads many files with two git processes: one for the sizes, as those beyond a limit are left out. A file
        whose content git does not have is missed when somebody reads it."""
        own = (path for path in dict.fromkeys(paths) if path in self._modes and not self._is_same(path))
        self._load([path for path in own if path not in self._disk], _EAGER_BYTES)

    def _load(self, paths: Sequence[str], limit: int) -> None:
        sizes = self._ask("--batch-check=%(objectsize)", paths).splitlines()  # of one that is missing, words
        self._sizes |= {path: int(size) for path, size in zip(paths, sizes, strict=True) if size.isdigit()}
        paths = [path for path in paths if self._sizes.get(path, limit + 1) <= limit]
        out = self._ask("--batch", paths)
        at = 0
        for path in paths:
            end = out.index(b"\n", at)
            size = self._sizes[path]
            self._disk[path] = out[end + 1 : end + 1 + size]
            at = end + 1 + size + 1

    def _ask(self, how: str, paths: Sequence[str]) -> bytes:
        data = "".join(f"{self._modes[path][1]}\n" for path in paths).encode()
        return self._git.run("cat-file", how, data=data) if paths else b""

    def prefetch_backends(self) -> None:
        """The files that rules read: those of every backend, and the registrations."""
        self.prefetch(path for path in self._modes if path.startswith(_READ) or "/" not in path)

    def _fetch(self, path: str) -> bytes | str | None:
        if path not in self._modes:
            return None
        if self._now and self._is_same(path):
            # A sparse checkout does not have every file, and what is refused there may be in git.
            with suppress(UsageError):
                if (content := self._now._content(path)) is not None:
                    return content
        self._load([path], LIMIT_BYTES)
        if self._sizes.get(path, 0) > LIMIT_BYTES:
            raise too_big(self._sizes[path], path)
        if path not in self._disk:
            hint = "in a partial clone run `git fetch --refetch --no-filter` first: newbackend fetches nothing"
            raise NotFoundError("object-missing", "git does not have this file's content here", where=path, hint=hint)
        return self._disk[path]

    def link(self, path: str) -> str | None:
        return self._tree["commit"].get(path, ("", None))[1]

    def links_below(self, path: str) -> dict[str, str]:
        commits = self._tree["commit"]
        return {at: object_id for at, (_, object_id) in commits.items() if at.startswith(f"{_clean(path)}/")}

    def exists(self, path: str) -> bool:
        clean = _clean(path)
        return clean in self._modes or clean in self._folders

    def is_dir(self, path: str) -> bool:
        return _clean(path) in self._folders

    def children(self, path: str) -> list[str]:
        return sorted(self._folders.get(_clean(path), ()))

    def files_below(self, path: str) -> Iterator[str]:
        folder = _clean(path)
        yield from self._paths[bisect_left(self._paths, folder + "/") : bisect_left(self._paths, folder + _AFTER_SLASH)]

    def mode(self, path: str) -> int:
        return 0o755 if self._modes.get(path, ("100644", ""))[0] == "100755" else 0o644


def _clean(path: str) -> str:
    return path.removeprefix("./").rstrip("/").removesuffix("/.") if path != "." else ""
