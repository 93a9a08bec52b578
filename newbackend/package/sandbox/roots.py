"""A root in which a package runs alone: bubblewrap where the host allows it, else chroot in a user namespace.

Both have no capabilities, no processes but their own, and no network but their own loopback. Both are tried first:
Ubuntu 24.04 forbids unprivileged user namespaces by default. Where neither works the proof is unknown, never passed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from newbackend.records import dataclass

PROBE_TIMEOUT = 15
PACKAGE = "/backend"

# What a package without a libc of its own sees of the host, read-only: loader, libraries, tools. No /etc but these.
SYSTEM = (
    "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32",
    "/usr/lib64", "/usr/libx32", "/usr/share/zoneinfo", "/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf",
    "/etc/ld.so.conf.d", "/etc/nsswitch.conf",
)  # fmt: skip
_ENTER = Path(__file__).with_name("_enter.py")
_SPACES = ("--user", "--map-root-user", "--mount", "--net", "--ipc", "--uts", "--pid", "--fork", "--kill-child")


@dataclass(frozen=True, slots=True)
class Bind:
    """A host path that the sandbox sees at `place`; `writable` only for private copies."""

    source: Path
    place: str
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Sandbox:
    """One way to run a command in another root. `kind` is bwrap or unshare."""

    kind: str
    tool: str

    def argv(
        self,
        binds: Sequence[Bind],
        directory: str,
        command: Sequence[str],
        root: Path | None,
        variables: Mapping[str, str] | None = None,
    ) -> list[str]:
        """The command line. `root` is an existing root to run in, or for unshare the staged one;
        None is an empty root (bwrap only). `variables` are set inside: the sandbox tool itself must not obey
        one that run.sh names (LD_PRELOAD)."""
        if self.kind == "bwrap":
            return self._bwrap(binds, directory, command, root, variables or {})
        assignments = [f"{name}={value}" for name, value in (variables or {}).items()]
        return [*_unshare(self.tool, str(root), directory), str(len(assignments)), *assignments, *command]

    def _bwrap(
        self,
        binds: Sequence[Bind],
        directory: str,
        command: Sequence[str],
        root: Path | None,
        variables: Mapping[str, str],
    ) -> list[str]:
        # Root keeps its capabilities in bubblewrap unless told otherwise, and could make a bind writable with them.
        argv = [self.tool, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
        host = root is not None and is_host_root(root)
        argv += ["--tmpfs", "/"] if root is None or host else ["--ro-bind", str(root), "/"]
        argv += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
        if host:
            argv += _system()
        for bind in binds:
            argv += ["--bind" if bind.writable else "--ro-bind", str(bind.source), bind.place]
        if host:
            argv += ["--remount-ro", "/"]
        for name, value in variables.items():
            argv += ["--setenv", name, value]
        return [*argv, "--chdir", directory, "--", *command]


def is_host_root(root: Path) -> bool:
    """Whether a root is this host's own, by whatever name: of that only `SYSTEM` is ever shown."""
    try:
        return root.samefile("/")
    except OSError:
        return False


def _system() -> list[str]:
    """bwrap's options that show the host's system directories, and links to them as links."""
    options = []
    for place in map(Path, SYSTEM):
        if place.is_symlink() and not place.readlink().is_absolute():
            options += ["--symlink", str(place.readlink()), str(place)]
        elif place.exists():
            options += ["--ro-bind", str(place), str(place)]
    return options


def _unshare(tool: str, root: str, directory: str) -> list[str]:
    return [tool, *_SPACES, "--", sys.executable, "-I", "-S", str(_ENTER), root, directory]


def _works(argv: Sequence[str]) -> bool:
    try:
        done = subprocess.run(argv, capture_output=True, check=False, timeout=PROBE_TIMEOUT)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def find_sandbox() -> Sandbox | str:
    """The first way that works on this host; the reason when none does."""
    tried = []
    bwrap = shutil.which("bwrap")
    if bwrap is not None:
        if _works([bwrap, "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--", bwrap, "--version"]):
            return Sandbox("bwrap", bwrap)
        tried.append("bubblewrap is forbidden here")
    unshare = shutil.which("unshare")
    if unshare is not None:
        with tempfile.TemporaryDirectory(prefix="newbackend-root-") as root:
            stage_root(Path(root), ())
            if _works([*_unshare(unshare, root, "/"), "0"]):
                return Sandbox("unshare", unshare)
        tried.append("unprivileged user namespaces are forbidden here")
    return "; ".join(tried) or "neither bubblewrap nor unshare is installed"


def stage_root(root: Path, binds: Sequence[Bind]) -> None:
    """Copy what bwrap would bind into an empty directory (for chroot): files are copied, never linked."""
    for name in ("proc", "tmp", "dev"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "dev" / "null").touch()
    for bind in binds:
        target = root / bind.place.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if bind.source.is_dir():
            shutil.copytree(bind.source, target, symlinks=True)
        else:
            shutil.copy(bind.source, target)


def environment() -> dict[str, str]:
    """A small environment: what LocalAI's process is sure to have, and nothing of the caller's."""
    return {"PATH": os.defpath, "HOME": "/tmp", "TMPDIR": "/tmp", "LANG": "C"}
