"""Small real packages, built with gcc and binutils: a good one, and the tools to break it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SERVER = Path(__file__).with_name("health_server.c")
GLIBC = ("libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1")
PLACES = ("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib")
LOADER = "/lib64/ld-linux-x86-64.so.2"
FOO = "int foo(int x) { return x * 3; }\n"

RUN_SH = """\
#!/bin/bash
set -ex
CURDIR=$(dirname "$(realpath "$0")")
grep -c processor /proc/cpuinfo
export LD_LIBRARY_PATH="$CURDIR"/lib:${LD_LIBRARY_PATH:-}
if [ -f "$CURDIR"/lib/ld.so ]; then
	exec "$CURDIR"/lib/ld.so "$CURDIR"/server "$@"
fi
exec "$CURDIR"/server "$@"
"""


def tool(name: str) -> str | None:
    """A program by its name, as its static build, or with the version that Debian puts behind LLVM's names."""
    names = (name, f"{name}-static", *(f"{name}-{version}" for version in range(30, 13, -1)))
    return next((found for each in names if (found := shutil.which(each))), None)


def missing_tools() -> str:
    """Why no package can be built here; empty when it can."""
    for name in ("gcc", "ld", "objdump"):
        if shutil.which(name) is None:
            return f"{name} is not installed"
    if os.uname().machine != "x86_64" or not Path(LOADER).exists():
        return "the defects are built for x86-64 with glibc"
    return ""


def gcc(output: Path, source: str, *flags: str, libraries: Sequence[Path | str] = ()) -> Path:
    """Compile C source text; a failure is the test's own error, with the compiler's words."""
    output.parent.mkdir(parents=True, exist_ok=True)
    argv = ["gcc", "-w", "-O1", "-xc", "-", *flags, "-o", str(output), "-xnone", *map(str, libraries)]
    done = subprocess.run(argv, input=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return output


def library(output: Path, source: str, soname: str, *flags: str, libraries: Sequence[Path | str] = ()) -> Path:
    """A shared library; an empty soname leaves it without one."""
    named = [f"-Wl,-soname,{soname}"] if soname else []
    return gcc(output, source, "-shared", "-fPIC", *named, *flags, libraries=libraries)


def server(output: Path, foo: Path, *flags: str, libraries: Sequence[Path | str] = ()) -> Path:
    """The Health server, linked against a library that defines foo()."""
    return gcc(output, SERVER.read_text("utf-8"), *flags, libraries=[foo, *libraries])


@cache
def host_library(name: str) -> Path:
    """A library of this machine."""
    for place in PLACES:
        path = Path(place) / name
        if path.is_file():
            return path.resolve()
    raise FileNotFoundError(name)


@dataclass(frozen=True)
class Built:
    """A package directory under construction."""

    root: Path

    @property
    def lib(self) -> Path:
        return self.root / "lib"

    @property
    def foo(self) -> Path:
        return self.lib / "libfoo.so.1"

    @property
    def server(self) -> Path:
        return self.root / "server"

    @property
    def run(self) -> Path:
        return self.root / "run.sh"

    def script(self, text: str) -> None:
        """Replace run.sh."""
        self.run.write_text(text, "utf-8")
        self.run.chmod(0o755)

    def patch(self, path: Path, old: bytes, new: bytes) -> None:
        """Replace bytes of the same length; they have to be there."""
        data = path.read_bytes()
        assert old in data
        assert len(old) == len(new)
        path.write_bytes(data.replace(old, new))

    def host_libc(self) -> None:
        """Turn it into a package that uses the host's loader and libc."""
        for name in ("ld.so", *GLIBC):
            (self.lib / name).unlink()
        self.script(RUN_SH.replace('\texec "$CURDIR"/lib/ld.so "$CURDIR"/server "$@"', "\ttrue").replace("ld.so", "x"))


def build_good(root: Path) -> Built:
    """A package in the layout of LocalAI's C++ backends: loader, glibc, one library, one server."""
    built = Built(root)
    built.lib.mkdir(parents=True)
    shutil.copy(Path(LOADER).resolve(), built.lib / "ld.so")
    (built.lib / "ld.so").chmod(0o755)
    for name in GLIBC:
        shutil.copy(host_library(name), built.lib / name)
    library(built.foo, FOO, "libfoo.so.1")
    server(built.server, built.foo)
    built.script(RUN_SH)
    return built
