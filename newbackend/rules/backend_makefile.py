"""A backend's own Makefile, as far as rules need it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newbackend.checkout.tree import Checkout, cached_by_file
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.splice.make import Makefile, Target, parse

_CALL = re.compile(r"\bmake\s((?:-\S+\s+)*)-B?C\s+(\S*?)(backend/\w+/[\w.-]+)/?((?:[ \t]+[^\s;&|#]+)*)")


def makefile_of(context: Context, info: BackendInfo) -> Makefile | None:
    """The backend's own Makefile, parsed once; None when there is none."""
    return _makefile_at(context.checkout, f"{info.directory}/Makefile") if info.directory else None


@cached_by_file
def _makefile_at(checkout: Checkout, path: str) -> Makefile | None:
    source = checkout.read(path)
    return None if source is None else parse(source)


def only_clones(target: Target) -> bool:
    """Whether a rule fetches sources and builds nothing."""
    return "git " in target.recipe and not target.needs and "/" in target.recipe and "build" not in target.recipe


def fetches_by_default(context: Context, info: BackendInfo) -> bool:
    """Whether a bare `make` in the backend's directory only fetches sources."""
    makefile = makefile_of(context, info)
    target = makefile.targets.get(makefile.goal) if makefile and makefile.whole else None
    return target is not None and only_clones(target)


def make_calls(source: str) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """`make -C backend/<lang>/<name> a b`: the directory, the targets (none: the default goal), the line.

    Comments are left out, and so are variables and words that only the shell knows.
    """
    if "backend/" not in source:
        return
    rows = source.split("\n")
    number = 0
    while number < len(rows):
        first, row = number + 1, rows[number]
        number += 1
        if row.lstrip().startswith("#"):
            continue
        while row.rstrip("\r").endswith("\\") and number < len(rows):
            row = row.rstrip("\r")[:-1] + " " + rows[number]
            number += 1
        for match in _CALL.finditer(row) if "backend/" in row else ():
            words = match[4].split()
            yield match[3], tuple(word for word in words if "=" not in word and not word.startswith(("-", "$"))), first
