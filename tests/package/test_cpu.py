"""The instruction scan: what is counted, what is evidence of dispatch, and how variants are judged."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from newbackend.errors import UsageError
from newbackend.findings import Finding, Severity, Status
from newbackend.package import PackageOptions, check_package, package_floor
from newbackend.package.cpu import Scan, level_name, parse_floor, variant_sets
from newbackend.package.cpu.decoders import find_decoder
from newbackend.package.cpu.scan import scan_file
from newbackend.package.elf import parse_elf, read_symbols
from package.workshop import Built, library

LOOPS = "".join(
    f"void add{i}(float *a, float *b, int n) {{ for (int i = 0; i < n; i++) a[i] = a[i] * b[i] + a[i]; }}\n"
    for i in range(8)
)
DISPATCHED = """
__attribute__((target("avx2,fma"))) static void fast(float *a, int n) { for (int i = 0; i < n; i++) a[i] *= a[i] + 1; }
__attribute__((target("avx2,fma"))) static void more(float *a, int n) { for (int i = 0; i < n; i++) a[i] *= a[i] - 1; }
static void slow(float *a, int n) { for (int i = 0; i < n; i++) a[i] *= a[i] + 1; }
void work(float *a, int n) {
  if (__builtin_cpu_supports("avx2")) { fast(a, n); more(a, n); } else slow(a, n);
}
"""
IFUNC = """
__attribute__((target_clones("avx2", "default"))) void work(float *a, int n) {
  for (int i = 0; i < n; i++) a[i] = a[i] * a[i] + 1;
}
"""


@pytest.fixture(params=["iced-x86", "objdump"])
def decoder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both decoders in turn."""
    if request.param == "iced-x86":
        pytest.importorskip("iced_x86", reason="the decoder is an extra")
    else:
        monkeypatch.setitem(__import__("sys").modules, "iced_x86", None)
    return str(request.param)


def scanned(built: Built, source: str, *flags: str) -> Scan:
    data = library(built.root / "x.so", source, "", "-O3", *flags).read_bytes()
    elf = parse_elf(data)
    decoder = find_decoder()
    assert decoder is not None
    return scan_file(data, elf, read_symbols(data, elf), decoder[1])


def findings(built: Built, floor: str = "x86-64") -> list[Finding]:
    report = check_package(built.root, options=PackageOptions(cpu_floor=floor))
    return [f for f in report.findings if f.rule.id.startswith("PKG5")]


def test_both_decoders_are_chosen_by_what_is_installed(decoder: str, built: Built) -> None:
    chosen = find_decoder()
    assert chosen is not None
    assert chosen[0] == decoder


def test_a_baseline_build_holds_nothing_newer(decoder: str, built: Built) -> None:
    assert scanned(built, LOOPS, "-march=x86-64").features_above(1) == {}


@pytest.mark.parametrize(
    ("march", "feature", "level"),
    [("x86-64-v3", "FMA", 3), ("skylake-avx512", "AVX512F", 4)],
)
def test_a_newer_build_is_seen_with_its_features(
    decoder: str, built: Built, march: str, feature: str, level: int
) -> None:
    result = scanned(built, LOOPS, f"-march={march}", "-mprefer-vector-width=512")
    assert result.tally.features[feature] > 0
    assert result.share_above(level - 1) > 0.5
    assert result.dispatch == ""
    assert result.first_above(1) > 0


def test_counting_bits_is_level_two(decoder: str, built: Built) -> None:
    source = "int bits(unsigned long x) { return __builtin_popcountl(x); }"
    assert set(scanned(built, source, "-march=x86-64-v2").features_above(1)) == {"POPCNT"}


def test_tzcnt_is_never_counted_and_lzcnt_is(decoder: str, built: Built) -> None:
    source = (
        "int low(unsigned long x) { return __builtin_ctzl(x); } int high(unsigned long x) { return __builtin_clzl(x); }"
    )
    assert set(scanned(built, source, "-mbmi", "-mlzcnt").features_above(1)) == {"LZCNT"}


