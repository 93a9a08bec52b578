"""What was counted in the code of a file."""

from __future__ import annotations

from collections import Counter
from dataclasses import field

from newbackend.package.cpu.levels import levels
from newbackend.records import dataclass

PAGE = 4096


@dataclass
class Tally:
    """Counts while decoding: instructions per feature, the first address of each, pages per level, and `asks`:
    the cpuid and xgetbv instructions."""

    features: Counter[str] = field(default_factory=Counter)
    first: dict[str, int] = field(default_factory=dict)
    pages: dict[int, set[int]] = field(default_factory=dict)
    asks: int = 0

    def add(self, feature: str, address: int) -> None:
        """Count one instruction that needs `feature`."""
        level = levels().of.get(feature, 0)
        if level:
            self.features[feature] += 1
            self.first.setdefault(feature, address)
            self.pages.setdefault(level, set()).add(address // PAGE)

    def forget(self, feature: str) -> None:
        """Count none of a feature after all."""
        if self.features.pop(feature, 0):
            level = levels().of[feature]
            self.first.pop(feature)
            if not any(levels().of[other] == level for other in self.features):
                self.pages.pop(level, None)
