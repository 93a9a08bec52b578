"""The generated macOS script, run with stand-ins for the tools that only macOS has."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from specs import spec

from newbackend.checkout.tree import Checkout
from newbackend.scaffold.render import render

OTOOL = """#!/bin/bash
# Prints what tests wrote beside the object: NAME.needs and NAME.rpaths.
case "$1" in
    -L)
        echo "$2:"
        [ ! -e "$2.needs" ] || sed 's/^/\\t/; s/$/ (compatibility version 1.0.0)/' "$2.needs"
        ;;
    -l)
        while read -r path; do
            printf 'Load command 1\\n    cmd LC_RPATH\\ncmdsize 32\\n   path %s (offset 12)\\n' "$path"
        done < "$2.rpaths"
        ;;
esac
"""
PACK = """#!/bin/bash
printf '%s\\n' "$@" > packed.txt
find build/darwin -name '*.dylib' -printf '%P\\n' | sort > inside.txt
"""


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def mac(tmp_path: Path, checkout: Checkout) -> Path:
    """A folder that looks like a checkout with a built package, and stand-ins on its own PATH."""
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    root = tmp_path / "mac"
    script = render(spec(variants=["cpu", "metal"]), checkout)["scripts/build/ds4-darwin.sh"]
    write(root / "scripts/build/ds4-darwin.sh", script.text)
    write(root / "bin/otool", OTOOL)
    write(root / "bin/make", '#!/bin/bash\necho "$@" > made.txt\n')
    write(root / "local-ai", PACK)
    package = root / "backend/cpp/ds4/package"
    write(package / "grpc-server", "binary")
    write(package / "run.sh", "#!/bin/bash\n")
    brew = root / "brew"
    write(brew / "libgrpc.dylib", "x")
    write(brew / "libgrpc.dylib.needs", f"{brew}/libabsl.dylib\n{brew}/libgrpc.dylib\n/usr/lib/libSystem.B.dylib\n")
    write(brew / "libabsl.dylib", "x")
    write(brew / "libabsl.dylib.needs", f"{brew}/libgrpc.dylib\n@rpath/libomp.dylib\n")
    write(brew / "libabsl.dylib.rpaths", "@loader_path/omp\n")
    write(brew / "omp/libomp.dylib", "x")
    write(package / "grpc-server.needs", f"{brew}/libgrpc.dylib\n/usr/lib/libc++.1.dylib\n@rpath/libggml.dylib\n")
    write(package / "libggml.dylib", "x")
    return root


def run(root: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{root / 'bin'}:{os.environ['PATH']}"}
    command = ["bash", "scripts/build/ds4-darwin.sh"]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def test_the_package_gets_every_library_behind_its_libraries_once(mac: Path) -> None:
    done = run(mac)
    assert done.returncode == 0, done.stderr
    assert (mac / "inside.txt").read_text().split() == [
        "lib/libabsl.dylib",
        "lib/libgrpc.dylib",
        "lib/libomp.dylib",
        "libggml.dylib",
    ]
    assert (mac / "made.txt").read_text().strip() == "-C backend/cpp/ds4 NATIVE=false package"
    packed = (mac / "packed.txt").read_text().splitlines()
    assert packed[packed.index("--output") + 1] == "./backend-images/ds4.tar"
    assert packed[packed.index("--platform") + 1] == "darwin/arm64"
    assert not (mac / "build/darwin").exists()


def test_a_library_that_is_nowhere_stops_the_build(mac: Path) -> None:
    needs = mac / "backend/cpp/ds4/package/grpc-server.needs"
    needs.write_text("@rpath/libgone.dylib\n")
    (mac / "backend/cpp/ds4/package/grpc-server.rpaths").write_text("/nowhere\n@executable_path/lib\n")
    done = run(mac)
    assert done.returncode == 1
    assert "needs @rpath/libgone.dylib, which is nowhere" in done.stderr
    assert not (mac / "packed.txt").exists()


def test_a_library_beside_the_binary_is_found_through_the_executable(mac: Path) -> None:
    package = mac / "backend/cpp/ds4/package"
    (package / "grpc-server.needs").write_text("@rpath/libplug.dylib\n@executable_path/more/libmore.dylib\n")
    (package / "grpc-server.rpaths").write_text("@executable_path/plug\n")
    write(package / "plug/libplug.dylib", "x")
    write(package / "more/libmore.dylib", "x")
    done = run(mac)
    assert done.returncode == 0, done.stderr
    assert {"lib/libplug.dylib", "lib/libmore.dylib"} <= set((mac / "inside.txt").read_text().split())
