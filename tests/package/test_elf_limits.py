"""A small file cannot make the ELF reader take much memory or time."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import pytest

from newbackend.package import PackageOptions, check_package
from newbackend.package.elf import ELFError, executable_parts, parse_elf
from newbackend.package.elf.binary import MAGIC, MAX_NAME, MAX_NEEDED, MAX_PATH_LIST
from package import archives
from package.limits import run_limited

DT_NEEDED, DT_STRTAB, DT_SYMTAB, DT_STRSZ, DT_HASH, DT_RUNPATH = 1, 5, 6, 10, 4, 29


def elf(dynamic: list[tuple[int, int]], strings: bytes, tail: bytes = b"", *, notes: int = 0) -> bytes:
    """A shared library: a load segment over the whole file, then the dynamic section, the strings, the tail.

    Tags whose value is negative get the address of the tail plus that value's distance from -1.
    """
    count = 2 + notes
    start = 64 + 56 * count
    table = start + 16 * (len(dynamic) + 3)
    rows = [(t, table + len(strings) - v - 1 if v < 0 else v) for t, v in dynamic]
    rows += [(DT_STRTAB, table), (DT_STRSZ, len(strings)), (0, 0)]
    body = b"".join(struct.pack("<QQ", *row) for row in rows) + strings + tail
    size = start + len(body)
    head = MAGIC + bytes([2, 1, 1]) + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, count, 0, 0, 0)
    head += struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, size, size, 4096)
    head += struct.pack("<IIQQQQQQ", 2, 6, start, start, 0, 16 * len(rows), 16 * len(rows), 8)
    return head + struct.pack("<IIQQQQQQ", 4, 4, table, table, 0, len(strings), len(strings), 4) * notes + body


def test_a_name_of_the_longest_kind_is_read() -> None:
    record = parse_elf(elf([(DT_NEEDED, 0)], b"a" * MAX_NAME + b"\0"))
    assert record.needed == ("a" * MAX_NAME,)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (elf([(DT_NEEDED, 0)], b"a" * (MAX_NAME + 1) + b"\0"), "a name of more than 4096 bytes"),
        (elf([(DT_RUNPATH, 0)], b"a" * (MAX_PATH_LIST + 1) + b"\0"), "a name of more than 16384 bytes"),
        (elf([(DT_NEEDED, 0)] * (MAX_NEEDED + 1), b"a\0"), "more than 4096 libraries"),
        (elf([(DT_NEEDED, i % 16) for i in range(MAX_NEEDED)], b"a" * MAX_NAME + b"\0"), "more than 16 MiB"),
        (elf([], b"a" * (1 << 20), notes=20), "more than 16 MiB"),
        (elf([], b"", notes=2000), "2002 program headers"),
    ],
    ids=["name", "path", "count", "total", "notes", "segments"],
)
def test_more_than_any_real_file_has_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(ELFError, match=words):
        parse_elf(data)


CHECK = """
import sys
from pathlib import Path
from newbackend.package import PackageOptions, check_package
report = check_package(Path(sys.argv[1]), options=PackageOptions())
print(sorted({f.rule.id for f in report.findings}), len([f for f in report.findings if "MiB" in f.message]))
"""


def test_many_needs_of_one_long_name_cost_little_memory(tmp_path: Path) -> None:
    """The name is paid for each time it is read: 100,000 times 100 KB before."""
    library = elf([(DT_NEEDED, 0)] * 90_000, b"a" * 100_000 + b"\0")
    archive = tmp_path / "p.tar.gz"
    archive.write_bytes(gzip.compress(archives.files({"lib/libx.so": library, "run.sh": b"#!/bin/sh\n"})))
    assert archive.stat().st_size < 20_000
    assert "PKG" in run_limited(CHECK, str(archive))


def test_one_file_under_many_names_is_paid_for_each_time(tmp_path: Path) -> None:
    library = elf([(DT_NEEDED, 0)] * 3000, b"a" * 4000 + b"\0")
    members = [archives.member("lib/libx.so", library)]
    members += [archives.member(f"lib/lib{i}.so", kind=b"1", link="lib/libx.so") for i in range(300)]
    archive = tmp_path / "p.tar.gz"
    archive.write_bytes(gzip.compress(archives.tar(*members)))
    code = """
