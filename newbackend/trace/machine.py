"""The build machine, as far as a row of the matrix tells: its system, its files, what was found so far.

Files are those of the checkout at the places where the build copies them. Nothing is written: `made` are paths that
some command has made, `built` directories in which a build tool ran.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import field

from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.records import dataclass
from newbackend.trace.opentext import cleaned, is_open, shown
from newbackend.trace.paths import normal
from newbackend.trace.steps import Branch, Copy, Kind, MakeCall, Step, Unknown, Where

WORK_LIMIT = 60_000
"""Expansions and statements of one reading; LocalAI's longest build needs fewer than 6,000."""
TEXT_LIMIT = 200_000
"""Characters of one expanded value; LocalAI's longest has 2,000."""
DEPTH_LIMIT = 24
"""Makes and scripts inside of one another; LocalAI's deepest build needs 7."""

_SYSTEM_FILES = {
    "x86_64": ("/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu"),
    "aarch64": ("/lib/ld-linux-aarch64.so.1", "/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu"),
}
"""The dynamic loader and the library directories of the two Debian architectures (dpkg-architecture(1))."""
_VENDOR_FILES = {"/opt/intel": "intel/oneapi", "/opt/rocm": "rocm/"}
"""Vendor directories, and the images that bring them."""


class TooMuch(Exception):
    """The reading exceeds a limit: a Makefile or script that nobody would write."""


@dataclass
class Machine:
    """`system` is Linux or Darwin, `arch` what `uname -m` prints; `image` the base image, "" on macOS.

    `places` maps container directories and files to the checkout's; the longest one that fits counts. `directory` is
    the backend's own, in the checkout: `variables`, `goals` and `branches` are those of its make. `printed` is what
    `make -n` prints. Without `packs`, the scripts that pack are not followed.
    """

    checkout: Checkout
    system: str
    arch: str
    image: str = ""
    places: dict[str, str] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    built: set[str] = field(default_factory=set)
    steps: list[Step] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    branches: dict[Where, Branch] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    goals: list[str] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    calls: list[MakeCall] = field(default_factory=list)
    directory: str = ""
    level: int | None = None
    depth: int = 0
    conditions: list[str] = field(default_factory=list)
    quiet: int = 0
    packs: bool = True
    _work: int = 0

    def work(self) -> None:
        """Counts one piece of work. Raises TooMuch when it is one too many."""
        self._work += 1
        if self._work > WORK_LIMIT:
            raise TooMuch("the build is longer than any that people write")

    # -- files ---------------------------------------------------------------------------------------------------

    def put(self, target: str, source: str) -> None:
        """The checkout's `source` ("" is its root) is from now on at the container path `target`."""
        self.places[normal(target)] = source.strip("/")

    def alias(self, source: str, target: str) -> None:
        """A copy of a directory inside the container."""
        inside = self.inside(source)
        if inside is not None and self.checkout.is_dir(inside or "."):
            self.put(target, inside)
            start, end = normal(source), normal(target)
            self.made |= {end + path[len(start) :] for path in self.made if path.startswith(f"{start}/")}

    def inside(self, path: str) -> str | None:
        """The checkout path of a container path, or None when it is none of the checkout's."""
        path = normal(path)
        head = path
        while True:
            if head in self.places:
                rest = path[len(head) :].strip("/") if head != "/" else path.strip("/")
                return normal(f"{self.places[head]}/{rest}").strip("/") if rest else self.places[head]
            if head in ("/", "", "."):
                return None
            head = posixpath.dirname(head)

    def read(self, path: str) -> tuple[str, str] | None:
        """Checkout path and text of a container file; None when it is none, or cannot be read."""
        inside = self.inside(path)
        if not inside:
            return None
        try:
            text = self.checkout.read(inside)
        except UsageError as error:
            self.cannot(Where(inside, 1), inside, error.message)
            return None
        return None if text is None else (inside, cleaned(text))

    def exists(self, path: str) -> bool | None:
        """Whether a container path exists; None when that cannot be known."""
        if is_open(path):
            return None
        path = normal(path)
        if path in self.made or any(made.startswith(f"{path}/") for made in self.made):
            return True
        inside = self.inside(path)
        if inside is not None:
            if inside == "" or self.checkout.exists(inside):
                return True
            # Sources that were fetched and folders in which a tool has built can hold anything.
            unsure = any(path.startswith(f"{folder}/") for folder in (*self.made, *self.built))
            return None if unsure else False
        return self._system_file(path)

    def _system_file(self, path: str) -> bool | None:
        for arch, files in _SYSTEM_FILES.items():
            if path in files:
                return self.system == "Linux" and arch == self.arch
        for folder, image in _VENDOR_FILES.items():
            if path == folder:
                return self.system == "Linux" and (None if is_open(self.image) else image in self.image)
        return None

    def is_dir(self, path: str) -> bool | None:
        """Whether a container path is a directory; None when that cannot be known."""
        inside = None if is_open(path) else self.inside(path)
        if inside is not None and (inside == "" or self.checkout.exists(inside)) and path not in self.made:
            return inside == "" or self.checkout.is_dir(inside)
        return self.exists(path)

    def names(self, path: str) -> Sequence[str]:
        """Names below a container directory, as far as the checkout has them."""
        inside = self.inside(path)
        return self.checkout.children(inside or ".") if inside is not None else ()

    # -- findings ------------------------------------------------------------------------------------------------

    @property
    def condition(self) -> str:
        """What the current command depends on and cannot be known; "" when it runs for certain."""
        return " and ".join(dict.fromkeys(self.conditions))

    def step(self, kind: Kind, where: Where, text: str, directory: str = "", *, followed: bool = False) -> None:
        """Notes a command."""
        if not self.quiet:
            condition = shown(self.condition)
            step = Step(kind, where, " ".join(text.split()), self.depth, condition, shown(directory), followed)
            self.steps.append(step)

    def copy(self, source: str, target: str, where: Where) -> None:
        """Notes that a file is copied."""
        if not self.quiet:
            self.copies.append(Copy(source, target, where, self.condition))

    def cannot(self, where: Where, text: str, reason: str) -> None:
        """Notes what cannot be known."""
        entry = Unknown(where, " ".join(shown(text).split()), reason)
        if not self.quiet and entry not in self.unknown:
            self.unknown.append(entry)

    def branch(self, where: Where, text: str, taken: bool) -> None:
        """Notes which lines of a Makefile a conditional lets through: once taken, taken."""
        if not self.quiet and (taken or where not in self.branches):
            self.branches[where] = Branch(where, " ".join(text.split()), taken)
