"""Finds out what run.sh starts: runs it in an empty root, with a stand-in for each program of the package.

A stand-in is a script that writes down how it was called (arguments, working directory, exported variables) and ends.
So no program of the package runs; run.sh and scripts that it calls do, alone: no file of the host but copies of bash
and the usual tools, no network, no capabilities, a few seconds.
"""

from __future__ import annotations

import posixpath
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from newbackend.package.archive import Entry, Kind, Tree, write_tree
from newbackend.package.elf import ELFFile
from newbackend.package.sandbox import (
    PACKAGE,
    Bind,
    Sandbox,
    build_shell,
    ended_by_signals,
    environment,
    find_sandbox,
    run_once,
    stage_root,
)
from newbackend.records import dataclass

RUN_SH = "run.sh"
# Options of ld.so(8) that take a value.
LOADER_OPTIONS = frozenset({"--library-path", "--preload", "--argv0", "--inhibit-rpath", "--glibc-hwcaps-prepend"})
SECONDS = 10.0
MAX_FILES = 20_000
MAX_TEXT = 256 << 10
MAX_TEXTS = 32 << 20
# Far above what scripts use by hand, so that `exec >/dev/null` in run.sh does not silence the stand-ins.
_CHANNEL = 198
_ARGUMENTS = ("--addr", "127.0.0.1:50051")
# Limits for scripts of strangers: no file above 16 MiB, no core files.
_START = f'ulimit -f 16384 -c 0; exec {_CHANNEL}>&1 </dev/null; cd {PACKAGE} && exec "$@"'
# -p: no BASH_ENV and no functions from the environment.
_STAND_IN = """#!/bin/bash -p
mapfile -t names < <(compgen -e)
values=()
for name in "${names[@]}"; do values+=("$name=${!name}"); done
printf '%s\\0' MARK "$PWD" "$0" "$#" "$@" "${values[@]}" MARK >&CHANNEL
"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One program of the package that run.sh started. Paths are the package's: `loader` is empty for a start without
    one, `library_path` is what the loader searches, `variables` are exported ones whose value is such a path."""

    loader: str
    program: str
    library_path: tuple[str, ...]
    variables: Mapping[str, str]


def record_starts(tree: Tree, elves: Mapping[str, ELFFile]) -> tuple[Recorded, ...] | str:
    """What run.sh starts, in order; the reason when that cannot be found out here or it starts no program of the
    package."""
    if len(tree.entries) > MAX_FILES:
        return f"it has more than {MAX_FILES} files"
    sandbox = find_sandbox()
    if isinstance(sandbox, str):
        return f"no sandbox here: {sandbox}"
    with ExitStack() as stack:
        stack.enter_context(ended_by_signals())
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="newbackend-start-")))
        shell = build_shell(scratch / "host")
        if isinstance(shell, str):
            return f"no sandbox here: {shell}"
        reason = ""
        lacking = any(not tree.entries[p].executable for p in elves if _is_program(p, tree.entries[p], elves[p]))
        # A missing execute bit is PKG002's finding, the start is known all the same.
        for bits_given in (False, True) if lacking else (False,):
            place = scratch / f"package-{bits_given}"
            place.mkdir()
            mark = secrets.token_hex(16)
            write_tree(_with_stand_ins(tree, elves, mark, bits_given=bits_given), place)
            binds = [Bind(place, PACKAGE, writable=True), *shell.binds]
            words = ["/bin/bash", "-c", _START, "start", f"./{RUN_SH}", *_ARGUMENTS]
            result = run_once(_argv(sandbox, binds, words, scratch), environment(), SECONDS)
            starts = tuple(_records(result.output, mark, tree))
            if starts:
                return starts
            reason = reason or f"it starts no program of the package in an empty sandbox ({result.summary()})"
        return reason


def _argv(sandbox: Sandbox, binds: list[Bind], words: list[str], scratch: Path) -> list[str]:
    root = None
    if sandbox.kind == "unshare":
        root = Path(tempfile.mkdtemp(prefix="root-", dir=scratch))
        stage_root(root, binds)
    return sandbox.argv(binds, PACKAGE, words, root)


