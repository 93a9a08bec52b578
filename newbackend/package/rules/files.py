"""PKG105, PKG110, PKG601-603: each file by itself: its machine, its segments, its size."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterator

from newbackend.findings import Finding, Severity
from newbackend.package.archive import Entry
from newbackend.package.elf import AARCH64, MACHINES, X86_64, ELFError, machine_name
from newbackend.package.model import Package
from newbackend.package.rules.registry import Outcome, Skipped, check, finding, rule

LARGE_COPIES = 10 << 20
PAGE_64K = 0x10000


WRONG_MACHINE = rule(
    "PKG105",
    "wrong-machine",
    Severity.ERROR,
    what="All libraries and programs are for one machine.",
    why=(
        "The loader skips a file for another machine and then says `cannot open shared object file`, which sends "
        "people looking for a missing file."
    ),
    how="Take the library from the image of the target platform; check TARGETARCH in package.sh.",
    bad="an aarch64 libfoo.so.1 in an x86-64 package",
    good="one architecture per image",
)


@check(WRONG_MACHINE)
def wrong_machine(package: Package) -> Iterator[Finding]:
    """Files for another CPU than the package's."""
    for path, elf in package.elves.items():
        if elf.machine != package.machine and elf.machine in MACHINES:
            message = (
                f"{path} is built for {machine_name(elf.machine)}, the package for "
                f"{machine_name(package.machine)}: the loader reports it as missing"
            )
            yield finding(WRONG_MACHINE, path, message, subject=machine_name(elf.machine))


BROKEN_ELF = rule(
    "PKG110",
    "broken-elf",
    Severity.ERROR,
    what="Every file that starts like an ELF file can be read as one.",
    why=(
        "A truncated copy or download passes every check by name and ends with `file too short` or `invalid ELF "
        "header`."
    ),
    how="Copy the file again; check free space and the exit status of the copy (no `|| true` in package.sh).",
    bad="a library cut off at 64 KiB",
    good="the whole file",
)


@check(BROKEN_ELF)
def broken_elf(package: Package) -> Outcome:
    """Files with an ELF magic number that cannot be read, or that are loaded and whose symbols cannot."""
    broken = dict(package.broken)
    for path in sorted(package.reached):
        try:
            package.symbols(path)
        except ELFError as err:
            broken[path] = str(err)
    return [
        finding(BROKEN_ELF, p, f"{p} is damaged: {why}", subject=posixpath.basename(p)) for p, why in broken.items()
    ]


EXECSTACK = rule(
    "PKG601",
    "execstack",
    Severity.WARNING,
    what="No library asks for an executable stack, text relocations or writable code.",
    why=("glibc 2.41 refuses to load a library that needs an executable stack; hardened kernels refuse the others."),
    how=(
        'Add `.section .note.GNU-stack,"",@progbits` to assembler files or link with `-z noexecstack`; build with '
        "-fPIC."
    ),
    bad="PT_GNU_STACK RWE",
    good="PT_GNU_STACK RW",
)


@check(EXECSTACK)
def execstack(package: Package) -> Iterator[Finding]:
    """Executable stacks, text relocations, writable code."""
    for path, elf in package.elves.items():
        stack = elf.execstack
        if stack or (stack is None and elf.dynamic and elf.machine == X86_64 and path != package.loader):
            message = f"{path} asks for an executable stack: glibc 2.41 and newer refuse to load it"
            yield finding(EXECSTACK, path, message, subject="stack")
        if elf.textrel:
            yield finding(EXECSTACK, path, f"{path} has text relocations", subject="textrel")
        if elf.writable_code:
            yield finding(EXECSTACK, path, f"{path} maps memory writable and executable", subject="writable-code")


PAGE_ALIGNMENT = rule(
    "PKG602",
    "page-alignment",
    Severity.NOTE,
    what="aarch64 files are aligned for 64 KiB pages.",
    why="Kernels with 64 KiB pages (some servers) cannot map files aligned to 4 KiB.",
    how="Link with `-z max-page-size=65536`.",
    bad="LOAD align 0x1000",
    good="LOAD align 0x10000",
)


@check(PAGE_ALIGNMENT)
def page_alignment(package: Package) -> Outcome:
    """aarch64 segments aligned for less than 64 KiB pages."""
    if package.machine != AARCH64:
        return Skipped("not an aarch64 package")
    small = [p for p, e in package.elves.items() if e.machine == AARCH64 and 0 < e.load_align < PAGE_64K]
    return [
        finding(
            PAGE_ALIGNMENT,
            p,
            f"{p} is aligned to 0x{package.elves[p].load_align:x}, not to 64 KiB pages",
            subject="align",
        )
        for p in small
    ]


SIZE = rule(
    "PKG603",
    "size",
    Severity.NOTE,
    what="No large identical copies and no debug information.",
    why="Users download every copy; debug sections multiply the size of C++ libraries.",
    how="Link instead of copying, `strip --strip-unneeded` in package.sh.",
    bad="lib/libx.so and lib/libx.so.1, both 400 MB",
    good="lib/libx.so -> libx.so.1",
)


@check(SIZE)
def size(package: Package) -> Iterator[Finding]:
    """Large identical copies."""
    by_size: dict[int, list[Entry]] = {}
    for entry in package.tree.files():
        if entry.size >= LARGE_COPIES:
            by_size.setdefault(entry.size, []).append(entry)
    for entries in (e for e in by_size.values() if len(e) > 1):
        by_hash: dict[str, list[Entry]] = {}
        for entry in entries:
            by_hash.setdefault(hashlib.sha256(entry.view()).hexdigest(), []).append(entry)
        for same in (s for s in by_hash.values() if len(s) > 1):
            wasted = (len(same) - 1) * same[0].size >> 20
            names = ", ".join(e.path for e in same[1:4])
            message = f"{same[0].path} is there again as {names}: {wasted} MiB more than needed"
            yield finding(SIZE, same[0].path, message, subject="copies", severity=Severity.NOTE)
