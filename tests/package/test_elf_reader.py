"""The ELF reader says what pyelftools says, on this machine's libraries, and refuses the rest in one way."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from newbackend.package.elf import ELFError, ELFFile, parse_elf, read_symbols
from newbackend.package.elf.binary import MAGIC
from newbackend.package.elf.tables import DlopenNote
from package.workshop import Built, library, missing_tools

LIMIT = 300
SYMBOLS_BELOW = 200_000


def system_libraries() -> list[Path]:
    """Up to 300 shared libraries of this machine, each once."""
    places = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/lib")
    found = {p.resolve() for place in places for p in Path(place).glob("lib*.so*")}
    usable = [p for p in sorted(found) if p.is_file() and p.read_bytes()[:4] == MAGIC]
    return usable[:: max(len(usable) // LIMIT, 1)][:LIMIT]


def oracle(path: Path) -> dict[str, Any]:
    """What pyelftools reads of the same file."""
    elffile = pytest.importorskip("elftools.elf.elffile", reason="pyelftools is the oracle")
    gnu = pytest.importorskip("elftools.elf.gnuversions")
    with path.open("rb") as source:
        elf = elffile.ELFFile(source)
        dynamic = elf.get_section_by_name(".dynamic")
        tags: dict[str, list[Any]] = {}
        for tag in dynamic.iter_tags() if dynamic else ():
            value = next((getattr(tag, n) for n in ("needed", "soname", "rpath", "runpath") if hasattr(tag, n)), 0)
            tags.setdefault(tag.entry.d_tag, []).append(value)
        needs, definitions = set(), set()
        for section in elf.iter_sections():
            if isinstance(section, gnu.GNUVerNeedSection):
                needs |= {(need.name, aux.name) for need, auxes in section.iter_versions() for aux in auxes}
            if isinstance(section, gnu.GNUVerDefSection):
                for definition, auxes in section.iter_versions():
                    if not definition["vd_flags"] & 1:
                        definitions.add(next(iter(auxes)).name)
        notes = [n for s in elf.iter_segments() if s["p_type"] == "PT_NOTE" for n in s.iter_notes()]
        # The oracle takes seconds per large symbol table; small ones show the same.
        symbols = elf.get_section_by_name(".dynsym") if path.stat().st_size < SYMBOLS_BELOW else None
        return {
            "machine": elf["e_machine"],
            "needed": tuple(tags.get("DT_NEEDED", [])),
            "soname": (tags.get("DT_SONAME") or [""])[0],
            "rpath": (tags.get("DT_RPATH") or [""])[0],
            "runpath": (tags.get("DT_RUNPATH") or [""])[0],
            "interp": next((s.get_interp_name() for s in elf.iter_segments() if s["p_type"] == "PT_INTERP"), ""),
            "needs": needs,
            "definitions": definitions,
            "build_id": next((n["n_desc"] for n in notes if n["n_type"] == "NT_GNU_BUILD_ID"), ""),
            "defined": {
                s.name
                for s in (symbols.iter_symbols() if symbols else ())
                if s.name and s["st_shndx"] != "SHN_UNDEF" and s["st_info"]["bind"] != "STB_LOCAL"
            },
        }


def ours(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    elf = parse_elf(data)
    return {
        "machine": {62: "EM_X86_64", 183: "EM_AARCH64", 3: "EM_386"}.get(elf.machine, elf.machine),
        "needed": elf.needed,
        "soname": elf.soname,
        "rpath": elf.rpath,
        "runpath": elf.runpath,
        "interp": elf.interp,
        "needs": {(n.library, n.version) for n in elf.needs},
        "definitions": set(elf.versions),
        "build_id": elf.build_id,
        "defined": set(read_symbols(data, elf).names) if len(data) < SYMBOLS_BELOW else set(),
    }


def test_it_agrees_with_pyelftools_on_the_libraries_of_this_machine() -> None:
    pytest.importorskip("elftools", reason="pyelftools is the oracle")
    libraries = system_libraries()
    if len(libraries) < 20:
        pytest.skip("fewer than 20 shared libraries here")
    for path in libraries:
        assert ours(path) == oracle(path), path


def test_symbols_are_found_without_a_section_table(built: Built) -> None:
    stripped = bytearray(built.foo.read_bytes())
    whole = read_symbols(bytes(stripped), parse_elf(bytes(stripped)))
    stripped[40:48] = bytes(8)  # e_shoff
    stripped[60:62] = bytes(2)  # e_shnum
    bare = read_symbols(bytes(stripped), parse_elf(bytes(stripped)))
    assert "foo" in bare.names
    assert bare.defined == whole.defined


def test_the_symbols_of_a_program_without_exports_are_found_without_a_section_table(built: Built) -> None:
    data = bytearray(built.server.read_bytes())
    whole = {r.name for r in read_symbols(bytes(data), parse_elf(bytes(data))).references}
    data[40:48], data[60:62] = bytes(8), bytes(2)
    bare = {r.name for r in read_symbols(bytes(data), parse_elf(bytes(data))).references}
    assert "foo" in bare
    assert bare == whole


def test_versioned_references_name_their_library(built: Built) -> None:
    data = built.server.read_bytes()
    references = {r.name: r for r in read_symbols(data, parse_elf(data)).references}
    assert references["__libc_start_main"].library == "libc.so.6"
    assert references["__libc_start_main"].version.startswith("GLIBC_2.")
    assert references["foo"].version == ""


def _flags(built: Built, *flags: str) -> ELFFile:
    return parse_elf(library(built.root / "x.so", "int x;", "libx.so.1", *flags).read_bytes())


def test_stack_and_level_and_paths_are_read(built: Built) -> None:
    plain = _flags(built)
    assert (plain.execstack, plain.textrel, plain.runpath, plain.isa_needed & ~1) == (False, False, "", 0)
    assert _flags(built, "-Wl,-z,execstack").execstack is True
    assert _flags(built, "-Wl,-rpath,$ORIGIN/y", "-Wl,--enable-new-dtags").runpath == "$ORIGIN/y"
    assert _flags(built, "-Wl,-rpath,$ORIGIN/y", "-Wl,--disable-new-dtags").rpath == "$ORIGIN/y"
    assert _flags(built, "-Wl,-z,x86-64-v3").isa_needed & 4


def test_a_declared_dlopen_dependency_is_read(built: Built) -> None:
    from package.defects import DEFECTS

    next(d for d in DEFECTS if d.rule == "PKG301").break_it(built)
    notes = parse_elf(built.foo.read_bytes()).dlopen_notes
    assert notes == (DlopenNote(("libcodec.so.3",), "codec", "recommended"),)


def _header(bits: int, big: bool) -> bytes:
    """A minimal ELF header with one PT_INTERP, in any class and byte order."""
    order = ">" if big else "<"
    ident = MAGIC + bytes([2 if bits == 64 else 1, 2 if big else 1, 1]) + bytes(9)
    if bits == 64:
        head = struct.pack(order + "HHIQQQIHHHHHH", 3, 22, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
        table = struct.pack(order + "IIQQQQQQ", 3, 4, 120, 0, 0, 8, 8, 1)
    else:
        head = struct.pack(order + "HHIIIIIHHHHHH", 3, 8, 1, 0, 52, 0, 0, 52, 32, 1, 0, 0, 0)
        table = struct.pack(order + "IIIIIIII", 3, 84, 0, 0, 8, 8, 4, 1)
    return ident + head + table + b"/lib/ld\0"


@pytest.mark.parametrize(("bits", "big"), [(32, False), (32, True), (64, False), (64, True)])
def test_both_classes_and_byte_orders_are_read(bits: int, big: bool) -> None:
    elf = parse_elf(_header(bits, big))
    assert (elf.bits, elf.little, elf.interp, elf.dynamic) == (bits, not big, "/lib/ld", False)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no ELF header"),
        (b"#!/bin/sh\n" * 20, "no ELF header"),
        (MAGIC + bytes(60), "unknown ELF class"),
        (_header(64, False)[:100], "truncated"),
    ],
)
def test_what_is_no_elf_file_is_refused_in_one_way(data: bytes, words: str) -> None:
    with pytest.raises(ELFError, match=words):
        parse_elf(data)


@pytest.mark.skipif(bool(missing_tools()), reason=missing_tools() or "gcc is there")
def test_every_truncation_of_a_library_is_refused_or_read(built: Built) -> None:
    data = built.foo.read_bytes()
    refused = 0
    for size in range(0, len(data), 61):
        try:
            elf = parse_elf(data[:size])
            read_symbols(data[:size], elf)
        except ELFError:
            refused += 1
    assert refused > 100