@pytest.mark.parametrize("source", [DISPATCHED, IFUNC], ids=["cpu_supports", "ifunc"])
def test_a_file_that_asks_the_cpu_is_dispatched(decoder: str, built: Built, source: str) -> None:
    result = scanned(built, source)
    assert result.features_above(1)
    assert result.dispatch != ""


def test_dispatched_code_is_no_finding(built: Built) -> None:
    library(built.lib / "libwork.so", DISPATCHED, "", "-O3")
    assert findings(built) == []


AT_LOAD = """
static float a[64];
__attribute__((constructor)) static void up(void) { for (int i = 0; i < 64; i++) a[i] = a[i] * a[i] + a[i]; }
"""


@pytest.mark.parametrize(("picks", "expected"), [(True, set()), (False, {"PKG504"})])
def test_a_variant_that_run_sh_picks_is_not_opened_on_another_cpu(
    built: Built, picks: bool, expected: set[str]
) -> None:
    pytest.importorskip("iced_x86", reason="the decoder is an extra")
    library(built.lib / "libwork.so", LOOPS, "", "-O3")
    library(built.lib / "libwork-avx2.so", LOOPS + AT_LOAD, "", "-O3", "-march=haswell")
    if picks:
        lines = built.run.read_text("utf-8").splitlines()
        choice = ["WORK_LIBRARY=$CURDIR/lib/libwork.so", "WORK_LIBRARY=$CURDIR/lib/libwork-avx2.so"]
        built.script("\n".join([lines[0], 'CURDIR=$(dirname "$(realpath "$0")")', *choice, *lines[1:]]) + "\n")
    assert {found.rule.id for found in findings(built)} == expected


def test_a_floor_above_the_code_is_no_finding(built: Built) -> None:
    library(built.lib / "libwork.so", LOOPS, "", "-O3", "-march=x86-64-v3")
    assert [f.rule.id for f in findings(built, "v2")] == ["PKG502"]
    assert findings(built, "v3") == []


