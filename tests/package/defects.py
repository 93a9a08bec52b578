"""Every way in which a package was seen to fail, as a change to the good one.

A row names what is broken, the rule that finds it, and what really happens in a root that holds nothing
but the package.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

from package.workshop import FOO, RUN_SH, Built, library, server

PASSES, FAILS, NOT_RUN = "passes", "fails", "not run"


@dataclass(frozen=True)
class Defect:
    """One row. `rule` and `level` are the finding that must be there; `also` may come with it.

    `smoke` is the verdict of the run in an empty root; `options` those of the check.
    """

    name: str
    rule: str
    break_it: Callable[[Built], object]
    level: str = "error"
    smoke: str = NOT_RUN
    also: frozenset[str] = frozenset()
    options: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return self.name


def _rename_foo(b: Built) -> None:
    b.foo.rename(b.lib / "libfoo.so.1.2.3")


def _absolute_link(b: Built) -> None:
    b.foo.rename(b.lib / "libfoo.so.1.2.3")
    b.foo.symlink_to("/opt/build/lib/libfoo.so.1.2.3")


def _truncate(b: Built) -> None:
    b.foo.write_bytes(b.foo.read_bytes()[:5000])


def _wrong_machine(b: Built) -> None:
    data = bytearray(b.foo.read_bytes())
    data[18:20] = struct.pack("<H", 183)
    b.foo.write_bytes(data)


def _elf_hash(name: bytes) -> bytes:
    value = 0
    for byte in name:
        value = (value << 4) + byte
        value = (value ^ (value & 0xF0000000) >> 24) & 0x0FFFFFFF
    return struct.pack("<I", value)


def _future_glibc(b: Built) -> None:
    """The newest need of the server renamed to a version of the future, hash included."""
    old = max(re.findall(rb"GLIBC_2\.\d\d(?=\0)", b.server.read_bytes()))
    b.patch(b.server, old, b"GLIBC_2.99")
    b.patch(b.server, _elf_hash(old), _elf_hash(b"GLIBC_2.99"))


def _missing_symbol(b: Built) -> None:
    library(b.foo, "int bar(int x) { return x; }", "libfoo.so.1")


def _dlopen(b: Built) -> None:
    extra = (
        "-DEXTRA_DECLARATIONS=void *dlopen(const char *, int);",
        '-DEXTRA_STATEMENTS=if (!dlopen("libplugin.so.2", 2)) return 79;',
    )
    server(b.server, b.foo, *extra)


def _system(b: Built) -> None:
    server(b.server, b.foo, "-DEXTRA_STATEMENTS=if (argc > 100) system(argv[1]);")


def _rpath_wins(b: Built) -> None:
    library(b.root / "old" / "libfoo.so.1", FOO + "int older;", "libfoo.so.1")
    server(b.server, b.foo, "-Wl,-rpath,$ORIGIN/old", "-Wl,--disable-new-dtags")


def _build_path(b: Built) -> None:
    server(b.server, b.foo, "-Wl,-rpath,/home/ci/build/lib")


def _nix_loader(b: Built) -> None:
    server(b.server, b.foo, "-Wl,--dynamic-linker=/nix/store/abc/ld-linux-x86-64.so.2")


def _nix_without_loader(b: Built) -> None:
    b.host_libc()
    _nix_loader(b)


def _host_command(b: Built) -> None:
    line = "grep -c processor /proc/cpuinfo\n"
    b.script(RUN_SH.replace(line, "").replace("if [ -f", line + "if [ -f"))


def _other_loader(b: Built) -> None:
    _banner(b, "ld.so", b"2.97")


def _banner(b: Built, name: str, release: bytes) -> None:
    path = b.lib / name
    data = path.read_bytes()
    mark = b"release version "
    at = data.index(mark) + len(mark)
    path.write_bytes(data[:at] + release + data[at + 4 :])


def _old_libc(b: Built) -> None:
    _banner(b, "libc.so.6", b"2.31")
    _banner(b, "ld.so", b"2.31")


def _mixed_family(b: Built) -> None:
    """A libm that defines a version which the bundled libc's glibc does not have."""
    script = b.root.parent / "m.map"
    script.write_text("GLIBC_2.2.5 { }; GLIBC_2.99 { global: cosm; };", "utf-8")
    new = library(b.lib / "libm.so.6", "int cosm(void) { return 1; }", "libm.so.6", f"-Wl,--version-script={script}")
    server(b.server, b.foo, "-Wl,--no-as-needed", libraries=[new])


def _execstack(b: Built) -> None:
    library(b.foo, FOO, "libfoo.so.1", "-Wl,-z,execstack")


def _textrel(b: Built) -> None:
    source = FOO + '__asm__(".text\\n.quad foo\\n");'
    library(b.foo, source, "libfoo.so.1", "-Wl,-z,notext")


def _driver(b: Built) -> None:
    library(b.lib / "libcuda.so.1", "int cuInit(int x) { return x; }", "libcuda.so.1")


