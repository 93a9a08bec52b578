"""A shell for an empty root: run.sh needs bash and a few tools of the host, and must see nothing else of it.

bash and the tools are started through a loader of their own with `--library-path`, from a directory
that is on no default search path. So the package's own programs do not see the host's libc: one at the
usual place would hide that the package bundles none.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from newbackend.package.elf import ELFError, ELFFile, parse_elf

PLACE = "/shell"
TOOLS = (
    "awk", "basename", "cat", "chmod", "cp", "cut", "date", "dirname", "env", "find", "grep", "head", "id", "ln",
    "ls", "mkdir", "mktemp", "nproc", "readlink", "realpath", "rm", "sed", "sleep", "sort", "tail", "touch", "tr",
    "uname", "wc",
)  # fmt: skip
LIBRARY_PLACES = (
    "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
    "/lib64", "/usr/lib64", "/lib", "/usr/lib",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class HostShell:
    """A directory to bind at /shell, the command that starts a script in it, and a name for reports."""

    directory: Path
    argv: tuple[str, ...]
    environment: dict[str, str]
    label: str


def build_shell(directory: Path) -> HostShell | str:
    """Fill `directory` with a shell; the reason when this host has none that can be copied."""
    bash = shutil.which("bash")
    if bash is not None and _copy_bash(Path(bash), directory):
        argv = (f"{PLACE}/ld.so", "--library-path", f"{PLACE}/lib", f"{PLACE}/bin/bash")
        return HostShell(directory, argv, {"BASH_ENV": f"{PLACE}/env.sh"}, "the host's bash and tools, apart")
    busybox = shutil.which("busybox")
    elf = _read(Path(busybox)) if busybox is not None else None
    if busybox is not None and elf is not None and not elf.interp:
        return _busybox(Path(busybox), directory)
    return "no dynamically linked bash and no static busybox on this host"


def _read(path: Path) -> ELFFile | None:
    try:
        return parse_elf(path.read_bytes())
    except (OSError, ELFError):
        return None


def _copy_bash(bash: Path, directory: Path) -> bool:
    programs = {"bash": bash}
    for tool in TOOLS:
        where = shutil.which(tool)
        if where is not None:
            programs[tool] = Path(where)
    records = {name: elf for name, path in programs.items() if (elf := _read(path.resolve())) and elf.interp}
    if "bash" not in records:
        return False
    (directory / "bin").mkdir(parents=True)
    (directory / "lib").mkdir()
    loader = records["bash"].interp
    shutil.copy(Path(loader).resolve(), directory / "ld.so")
    names = [n for elf in records.values() if elf.interp == loader for n in elf.needed]
    if not _copy_libraries(names, directory / "lib"):
        return False
    lines = ["unset BASH_ENV"]
    for name, elf in records.items():
        if elf.interp == loader:
            shutil.copy(programs[name].resolve(), directory / "bin" / name)
            if name != "bash":
                command = f"{PLACE}/ld.so --library-path {PLACE}/lib {PLACE}/bin/{name}"
                lines.append(f'{name}() {{ {command} "$@"; }}')
    (directory / "env.sh").write_text("\n".join(lines) + "\n", "utf-8")
    return True


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


def _busybox(busybox: Path, directory: Path) -> HostShell:
    (directory / "bin").mkdir(parents=True)
    shutil.copy(busybox, directory / "bin" / "busybox")
    listed = subprocess.run([str(busybox), "--list"], capture_output=True, text=True, check=False, timeout=10)
    for applet in listed.stdout.split():
        link = directory / "bin" / applet
        if not link.exists():
            link.symlink_to("busybox")
    return HostShell(directory, (f"{PLACE}/bin/busybox", "sh"), {"PATH": f"{PLACE}/bin"}, "static busybox as sh")
