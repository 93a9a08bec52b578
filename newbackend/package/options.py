"""What the caller of `package check` chose, and the three layouts a package can have."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from newbackend.records import dataclass


class Layout(StrEnum):
    """How the package gets its C library (LocalAI's package.sh and libbackend.sh).

    LOADER: its own `ld.so` and libc beside it (C++, Rust, most Go backends). HOST_LIBC: the
    host's (Python backends). STATIC: none (pure Go). AUTO: find out from run.sh and the files.
    """

    AUTO = "auto"
    LOADER = "loader"
    HOST_LIBC = "host-libc"
    STATIC = "static"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageOptions:
    """Options of one check.

    `target` is a comma list such as `ubuntu24.04` or `glibc=2.35,glibcxx=3.4.30`; `cpu_floor` is
    `x86-64`, `x86-64-v2`, `x86-64-v3` or short `v2`, and asks for the instruction scan. The rest
    asks for proofs: `smoke` runs run.sh in an empty root, `run` a command of the caller's there,
    `run_root` is an old distribution's root to do it in, `cpu_run` the CPU model of an emulator.
    `no_run`: run.sh may not be run in a sandbox to find out what it starts; its text is read.
    """

    layout: Layout = Layout.AUTO
    target: str | None = None
    cpu_floor: str | None = None
    smoke: bool = False
    run: str | None = None
    run_root: Path | None = None
    cpu_run: str | None = None
    no_run: bool = False