@dataclass(frozen=True, slots=True)
class _Bytes:
    content: bytes

    def view(self) -> bytes:
        return self.content

    def head(self, size: int) -> bytes:
        return self.content[:size]


def _with_stand_ins(tree: Tree, elves: Mapping[str, ELFFile], mark: str, *, bits_given: bool) -> Tree:
    """The tree with a stand-in for each program, its scripts and small texts as they are, and one byte for the rest."""
    stand_in = _Bytes(_STAND_IN.replace("MARK", mark).replace("CHANNEL", str(_CHANNEL)).encode())
    entries: dict[str, Entry] = {}
    left = MAX_TEXTS
    for path, entry in tree.entries.items():
        if entry.kind is not Kind.FILE:
            entries[path] = entry
        elif path == RUN_SH:  # LocalAI gives it the bit (pkg/model/process.go)
            entries[path] = replace(entry, mode=0o755)
        elif path in elves and _is_program(path, entry, elves[path]):
            mode = entry.mode | (0o755 if bits_given else 0)
            entries[path] = replace(entry, mode=mode, blob=stand_in)
        elif path in elves or entry.size > min(MAX_TEXT, left):
            entries[path] = replace(entry, blob=_Bytes(b"\0" if entry.size else b""))
        else:
            left -= entry.size
            entries[path] = entry
    return Tree(tree.label, entries)


def _is_program(path: str, entry: Entry, elf: ELFFile) -> bool:
    return entry.executable or elf.executable or _is_loader(path, elf)


def _is_loader(path: str, elf: ELFFile) -> bool:
    """Whether a file is a dynamic loader, by its name or SONAME."""
    return any(
        n.startswith(("ld-linux", "ld-musl", "ld64.so", "ld.so")) for n in (posixpath.basename(path), elf.soname)
    )


def _records(output: str, mark: str, tree: Tree) -> Iterator[Recorded]:
    """The calls of stand-ins in the output. What run.sh itself printed between them is skipped."""
    for part in output.split(f"{mark}\0")[1::2]:
        fields = part.split("\0")[:-1]
        if len(fields) < 3 or not fields[2].isdigit() or len(fields) < 3 + int(fields[2]):
            continue  # cut off
        count = int(fields[2])
        variables = dict(v.split("=", 1) for v in fields[3 + count :] if "=" in v)
        recorded = _recorded(fields[0], [fields[1], *fields[3 : 3 + count]], variables, tree)
        if recorded is not None:
            yield recorded


def _recorded(directory: str, argv: list[str], variables: dict[str, str], tree: Tree) -> Recorded | None:
    """One call: `argv` is the file that was started and its arguments."""
    program, loader = _inside(directory, argv[0]), ""
    path = variables.get("LD_LIBRARY_PATH", "")
    entry = tree.resolve(program) if program is not None else None
    if entry is None:
        return None
    program = entry.path
    if posixpath.basename(program).startswith(("ld.so", "ld-", "ld64")) or _is_loader_call(argv):
        loader, rest = program, argv[1:]
        while rest and rest[0].startswith("--"):
            option = rest.pop(0)
            if option in LOADER_OPTIONS:
                value = rest.pop(0) if rest else ""
                path = value if option == "--library-path" else path
        inside = _inside(directory, rest[0]) if rest else None
        entry = tree.resolve(inside) if inside is not None else None
        program = entry.path if entry is not None else inside or ""
    directories = (_inside(directory, part) for part in path.replace(";", ":").split(":") if part)
    paths = {name: at for name, value in variables.items() if (at := _inside("/", value)) and ":" not in value}
    return Recorded(loader, program, tuple(dict.fromkeys(d for d in directories if d is not None)), paths)


def _is_loader_call(argv: list[str]) -> bool:
    """Whether a program of any name is called like a loader: `--library-path DIR PROGRAM`."""
    return "--library-path" in argv[1:4]


def _inside(directory: str, path: str) -> str | None:
    """A path as the package's; None for one outside of it."""
    whole = f"/{posixpath.normpath(posixpath.join(directory, path)).lstrip('/')}"  # `//a` is `/a` to Linux
    if whole == PACKAGE:
        return ""
    return whole.removeprefix(f"{PACKAGE}/") if whole.startswith(f"{PACKAGE}/") else None