import sys
from pathlib import Path
from newbackend.package.archive import open_package
from newbackend.package.model import load_package
from newbackend.package import PackageOptions
package = load_package(open_package(Path(sys.argv[1])), PackageOptions())
print(len(package.elves), set(package.broken.values()))
"""
    assert "more than 512 MiB" in run_limited(code, str(archive), memory=1 << 30)


def test_symbols_of_one_long_name_cost_little_memory(tmp_path: Path) -> None:
    """The names end alike, so that each is another string: 40,000 of 60 KB."""
    count = 40_000
    strings = b"\0" + b"a" * 60_000 + b"\0"
    symbols = b"".join(struct.pack("<IBBHQQ", 1 + i % 1000, 0x10, 0, 1, 0, 0) for i in range(count))
    data = elf([(DT_SYMTAB, -9), (DT_HASH, -1)], strings, struct.pack("<II", 1, count) + symbols)
    (tmp_path / "libx.so").write_bytes(data)
    code = """
import sys
from pathlib import Path
from newbackend.package.elf import ELFError, parse_elf, read_symbols
data = Path(sys.argv[1]).read_bytes()
try:
    print(len(read_symbols(data, parse_elf(data)).names))
except ELFError as err:
    print(err)
"""
    assert "more than 1024 MiB" in run_limited(code, str(tmp_path / "libx.so"), memory=1300 << 20)


def test_a_symbol_table_beyond_the_limits_is_a_finding(tmp_path: Path) -> None:
    strings = b"\0" + b"a" * 70_000 + b"\0"
    tail = struct.pack("<II", 1, 2) + bytes(24) + struct.pack("<IBBHQQ", 1, 0x10, 0, 1, 0, 0)
    data = bytearray(elf([(DT_SYMTAB, -9), (DT_HASH, -1)], strings, tail))
    data[16] = 2  # a program
    (tmp_path / "server").write_bytes(data)
    (tmp_path / "server").chmod(0o755)
    report = check_package(tmp_path, options=PackageOptions())
    (message,) = [f.message for f in report.findings if f.rule.id == "PKG110"]
    assert message == "server is damaged: a name of more than 65536 bytes"


def test_a_search_in_millions_of_places_is_refused(tmp_path: Path) -> None:
    """900 directories for each of 4,000 names."""
    names = b"".join(b"l%d\0" % i for i in range(4000))
    at, offsets = 0, []
    for name in names.split(b"\0")[:-1]:
        offsets.append(at)
        at += len(name) + 1
    path = b":".join(b"$ORIGIN/%d" % i for i in range(900)) + b"\0"
    data = bytearray(elf([(DT_NEEDED, o) for o in offsets] + [(DT_RUNPATH, at)], names + path))
    data[16] = 2
    (tmp_path / "server").write_bytes(data)
    (tmp_path / "server").chmod(0o755)
    code = CHECK.replace("report =", "from newbackend.errors import UsageError\ntry:\n    report =")
    code = code.replace("print(", "    print(") + "except UsageError as err:\n    print(err)\n"
    assert "more than 1000000 places" in run_limited(code, str(tmp_path), memory=800 << 20)


def test_sections_that_share_bytes_are_scanned_once() -> None:
    data = bytearray(elf([], b"\0"))
    size = len(data)
    section = struct.pack("<IIQQQQIIQQ", 0, 1, 4, 0, 0, size, 0, 0, 1, 0)
    data[40:48] = struct.pack("<Q", size)  # e_shoff
    data[58:62] = struct.pack("<HH", 64, 5000)
    data += section * 5000
    parts = list(executable_parts(bytes(data), parse_elf(bytes(data))))
    assert sum(len(code) for _, code in parts) <= len(data)
