"""A root in which a package runs alone: bubblewrap where the host allows it, else chroot in a user namespace.

Both are tried first: Ubuntu 24.04 forbids unprivileged user namespaces by default. Where neither works
the proof is unknown, never passed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROBE_TIMEOUT = 15
PACKAGE = "/backend"


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

    def argv(self, binds: Sequence[Bind], directory: str, command: Sequence[str], root: Path | None) -> list[str]:
        """The command line. `root` is an existing root to run in, or for unshare the staged one;
        None is an empty root (bwrap only)."""
        if self.kind == "bwrap":
            return self._bwrap(binds, directory, command, root)
        return [
            self.tool, "--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child",
            f"--root={root}", "--mount-proc", f"--wd={directory}", "--", *command,
        ]  # fmt: skip

    def _bwrap(self, binds: Sequence[Bind], directory: str, command: Sequence[str], root: Path | None) -> list[str]:
        # The network is shared: the port is probed from outside. Everything else is the sandbox's own.
        argv = [self.tool, "--unshare-all", "--share-net", "--die-with-parent", "--new-session"]
        argv += ["--tmpfs", "/"] if root is None else ["--ro-bind", str(root), "/"]
        argv += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
        for bind in binds:
            argv += ["--bind" if bind.writable else "--ro-bind", str(bind.source), bind.place]
        return [*argv, "--chdir", directory, "--", *command]


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
        if _works([bwrap, "--unshare-all", "--share-net", "--ro-bind", "/", "/", "--proc", "/proc", "true"]):
            return Sandbox("bwrap", bwrap)
        tried.append("bubblewrap is forbidden here")
    unshare = shutil.which("unshare")
    if unshare is not None:
        if _works([unshare, "--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc", "true"]):
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


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """A small environment: what LocalAI's process is sure to have, and nothing of the caller's."""
    return {"PATH": os.defpath, "HOME": "/tmp", "TMPDIR": "/tmp", "LANG": "C"} | dict(extra)
