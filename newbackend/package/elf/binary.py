"""The bytes of an ELF file: constants, bounds-checked access, and the error for damaged files.

Field numbers: System V gABI and glibc's `elf.h`.
"""

from __future__ import annotations

import struct

from newbackend.package.archive import Buffer

MAGIC = b"\x7fELF"
MIN_SIZE = 52  # the header of a 32 bit file
ET_EXEC, ET_DYN = 2, 3
PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE = 1, 2, 3, 4
PT_GNU_STACK, PT_GNU_PROPERTY = 0x6474E551, 0x6474E553
PF_X, PF_W = 1, 2
DT_INIT, DT_PREINIT_ARRAY, DT_PREINIT_ARRAYSZ = 12, 32, 33
DT_NULL, DT_NEEDED, DT_HASH, DT_STRTAB, DT_SYMTAB = 0, 1, 4, 5, 6
DT_RELA, DT_RELASZ, DT_STRSZ, DT_SONAME, DT_RPATH = 7, 8, 10, 14, 15
DT_PLTRELSZ, DT_JMPREL, DT_TEXTREL, DT_INIT_ARRAY, DT_INIT_ARRAYSZ, DT_RUNPATH, DT_FLAGS = 2, 23, 22, 25, 27, 29, 30
DT_GNU_HASH, DT_VERSYM, DT_VERDEF, DT_VERDEFNUM = 0x6FFFFEF5, 0x6FFFFFF0, 0x6FFFFFFC, 0x6FFFFFFD
DT_VERNEED, DT_VERNEEDNUM, DT_FLAGS_1 = 0x6FFFFFFE, 0x6FFFFFFF, 0x6FFFFFFB
DF_TEXTREL, DF_1_PIE = 0x4, 0x08000000
VER_FLG_WEAK, VER_FLG_BASE = 0x2, 0x1
SHF_EXECINSTR, SHT_NOBITS, SHT_DYNSYM = 0x4, 8, 11
NT_GNU_BUILD_ID, NT_GNU_PROPERTY_TYPE_0, NT_FDO_DLOPEN = 3, 5, 0x407C0C0A
GNU_PROPERTY_X86_ISA_1_NEEDED = 0xC0008002

# Machine numbers (gABI registry).
X86_64, AARCH64 = 62, 183
MACHINES = {
    3: "i386", 8: "mips", 20: "ppc", 21: "ppc64", 22: "s390x", 40: "arm", X86_64: "x86-64", AARCH64: "aarch64",
    243: "riscv", 258: "loongarch",
}  # fmt: skip
# Code for a device, shipped as data inside a package: never loaded by the host's loader.
DEVICES = {190: "CUDA", 224: "AMD GPU", 247: "BPF", 205: "Intel GPU"}

# Bounds that no real file comes near; they keep a hostile one from costing minutes or gigabytes.
MAX_ENTRIES = 100_000
MAX_STRTAB = 256 << 20
MAX_NOTES = 1 << 20
MAX_NEEDED = 4096
MAX_PROGRAM_HEADERS = 1 << 16  # bytes; what the kernel reads at most (fs/binfmt_elf.c)
MAX_NAME = 4096  # a library or a version
MAX_PATH_LIST = 1 << 14  # RPATH, RUNPATH
MAX_SYMBOL_NAME = 1 << 16  # templates make long names
# Bytes that the records of one file may take, of a whole package, and the symbols of a whole package.
MAX_RECORD = 16 << 20
MAX_RECORDS = 512 << 20
MAX_SYMBOL_BYTES = 1 << 30
OBJECT_BYTES = 150  # about one small object of Python


def machine_name(number: int) -> str:
    """The usual name of a machine number; the number itself when it has none here."""
    return MACHINES.get(number) or DEVICES.get(number) or f"machine {number}"


class ELFError(Exception):
    """The bytes are not an ELF file that can be read; the text is the reason."""


class Budget:
    """How many bytes of memory the reading of hostile tables may still cost."""

    def __init__(self, size: int, outer: Budget | None = None) -> None:
        self._size = self._left = size
        self._outer = outer

    def spend(self, size: int) -> None:
        """Take `size` bytes; raises ELFError when they are more than is left."""
        self._left -= size
        if self._left < 0:
            raise ELFError(f"its tables take more than {self._size >> 20} MiB, which no real file comes near")
        if self._outer is not None:
            self._outer.spend(size)


class Reader:
    """Bounds-checked access to one file's bytes in its own class and byte order."""

    def __init__(self, data: Buffer, budget: Budget | None = None) -> None:
        self.budget = budget or Budget(MAX_RECORD)
        if len(data) < MIN_SIZE or bytes(data[:4]) != MAGIC:
            raise ELFError("no ELF header")
        if data[4] not in (1, 2) or data[5] not in (1, 2):
            raise ELFError(f"unknown ELF class {data[4]} or byte order {data[5]}")
        self.data = data
        self.size = len(data)
        self.wide = data[4] == 2
        self.little = data[5] == 1
        self.prefix = "<" if self.little else ">"
        self.word = 8 if self.wide else 4

    def unpack(self, layout: str, offset: int) -> tuple[int, ...]:
        """Unsigned fields at `offset`; raises ELFError past the end."""
        try:
            return struct.unpack_from(self.prefix + layout, self.data, offset)
        except (struct.error, OverflowError):
            raise ELFError(f"truncated: wants bytes at 0x{offset:x}, the file has {self.size}") from None

    def slice(self, offset: int, size: int) -> bytes:
        """`size` bytes at `offset`; raises ELFError when the file is shorter."""
        if offset < 0 or size < 0 or offset + size > self.size:
            raise ELFError(f"truncated: wants 0x{size:x} bytes at 0x{offset:x}, the file has {self.size}")
        return bytes(self.data[offset : offset + size])


class Strings:
    """A string table; every name read from it is bounded, and paid for."""

    def __init__(self, table: bytes, budget: Budget) -> None:
        self._table = table
        self._budget = budget

    def at(self, offset: int, limit: int = MAX_NAME) -> str:
        """The NUL-terminated name at `offset`; raises ELFError outside of the table and for one longer than `limit`."""
        table = self._table
        end = table.find(b"\0", offset, offset + limit + 1) if 0 <= offset < len(table) else -1
        if end < 0:
            if 0 <= offset < len(table) - limit:
                raise ELFError(f"a name of more than {limit} bytes")
            raise ELFError(f"name offset 0x{offset:x} is outside the string table")
        self._budget.spend(OBJECT_BYTES + end - offset)
        return table[offset:end].decode("utf-8", "backslashreplace")
