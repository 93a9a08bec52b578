"""The archives that the macOS targets of the root Makefile install."""

from __future__ import annotations

import re
from collections.abc import Iterable

from newbackend.checklist import OS
from newbackend.checkout.layout import MAKEFILE
from newbackend.findings import Finding, Location, Severity
from newbackend.rules.context import Context
from newbackend.rules.registry import check, rule

_TARGET = re.compile(r"(?m)^backends/([\w.-]+):[^=\n]*\n((?:\t.*\n?)+)")
_ARCHIVE = re.compile(r"backend-images/([\w.-]+)\.tar")
_BACKEND = re.compile(r"(?<!\w)BACKEND=([\w.-]+)")
_SCRIPT = re.compile(r"(scripts/build/[\w.-]+\.sh)")
_OUTPUT = re.compile(r"--output[ =]+\"?(?:\./)?backend-images/([\w.-]+)\.tar")

FOREIGN_ARCHIVE = rule(
    "REG320",
    "archive-foreign",
    Severity.ERROR,
    what="A macOS target builds one backend and installs the archive of another.",
    why="The target was copied. It installs an old archive of the other backend, or stops because there is none; what "
    "was just built is never tried.",
    how="Install the archive that the target's script writes.",
    bad="backends/demo-darwin: build\n\tbash ./scripts/build/demo-darwin.sh\n"
    '\t./local-ai backends install "ocifile://$(abspath ./backend-images/ds4.tar)"',
    good='\t./local-ai backends install "ocifile://$(abspath ./backend-images/demo.tar)"',
    checklist=OS,
    added_in="0.2.0",
)


@check(FOREIGN_ARCHIVE, needs=("darwin-makefile",))
def archives(context: Context) -> Iterable[Finding]:
    """The archive of each target against what its script, or `BACKEND=`, makes."""
    source = context.read(MAKEFILE) or ""
    for match in _TARGET.finditer(source):
        target, recipe = match[1], match[2]
        installed = _ARCHIVE.search(recipe)
        if installed is None or "local-ai" not in recipe:
            continue
        made, where = _made(context, recipe)
        if made and made != installed[1]:
            line = source.count("\n", 0, match.start(2) + installed.start()) + 1
            yield Finding(
                FOREIGN_ARCHIVE,
                target,
                MAKEFILE,
                line=line,
                message=f"backends/{target} makes {made}.tar and installs {installed[1]}.tar",
                backend=context.known(made),
                expected=f"backend-images/{made}.tar",
                related=where,
            )


def _made(context: Context, recipe: str) -> tuple[str, tuple[Location, ...]]:
    """The name of the archive that a recipe makes, and where that is said; "" when it is not."""
    named = _BACKEND.search(recipe)
    if named:
        return named[1], ()
    script = _SCRIPT.search(recipe)
    text = context.read(script[1]) if script else None
    output = _OUTPUT.search(text) if text else None
    if not script or not text or not output:
        return "", ()
    return output[1], (Location(script[1], text.count("\n", 0, output.start()) + 1),)
