"""REG805 to REG809, run.sh and package.sh: facts from contract 1.1, 4.8 and 7.4."""

from __future__ import annotations

from newbackend.findings import Confidence, Rule, Severity
from newbackend.rules.texts.checklist import DIRECTORY, OS

NOT_STARTED = Rule(
    id="REG805",
    name="run-script-broken",
    severity=Severity.ERROR,
    what="run.sh does not end in an `exec` of the server (Python: `startBackend`), or drops its arguments.",
    why="LocalAI starts run.sh with --addr and signals that one process: without the arguments the server listens "
    "somewhere else and never becomes ready, without exec it stays behind when the model is unloaded.",
    how='End with `exec "$CURDIR/NAME" "$@"`.',
    bad='"$CURDIR/demo"',
    good='exec "$CURDIR/demo" "$@"',
    checklist=DIRECTORY,
)

NO_DYLD = Rule(
    id="REG806",
    name="dyld-branch-missing",
    severity=Severity.ERROR,
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

NO_DYLIB = Rule(
    id="REG807",
    name="dylib-not-packaged",
    severity=Severity.ERROR,
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

BINARY_UNKNOWN = Rule(
    id="REG808",
    name="darwin-binary-unknown",
    severity=Severity.ERROR,
    what="golang-darwin.sh cannot tell from run.sh which binary the Makefile builds.",
    why="It takes the last `exec` of `$CURDIR/NAME` (another variable, or `${CURDIR}`, is not understood), else the "
    "backend's own name, and refuses to publish when that file is not there.",
    how='Write `CURDIR=$(dirname "$(realpath "$0")")` and `exec "$CURDIR/NAME" "$@"` with the name that is built.',
    incident="#10267: the macOS image of vibevoice-cpp had sources and no binary; the check dates from its repair.",
    bad='exec "$HERE/demo-grpc" "$@"',
    good='exec "$CURDIR/demo-grpc" "$@"',
    checklist=OS,
)

UNSET_VARIABLE = Rule(
    id="REG809",
    name="library-path-unset",
    severity=Severity.ERROR,
    what="run.sh forbids unset variables (`set -u`) and reads a library path that is usually unset.",
    why="The script stops with `unbound variable` before the server starts, on every host that does not set it; on the "
    "machine that was tested it may be set.",
    how="Write `${LD_LIBRARY_PATH:-}`.",
    bad='set -eu\nexport LD_LIBRARY_PATH="$CURDIR/lib:$LD_LIBRARY_PATH"',
    good='set -eu\nexport LD_LIBRARY_PATH="$CURDIR/lib:${LD_LIBRARY_PATH:-}"',
    checklist=DIRECTORY,
)
