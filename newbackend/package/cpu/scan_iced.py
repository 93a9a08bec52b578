"""The instruction scan with iced-x86 (the extra `newbackend[cpu]`): features per instruction, 2 M/s."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol


class Counts(Protocol):
    """The tally to fill (isa.Tally)."""

    asks: int

    def add(self, feature: str, address: int) -> None:
        """Count one instruction."""


class Iced:
    """The decoder. `levels` are the features of interest, `ignored` mnemonics that never count.

    Raises ImportError when iced-x86 is not installed.
    """

    def __init__(self, levels: Mapping[str, int], ignored: frozenset[str]) -> None:
        self.module: Any = import_module("iced_x86")
        self._levels = levels
        self._names = {number: name for name, number in vars(self.module.CpuidFeature).items() if name.isupper()}
        self._ignored = {getattr(self.module.Mnemonic, name) for name in ignored}
        self._known: dict[int, tuple[str, ...]] = {}
        self._asks = {self.module.Code.CPUID, self.module.Code.XGETBV}

    def features(self, instruction: Any) -> tuple[str, ...]:
        """The features of interest that an instruction needs. They follow from its code: looked up once."""
        known = self._known.get(instruction.code)
        if known is None:
            names = (self._names.get(number, "") for number in instruction.cpuid_features())
            counted = instruction.mnemonic not in self._ignored
            known = self._known[instruction.code] = tuple(n for n in names if n in self._levels and counted)
        return known

    def decode(self, address: int, code: bytes, tally: Counts) -> None:
        """Count the instructions of `code`, linearly."""
        known = self._known
        for instruction in self.module.Decoder(64, code, ip=address):
            wanted = known.get(instruction.code)
            if wanted is None:
                wanted = self.features(instruction)
            if wanted:
                for feature in wanted:
                    tally.add(feature, instruction.ip)
            elif instruction.code in self._asks:
                tally.asks += 1