def _driver_needed(b: Built) -> None:
    _driver(b)
    library(b.foo, FOO, "libfoo.so.1", "-Wl,--no-as-needed", libraries=[b.lib / "libcuda.so.1"])
    (b.lib / "libcuda.so.1").unlink()


def _half_cudnn(b: Built) -> None:
    library(b.lib / "libcudnn.so.9", "int cudnn;", "libcudnn.so.9")


def _dlopen_note(b: Built) -> None:
    note = (
        '.pushsection .note.dlopen, "a", @note\n.balign 4\n.long 4, 2f-1f, 0x407c0c0a\n.asciz "FDO"\n'
        '1: .asciz "[{\\\\"feature\\\\":\\\\"codec\\\\",\\\\"priority\\\\":\\\\"recommended\\\\",'
        '\\\\"soname\\\\":[\\\\"libcodec.so.3\\\\"]}]"\n2: .balign 4\n.popsection\n'
    )
    quoted = note.replace('"', '\\"').replace('\\\\\\"', '\\\\\\"').replace("\n", "\\n")
    library(b.foo, FOO + f'__asm__("{quoted}");', "libfoo.so.1")


def _no_data(b: Built) -> None:
    library(b.lib / "libespeak-ng.so.1", "int espeak;", "libespeak-ng.so.1")


def _vulkan_manifest(b: Built) -> None:
    directory = b.root / "vulkan" / "icd.d"
    directory.mkdir(parents=True)
    (directory / "lvp.json").write_text('{"ICD": {"library_path": "/usr/lib/libvulkan_lvp.so"}}', "utf-8")


def _two_copies(b: Built) -> None:
    library(b.root / "venv" / "libfoo.so.1", FOO + "int other;", "libfoo.so.1")


def _needs_unbundled_libc(b: Built) -> None:
    b.host_libc()
    library(b.foo, "#include <stdlib.h>\n" + FOO + "unsigned r(void) { return arc4random(); }", "libfoo.so.1")


def _needs_new_libstdcxx(b: Built) -> None:
    b.host_libc()
    script = b.root.parent / "cxx.map"
    script.write_text("GLIBCXX_3.4.99 { global: later; };", "utf-8")
    stub = b.root.parent / "stub" / "libstdc++.so.6"
    library(stub, "void later(void) {}", "libstdc++.so.6", f"-Wl,--version-script={script}")
    library(b.foo, FOO + "void later(void); void call(void) { later(); }", "libfoo.so.1", libraries=[stub])


def _libc_in_host_layout(b: Built) -> None:
    libc = (b.lib / "libc.so.6").read_bytes()
    b.host_libc()
    (b.lib / "libc.so.6").write_bytes(libc)


def _dynamic_called_static(b: Built) -> None:
    b.host_libc()


def _crlf(b: Built) -> None:
    b.script(RUN_SH.replace("\n", "\r\n"))


def _no_program(b: Built) -> None:
    b.server.rename(b.root / "grpc-server")


def _build_shebang(b: Built) -> None:
    b.server.write_text("#!/build/venv/bin/python3\n", "utf-8")
    b.server.chmod(0o755)
    b.script('#!/bin/bash\nCURDIR=$(dirname "$(realpath "$0")")\nexec "$CURDIR"/server "$@"\n')


def _isa_note(b: Built) -> None:
    library(b.foo, FOO, "libfoo.so.1", "-Wl,-z,x86-64-v3")


_LOOP = "void add(float *a, float *b, int n) { for (int i = 0; i < n; i++) a[i] = a[i] * b[i] + a[i]; }\n"


def _avx2(b: Built) -> None:
    caller = "int foo(int x) { float a[64] = {1}, b[64] = {2}; add(a, b, 8 * (x + 7)); return x * 3; }\n"
    library(b.foo, _LOOP + caller, "libfoo.so.1", "-O3", "-march=haswell", "-fno-inline")


def _variant_with_too_much(b: Built) -> None:
    more = "".join(_LOOP.replace("add", f"add{i}") for i in range(8))
    library(b.lib / "libgofoo-fallback.so", more, "", "-O3")
    library(b.lib / "libgofoo-avx.so", more, "", "-O3", "-march=haswell")


def _constructor(b: Built) -> None:
    source = (
        "static " + _LOOP + "float a[64], b[64]; __attribute__((constructor)) static void up(void) { add(a, b, 64); }"
    )
    library(b.lib / "libgofoo-fallback.so", _LOOP, "", "-O3")
    library(b.lib / "libgofoo-avx2.so", source, "", "-O3", "-march=haswell")


def _small_pages(b: Built) -> None:
    """Everything made aarch64 by its header, which is all that this rule reads."""
    for name in ("ld.so", "libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1"):
        (b.lib / name).unlink()
    for path in (b.foo, b.server):
        data = bytearray(path.read_bytes())
        data[18:20] = struct.pack("<H", 183)
        path.write_bytes(data)


