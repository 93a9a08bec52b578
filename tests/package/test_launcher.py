"""The launcher is what its assembler text says, and starts a program with its own loader and arguments."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from newbackend.package.elf import parse_elf
from newbackend.package.sandbox.launcher import CODE, SOURCE, launcher
from package.workshop import tool


@pytest.mark.parametrize("machine", sorted(CODE))
def test_the_code_is_what_the_assembler_makes_of_the_text(machine: str, tmp_path: Path) -> None:
    clang, objcopy = tool("clang"), tool("llvm-objcopy")
    if clang is None or objcopy is None:
        pytest.skip("clang and llvm-objcopy assemble for both machines")
    (tmp_path / "x.s").write_text(SOURCE[machine], "utf-8")
    command = [clang, f"--target={machine}-linux-gnu", "-c", "x.s", "-o", "x.o"]
    subprocess.run(command, cwd=tmp_path, check=True)
    copy = [objcopy, "-O", "binary", "-j", ".text", "x.o", "x.bin"]
    subprocess.run(copy, cwd=tmp_path, check=True)
    made = (tmp_path / "x.bin").read_bytes()
    assert made[:0x88].rstrip(b"\0") == CODE[machine]
    assert len(made) == 0x188


@pytest.mark.parametrize(("machine", "emulator"), [("x86_64", "qemu-x86_64"), ("aarch64", "qemu-aarch64")])
def test_it_hands_on_arguments_and_variables(machine: str, emulator: str, tmp_path: Path) -> None:
    interpreter = tool(emulator)
    if interpreter is None:
        pytest.skip(f"{emulator} is not installed")
    loader = tmp_path / "loader"
    loader.write_text('#!/bin/sh\nprintf "%s|" "$@" "$X"\n', "utf-8")
    loader.chmod(0o755)
    short = Path("/tmp") / f"newbackend-{tmp_path.parent.name[-12:]}-{machine}"
    short.symlink_to(loader)
    try:
        code = launcher(machine, str(short), "/shell/lib", "/shell/bin/bash")
        assert code is not None
        program = tmp_path / "bash"
        program.write_bytes(code)
        program.chmod(0o755)
        done = subprocess.run(
            [interpreter, str(program), "a b", ""], env={"X": "1"}, capture_output=True, text=True, check=True
        )
    finally:
        short.unlink()
    assert done.stdout == "--library-path|/shell/lib|/shell/bin/bash|a b||1|"


def test_it_is_a_static_program_and_other_machines_have_none() -> None:
    code = launcher("x86_64", "/shell/ld.so", "/shell/lib", "/shell/bin/bash")
    assert code is not None
    assert not parse_elf(code).dynamic
    assert launcher("riscv64", "a", "b", "c") is None
