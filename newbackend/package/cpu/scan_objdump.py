"""The instruction scan without a decoder library: `objdump -d` and its mnemonics. Slower and coarser."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from typing import Protocol

LINE = re.compile(r"^\s*([0-9a-f]+):\s+(\S.*)$")


class Counts(Protocol):
    """The tally to fill (isa.Tally)."""

    asks: int

    def add(self, feature: str, address: int) -> None:
        """Count one instruction."""


def find() -> str | None:
    """The objdump on this machine; None when binutils are not installed."""
    return shutil.which("objdump")


def compile_patterns(rows: tuple[tuple[str, str], ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Feature and compiled pattern, in order."""
    return tuple((feature, re.compile(pattern)) for feature, pattern in rows)


def decode(
    tool: str, patterns: tuple[tuple[str, re.Pattern[str]], ...], address: int, code: bytes, tally: Counts
) -> None:
    """Count the instructions of `code`. A disassembler that fails counts nothing more; objdump prints
    `(bad)` and goes on for data between the code."""
    with tempfile.NamedTemporaryFile(prefix="newbackend-code-") as source:
        source.write(code)
        source.flush()
        argv = [tool, "-D", "-b", "binary", "-m", "i386:x86-64", "--no-show-raw-insn", "-w",
                f"--adjust-vma=0x{address:x}", source.name]  # fmt: skip
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                match = LINE.match(line)
                if match:
                    _count(match[2], int(match[1], 16), patterns, tally)


def _count(text: str, address: int, patterns: tuple[tuple[str, re.Pattern[str]], ...], tally: Counts) -> None:
    if text.startswith(("cpuid", "xgetbv")):
        tally.asks += 1
        return
    for feature, pattern in patterns:
        if pattern.fullmatch(text):
            tally.add(feature, address)
            return
