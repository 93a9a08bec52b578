"""Rules about run.sh and package.sh: how the backend starts, and what macOS needs."""

from __future__ import annotations

import re
from collections.abc import Iterable

from newbackend.checklist import DIRECTORY, OS
from newbackend.findings import Confidence, Finding, Location, Severity
from newbackend.rules.backend import BackendInfo
from newbackend.rules.backend_makefile import makefile_of
from newbackend.rules.context import Context
from newbackend.rules.registry import Result, check, rule, skipped

GO_DARWIN = "scripts/build/golang-darwin.sh"
_EXEC = re.compile(r"^[ \t]*(?:exec\s+(?![0-9]*[<>&])|startBackend\b)")
_LIBRARY_PATH = re.compile(r"(?<![A-Z_])LD_LIBRARY_PATH=")
_STRICT = re.compile(r"^[ \t]*set\s+(?:-\w+\s+)*(?:-\w*u\w*\b|-o\s+nounset)", re.M)
_BARE = re.compile(r"\$(?:(D?Y?LD_LIBRARY_PATH)\b|\{(D?Y?LD_LIBRARY_PATH)\})")
# The very search of golang-darwin.sh for the binary that run.sh starts.
_BINARY = re.compile(r"\"?\$CURDIR\"?/([A-Za-z0-9._-]+)")
_SHARED = re.compile(r"\.so(?:\*|\b)")
_ANY_SUFFIX = re.compile(r"\.dylib|lib[\w-]*[\w}]\.\*|\{so,dylib\}|\$\{?\w*EXT\w*\}?|\$\(SHIM_EXT\)")


def _lines(source: str) -> list[tuple[int, str]]:
    """Lines with their numbers, comments left out and continued lines joined."""
    lines: list[tuple[int, str]] = []
    for number, row in enumerate(source.split("\n"), start=1):
        if lines and lines[-1][1].endswith("\\"):
            lines[-1] = (lines[-1][0], lines[-1][1][:-1] + row)
        elif row.strip() and not row.lstrip().startswith("#"):
            lines.append((number, row.rstrip("\r")))
    return lines


NOT_STARTED = rule(
    "REG805",
    "run-script-broken",
    Severity.ERROR,
    what="run.sh does not end in an `exec` of the server (Python: `startBackend`), or drops its arguments.",
    why="LocalAI starts run.sh with --addr and signals that one process: without the arguments the server listens "
    "somewhere else and never becomes ready, without exec it stays behind when the model is unloaded.",
    how='End with `exec "$CURDIR/NAME" "$@"`.',
    bad='"$CURDIR/demo"',
    good='exec "$CURDIR/demo" "$@"',
    checklist=DIRECTORY,
)

UNSET_VARIABLE = rule(
    "REG809",
    "library-path-unset",
    Severity.ERROR,
    what="run.sh forbids unset variables (`set -u`) and reads a library path that is usually unset.",
    why="The script stops with `unbound variable` before the server starts, on every host that does not set it; on the "
    "machine that was tested it may be set.",
    how="Write `${LD_LIBRARY_PATH:-}`.",
    bad='set -eu\nexport LD_LIBRARY_PATH="$CURDIR/lib:$LD_LIBRARY_PATH"',
    good='set -eu\nexport LD_LIBRARY_PATH="$CURDIR/lib:${LD_LIBRARY_PATH:-}"',
    checklist=DIRECTORY,
)


@check(NOT_STARTED, UNSET_VARIABLE)
def run_script(context: Context) -> Iterable[Result]:
    """How run.sh starts the server."""
    for info in context.backends.values():
        path = f"{info.directory}/run.sh"
        source = context.read(path) if info.directory else None
        if source is None:
            for rule in (NOT_STARTED, UNSET_VARIABLE):
                yield skipped(rule, info.name, "it has no run.sh")
            continue
        lines = _lines(source)
        starts = [(number, row) for number, row in lines if _EXEC.match(row)]
        if not starts:
            at = lines[-1][0] if lines else 1
            message = "run.sh never hands over to the server with exec, so stopping it leaves the server running"
            expected = 'startBackend "$@"' if info.language.copies_directory else 'exec "$CURDIR/…" "$@"'
            yield Finding(NOT_STARTED, "exec", path, line=at, message=message, backend=info.name, expected=expected)
        for number, row in starts:
            if not re.search(r"\$[@*]|\$\{[@*]", row):
                message = "run.sh starts the server without its arguments, so it never learns its address"
                expected = f'{row.strip()} "$@"'
                yield Finding(
                    NOT_STARTED, "arguments", path, line=number, message=message, backend=info.name, expected=expected
                )
        if not info.language.copies_directory and _STRICT.search(source):
            for number, row in lines:
                if match := _BARE.search(row):
                    name = match[1] or match[2]
                    message = f"run.sh forbids unset variables and reads {name}, which most hosts do not set"
                    expected = row.strip().replace(match[0], f"${{{name}:-}}")
                    yield Finding(
                        UNSET_VARIABLE, name, path, line=number, message=message, backend=info.name, expected=expected
                    )
                    break