def test_without_any_decoder_the_scan_is_unknown_not_passed(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newbackend.package.cpu.scan.find_decoder", lambda: None)
    found = findings(built)
    assert {f.rule.id for f in found} == {"PKG502", "PKG503", "PKG504"}
    assert all(f.status is Status.UNKNOWN for f in found)
    assert "newbackend[cpu]" in found[0].message


def test_without_a_floor_the_scan_is_skipped_with_the_reason(built: Built) -> None:
    report = check_package(built.root, options=PackageOptions())
    skipped = {c.rule.id: c.reason for c in report.checked if c.status is Status.SKIPPED}
    assert skipped["PKG502"] == "no --cpu-floor was given"


@pytest.mark.parametrize(("text", "level"), [(None, 1), ("x86-64", 1), ("x86-64-v1", 1), ("v2", 2), ("x86-64-v3", 3)])
def test_floors_are_understood(text: str | None, level: int) -> None:
    assert parse_floor(text) == level
    assert level_name(level).endswith(str(level))


def test_an_unknown_floor_is_refused() -> None:
    with pytest.raises(UsageError, match="no CPU level"):
        parse_floor("pentium")


def tokens(*paths: str) -> list[list[str]]:
    return [[m.token for m in s.members] for s in variant_sets(paths)]


def test_variant_sets_are_known_by_name() -> None:
    assert tokens("lib/libggml-cpu-haswell.so", "lib/libggml-cpu-x64.so") == [["haswell", "x64"]]
    assert tokens("libgox-avx.so", "libgox-avx2.so", "libgox-fallback.so") == [["avx", "avx2", "fallback"]]
    assert tokens("variants/avx/libx.so", "variants/fallback/libx.so") == [["avx", "fallback"]]
    assert tokens("_x_avx2.cpython-311.so", "_x.cpython-311.so") == [["avx2", "no suffix"]]


def test_a_single_file_or_an_innocent_name_is_no_variant_set() -> None:
    assert tokens("lib/libx-avx.so", "lib/liby-avx2.so", "lib/libhaswellian.so", "lib/libavx.so") == []


def test_a_set_without_a_member_at_the_floor_is_found(built: Built) -> None:
    for name in ("avx", "avx2"):
        library(built.lib / f"libgox-{name}.so", "int x;", "")
    messages = [f.message for f in findings(built) if f.rule.id == "PKG503"]
    assert messages == ["the set lib/libgox-*.so has nothing for x86-64-v1: its lowest member is avx"]


def test_ggml_variants_have_to_lie_beside_the_loader(built: Built) -> None:
    for name in ("x64", "haswell"):
        library(built.root / f"libggml-cpu-{name}.so", "int x;", "")
    assert [f.subject for f in findings(built) if f.rule.id == "PKG503"] == ["place"]


def test_variants_within_their_names_are_no_finding(built: Built) -> None:
    library(built.lib / "libgox-fallback.so", LOOPS, "", "-O3", "-march=x86-64")
    library(built.lib / "libgox-avx.so", LOOPS, "", "-O3", "-mavx")
    library(built.lib / "libgox-avx2.so", LOOPS, "", "-O3", "-march=haswell")
    library(built.lib / "libgox-avx512.so", LOOPS, "", "-O3", "-march=skylake-avx512")
    assert findings(built) == []


# One file with AES instructions and no question, and one that asks: as abseil's two libraries do it.
AES = """
#include <wmmintrin.h>
__attribute__((target("aes"))) void Generate(__m128i *a) {
  for (int i = 0; i < 16; i++) a[i] = _mm_aesenc_si128(a[i], a[i + 1]);
  for (int i = 0; i < 16; i++) a[i] = _mm_aesdec_si128(a[i], a[i + 1]);
  a[0] = _mm_aesimc_si128(a[1]); a[1] = _mm_aesimc_si128(a[2]); a[2] = _mm_aesimc_si128(a[3]);
  a[3] = _mm_aesenclast_si128(a[4], a[5]); a[4] = _mm_aesenclast_si128(a[5], a[6]);
  a[5] = _mm_aesdeclast_si128(a[6], a[7]); a[6] = _mm_aesdeclast_si128(a[7], a[8]);
}
"""
ASKS = """
#include <cpuid.h>
int CPUSupportsRandenHwAes(void) { unsigned a, b, c, d; return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_AES); }
"""
HWAES = "libabsl_random_internal_randen_hwaes_impl.so.20220623"


def test_instructions_of_no_level_are_named_beside_the_level(decoder: str, built: Built) -> None:
    built.host_libc()  # objdump takes seconds for a glibc
    library(built.lib / HWAES, AES, HWAES, "-O3")
    (finding,) = findings(built, "x86-64-v2")
    assert (finding.rule.id, "AES" in finding.message) == ("PKG502", True)
    assert f"x86-64-v1; AES set by lib/{HWAES}" in package_floor(built.root).line()


def test_another_file_of_the_package_may_ask_in_its_place(decoder: str, built: Built) -> None:
    built.host_libc()
    library(built.lib / HWAES, AES, HWAES, "-O3")
    library(built.lib / "libabsl_random_internal_randen_hwaes.so.20220623", ASKS, "", "-O2")
    assert findings(built, "x86-64-v2") == []
    assert package_floor(built.root).cpu.beyond == ()


def test_a_library_of_another_name_is_not_excused_by_it(decoder: str, built: Built) -> None:
    built.host_libc()
    library(built.lib / "libother.so", AES, "libother.so", "-O3")
    library(built.lib / "libabsl_random_internal_randen_hwaes.so.20220623", ASKS, "", "-O2")
    assert [f.path for f in findings(built, "x86-64-v2")] == ["lib/libother.so"]


FILL = "static float a[64]; static void fill(void) { for (int i = 0; i < 64; i++) a[i] = a[i] * a[i] + a[i]; }\n"
# Each names its constructor by another kind of relocation, or calls what needs AVX on every path.
AT_LOAD_ANYHOW = {
    "relative": FILL + "__attribute__((constructor)) static void up(void) { fill(); }",
    "symbol": FILL + "__attribute__((constructor)) void up(void) { fill(); }",
    "loop before it": FILL
    + "volatile int n; __attribute__((constructor)) void up(void) { for (int i = 0; i < 9; i++) n++; fill(); }",
    "init function": FILL + "void started(void) { fill(); }",
}
ASKS_FIRST = (
    FILL.replace("static void fill", '__attribute__((target("avx2,fma"), noinline)) static void fill')
    + '__attribute__((constructor)) void up(void) { if (__builtin_cpu_supports("avx2")) fill(); }'
)
ASKS_ELSEWHERE = """
#include <cpuid.h>
int asks(void) { unsigned a, b, c, d; return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_AES); }
"""


@pytest.mark.parametrize("name", AT_LOAD_ANYHOW)
def test_what_runs_at_load_is_found_through_every_relocation_and_beside_dispatch(built: Built, name: str) -> None:
    pytest.importorskip("iced_x86", reason="the decoder is an extra")
    flags = ["-Wl,-init,started"] if name == "init function" else []
    library(built.lib / "libx.so", AT_LOAD_ANYHOW[name] + ASKS_ELSEWHERE, "", "-O3", "-march=haswell", *flags)
    assert "PKG504" in {f.rule.id for f in findings(built) if f.path == "lib/libx.so"}
    assert "x86-64-v3 set by lib/libx.so" in package_floor(built.root).line()


def test_a_constructor_that_asks_first_is_no_finding(built: Built) -> None:
    pytest.importorskip("iced_x86", reason="the decoder is an extra")
    library(built.lib / "libx.so", ASKS_FIRST, "", "-O3")
    assert findings(built) == []


def test_the_floor_says_that_it_is_not_all_when_a_file_picks_at_run_time(built: Built) -> None:
    pytest.importorskip("iced_x86", reason="the decoder is an extra")
    library(built.lib / "libwork.so", DISPATCHED, "", "-O3")
    lowest = package_floor(built.root)
    assert "x86-64-v1 or more: picks at run time" in lowest.line()
    assert lowest.as_json()["cpu"]["picks_at_run_time"] is True  # type: ignore[index]


def test_a_file_that_is_all_above_the_floor_is_a_warning_although_it_asks(built: Built) -> None:
    pytest.importorskip("iced_x86", reason="the decoder is an extra")
    many = 'void many(void) { __asm__(".rept 25000; vfmadd231ps %ymm0, %ymm1, %ymm2; .endr"); }'
    library(built.lib / "libx.so", many + ASKS_ELSEWHERE, "")
    (finding,) = findings(built)
    assert (finding.rule.id, finding.level.value) == ("PKG502", "warning")
    assert "too many to be behind a question" in finding.message


def test_highway_is_asked_in_another_library(built: Built) -> None:
    source = LOOPS + "long _ZN3hwy16SupportedTargetsEv(void); long ask(void) { return _ZN3hwy16SupportedTargetsEv(); }"
    assert "SupportedTargets" in scanned(built, source, "-march=haswell").dispatch


@pytest.mark.parametrize(("level", "expected"), [("v1", set()), ("v3", {"PKG501"})])
def test_a_go_program_says_what_it_was_built_for(built: Built, level: str, expected: set[str]) -> None:
    if shutil.which("go") is None:
        pytest.skip("go is not installed")
    source = built.root.parent / "main.go"
    source.write_text("package main\n\nfunc main() {}\n", "utf-8")
    environment = os.environ | {"GOAMD64": level, "GOARCH": "amd64", "CGO_ENABLED": "0", "GO111MODULE": "off"}
    command = ["go", "build", "-o", str(built.root / "helper"), str(source)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report = check_package(built.root, options=PackageOptions())
    assert {f.rule.id for f in report.findings if f.path == "helper"} == expected


def test_target_features_of_rust_in_the_module_beside_a_library_are_a_warning(built: Built) -> None:
    (built.lib / "_cpu_check.py").write_text('_FEATURE_FLAGS = "+sse4.2,+popcnt"\n')
    (built.lib / "cpu_flags.txt").write_text('_FEATURE_FLAGS = "+avx2"\n')
    (found,) = check_package(built.root, options=PackageOptions()).findings
    assert (found.rule.id, found.level, found.subject) == ("PKG501", Severity.WARNING, "x86-64-v2")
    assert check_package(built.root, options=PackageOptions(cpu_floor="v2")).findings == ()
