"""Where a file of a package comes from: through the copies that scripts make, back to the checkout."""

from __future__ import annotations

import fnmatch
import posixpath

from newbackend.trace.machine import Machine
from newbackend.trace.opentext import is_open
from newbackend.trace.paths import normal
from newbackend.trace.steps import Where

_DEPTH = 8
_GLOB = "*?["


def find_file(machine: Machine, path: str, depth: int = 0) -> tuple[bool | None, Where | None]:
    """Whether a container path is there after the build, and the line that put it there (None: it is the checkout's).

    None instead of a truth: it may be there, by a copy whose target is not known.
    """
    path = normal(path)
    inside = machine.inside(path)
    if inside and machine.checkout.exists(inside):
        return True, None
    folder, name = posixpath.split(path)
    unsure = False
    for copy in machine.copies if depth < _DEPTH else ():
        if copy.target == path:
            return True, copy.where
        head, _, tail = copy.target.rpartition("/")
        if is_open(copy.target):
            unsure = unsure or (not copy.condition and head.startswith(folder))
            continue
        source = ""
        if head == folder and any(sign in tail for sign in _GLOB) and fnmatch.fnmatchcase(name, tail):
            source = f"{posixpath.dirname(copy.source)}/{name}"
        elif path.startswith(f"{copy.target}/"):
            source = copy.source + path[len(copy.target) :]
        if source and source != path and not is_open(source):
            found, _ = find_file(machine, source, depth + 1)
            if found:
                return True, copy.where
    return (None if unsure else False), None
