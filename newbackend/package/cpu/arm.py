"""Which features of AArch64 the code of a file needs beyond Armv8.0-A.

Every instruction has four bytes, so no decoder is needed: the fixed bits of each group are compared. Encodings: Arm
Architecture Reference Manual for A-profile, chapter C4. Hints (pointer authentication, BTI) run everywhere and are not
counted. Conversions between half and single precision belong to Armv8.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from newbackend.package.cpu.tally import Tally
from newbackend.records import dataclass

CHUNK = 1 << 22  # bytes of code at a time
ASKS = ""


@dataclass(frozen=True)
class _Group:
    """Words with `word & mask == value`."""

    feature: str
    mask: int
    value: int

    @cached_property
    def tables(self) -> tuple[tuple[int, bytes], ...]:
        """For each of the four bytes that matters, the last first, a table that gives 1 for what it can be."""
        found = []
        for at in (3, 2, 1, 0):
            mask, value = self.mask >> 8 * at & 0xFF, self.value >> 8 * at & 0xFF
            if mask:
                found.append((at, bytes(byte & mask == value for byte in range(256))))
        return tuple(found)

    def places(self, planes: tuple[bytes, ...]) -> Iterator[int]:
        """The numbers of the words of this group. `planes` are the first bytes of all words, the second, and so on:
        each is translated to ones and zeros, and the four are joined as numbers, without a loop over the words."""
        hits = -1
        for at, table in self.tables:
            hits &= int.from_bytes(planes[at].translate(table), "little")
            if not hits:
                return
        marks = hits.to_bytes(len(planes[0]), "little")
        at = marks.find(1)
        while at >= 0:
            yield at
            at = marks.find(1, at + 1)


GROUPS = (
    _Group(ASKS, 0xFFFFF000, 0xD5380000),  # MRS of an identification register
    _Group("LSE", 0x3F200C00, 0x38200000),  # LDADD, SWP and others, and the newer LDAPR
    _Group("LSE", 0x3FA07C00, 0x08A07C00),  # CAS
    _Group("DOTPROD", 0x9FE0FC00, 0x0E809400),  # SDOT, UDOT
    _Group("DOTPROD", 0x9FC0F400, 0x0F80E000),  # both, by element
    _Group("FP16", 0xFFE0CC00, 0x1EE00800),  # FMUL, FDIV, FADD, FSUB
    _Group("FP16", 0x9F60C400, 0x0E400400),  # the same and others on vectors
    _Group("I8MM", 0xDFE0F400, 0x4E80A400),  # SMMLA, UMMLA, USMMLA
    _Group("I8MM", 0xBFE0FC00, 0x0E809C00),  # USDOT
    _Group("I8MM", 0xBF40F400, 0x0F00F000),  # USDOT, SUDOT by element
    _Group("BF16", 0xBFE0FC00, 0x2E40FC00),  # BFDOT
    _Group("BF16", 0xFFE0FC00, 0x6E40EC00),  # BFMMLA
    _Group("SVE", 0x1E000000, 0x04000000),
    _Group("SME", 0x9E000000, 0x80000000),
    _Group("ARM_AES", 0xFFFFCC00, 0x4E284800),  # AESE, AESD and their mixing of columns
    _Group("ARM_SHA2", 0xFFE0CC00, 0x5E004000),
)


_LITERAL = _Group("", 0x3B000000, 0x18000000)
"""LDR of a constant that lies between the code: the offset has 19 bits."""


def count_words(address: int, code: bytes, tally: Tally) -> None:
    """Counts the instructions of some little-endian code, which is loaded at an address, in the tally. Words that other
    instructions load as constants are none."""
    constants = frozenset(_constants(code))
    for start, planes in _chunks(code):
        for group in GROUPS:
            for number in group.places(planes):
                if start + 4 * number in constants:
                    continue
                if group.feature == ASKS:
                    tally.asks += 1
                else:
                    tally.add(group.feature, address + start + 4 * number)


def _chunks(code: bytes) -> Iterator[tuple[int, tuple[bytes, ...]]]:
    """Parts of the code: where each starts, and its bytes as `places` takes them."""
    for start in range(0, len(code) // 4 * 4, CHUNK):
        chunk = code[start : start + CHUNK]
        yield start, tuple(chunk[at : len(chunk) // 4 * 4 : 4] for at in range(4))


def _constants(code: bytes) -> Iterator[int]:
    """Where the words lie that instructions load as constants: one, two or four of them."""
    for start, planes in _chunks(code):
        for number in _LITERAL.places(planes):
            at = start + 4 * number
            word = int.from_bytes(code[at : at + 4], "little")
            target = at + 4 * signed(word, 5, 19)
            size = 4 << (word >> 30 & 3) if word >> 26 & 1 else 8 if word >> 30 == 1 else 4
            yield from range(target, target + size, 4)


def signed(word: int, start: int, bits: int) -> int:
    """The signed number in some bits of a word."""
    value = word >> start & (1 << bits) - 1
    return value - (1 << bits) if value >> bits - 1 else value


def features_of(word: int) -> tuple[str, ...]:
    """The features that one instruction needs."""
    return tuple(group.feature for group in GROUPS if word & group.mask == group.value and group.feature != ASKS)
