"""A checkout at a git revision, read from git's object store; no work tree is touched.

Places and rules run on it as on files on disk. `verify --base` compares both to find what a change introduces.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

from newbackend.checkout.git import Git
from newbackend.checkout.reading import LIMIT_BYTES, too_big
from newbackend.checkout.tree import Checkout
from newbackend.errors import NotFoundError


class RevisionCheckout(Checkout):
    """The tree of one commit. Nothing is ever written to it."""

    def __init__(self, root: Path, commit: str, git: Git | None = None) -> None:
        super().__init__(root)
        self.commit = commit
        self._git = git or Git(root)
        self._sizes: dict[str, int] = {}

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
    def _folders(self) -> dict[str, set[str]]:
        """Directory -> names directly below it."""
        folders: dict[str, set[str]] = {"": set()}
        for path in self._modes:
            parts = path.split("/")
            for depth, name in enumerate(parts):
                folders.setdefault("/".join(parts[:depth]), set()).add(name)
        return folders

    def prefetch(self, paths: Sequence[str]) -> None:
        """Reads many files with two git processes: one for the sizes, as those too big are left out."""
        wanted = [path for path in dict.fromkeys(paths) if path in self._modes and path not in self._disk]
        if not wanted:
            return
        data = "".join(f"{self._modes[path][1]}\n" for path in wanted).encode()
        sizes = self._git.run("cat-file", "--batch-check=%(objectsize)", data=data).splitlines()
        for path, answer in zip(wanted, sizes, strict=True):
            if not answer.isdigit():  # "<object id> missing"
                hint = "in a partial clone run `git fetch --refetch --no-filter` first: newbackend fetches nothing"
                message = "git does not have this file's content here"
                raise NotFoundError("object-missing", message, where=path, hint=hint)
            self._sizes[path] = int(answer)
        wanted = [path for path in wanted if self._sizes[path] <= LIMIT_BYTES]
        data = "".join(f"{self._modes[path][1]}\n" for path in wanted).encode()
        out = self._git.run("cat-file", "--batch", data=data)
        at = 0
        for path in wanted:
            end = out.index(b"\n", at)
            size = self._sizes[path]
            self._disk[path] = out[end + 1 : end + 1 + size]
            at = end + 1 + size + 1

    def prefetch_backends(self) -> None:
        """The files that rules read: small text files of every backend directory, and the registrations."""
        names = (
            ".sh",
            "Makefile",
            ".txt",
            ".toml",
            ".md",
            ".go",
            ".mjs",
            ".js",
            ".yml",
            ".yaml",
            ".rs",
            ".proto",
            "backend.py",
        )
        wanted = (path for path in self._modes if path.endswith(names) or path.startswith("backend/Dockerfile."))
        self.prefetch([path for path in wanted if _may_be_read(path)])

    def _content(self, path: str) -> bytes | str | None:
        if path not in self._disk:
            self.prefetch([path])
        if self._sizes.get(path, 0) > LIMIT_BYTES:
            raise too_big(self._sizes[path], path)
        return self._disk.setdefault(path, None)

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
        prefix = _clean(path) + "/"
        yield from sorted(name for name in self._modes if name.startswith(prefix))

    def mode(self, path: str) -> int:
        return 0o755 if self._modes.get(path, ("100644", ""))[0] == "100755" else 0o644


def _clean(path: str) -> str:
    return path.removeprefix("./").rstrip("/").removesuffix("/.") if path != "." else ""


def _may_be_read(path: str) -> bool:
    folders = ("backend/", ".github/", "scripts/", "core/gallery/importers/", "pkg/system/", "core/config/")
    return path.count("/") <= 4 and (path.startswith(folders) or "/" not in path)
