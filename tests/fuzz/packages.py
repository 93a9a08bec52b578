"""The attacks on `package check`: archives and ELF files of a stranger."""

from __future__ import annotations

import io
import random
import tarfile
from functools import cache
from pathlib import Path

from package.archives import Member, docker_save, files, gz, member, oci, tar

from fuzz.case import Case, difference, snapshot
from fuzz.hostile import HOSTILE
from newbackend.cli.common import REPORT_FORMATS

EDGES = (b"\0", b"\xff", b"\xff\xff\xff\xff", b"\0\0\0\x80", b"\xff" * 8, b"\x7fELF", b"\0" * 8, b"\x01\0\0\0")
NAMES = (
    "run.sh", "lib/ld.so", "lib/x.so", "../evil", "/etc/evil", "a/../../b", "lib/.wh.x.so", ".wh..wh..opq", "lib",
    "a" * 300, "lib/" + HOSTILE.replace("\0", ""), "a/" * 100 + "x", "", ".", "./run.sh", "lib//x", "é", ".wh.",
    ".wh...", "lib/.wh..",
)  # fmt: skip
LINKS = (
    "/etc/passwd", "../../../../etc", "/", ".", "lib", "run.sh", "/proc/self/environ", "x" * 5000, "/dev/zero",
    HOSTILE.replace("\0", ""),
)  # fmt: skip
FILE, LINK = tarfile.REGTYPE, tarfile.SYMTYPE
KINDS = (FILE, LINK, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.BLKTYPE)
SCRIPT = b'#!/bin/bash\nCURDIR=$(dirname "$(realpath $0)")\nexec "$CURDIR"/lib/ld.so "$CURDIR"/server "$@"\n'


@cache
def elf_files() -> tuple[bytes, ...]:
    """Real ELF files of this machine, cut to a size that can be mutated; none where there are none."""
    places = ("/lib/x86_64-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib/aarch64-linux-gnu", "/usr/lib")
    found = [
        Path(place) / name
        for place in places
        for name in ("libdl.so.2", "libm.so.6", "libz.so.1", "ld-linux-x86-64.so.2")
    ]
    return tuple(path.read_bytes()[:300_000] for path in found if path.is_file())


def mutated(data: bytes, dice: random.Random, head: int) -> bytes:
    """A few changes, most of them in the first `head` bytes, where the structure is."""
    changed = bytearray(data)
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(min(head, len(changed)) if dice.random() < 0.8 else len(changed))
        kind = dice.random()
        if kind < 0.4:
            changed[at] ^= 1 << dice.randrange(8)
        elif kind < 0.9:
            edge = dice.choice(EDGES)
            changed[at : at + len(edge)] = edge
        else:
            del changed[max(at, 64) :]
    return bytes(changed)


def _check(case: Case, path: Path) -> None:
    words = ["package", "floor", str(path)]
    if case.dice.random() < 0.8:
        layout = case.dice.choice(("auto", "loader", "host-libc", "static"))
        words = ["package", "check", str(path), "--layout", layout, "--format", case.dice.choice(REPORT_FORMATS)]
    if "check" in words and case.dice.random() < 0.3:
        words += case.dice.choice((["--cpu-floor", "v2"], ["--target", "ubuntu24.04"], ["-v"]))
    case.command(*words)


def elf(case: Case) -> None:
    """A package with mutated ELF files."""
    if not elf_files():
        return
    package = case.folder / "package"
    (package / "lib").mkdir(parents=True)
    (package / "run.sh").write_bytes(SCRIPT)
    for name in ("lib/ld.so", "server", "lib/x.so"):
        data = case.dice.choice(elf_files())
        (package / name).write_bytes(mutated(data, case.dice, 2500) if case.dice.random() < 0.8 else data)
        (package / name).chmod(0o755)
    before = snapshot(package)
    _check(case, package)
    if difference(before, snapshot(package)):
        case.fault("the package was changed")


def archives(case: Case) -> None:
    """Images with hostile names, kinds, links, whiteouts and damage: nothing is written outside."""
    dice = case.dice
    layers = [_layer(dice) for _ in range(dice.randint(1, 3))]
    kind = dice.random()
    if kind < 0.3:
        data = layers[0]
    elif kind < 0.6:
        many = 30 if len(layers[0]) < 1 << 20 and dice.random() < 0.3 else 1
        data = docker_save(layers * many, identities=None if dice.random() < 0.7 else ["sha256:0"] * len(layers) * many)
    else:
        data = files(oci(layers, nested=dice.random() < 0.5))
    if dice.random() < 0.5 and data:
        data = mutated(data, dice, len(data))
    if dice.random() < 0.2:
        data = gz(data)
    place = case.folder / "in"
    place.mkdir()
    (place / "package.tar").write_bytes(data)
    (case.folder / "evil").mkdir()
    before = snapshot(case.folder / "evil"), snapshot(place)
    _check(case, place / "package.tar")
    if before != (snapshot(case.folder / "evil"), snapshot(place)):
        case.fault("something was written beside the archive")


def _layer(dice: random.Random) -> bytes:
    members: list[Member] = [member("run.sh", SCRIPT, mode=0o755)] if dice.random() < 0.7 else []
    for _ in range(dice.randint(0, 12)):
        name, kind = dice.choice(NAMES), dice.choice(KINDS) if dice.random() < 0.5 else tarfile.REGTYPE
        content = dice.choice((b"", b"x", b"\x7fELF", SCRIPT, *elf_files()[:1])) if kind == tarfile.REGTYPE else b""
        members.append(member(name, content, kind=kind, link=dice.choice(LINKS), mode=dice.choice((0o644, 0o4777, 0))))
    if dice.random() < 0.1:
        members.append(member("bomb", bytes(20 << 20)))
    try:
        data = tar(*members)
    except (ValueError, UnicodeError):
        data = io.BytesIO(files({"run.sh": SCRIPT})).getvalue()
    return gz(data) if dice.random() < 0.4 else data