NO_DYLD = rule(
    "REG806",
    "dyld-branch-missing",
    Severity.ERROR,
    confidence=Confidence.LIKELY,
    what="The backend has a macOS row, and its run.sh sets LD_LIBRARY_PATH only.",
    why="macOS looks at DYLD_LIBRARY_PATH: the libraries beside the binary are not found, and the backend starts "
    "only on the machine that built it.",
    how="Set DYLD_LIBRARY_PATH where `uname` says Darwin, LD_LIBRARY_PATH elsewhere.",
    incident="c678530cf (#10481) repaired the purego backends, 17c1fc74b (#10528) silero-vad.",
    bad='export LD_LIBRARY_PATH="$CURDIR/lib:${LD_LIBRARY_PATH:-}"',
    good='if [ "$(uname)" = "Darwin" ]; then\n    export DYLD_LIBRARY_PATH="$CURDIR/lib:${DYLD_LIBRARY_PATH:-}"\nelse\n'
    '    export LD_LIBRARY_PATH="$CURDIR/lib:${LD_LIBRARY_PATH:-}"\nfi',
    checklist=OS,
)

NO_DYLIB = rule(
    "REG807",
    "dylib-not-packaged",
    Severity.ERROR,
    confidence=Confidence.LIKELY,
    what="The backend has a macOS row, and its package.sh copies the engine's `.so` and no `.dylib`.",
    why="CMake builds a .dylib on macOS. The job fails at the copy, or, where the copy may fail, publishes an image "
    "without the engine.",
    how="Copy both suffixes, and fail when neither is there.",
    incident="c678530cf (#10481) repaired the purego backends, 6afe127cd (#10523) opus.",
    bad='cp -avf "$CURDIR"/libdemo.so* "$CURDIR/package/lib/"',
    good='cp -avf "$CURDIR"/libdemo.so* "$CURDIR"/libdemo.dylib "$CURDIR/package/lib/" 2>/dev/null || true\n'
    'ls "$CURDIR"/package/lib/libdemo.* >/dev/null',
    checklist=OS,
)

BINARY_UNKNOWN = rule(
    "REG808",
    "darwin-binary-unknown",
    Severity.ERROR,
    what="golang-darwin.sh cannot tell from run.sh which binary the Makefile builds.",
    why="It takes the last `exec` of `$CURDIR/NAME` (another variable, or `${CURDIR}`, is not understood), else the "
    "backend's own name, and refuses to publish when that file is not there.",
    how='Write `CURDIR=$(dirname "$(realpath "$0")")` and `exec "$CURDIR/NAME" "$@"` with the name that is built.',
    incident="#10267: the macOS image of vibevoice-cpp had sources and no binary; the check dates from its repair.",
    bad='exec "$HERE/demo-grpc" "$@"',
    good='exec "$CURDIR/demo-grpc" "$@"',
    checklist=OS,
)


@check(NO_DYLD, NO_DYLIB, BINARY_UNKNOWN, needs=("matrix",))
def darwin(context: Context) -> Iterable[Result]:
    """For those that have a macOS row."""
    for info in context.backends.values():
        packs = info.language.darwin_script and not info.language.copies_directory
        if not info.darwin or not info.directory or not packs:
            reason = "it has no macOS row" if info.directory else "it has no directory"
            for rule in (NO_DYLD, NO_DYLIB, BINARY_UNKNOWN):
                yield skipped(rule, info.name, reason)
            continue
        yield from _library_path(context, info)
        if info.language.darwin_script == GO_DARWIN:
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
        yield Finding(
            NO_DYLD,
            info.name,
            path,
            line=number,
            message=message,
            backend=info.name,
            expected=expected,
            related=related,
        )


def _dyld(row: str) -> str:
    return re.sub(r"(?<![A-Z_])LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", row.strip())


def _dylib(context: Context, info: BackendInfo) -> Iterable[Finding]:
    """package.sh copies the engine's `.so` by name, and knows no other suffix."""
    path = f"{info.directory}/package.sh"
    source = context.read(path) or ""
    if _ANY_SUFFIX.search(source) or "Darwin" in source:
        return
    for number, row in _lines(source):
        # Only what the Makefile builds beside the sources; system libraries are in Linux branches.
        words = row.split()
        own = [word for word in words if "CURDIR" in word and "package/" not in word and _SHARED.search(word)]
        if "cp" in words and own:
            message = "package.sh copies only .so files, and on macOS the library is a .dylib"
            related = (Location(info.darwin[0].path, info.darwin[0].line),)
            expected = row.replace(".so*", ".dylib").replace(".so", ".dylib").strip()
            yield Finding(
                NO_DYLIB,
                info.name,
                path,
                line=number,
                message=message,
                backend=info.name,
                expected=expected,
                related=related,
            )
            return


def _binary(context: Context, info: BackendInfo) -> Iterable[Result]:
    makefile = makefile_of(context, info)
    if not context.layout.features["golang_darwin_checks_binary"] or makefile is None:
        reason = f"{GO_DARWIN} does not look for the binary" if makefile else "it has no Makefile"
        yield skipped(BINARY_UNKNOWN, info.name, reason)
        return
    path = f"{info.directory}/run.sh"
    starts = [(number, row) for number, row in _lines(context.read(path) or "") if re.match(r"\s*exec\s", row)]
    named = [(match[1], number) for number, row in starts for match in _BINARY.finditer(row) if "ld.so" not in match[1]]
    binary, line = named[-1] if named else (info.name, starts[-1][0] if starts else 1)
    built = context.read(f"{info.directory}/Makefile") or ""
    if not re.search(rf"(?<![\w.-]){re.escape(binary)}(?![\w-])", built):
        how = f"run.sh starts {binary}" if named else "run.sh does not name it as $CURDIR/NAME"
        message = f"the macOS build looks for the binary {binary} ({how}), and the Makefile builds none of that name"
        yield Finding(
            BINARY_UNKNOWN,
            binary,
            path,
            line=line,
            message=message,
            backend=info.name,
            expected='exec "$CURDIR/…" "$@"',
        )
