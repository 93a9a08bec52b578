"""Packages for macOS, built here with clang and lld: a good one has no finding, each way of breaking it has its own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from newbackend.findings import Finding, Status
from newbackend.package import PackageOptions, check_package, package_floor
from newbackend.package.macho import MachError, read_macho
from package.workshop import tool

LINKER, TOOL = tool("ld64.lld"), tool("llvm-install-name-tool")
pytestmark = pytest.mark.skipif(
    not (LINKER and TOOL and shutil.which("clang")), reason="clang, ld64.lld and llvm-install-name-tool build for macOS"
)
SYSTEM = """--- !tapi-tbd
tbd-version: 4
targets: [ arm64-macos, x86_64-macos ]
install-name: '/usr/lib/libSystem.B.dylib'
exports:
  - targets: [ arm64-macos, x86_64-macos ]
    symbols: [ _write, dyld_stub_binder ]
...
"""
RUN_SH = """\
#!/bin/bash
CURDIR=$(dirname "$(realpath "$0")")
if [ "$(uname)" = "Darwin" ]; then
	export DYLD_LIBRARY_PATH="$CURDIR"/lib:$DYLD_LIBRARY_PATH
fi
exec "$CURDIR"/server "$@"
"""


@dataclass(frozen=True)
class Mac:
    """A package directory and the folder that its files are built in."""

    root: Path
    work: Path

    def link(self, output: str, source: str, *flags: str, cpu: str = "arm64", macos: str = "12.0") -> Path:
        """Compile and link one file of the package."""
        (self.work / "libSystem.tbd").write_text(SYSTEM, "utf-8")
        place = self.root / output
        place.parent.mkdir(parents=True, exist_ok=True)
        target = [f"--target={cpu}-apple-macos{macos}", "-c", "-xc", "-", "-o", str(self.work / "x.o")]
        subprocess.run(["clang", *target], input=source, text=True, check=True)
        command = [str(LINKER), "-arch", cpu, "-platform_version", "macos", macos, macos, "-o", str(place)]
        files = [str(self.work / "x.o"), str(self.work / "libSystem.tbd")]
        subprocess.run([*command, *flags, *files], check=True)
        return place

    def library(self, name: str = "@rpath/libfoo.1.dylib", path: str = "lib/libfoo.1.dylib", **how: str) -> Path:
        return self.link(path, "int foo(void) { return 3; }", "-dylib", "-install_name", name, **how)

    def server(self, *flags: str, **how: str) -> Path:
        source = "int foo(void); int main(void) { return foo(); }"
        return self.link("server", source, str(self.root / "lib/libfoo.1.dylib"), "-adhoc_codesign", *flags, **how)

    def script(self, text: str) -> None:
        (self.root / "run.sh").write_text(text, "utf-8")
        (self.root / "run.sh").chmod(0o755)


@pytest.fixture
def mac(tmp_path: Path) -> Mac:
    """A good package: a program with LC_RPATH, its library in lib/."""
    pytest.importorskip("macholib", reason="macOS programs are read with macholib")
    mac = Mac(tmp_path / "package", tmp_path)
    mac.library()
    mac.server("-rpath", "@loader_path/lib")
    mac.script(RUN_SH)
    return mac


def checked(mac: Mac, target: str | None = None) -> list[Finding]:
    report = check_package(mac.root, options=PackageOptions(target=target))
    return [f for f in report.findings if f.status is Status.FAIL]


def test_a_good_package_has_no_finding(mac: Mac) -> None:
    assert checked(mac) == []
    assert checked(mac, "macos=12.0") == []


def test_the_floor_is_the_newest_macos_that_a_file_needs(mac: Mac) -> None:
    mac.library(macos="13.0")
    assert package_floor(mac.root).line() == "macOS 13.0 set by lib/libfoo.1.dylib; arm64"
    assert package_floor(mac.root).as_json()["macos"] == {"version": "13.0", "path": "lib/libfoo.1.dylib"}


def homebrew(mac: Mac) -> None:
    mac.library("/opt/homebrew/opt/foo/lib/libfoo.1.dylib")
    mac.server()
    (mac.root / "lib/libfoo.1.dylib").unlink()


def build_path_that_run_sh_answers(mac: Mac) -> None:
    mac.library("/Users/runner/work/build/libfoo.1.dylib")
    mac.server()


def no_rpath(mac: Mac) -> None:
    mac.server()
    mac.script(RUN_SH.replace("DYLD_LIBRARY_PATH", "X"))


def linux_variable(mac: Mac) -> None:
    mac.server()
    mac.script(RUN_SH.replace("DYLD_LIBRARY_PATH", "LD_LIBRARY_PATH"))


def one_bit(mac: Mac) -> None:
    """What `install_name_tool` does to a signature, without its tool: a byte of the first page changed."""
    path = mac.root / "server"
    data = path.read_bytes()
    assert b"@loader_path/lib" in data
    path.write_bytes(data.replace(b"@loader_path/lib", b"@loader_path/LIB", 1))


def unsigned(mac: Mac) -> None:
    mac.server("-no_adhoc_codesign", "-rpath", "@loader_path/lib")


def cut(mac: Mac) -> None:
    path = mac.root / "lib/libfoo.1.dylib"
    path.write_bytes(path.read_bytes()[:-600])


def at_loader_path(mac: Mac) -> None:
    mac.library("@loader_path/other/libfoo.1.dylib")
    mac.server()
    mac.script(RUN_SH.replace("DYLD_LIBRARY_PATH", "X"))


DEFECTS: dict[str, tuple[Callable[[Mac], object], set[str], str, str | None]] = {
    "library left out": (
        lambda m: (m.root / "lib/libfoo.1.dylib").unlink(), {"PKG801"}, "LC_RPATH is @loader_path/lib", None,
    ),
    "install name in Homebrew": (homebrew, {"PKG802"}, "Homebrew's directory", None),
    "install name of the build": (build_path_that_run_sh_answers, {"PKG802"}, "only the DYLD_LIBRARY_PATH", None),
    "@rpath without LC_RPATH": (no_rpath, {"PKG801"}, "no file that loads it has an LC_RPATH", None),
    "@loader_path to nothing": (at_loader_path, {"PKG801"}, "there is no such file; the package has it as lib", None),
    "LD_LIBRARY_PATH": (linux_variable, {"PKG801", "PKG803"}, "which macOS ignores", None),
    "another processor": (
        lambda m: m.library(cpu="x86_64", macos="11.0"), {"PKG801", "PKG804"}, "is built for x86_64", None,
    ),
    "newer than promised": (lambda _: None, {"PKG805"}, "needs macOS 12.0; the target is macOS 11.0", "macos=11.0"),
    "library newer than its program": (
        lambda m: m.library(macos="14.0"), {"PKG805"}, "the program needs only 12.0", None,
    ),
    "changed after it was signed": (one_bit, {"PKG806"}, "was changed after it was signed (at 0x0)", None),
    "not signed": (unsigned, {"PKG806"}, "has no code signature", None),
    "cut off": (cut, {"PKG801", "PKG807"}, "is damaged: it is cut off", None),
}  # fmt: skip


@pytest.mark.parametrize("name", DEFECTS)
def test_each_defect_is_found_and_no_other(mac: Mac, name: str) -> None:
    break_it, rules, words, target = DEFECTS[name]
    break_it(mac)
    found = checked(mac, target)
    assert {f.rule.id for f in found} - {"PKG801"} >= rules - {"PKG801"}
    assert {f.rule.id for f in found} <= rules | ({"PKG801"} if name == "changed after it was signed" else set())
    assert any(words in f.message for f in found), [f.message for f in found]


def test_a_weak_library_may_be_missing(mac: Mac) -> None:
    source = "int foo(void) __attribute__((weak_import)); int main(void) { return foo ? foo() : 0; }"
    mac.link("server", source, "-weak_library", str(mac.root / "lib/libfoo.1.dylib"), "-adhoc_codesign")
    (mac.root / "lib/libfoo.1.dylib").unlink()
    assert checked(mac) == []


def test_without_macholib_nothing_is_passed(mac: Mac, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "macholib.MachO", None)
    report = check_package(mac.root, options=PackageOptions())
    unknown = [f for f in report.findings if f.status is Status.UNKNOWN]
    assert {f.rule.id for f in unknown} == {f"PKG80{n}" for n in range(1, 8)}
    assert "newbackend[macos]" in unknown[0].message


def test_damaged_files_end_in_one_error(mac: Mac) -> None:
    data = (mac.root / "server").read_bytes()
    for at in range(0, 1400, 3):
        for value in (0, 0xFF):
            try:
                read_macho(data[:at] + bytes([value]) * 4 + data[at + 4 :])
            except MachError:
                continue
