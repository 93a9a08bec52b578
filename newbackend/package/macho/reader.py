"""The load commands of a Mach-O file, as records. The format: <mach-o/loader.h>, <mach-o/fat.h>."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from newbackend.package.archive import Buffer
from newbackend.records import dataclass

THIN = b"\xcf\xfa\xed\xfe"  # 64 bit: macOS runs nothing else since 10.15
FAT = b"\xca\xfe\xba\xbe"
# Bounds that no real file comes near. Java's class files begin like a fat file, with a version in place of the count.
MAX_SLICES = 16
MAX_COMMANDS = 20_000
MAX_COMMAND_BYTES = 8 << 20
CPUS = {0x01000007: "x86_64", 0x0100000C: "arm64", 7: "i386", 12: "arm"}
KINDS = {1: "object", 2: "program", 6: "library", 8: "bundle", 9: "stub", 10: "symbols"}
_WEAK = frozenset({"LC_LOAD_WEAK_DYLIB"})
_LIBRARIES = {0x0C: "LC_LOAD_DYLIB", 0x80000018: "LC_LOAD_WEAK_DYLIB", 0x8000001F: "LC_REEXPORT_DYLIB",
              0x20: "LC_LAZY_LOAD_DYLIB", 0x80000023: "LC_LOAD_UPWARD_DYLIB"}  # fmt: skip
LC_SEGMENT, LC_SEGMENT_64 = 0x01, 0x19
LC_ID_DYLIB, LC_CODE_SIGNATURE, LC_VERSION_MIN_MACOSX, LC_RPATH, LC_BUILD_VERSION = 0x0D, 0x1D, 0x24, 0x8000001C, 0x32


class MachError(Exception):
    """The bytes are not a Mach-O file that can be read; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A file for one processor. `libraries` are (name, weak); `minimum` is the oldest macOS, () when it is not said;
    `signature` is (offset in the slice, size), None without one; `offset` and `size` place the slice in its file."""

    cpu: str
    kind: str
    libraries: tuple[tuple[str, bool], ...]
    install_name: str
    rpaths: tuple[str, ...]
    minimum: tuple[int, ...]
    signature: tuple[int, int] | None
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class MachFile:
    """One file with its slices, at least one."""

    slices: tuple[Slice, ...]

    @property
    def kind(self) -> str:
        """`program`, `library`, `bundle` or another word of `KINDS`."""
        return self.slices[0].kind

    @property
    def cpus(self) -> frozenset[str]:
        """The processors that it runs on."""
        return frozenset(s.cpu for s in self.slices)


def reader_installed() -> bool:
    """Whether macholib is there."""
    return find_spec("macholib") is not None


def is_macho(head: bytes) -> bool:
    """Whether a file that begins with these 8 bytes is a Mach-O file."""
    fat = head[:4] == FAT and len(head) >= 8 and 0 < struct.unpack(">I", head[4:8])[0] <= MAX_SLICES
    return head[:4] == THIN or fat


def read_macho(data: Buffer) -> MachFile:
    """The records of a Mach-O file. Raises MachError for a damaged one, ImportError without macholib."""
    module: Any = import_module("macholib.MachO")
    try:
        return MachFile(tuple(_slice(module, data, start, size) for start, size in _slices(data)))
    except struct.error as err:
        raise MachError("it is cut off") from err


def _slices(data: Buffer) -> list[tuple[int, int]]:
    """(offset, size) of the parts for each processor."""
    if bytes(data[:4]) != FAT:
        return [(0, len(data))]
    count = struct.unpack_from(">I", data, 4)[0]
    rows = [struct.unpack_from(">5I", data, 8 + 20 * i) for i in range(min(count, MAX_SLICES))]
    if any(offset + size > len(data) for _, _, offset, size, _ in rows):
        raise MachError("it is cut off")
    return [(offset, size) for _, _, offset, size, _ in rows]


class _Commands(io.RawIOBase):
    """A file of `size` bytes of which only the load commands can be read; the rest is empty."""

    def __init__(self, head: bytes, size: int) -> None:
        self._head, self._size, self._at = head, size, 0

    def read(self, size: int = -1) -> bytes:
        chunk = self._head[self._at : self._at + size] if size >= 0 else self._head[self._at :]
        self._at += max(size, 0)
        return chunk

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = (0, self._at, self._size)[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at


def _header(module: Any, data: Buffer, start: int, size: int) -> Any:
    """macholib's record of one part. It gets the load commands only: it would read every section, and believe any
    count."""
    commands, length = struct.unpack_from("<II", data, start + 16)
    if commands > MAX_COMMANDS or length > MAX_COMMAND_BYTES or start + 32 + length > len(data):
        raise MachError(f"{commands} load commands of {length} bytes: cut off or damaged")
    loaded = module.MachO.__new__(module.MachO)
    vars(loaded).update(
        graphident="", filename="", loader_path="", fat=None, headers=[], allow_unknown_load_commands=True
    )
    try:
        loaded.load(_Commands(bytes(data[start : start + 32 + length]), size))
    except Exception as err:  # whatever struct, macholib's types or its assertions raise
        raise MachError(f"its load commands cannot be read ({type(err).__name__})") from err
    return loaded.headers[0]


def _slice(module: Any, data: Buffer, start: int, size: int) -> Slice:
    header = _header(module, data, start, size)
    libraries: list[tuple[str, bool]] = []
    rpaths: list[str] = []
    name, signature = "", None
    minimum: tuple[int, ...] = ()
    for command, body, rest in header.commands:
        number = command.cmd & 0xFFFFFFFF
        if number in _LIBRARIES:
            libraries.append((_text(rest), _LIBRARIES[number] in _WEAK))
        elif number == LC_RPATH:
            rpaths.append(_text(rest))
        elif number == LC_ID_DYLIB:
            name = _text(rest)
        elif number == LC_CODE_SIGNATURE:
            signature = (int(body.dataoff), int(body.datasize))
        elif number in (LC_BUILD_VERSION, LC_VERSION_MIN_MACOSX):
            packed = int(body.minos if number == LC_BUILD_VERSION else body.version)
            minimum = (packed >> 16, packed >> 8 & 0xFF)
    if any(end > size for end in _ends(header)):
        raise MachError("it is cut off")
    return Slice(
        CPUS.get(int(header.header.cputype) & 0xFFFFFFFF, f"processor {int(header.header.cputype)}"),
        KINDS.get(int(header.header.filetype), "other"),
        tuple(libraries), name, tuple(rpaths), minimum, signature, start, size,
    )  # fmt: skip


def _ends(header: Any) -> Iterator[int]:
    """Where the parts of the file end that load commands name: segments and the signature."""
    for command, body, _ in header.commands:
        if command.cmd in (LC_SEGMENT, LC_SEGMENT_64):
            yield int(body.fileoff) + int(body.filesize)
        elif command.cmd == LC_CODE_SIGNATURE:
            yield int(body.dataoff) + int(body.datasize)


def _text(raw: bytes) -> str:
    return bytes(raw).split(b"\0", 1)[0].decode("utf-8", "backslashreplace")[:4096]
