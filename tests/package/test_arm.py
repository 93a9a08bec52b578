"""AArch64: what is counted, what asks the CPU, and the floor of a package for it."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from newbackend.package import PackageOptions, check_package, package_floor
from newbackend.package.cpu import level_name, listed_level, parse_floor
from newbackend.package.cpu.arm import CHUNK, count_words
from newbackend.package.cpu.tally import Tally
from newbackend.package.elf import AARCH64

# As clang assembles them.
COUNTED = {
    "sdot v0.4s, v1.16b, v2.16b": (0x4E829420, "DOTPROD"),
    "udot v0.2s, v1.8b, v2.4b[1]": (0x2FA2E020, "DOTPROD"),
    "smmla v0.4s, v1.16b, v2.16b": (0x4E82A420, "I8MM"),
    "usdot v0.4s, v1.16b, v2.16b": (0x4E829C20, "I8MM"),
    "sudot v0.4s, v1.16b, v2.4b[1]": (0x4F22F020, "I8MM"),
    "bfdot v0.4s, v1.8h, v2.8h": (0x6E42FC20, "BF16"),
    "bfmmla v0.4s, v1.8h, v2.8h": (0x6E42EC20, "BF16"),
    "ldadd w0, w1, [x2]": (0xB8200041, "LSE"),
    "swpal x0, x1, [x2]": (0xF8E08041, "LSE"),
    "casal x0, x1, [x2]": (0xC8E0FC41, "LSE"),
    "fadd h0, h1, h2": (0x1EE22820, "FP16"),
    "fmla v0.8h, v1.8h, v2.8h": (0x4E420C20, "FP16"),
    "ptrue p0.b": (0x2518E3E0, "SVE"),
    "ld1w z0.s, p0/z, [x0]": (0xA540A000, "SVE"),
    "fmopa za0.s, p0/m, p0/m, z0.s, z1.s": (0x80810000, "SME"),
    "aese v0.16b, v1.16b": (0x4E284820, "ARM_AES"),
    "sha256h q0, q1, v2.4s": (0x5E024020, "ARM_SHA2"),
}
BASELINE = {
    "ldr x0, [x1, x2]": 0xF8626820,
    "fcvt s0, h1": 0x1EE24020,
    "fadd s0, s1, s2": 0x1E222820,
    "mul v0.8h, v1.8h, v2.8h": 0x4E629C20,
    "ldxr w0, [x1]": 0x885F7C20,
    "stlr w0, [x1]": 0x889FFC20,
    "tbl v0.16b, {v1.16b}, v2.16b": 0x4E020020,
    "ldur x0, [x1, #-8]": 0xF85F8020,
    "paciasp": 0xD503233F,
    "ret": 0xD65F03C0,
}
GOOD = "int f(int x) { return x; }\n"
DOTS = (
    "#include <arm_neon.h>\nint32x4_t f(int32x4_t a, int8x16_t b) {" + " a = vdotq_s32(a, b, b);" * 9 + " return a; }\n"
)
ASKS = "unsigned long getauxval(unsigned long);\nint g(void) { return getauxval(16); }\n"


def counted(*words: int) -> Tally:
    tally = Tally()
    count_words(0x1000, struct.pack(f"<{len(words)}I", *words), tally)
    return tally


@pytest.mark.parametrize(("word", "feature"), COUNTED.values(), ids=list(COUNTED))
def test_an_instruction_is_counted_for_its_feature(word: int, feature: str) -> None:
    tally = counted(0xD65F03C0, word)
    assert dict(tally.features) == {feature: 1}
    assert tally.first == {feature: 0x1004}


def test_the_baseline_is_not_counted() -> None:
    assert not counted(*BASELINE.values()).features


def test_reading_an_identification_register_asks_the_cpu() -> None:
    assert counted(0xD5380600).asks == 1


def test_words_are_counted_where_code_is_cut_into_chunks() -> None:
    code = bytearray(CHUNK + 8)
    for at in (0, CHUNK - 4, CHUNK, CHUNK + 4):
        struct.pack_into("<I", code, at, 0x4E829420)
    tally = Tally()
    count_words(0, bytes(code) + b"\x20", tally)  # half a word at the end
    assert tally.features["DOTPROD"] == 4
    assert tally.pages[3] == {0, CHUNK // 4096 - 1, CHUNK // 4096}


@pytest.mark.parametrize(
    ("load", "words"), [(0x18000040, 1), (0x58000040, 2), (0x98000040, 1), (0x1C000040, 1), (0x9C000040, 4)]
)
def test_a_constant_that_is_loaded_is_no_instruction(load: int, words: int) -> None:
    """`ldr w0, .+8` and its kin: the constants -0.0 and parts of doubles look like SME and SVE."""
    tally = counted(load, 0xD65F03C0, *[0x80000000] * 5)
    assert dict(tally.features) == {"SME": 5 - words}


def test_a_constant_in_another_chunk_is_none_either() -> None:
    code = bytearray(CHUNK + 8)
    struct.pack_into("<I", code, CHUNK - 4, 0x18000020)  # ldr w0, .+4
    struct.pack_into("<II", code, CHUNK, 0x80000000, 0x80000000)
    tally = Tally()
    count_words(0, bytes(code), tally)
    assert dict(tally.features) == {"SME": 1}


@pytest.mark.parametrize(("text", "level"), [("armv8.0-a", 1), ("armv8.2", 3), ("armv8.6-a", 4), ("x86-64-v3", 0)])
def test_levels_have_names_on_each_machine(text: str, level: int) -> None:
    assert parse_floor(text, AARCH64) == level
    assert parse_floor("armv8.2") == 0
    assert level_name(3, AARCH64) == "armv8.2-a"


def library(place: Path, source: str, *flags: str) -> bytes:
    """A library for AArch64."""
    if not shutil.which("clang") or not shutil.which("ld.lld"):
        pytest.skip("clang and lld build for AArch64 here")
    words = ["clang", "--target=aarch64-linux-gnu", "-O1", "-shared", "-fPIC", "-nostdlib", "-fuse-ld=lld"]
    words += ["-ffreestanding", *flags, "-xc", "-", "-o", str(place)]
    done = subprocess.run(words, input=source, text=True, capture_output=True)
    if "arm_neon.h" in done.stderr:
        pytest.skip("clang has no arm_neon.h here")
    assert done.returncode == 0, done.stderr
    return place.read_bytes()


def built(root: Path, source: str, *flags: str) -> Path:
    """A package with one library."""
    (root / "lib").mkdir()
    (root / "run.sh").write_text("#!/bin/sh\nexec ./none\n")
    library(root / "lib/libx.so", source, *flags)
    return root


def test_who_is_asked_in_place_of_a_file_excuses_it(tmp_path: Path) -> None:
    aes = "#include <arm_neon.h>\nuint8x16_t f(uint8x16_t a, uint8x16_t b) {" + " a = vaeseq_u8(a, b);" * 9
    root = built(tmp_path, aes + " return a; }\n", "-march=armv8-a+crypto")
    options = PackageOptions(no_run=True, cpu_floor="armv8.0")
    assert [f.rule.id for f in check_package(root, options=options).findings if "PKG5" in f.rule.id] == ["PKG502"]
    (root / "lib/libx.so").rename(root / "lib/libabsl_random_internal_randen_hwaes_impl.so.1")
    (root / "lib/libx.so").write_bytes(library(tmp_path / "asks", ASKS.replace("g(", "CPUSupportsRandenHwAes(")))
    assert not [f for f in check_package(root, options=options).findings if "PKG5" in f.rule.id]
    sve = 'void _ZGVsMxv_f(void) { __asm__(".rept 9; .inst 0x2518e3e0; .endr"); }\n'
    (root / "lib/libmvec.so.1").write_bytes(library(tmp_path / "sve", sve))
    assert not [f for f in check_package(root, options=options).findings if "PKG5" in f.rule.id]


def test_dot_products_without_a_question_are_found_and_set_the_floor(tmp_path: Path) -> None:
    root = built(tmp_path, DOTS, "-march=armv8.2-a+dotprod")
    options = PackageOptions(no_run=True, cpu_floor="armv8.0")
    found = [f for f in check_package(root, options=options).findings if f.rule.id == "PKG502"]
    assert [f.path for f in found] == ["lib/libx.so"]
    assert "above armv8.0-a" in found[0].message
    assert "DOTPROD 9" in found[0].message
    assert "armv8.2-a set by lib/libx.so" in package_floor(root).line()
    for floor in ("armv8.2-a", "x86-64"):
        report = check_package(root, options=PackageOptions(no_run=True, cpu_floor=floor))
        assert not [f for f in report.findings if f.rule.id.startswith("PKG5")]


@pytest.mark.parametrize(("more", "flags"), [(ASKS, ["-march=armv8.2-a+dotprod"]), ("", [])], ids=["asks", "baseline"])
def test_no_finding_where_something_asks_or_nothing_is_new(tmp_path: Path, more: str, flags: list[str]) -> None:
    root = built(tmp_path, (DOTS if more else GOOD) + more, *flags)
    report = check_package(root, options=PackageOptions(no_run=True, cpu_floor="armv8.0"))
    assert not [f for f in report.findings if f.rule.id.startswith("PKG5")]
    assert ("armv8.0-a or more: picks at run time" if more else "armv8.0-a") in package_floor(root).line()


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ('_POLARS_FEATURE_FLAGS = "+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+cmpxchg16b"\n', 2),
        ('BUILD_FEATURE_FLAGS: str = "+sse4.2,+avx2,+bmi1,+pclmulqdq"\n', 3),
        ('BUILD_FEATURE_FLAGS = "+sse2"\n', 0),
        ('FEATURES = "-avx2,+dotprod"\n', 0),
        ('check("+avx2")\n', 0),
        ('FEATURES = ""\n', 0),
    ],
)
def test_target_features_in_a_python_module_are_read(text: str, level: int) -> None:
    assert listed_level(text) == level


def test_a_listed_level_counts_only_beside_a_library_of_the_processor(tmp_path: Path) -> None:
    root = built(tmp_path, GOOD)
    (root / "lib/_cpu_check.py").write_text('FLAGS_FEATURES = "+avx2"\n')
    assert not [f for f in check_package(root, options=PackageOptions(no_run=True)).findings if f.rule.id == "PKG501"]


FILL = """__attribute__((noinline)) static void fill(void) { __asm__ volatile(".inst 0x4e829420"); }
int plain(int n) { return n + 1; }
"""
WAYS = {
    "in the constructor": '__attribute__((constructor)) void up(void) { __asm__ volatile(".inst 0x4e829420"); }',
    "in what it calls": FILL + '__attribute__((constructor)) void up(void) { fill(); __asm__ volatile(""); }',
    "in what it jumps to": FILL + "__attribute__((constructor)) void up(void) { fill(); }",
    "behind a loop": FILL
    + "volatile int n; __attribute__((constructor)) void up(void) { for (int i = 0; i < 9; i++) n++; fill(); }",
    "on both ways": FILL
    + "extern int n; __attribute__((constructor)) void up(void) { if (n) n = 2; else n = 3; fill(); n++; }",
}
PASSED_BY = {
    "a question first": FILL
    + "extern int n; __attribute__((constructor)) void up(void) { if (n) { fill(); n++; } }",
    "a return first": FILL
    + "extern int n; __attribute__((constructor)) void up(void) { if (n & 4) return; fill(); n++; }",
    "nothing calls it": FILL + "void up(void) { fill(); }",
    "another function": FILL + "__attribute__((constructor)) void up(void) { plain(1); } void other(void) { fill(); }",
}  # fmt: skip


def at_load(tmp_path: Path, source: str, *flags: str) -> list[str]:
    """What a check of a library says of its constructors, with the messages."""
    report = check_package(built(tmp_path, source, *flags), options=PackageOptions(no_run=True, cpu_floor="armv8.0"))
    return [f.message for f in report.findings if f.rule.id == "PKG504"]


@pytest.mark.parametrize(
    ("way", "flags"),
    [
        *((way, ()) for way in WAYS),
        ("behind a loop", ("-Wl,--pack-dyn-relocs=relr",)),
        ("in what it calls", ("-mbranch-protection=standard",)),
    ],
)
def test_what_surely_runs_while_a_library_is_loaded(tmp_path: Path, way: str, flags: tuple[str, ...]) -> None:
    (message,) = at_load(tmp_path, WAYS[way], *flags)
    assert "runs DOTPROD at 0x" in message
    assert "armv8.2-a set by lib/libx.so" in package_floor(tmp_path).line()


@pytest.mark.parametrize("source", PASSED_BY.values(), ids=list(PASSED_BY))
def test_what_a_constructor_may_pass_by_is_no_finding(tmp_path: Path, source: str) -> None:
    assert at_load(tmp_path, source) == []


def test_atomics_that_ask_for_themselves_are_no_finding_at_load(tmp_path: Path) -> None:
    """`-moutline-atomics`: LDADD stands behind libgcc's question."""
    source = """extern _Bool __aarch64_have_lse_atomics;
        __attribute__((constructor)) void up(void) {
            __asm__ volatile(".inst 0xb8200000");
            if (__aarch64_have_lse_atomics) __asm__("");
        }
        """
    assert at_load(tmp_path, source) == []
