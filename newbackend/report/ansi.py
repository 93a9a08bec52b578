"""Terminal colours as a value: a palette that either paints or leaves text alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_CODES = {
    "error": "1;31",
    "warning": "1;33",
    "note": "1;36",
    "unknown": "1;35",
    "pass": "32",
    "expected": "32",
    "gutter": "34",
    "strong": "1",
    "quiet": "2",
}


@dataclass(frozen=True, slots=True)
class Palette:
    """`paint` wraps text in its role's colour; an unknown role and an empty palette do nothing."""

    codes: Mapping[str, str] = field(default_factory=dict)

    def paint(self, role: str, text: str) -> str:
        """`text` in the colour of `role`."""
        code = self.codes.get(role)
        return f"\x1b[{code}m{text}\x1b[0m" if code and text else text


COLOURED = Palette(_CODES)
PLAIN = Palette()
