"""Which CPU a Go program was built for: `GOAMD64` in its build information, which the Go runtime checks at start."""

from __future__ import annotations

import re

from newbackend.package.archive import Buffer

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
