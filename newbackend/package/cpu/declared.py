"""Which CPU a file says it was built for: `GOAMD64` in a Go program, which the Go runtime checks at start, and the
target features of Rust code in the Python module that checks them at import (polars has one)."""

from __future__ import annotations

import re

from newbackend.package.archive import Buffer
from newbackend.package.cpu.levels import levels

# The go command writes `build\tGOAMD64=v3` after this mark since Go 1.18.
_MARK = re.compile(rb"\xff Go buildinf:")
_SETTING = re.compile(rb"build\tGOAMD64=v([1-4])\n")
_REACH = 1 << 20


def go_level(data: Buffer) -> int:
    """2 to 4 for a program built with GOAMD64=v2 to v4; 0 for v1, and for what is no Go program."""
    mark = _MARK.search(data)
    match = _SETTING.search(data, mark.start(), mark.start() + _REACH) if mark else None
    level = int(match[1]) if match else 0
    return level if level > 1 else 0


# LLVM's list of features, given to a constant of a Python module: FEATURE_FLAGS = "+sse3,+ssse3".
_FEATURES = re.compile(r"""^[ \t]*\w*FEATURE\w*\s*(?::\s*\w+\s*)?=\s*["'](\+[\w.+-]+(?:,[+-][\w.+-]+)*)["']""", re.M)
# Where LLVM's names are not iced-x86's in small letters.
_OTHER_NAMES = {"sse4.1": "SSE4_1", "sse4.2": "SSE4_2", "bmi": "BMI1", "cx16": "CMPXCHG16B", "pclmul": "PCLMULQDQ"}


def listed_level(text: str) -> int:
    """2 to 4 for a Python module that lists target features of x86-64 above the baseline; else 0."""
    of, found = levels().of, 0
    for match in _FEATURES.finditer(text):
        names = [name[1:] for name in match[1].split(",") if name.startswith("+")]
        needed = (of.get(_OTHER_NAMES.get(n, n.upper()), 0) for n in names)
        found = max(found, *(level for level in needed if level <= 4), 0)
    return found if found > 1 else 0
