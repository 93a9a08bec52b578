"""Instruction decoders: iced-x86 (the extra `newbackend[cpu]`), or `objdump -d` where it is not installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from importlib import import_module
from typing import Any

from newbackend.package.cpu.levels import levels
from newbackend.package.cpu.tally import Tally

_OBJDUMP_LINE = re.compile(r"^\s*([0-9a-f]+):\s+(\S.*)$")


Decode = Callable[[int, bytes, Tally], None]
"""Counts the instructions of some code, which is loaded at an address, in the tally."""


def find_decoder() -> tuple[str, Decode] | None:
    """The decoder to use and its name: iced-x86 when installed, else objdump; None without both."""
    try:
        return "iced-x86", Iced().decode
    except ImportError:
        tool = shutil.which("objdump")
    return None if tool is None else ("objdump", Objdump(tool).decode)


class Iced:
    """iced-x86: two million instructions a second. Raises ImportError when it is not installed."""

    def __init__(self) -> None:
        self.module: Any = import_module("iced_x86")
        self._names = {number: name for name, number in vars(self.module.CpuidFeature).items() if name.isupper()}
        self._ignored = {getattr(self.module.Mnemonic, name) for name in levels().ignored}
        self._known: dict[int, tuple[str, ...]] = {}
        self._asks = {self.module.Code.CPUID, self.module.Code.XGETBV}

    def features(self, instruction: Any) -> tuple[str, ...]:
        """The features of interest that an instruction needs. They follow from its code: looked up once."""
        known = self._known.get(instruction.code)
        if known is None:
            names = (self._names.get(number, "") for number in instruction.cpuid_features())
            counted = instruction.mnemonic not in self._ignored
            known = self._known[instruction.code] = tuple(n for n in names if n in levels().of and counted)
        return known

    def decode(self, address: int, code: bytes, tally: Tally) -> None:
        """Count the instructions of `code`, linearly."""
        known = self._known
        for instruction in self.module.Decoder(64, code, ip=address):
            features = known.get(instruction.code)
            if features is None:
                features = self.features(instruction)
            if features:
                for feature in features:
                    tally.add(feature, instruction.ip)
            elif instruction.code in self._asks:
                tally.asks += 1


class Objdump:
    """objdump and its mnemonics: slower and coarser."""

    def __init__(self, tool: str) -> None:
        self._tool = tool
        self._patterns = [(feature, re.compile(pattern)) for feature, pattern in levels().mnemonics]

    def decode(self, address: int, code: bytes, tally: Tally) -> None:
        """Count the instructions of `code`. A disassembler that fails counts nothing more; objdump prints `(bad)`
        and goes on for data between the code."""
        with tempfile.NamedTemporaryFile(prefix="newbackend-code-") as source:
            source.write(code)
            source.flush()
            argv = [self._tool, "-D", "-b", "binary", "-m", "i386:x86-64", "--no-show-raw-insn", "-w",
                    f"--adjust-vma=0x{address:x}", source.name]  # fmt: skip
            with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
                assert process.stdout is not None
                for line in process.stdout:
                    match = _OBJDUMP_LINE.match(line)
                    if match:
                        self._count(match[2], int(match[1], 16), tally)

    def _count(self, text: str, address: int, tally: Tally) -> None:
        if text.startswith(("cpuid", "xgetbv")):
            tally.asks += 1
            return
        for feature, pattern in self._patterns:
            if pattern.fullmatch(text):
                tally.add(feature, address)
                return
