"""Checks of the backend's run.sh and package.sh: how it starts, and what macOS needs (contract 4.8, 7.4)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from newbackend.findings import CheckResult, Finding, Location, Status
from newbackend.rules.base import Check, Result
from newbackend.rules.context import BackendInfo, Context
from newbackend.rules.directory.makefile import makefile_of
from newbackend.rules.texts import own_scripts as text

GO_DARWIN = "scripts/build/golang-darwin.sh"
_EXEC = re.compile(r"^\s*(?:exec\s+(?![0-9]*[<>&])|startBackend\b)")
_LIBRARY_PATH = re.compile(r"(?<![A-Z_])LD_LIBRARY_PATH=")
_STRICT = re.compile(r"^\s*set\s+(?:-\w+\s+)*(?:-\w*u\w*\b|-o\s+nounset)", re.M)
_BARE = re.compile(r"\$(?:(D?Y?LD_LIBRARY_PATH)\b|\{(D?Y?LD_LIBRARY_PATH)\})")
# The very search of golang-darwin.sh for the binary that run.sh starts.
_BINARY = re.compile(r"\"?\$CURDIR\"?/([A-Za-z0-9._-]+)")
_SHARED = re.compile(r"\.so(?:\*|\b)")
_ANY_SUFFIX = re.compile(r"\.dylib|lib[\w-]*[\w}]\.\*|\{so,dylib\}|\$\{?\w*EXT\w*\}?|\$\(SHIM_EXT\)")


def _lines(source: str) -> list[tuple[int, str]]:
    """Lines with their numbers, comments left out and continued lines joined."""
    found: list[tuple[int, str]] = []
    for number, row in enumerate(source.split("\n"), start=1):
        if found and found[-1][1].endswith("\\"):
            found[-1] = (found[-1][0], found[-1][1][:-1] + row)
        elif row.strip() and not row.lstrip().startswith("#"):
            found.append((number, row.rstrip("\r")))
    return found


def run_script(context: Context) -> Iterable[Result]:
    """REG805 and REG809."""
    for info in context.backends.values():
        path = f"{info.directory}/run.sh"
        source = context.read(path) if info.directory else None
        if source is None:
            for rule in (text.NOT_STARTED, text.UNSET_VARIABLE):
                yield CheckResult(rule, Status.SKIPPED, info.name, "it has no run.sh")
            continue
        lines = _lines(source)
        starts = [(number, row) for number, row in lines if _EXEC.match(row)]
        if not starts:
            at = lines[-1][0] if lines else 1
            message = "run.sh never hands over to the server with exec, so stopping it leaves the server running"
            expected = 'startBackend "$@"' if info.lang == "python" else 'exec "$CURDIR/…" "$@"'
            yield Finding(text.NOT_STARTED, "exec", path, at, message, info.name, expected=expected)
        for number, row in starts:
            if not re.search(r"\$[@*]|\$\{[@*]", row):
                message = "run.sh starts the server without its arguments, so it never learns its address"
                expected = f'{row.strip()} "$@"'
                yield Finding(text.NOT_STARTED, "arguments", path, number, message, info.name, expected=expected)
        if info.lang != "python" and _STRICT.search(source):
            for number, row in lines:
                if match := _BARE.search(row):
                    name = match[1] or match[2]
                    message = f"run.sh forbids unset variables and reads {name}, which most hosts do not set"
                    expected = row.strip().replace(match[0], f"${{{name}:-}}")
                    yield Finding(text.UNSET_VARIABLE, name, path, number, message, info.name, expected=expected)
                    break


def darwin(context: Context) -> Iterable[Result]:
    """REG806, REG807 and REG808: for those that have a macOS row."""
    for info in context.backends.values():
        if not info.darwin or not info.directory or info.lang not in ("go", "cpp"):
            reason = "it has no macOS row" if info.directory else "it has no directory"
            for rule in (text.NO_DYLD, text.NO_DYLIB, text.BINARY_UNKNOWN):
                yield CheckResult(rule, Status.SKIPPED, info.name, reason)
            continue
        yield from _library_path(context, info)
        if info.lang == "go":
            yield from _dylib(context, info)
            yield from _binary(context, info)


def _library_path(context: Context, info: BackendInfo) -> Iterable[Finding]:
    path = f"{info.directory}/run.sh"
    source = context.read(path) or ""
    sets = [(number, row) for number, row in _lines(source) if _LIBRARY_PATH.search(row)]
    if sets and "DYLD_" not in source:
        number, row = sets[0]
        message = "run.sh sets LD_LIBRARY_PATH alone, which macOS does not look at, and there is a macOS row"
        related = (Location(info.darwin[0].path, info.darwin[0].line),)
        expected = f'if [ "$(uname)" = "Darwin" ]; then\n    {_dyld(row)}\nelse\n    {row.strip()}\nfi'
        yield Finding(text.NO_DYLD, info.name, path, number, message, info.name, expected=expected, related=related)


def _dyld(row: str) -> str:
    return re.sub(r"(?<![A-Z_])LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", row.strip())


def _dylib(context: Context, info: BackendInfo) -> Iterable[Finding]:
    """package.sh copies the engine's `.so` by name, and knows no other suffix."""
    path = f"{info.directory}/package.sh"
    source = context.read(path) or ""
    if _ANY_SUFFIX.search(source) or "Darwin" in source:
        return
    for number, row in _lines(source):
        # Only what the Makefile leaves beside the sources; system libraries stand in Linux branches.
        words = row.split()
        own = [word for word in words if "CURDIR" in word and "package/" not in word and _SHARED.search(word)]
        if "cp" in words and own:
            message = "package.sh copies only .so files, and on macOS the library is a .dylib"
            related = (Location(info.darwin[0].path, info.darwin[0].line),)
            expected = row.replace(".so*", ".dylib").replace(".so", ".dylib").strip()
            yield Finding(
                text.NO_DYLIB, info.name, path, number, message, info.name, expected=expected, related=related
            )
            return


def _binary(context: Context, info: BackendInfo) -> Iterable[Result]:
    makefile = makefile_of(context, info)
    if not context.layout.features["golang_darwin_checks_binary"] or makefile is None:
        reason = f"{GO_DARWIN} does not look for the binary" if makefile else "it has no Makefile"
        yield CheckResult(text.BINARY_UNKNOWN, Status.SKIPPED, info.name, reason)
        return
    path = f"{info.directory}/run.sh"
    starts = [(number, row) for number, row in _lines(context.read(path) or "") if re.match(r"\s*exec\s", row)]
    named = [(match[1], number) for number, row in starts for match in _BINARY.finditer(row) if "ld.so" not in match[1]]
    binary, line = named[-1] if named else (info.name, starts[-1][0] if starts else 1)
    built = context.read(f"{info.directory}/Makefile") or ""
    if not re.search(rf"(?<![\w.-]){re.escape(binary)}(?![\w-])", built):
        how = f"run.sh starts {binary}" if named else "run.sh does not name it as $CURDIR/NAME"
        message = f"the macOS build looks for the binary {binary} ({how}), and the Makefile builds none of that name"
        yield Finding(text.BINARY_UNKNOWN, binary, path, line, message, info.name, expected='exec "$CURDIR/…" "$@"')


CHECKS = (
    Check((text.NOT_STARTED, text.UNSET_VARIABLE), run_script),
    Check((text.NO_DYLD, text.NO_DYLIB, text.BINARY_UNKNOWN), darwin, needs=("matrix",)),
)
