"""Time of the static package rules over 300 shared libraries.

    python bench/bench_package.py

Prints one line. The libraries are small, different, linked against each other, and built with gcc.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from newbackend.package import PackageOptions, check_package

LIBRARIES = 300
ROUNDS = 5
RUN_SH = """\
#!/bin/bash
CURDIR=$(dirname "$(realpath "$0")")
export LD_LIBRARY_PATH="$CURDIR"/lib
exec "$CURDIR"/server "$@"
"""


def make_package(root: Path) -> Path:
    """A package of 300 copies of one small library, each with its own SONAME and what it needs, and a
    program that loads them all. Copies, because 300 links would take longer than the benchmark."""
    lib = root / "lib"
    lib.mkdir(parents=True)
    shared = ["gcc", "-shared", "-fPIC", "-xc", "-", "-Wl,--no-as-needed"]
    source = "#include <stdio.h>\n" + "".join(f'void f{i}(void) {{ puts("{i}"); }}\n' for i in range(200))
    base = lib / "libx000.so"
    argv = [*shared, "-Wl,-soname,libx000.so", "-o", str(base), "-xnone", "-lm"]
    subprocess.run(argv, input=source, text=True, check=True)
    chained = lib / "libx001.so"
    argv = [*shared, "-Wl,-soname,libx001.so", "-o", str(chained), "-xnone", str(base), "-lm"]
    subprocess.run(argv, input=source, text=True, check=True)
    data = chained.read_bytes()
    for number in range(2, LIBRARIES):
        renamed = data.replace(b"libx001.so", b"libx%03d.so" % number)
        renamed = renamed.replace(b"libx000.so", b"libx%03d.so" % (number - 1))
        (lib / f"libx{number:03}.so").write_bytes(renamed)
    libraries = [str(lib / f"libx{n:03}.so") for n in range(LIBRARIES)]
    program = ["gcc", "-xc", "-", "-Wl,--no-as-needed", "-o", str(root / "server"), "-xnone", *libraries]
    subprocess.run(program, input="int main(void) { return 0; }", text=True, check=True)
    (root / "run.sh").write_text(RUN_SH, "utf-8")
    (root / "run.sh").chmod(0o755)
    return root


def best_of(rounds: int, package: Path) -> float:
    """Seconds of the fastest of some runs; the machine's noise only ever adds."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        report = check_package(package, options=PackageOptions())
        times.append(time.perf_counter() - begun)
        assert report.layout["elf_files"] == LIBRARIES + 1
        assert report.findings == (), report.findings[:3]
    return min(times)


def main() -> int:
    """Print the line; 1 when there is no compiler."""
    if shutil.which("gcc") is None:
        print("package check, 300 libs: not measured, gcc is not installed")
        return 1
    with tempfile.TemporaryDirectory(prefix="newbackend-bench-") as scratch:
        seconds = best_of(ROUNDS, make_package(Path(scratch) / "package"))
    print(f"package check, {LIBRARIES} libs: {seconds:.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
