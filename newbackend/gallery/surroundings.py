"""The repository around a gallery: its files, as they will be cloned."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from newbackend.checkout.git import Git
from newbackend.checkout.reading import Files
from newbackend.errors import NewbackendError, UsageError
from newbackend.gallery.record import NAME, read_record

MOST_FILES = 20_000
"""Files of one repository that are looked at; a backend's repository has some dozens."""
MOST_BYTES = 2 * 1024 * 1024
"""The biggest file that a rule reads as text."""
_SKIPPED = frozenset((".git", "node_modules", "venv", ".venv", "target"))


def _name(path: str) -> str:
    return path.rpartition("/")[2]


class Surroundings:
    """One repository, or one directory that is none. Paths are relative to it, with `/`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._files = Files(str(root))
        self._texts: dict[str, str] = {}

    @cached_property
    def modes(self) -> dict[str, int]:
        """Path -> permission bits: those of git where it has the file, else the disk's."""
        on_disk = dict(self._walk(""))
        return {**on_disk, **{path: mode for path, mode in self._tracked().items() if path in on_disk}}

    @property
    def is_repository(self) -> bool:
        """Whether it is the root of a git repository."""
        return self._files.status(".git") is not None or (self.root / ".git").exists()

    @cached_property
    def tracked(self) -> tuple[str, ...]:
        """The files that git has; all of them where there is no git."""
        return tuple(self._tracked() or self.modes)

    @cached_property
    def dockerfiles(self) -> tuple[str, ...]:
        """Every Dockerfile, shortest path first."""
        found = (path for path in self.modes if re.match(r"(?:Dockerfile(?:\.[\w.-]+)?|.*\.Dockerfile)\Z", _name(path)))
        return tuple(sorted(found, key=lambda path: (path.count("/"), path)))

    @cached_property
    def workflows(self) -> tuple[str, ...]:
        """The workflows of GitHub Actions."""
        return self.below(".github/workflows", ".yml", ".yaml")

    @cached_property
    def build_files(self) -> tuple[str, ...]:
        """Everything that builds: Dockerfiles, Makefiles, scripts and workflows."""
        scripts = (path for path in self.modes if path.endswith(".sh") or _name(path) in ("Makefile", "CMakeLists.txt"))
        return (*self.dockerfiles, *scripts, *self.workflows)

    @cached_property
    def vendored(self) -> frozenset[str]:
        """The files that are LocalAI's own."""
        return frozenset(read_record(self.root).files) if NAME in self.modes else frozenset()

    def line_of(self, path: str, offset: int) -> int:
        """The 1-based line of an offset in a file's text."""
        return self.text(path).count("\n", 0, offset) + 1

    def named(self, *names: str) -> tuple[str, ...]:
        """The files whose last part is one of these, shortest path first."""
        found = (path for path in self.modes if posixpath.basename(path) in names)
        return tuple(sorted(found, key=lambda path: (path.count("/"), path)))

    def below(self, folder: str, *ends: str) -> tuple[str, ...]:
        """The files directly in a folder that end so."""
        return tuple(sorted(path for path in self.modes if posixpath.dirname(path) == folder and path.endswith(ends)))

    def text(self, path: str) -> str:
        """A file's text; "" for one that is missing, no text, too big or not to be read."""
        if path not in self._texts:
            try:
                data = self._files.read(path) or b""
            except UsageError:
                data = b""
            self._texts[path] = "" if len(data) > MOST_BYTES or b"\0" in data else data.decode("utf-8", "replace")
        return self._texts[path]

    def _walk(self, folder: str) -> Iterator[tuple[str, int]]:
        left, count = [folder], 0
        while left:
            here = left.pop()
            for name, entry in sorted(self._files.entries(here or ".").items()):
                path = f"{here}/{name}" if here else name
                if entry.is_dir(follow_symlinks=False):
                    if name not in _SKIPPED:
                        left.append(path)
                    continue
                count += 1
                if count > MOST_FILES:
                    raise UsageError("repository-too-big", f"has more than {MOST_FILES} files", where=str(self.root))
                yield path, entry.stat(follow_symlinks=False).st_mode & 0o777

    def _tracked(self) -> dict[str, int]:
        if not self.is_repository:
            return {}
        try:
            rows = Git(self.root).run("ls-files", "-s", "-z").decode("utf-8", "surrogateescape").split("\0")
        except NewbackendError:
            return {}
        split = (row.partition("\t") for row in rows if row)
        return {path: int(about.split()[0], 8) & 0o777 for about, _, path in split}