def _large_copies(b: Built) -> None:
    for name in ("a.bin", "b.bin"):
        (b.root / name).write_bytes(b"model" * (3 << 20))


V1 = (("cpu_floor", "x86-64"),)
# 101 comes along where a damaged or unusable file also leaves its name unanswered.
TWICE = frozenset({"PKG109"})
LOST = frozenset({"PKG101"})

DEFECTS: tuple[Defect, ...] = (
    Defect("run.sh missing", "PKG001", lambda b: b.run.unlink(), smoke=FAILS),
    Defect("run.sh with CRLF", "PKG001", _crlf, also=frozenset({"PKG003", "PKG101", "PKG106"})),
    Defect("run.sh names a program that is not there", "PKG001", _no_program, smoke=FAILS),
    Defect("A: library missing", "PKG101", lambda b: b.foo.unlink(), smoke=FAILS),
    Defect("B: soname link missing", "PKG102", _rename_foo, smoke=FAILS),
    Defect("B2: absolute link, dangling", "PKG107", _absolute_link, smoke=FAILS, also=LOST),
    Defect("C: loader not executable", "PKG002", lambda b: (b.lib / "ld.so").chmod(0o644), smoke=FAILS),
    Defect("H: program not executable", "PKG002", lambda b: b.server.chmod(0o644), level="note", smoke=PASSES),
    Defect("D: libc not bundled", "PKG103", lambda b: (b.lib / "libc.so.6").unlink(), smoke=FAILS),
    Defect("E: loader not bundled", "PKG106", lambda b: (b.lib / "ld.so").unlink(), smoke=FAILS),
    Defect("F: library truncated", "PKG110", _truncate, smoke=FAILS, also=LOST),
    Defect("G: library for another machine", "PKG105", _wrong_machine, smoke=FAILS, also=LOST),
    Defect("J: newer glibc than bundled", "PKG201", _future_glibc, smoke=FAILS),
    Defect("K: symbol missing", "PKG104", _missing_symbol, smoke=FAILS),
    Defect("L: dlopen target missing", "PKG303", _dlopen, level="note", smoke=FAILS),
    Defect("M: starts children", "PKG402", _system, level="note", smoke=PASSES),
    Defect("O: RPATH wins over run.sh", "PKG108", _rpath_wins, level="warning", smoke=PASSES, also=TWICE),
    Defect("RUNPATH of the build machine", "PKG108", _build_path, level="warning", smoke=PASSES),
    Defect("P: strange loader, started through ours", "PKG106", _nix_loader, level="note", smoke=PASSES),
    Defect("P: strange loader, started directly", "PKG106", _nix_without_loader),
    Defect("R3: host command after the export", "PKG401", _host_command, level="warning", smoke=PASSES),
    Defect("S: loader and libc of two builds", "PKG204", _other_loader),
    Defect("libm of another glibc", "PKG204", _mixed_family, also=frozenset({"PKG201"})),
    Defect("T: old libc without its NSS modules", "PKG307", _old_libc, level="warning"),
    Defect("executable stack", "PKG601", _execstack, level="warning", smoke=PASSES),
    Defect("text relocations", "PKG601", _textrel, level="warning", smoke=PASSES),
    Defect("driver bundled", "PKG306", _driver, smoke=PASSES),
    Defect("driver needed", "PKG305", _driver_needed, level="note"),
    Defect("partial cuDNN", "PKG302", _half_cudnn, smoke=PASSES),
    Defect("declared dlopen target missing", "PKG301", _dlopen_note, level="warning", smoke=PASSES),
    Defect("library without its data", "PKG304", _no_data, level="warning", smoke=PASSES),
    Defect("manifest with a build path", "PKG304", _vulkan_manifest, level="warning", smoke=PASSES),
    Defect("two builds of one SONAME", "PKG109", _two_copies, level="warning", smoke=PASSES),
    Defect("newer glibc than the target", "PKG202", _needs_unbundled_libc, options=(("target", "glibc=2.35"),)),
    Defect("newer libstdc++ than the target", "PKG203", _needs_new_libstdcxx),
    Defect("libc beside the host's", "PKG205", _libc_in_host_layout),
    Defect("dynamic program called static", "PKG106", _dynamic_called_static, options=(("layout", "static"),),
           also=LOST),
    Defect("shebang of the build machine", "PKG003", _build_shebang, also=frozenset({"PKG101", "PKG111"})),
    Defect("declared CPU level", "PKG501", _isa_note),
    Defect("AVX2 without dispatch", "PKG502", _avx2, options=V1),
    Defect("AVX variant with AVX2 inside", "PKG503", _variant_with_too_much, options=V1),
    Defect("AVX2 in a constructor", "PKG504", _constructor, level="warning", options=V1),
    Defect("4 KiB pages on aarch64", "PKG602", _small_pages, level="note", also=frozenset({"PKG106", "PKG103"})),
    Defect("large copies", "PKG603", _large_copies, level="note", smoke=PASSES),
)  # fmt: skip
