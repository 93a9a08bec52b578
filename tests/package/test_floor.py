"""The one-line answer: newest symbol versions and CPU level, and by what."""

from __future__ import annotations

import json

import pytest

from newbackend.package import Layout, PackageOptions, check_package, package_floor
from newbackend.package.floor import CpuFloor, Floor
from package.workshop import FOO, Built, library


def test_the_line_names_version_file_and_symbol(built: Built) -> None:
    built.host_libc()
    library(built.foo, "#include <stdlib.h>\n" + FOO + "unsigned r(void) { return arc4random(); }", "libfoo.so.1")
    line = package_floor(built.root).line()
    assert line.startswith("GLIBC_2.36 set by lib/libfoo.so.1 (arc4random); ")


def test_the_line_ends_with_the_cpu_level_and_the_bundled_glibc(built: Built) -> None:
    pytest.importorskip("iced_x86", reason="the decoder is an extra")
    floor = package_floor(built.root)
    assert "; x86-64-v1; bundled glibc 2." in floor.line()
    assert floor.bundled.startswith("2.")


def test_the_json_says_the_same_and_is_plain_data(built: Built) -> None:
    floor = package_floor(built.root)
    data = json.loads(json.dumps(floor.as_json()))
    version = data["versions"]["GLIBC"]
    assert floor.line().startswith(f"{version['version']} set by {version['path']} ({version['symbol']})")
    assert data["layout"] == "loader"


def test_undispatched_avx2_sets_the_cpu_level(built: Built) -> None:
    pytest.importorskip("iced_x86", reason="the decoder is an extra")
    from package.defects import DEFECTS

    next(d for d in DEFECTS if d.name == "AVX2 without dispatch").break_it(built)
    floor = package_floor(built.root)
    assert (floor.cpu.level, floor.cpu.path) == (3, "lib/libfoo.so.1")
    assert "x86-64-v3 set by lib/libfoo.so.1" in floor.line()


def test_a_declared_level_counts_without_a_scan(built: Built) -> None:
    library(built.foo, FOO, "libfoo.so.1", "-Wl,-z,x86-64-v2")
    assert package_floor(built.root).cpu.level == 2


def test_without_a_decoder_the_level_is_said_to_be_unknown(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newbackend.package.cpu.scan.find_decoder", lambda: None)
    assert "CPU level unknown: no instruction decoder" in package_floor(built.root).line()


def test_versions_answered_by_bundled_libraries_do_not_count_for_the_host(built: Built) -> None:
    script = built.root.parent / "v.map"
    script.write_text("GLIBCXX_3.4.99 { global: foo; };", "utf-8")
    library(built.foo, FOO, "libfoo.so.1", f"-Wl,--version-script={script}")
    from package.workshop import server

    server(built.server, built.foo)
    built.host_libc()
    floor: Floor = package_floor(built.root)
    assert [n.version.split("_")[0] for n in floor.needs] == ["GLIBC"]


def test_weak_needs_set_no_floor(built: Built) -> None:
    """A weak version need (VER_FLG_WEAK) does not stop the loader."""
    built.host_libc()
    data = bytearray(built.server.read_bytes())
    from newbackend.package.elf import parse_elf
    from newbackend.package.elf.binary import DT_VERNEED

    elf = parse_elf(bytes(data))
    newest = max((n for n in elf.needs), key=lambda n: [int(p) for p in n.version.split("_")[1].split(".")])
    at = elf.offset_of(elf.tags[DT_VERNEED])
    while int.from_bytes(data[at + 6 : at + 8], "little") != newest.index:
        at += 4
    data[at + 4] |= 2
    before = package_floor(built.root).needs[0].version
    built.server.write_bytes(data)
    assert before == newest.version
    assert package_floor(built.root).needs[0].version != before


def test_what_is_declared_and_not_scanned_is_no_level_of_its_own() -> None:
    """`package check` does not scan by itself; it must not name another level than `package floor`."""
    declared = CpuFloor(2, "lib/libfoo.so.1", "not scanned (--cpu-floor)", at_least=True)
    line = Floor((), declared, Layout.LOADER, "x86-64", "").line()
    assert "at least x86-64-v2, declared by lib/libfoo.so.1; CPU instructions not scanned (--cpu-floor)" in line


def test_check_names_the_level_that_floor_names(built: Built) -> None:
    pytest.importorskip("iced_x86", reason="the decoder is an extra")
    unscanned = str(check_package(built.root, options=PackageOptions()).layout["floor_line"])
    assert "CPU level unknown: not scanned (--cpu-floor)" in unscanned
    scanned = check_package(built.root, options=PackageOptions(cpu_floor="x86-64-v2")).layout["floor_line"]
    assert scanned == package_floor(built.root).line()
