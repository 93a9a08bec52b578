"""A shell for an empty root: run.sh needs bash and a few tools of the host, and must see nothing else of it.

bash and the tools lie at `/shell`, with a loader and libraries of their own, which are on no default search path; at
`/bin` and `/usr/bin` are launchers for them. So the package's own programs do not see the host's libc: one at the usual
place would hide that the package bundles none.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from newbackend.package.elf import ELFError, ELFFile, parse_elf
from newbackend.package.sandbox.launcher import launcher
from newbackend.package.sandbox.roots import Bind
from newbackend.records import dataclass

PLACE = "/shell"
# bash, the coreutils, and what run.sh files use beside them.
TOOLS = (
    "arch", "awk", "b2sum", "base32", "base64", "basename", "bash", "cat", "chmod", "chown", "cksum", "comm", "cp",
    "csplit", "cut", "date", "dd", "df", "dir", "dirname", "du", "echo", "egrep", "env", "expand", "expr", "factor",
    "false", "fgrep", "find", "flock", "fmt", "fold", "getconf", "getopt", "grep", "groups", "head", "hostname", "id",
    "install", "ionice", "join", "kill", "link", "ln", "logname", "ls", "md5sum", "mkdir", "mkfifo", "mknod", "mktemp",
    "mv", "nice", "nl", "nohup", "nproc", "numfmt", "od", "paste", "pathchk", "pr", "printenv", "printf", "ps", "pwd",
    "readlink", "realpath", "renice", "rm", "rmdir", "sed", "seq", "setarch", "setsid", "sh", "sha1sum", "sha256sum",
    "shuf", "sleep", "sort", "split", "stat", "stdbuf", "stty", "sum", "sync", "tac", "tail", "taskset", "tee", "test",
    "timeout", "touch", "tr", "true", "truncate", "tsort", "tty", "uname", "unexpand", "uniq", "unlink", "uptime",
    "users", "wc", "which", "who", "whoami", "xargs", "yes",
)  # fmt: skip
LIBRARY_PLACES = (
    "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
    "/lib64", "/usr/lib64", "/lib", "/usr/lib",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class HostShell:
    """Directories to bind: the tools with their libraries, and the launchers for them. `label` names it in reports."""

    directory: Path
    launchers: Path
    label: str = "the host's bash and tools, apart"

    @property
    def binds(self) -> tuple[Bind, ...]:
        """Where a root has them."""
        return (Bind(self.directory, PLACE), Bind(self.launchers, "/bin"), Bind(self.launchers, "/usr/bin"))


def build_shell(directory: Path) -> HostShell | str:
    """Put a shell below the new `directory`; the reason when this host has none that can be copied."""
    shell = HostShell(directory / "shell", directory / "bin")
    (shell.directory / "bin").mkdir(parents=True)
    (shell.directory / "lib").mkdir()
    shell.launchers.mkdir()
    programs = {tool: Path(where) for tool in TOOLS if (where := shutil.which(tool)) is not None}
    records = {name: elf for name, path in programs.items() if (elf := _read(path.resolve()))}
    if "bash" not in records:
        return "no bash on this host"
    loader = records["bash"].interp
    if loader:
        shutil.copy(Path(loader).resolve(), shell.directory / "ld.so")
    fitting = {name: elf for name, elf in records.items() if elf.interp in ("", loader)}
    if not _copy_libraries([n for elf in fitting.values() for n in elf.needed], shell.directory / "lib"):
        return "a library of the host's bash or tools was not found"
    for name, elf in fitting.items():
        if not elf.interp:
            shutil.copy(programs[name].resolve(), shell.launchers / name)
            continue
        code = launcher(os.uname().machine, f"{PLACE}/ld.so", f"{PLACE}/lib", f"{PLACE}/bin/{name}")
        if code is None:
            return f"there is no launcher for {os.uname().machine}"
        shutil.copy(programs[name].resolve(), shell.directory / "bin" / name)
        (shell.launchers / name).write_bytes(code)
        (shell.launchers / name).chmod(0o755)
    for name in ("egrep", "fgrep"):  # scripts on most hosts
        if name not in fitting and "grep" in fitting:
            flag = {"egrep": "-E", "fgrep": "-F"}[name]
            (shell.launchers / name).write_text(f'#!/bin/bash\nexec grep {flag} "$@"\n', "utf-8")
            (shell.launchers / name).chmod(0o755)
    return shell


def _read(path: Path) -> ELFFile | None:
    try:
        return parse_elf(path.read_bytes())
    except (OSError, ELFError):
        return None


def _copy_libraries(names: list[str], target: Path) -> bool:
    """The libraries by name and what they need; False when bash's own are incomplete."""
    pending, done = list(names), set[str]()
    while pending:
        name = pending.pop()
        if name in done:
            continue
        done.add(name)
        place = next((p for d in LIBRARY_PLACES if (p := Path(d) / name).is_file()), None)
        elf = _read(place) if place is not None else None
        if place is None or elf is None:
            return False
        shutil.copy(place.resolve(), target / name)
        pending.extend(elf.needed)
    return True
