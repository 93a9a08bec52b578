"""GAL60x: run.sh, as it is in a repository."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from newbackend.findings import Confidence, Finding, Severity
from newbackend.gallery.book import Gallery, check, in_file, rule
from newbackend.gallery.surroundings import Surroundings

RUN = "run.sh"
_SHELLS = re.compile(r"#!\s*/(?:usr/)?bin/(?:env\s+)?(?:ba)?sh\b")
_ALL_ARGUMENTS = re.compile(r'"(?:\$@|\$\{@\})"')
_UNQUOTED = re.compile(r"\$[@*]|\$\{[@*]\}")
_TARGETS = re.compile(r"^[ \t]*(?:export\s+)?LIMIT_TARGETS=", re.M)
_RUN_PORT = re.compile(r"--(?:addr|address|port)[= ]+[\"']?(?:[\w.\[\]:]*:)?\d{2,5}\b")
_LISTENS = re.compile(
    r"""add_(?:in)?secure_port\(\s*[frb]?["'][^"'{}]*:\d{2,5}["']|net\.Listen\(\s*"tcp"\s*,\s*"[^"]*:\d{2,5}"\s*\)"""
    r"""|AddListeningPort\(\s*"[^"]*:\d{2,5}\""""
)
_SOURCES = (".py", ".go", ".cpp", ".cc", ".rs")
_HELPER = re.compile(r"(?:\./|\$\{?(?:CURDIR|DIR|SCRIPT_DIR|HERE|backend_dir|MY_DIR)\}?/)([\w.-]+(?:/[\w.-]+)*)")


def runs(around: Surroundings) -> tuple[str, ...]:
    """Every run.sh of a repository."""
    return around.named(RUN)


RUN_MISSING = rule(
    "GAL601",
    "repository-without-run",
    Severity.ERROR,
    what="A repository builds an image, and neither has a run.sh nor makes one.",
    why="LocalAI starts `run.sh` at the root of the image, and refuses an image without: `not a valid backend: run "
    "file not found`. ENTRYPOINT and CMD are never used.",
    how="Add run.sh, and copy it to the root of the image.",
    bad='CMD ["python", "server.py"]',
    good='#!/bin/sh\nexec ./server "$@"',
)


@check(RUN_MISSING)
def run_missing(gallery: Gallery) -> Iterator[Finding]:
    """A repository with a Dockerfile whose build never speaks of run.sh."""
    around = gallery.around
    if around is None or runs(around):
        return
    files = [*around.dockerfiles, *around.named("package.sh", "Makefile")]
    if around.dockerfiles and not any(RUN in around.text(path) for path in files):
        path = around.dockerfiles[0]
        yield in_file(RUN_MISSING, path, f"nothing makes a {RUN} for the image of {path}, so LocalAI refuses it")


NOT_EXECUTABLE = rule(
    "GAL602",
    "repository-run-not-executable",
    Severity.WARNING,
    what="In git, run.sh or a script that it starts is not executable.",
    why="Images keep the modes. LocalAI makes run.sh itself executable, and nothing that it starts: `permission "
    "denied`.",
    how="`git update-index --chmod=+x FILE`.",
    bad="100644 run.sh",
    good="100755 run.sh",
)
SHEBANG = rule(
    "GAL603",
    "repository-run-shebang",
    Severity.ERROR,
    what="run.sh has CRLF line ends, or does not begin with `#!/bin/sh` or `#!/bin/bash`.",
    why="The kernel looks for an interpreter called `/bin/bash\\r`, or for none: `bad interpreter`, `exec format "
    "error`.",
    how="Save it with LF, keep it so by `*.sh text eol=lf` in .gitattributes, and begin it with `#!/bin/sh`.",
    bad="#!/bin/bash\\r",
    good="#!/bin/bash",
)
ARGUMENTS = rule(
    "GAL604",
    "repository-run-arguments",
    Severity.ERROR,
    what='run.sh does not hand its arguments on as `"$@"`; a warning when they are there without the quotes.',
    why="LocalAI says where to listen by `--addr 127.0.0.1:PORT`. A server that does not get it listens elsewhere, "
    "and the load ends with `grpc service not ready`.",
    how='End it in `exec ./server "$@"`.',
    bad="python server.py",
    good='exec python server.py "$@"',
)
LIMIT_TARGETS = rule(
    "GAL605",
    "limit-targets-in-run",
    Severity.ERROR,
    what="run.sh sets `LIMIT_TARGETS`.",
    why="libbackend.sh then ends with status 0 before the server starts, unless LocalAI's own environment has a "
    "matching `BUILD_TYPE`: the backend starts and vanishes.",
    how="Set it in install.sh only.",
    bad='LIMIT_TARGETS="cublas"   # in run.sh',
    good='LIMIT_TARGETS="cublas"   # in install.sh',
)
FIXED_PORT = rule(
    "GAL606",
    "fixed-port",
    Severity.ERROR,
    what="run.sh or the server has the port to listen on written into it.",
    why="LocalAI chooses a free port for every start and connects to that one only.",
    how="Listen where `--addr` says.",
    bad='server.add_insecure_port("[::]:50051")',
    good="server.add_insecure_port(args.addr)",
    confidence=Confidence.LIKELY,
)
NO_LOADER = rule(
    "GAL607",
    "repository-without-loader",
    Severity.WARNING,
    what="A compiled program goes into an image from `scratch`, without the loader and the C library of its build.",
    why="A program that is not static runs on the C library of LocalAI's host. Where that is older than the builder's, "
    "it ends with ``version `GLIBC_2.38' not found`` before it listens.",
    how="Copy the loader and the libraries of that build to `lib/`, as LocalAI's `package-system-libs.sh` does, and "
    "start `lib/ld.so ./server`; or link it statically.",
    bad='exec ./server "$@"   # built by cmake',
    good='exec "$CURDIR/lib/ld.so" "$CURDIR/server" "$@"',
    confidence=Confidence.LIKELY,
)
_COMPILES = re.compile(r"\b(?:go build|cargo build|cmake|make|meson|ninja|g\+\+|gcc|clang\+\+|clang|rustc)\b")
_COMPILED = (".go", ".cpp", ".cc", ".c", ".rs", ".zig")
_BRINGS_LOADER = re.compile(r"\bld\.so\b|\bld-linux|\bpackage-system-libs|\bld-musl")
_STATIC = re.compile(r"\bCGO_ENABLED[=:\s\"']+0\b|-static\b|\bcrt-static\b|\bmusl\b|\balpine\b")
_PYTHON = re.compile(r"libbackend\.sh|\bpython3?\b")


@check(NO_LOADER)
def loader(gallery: Gallery) -> Iterator[Finding]:
    """Each run.sh that starts a program of a repository that compiles one."""
    around = gallery.around
    if around is None or not around.dockerfiles or not any(path.endswith(_COMPILED) for path in around.modes):
        return
    texts = [around.text(path) for path in dict.fromkeys((*around.build_files, *runs(around)))]
    scratch = any(re.search(r"^FROM\s+scratch\b", around.text(path), re.M | re.I) for path in around.dockerfiles)
    if not scratch or not any(_COMPILES.search(text) for text in texts):
        return
    if any(_BRINGS_LOADER.search(text) or _STATIC.search(text) for text in texts):
        return
    for path in runs(around):
        if not _PYTHON.search(around.text(path)):
            message = (
                f"{path} starts a program on the host's C library: nothing packages lib/ld.so, and it is not static"
            )
            yield in_file(NO_LOADER, path, message)


@check(NOT_EXECUTABLE, SHEBANG, ARGUMENTS, LIMIT_TARGETS, FIXED_PORT)
def scripts(gallery: Gallery) -> Iterator[Finding]:
    """Each run.sh by itself, and the sources that listen."""
    around = gallery.around
    if around is None:
        return
    for path in runs(around):
        yield from _run(around, path)
    for path in around.modes:
        if path.endswith(_SOURCES) and "test" not in posixpath.basename(path) and path not in around.vendored:
            match = _LISTENS.search(around.text(path))
            if match:
                line = around.line_of(path, match.start())
                yield in_file(FIXED_PORT, path, f"{path} listens on a port of its own choice", line=line)


def _run(around: Surroundings, path: str) -> Iterator[Finding]:
    text, folder = around.text(path), posixpath.dirname(path)
    if not text:
        return
    if "\r" in text or not _SHELLS.match(text):
        what = "has CRLF line ends" if "\r" in text else "does not begin with the interpreter of a shell"
        yield in_file(SHEBANG, path, f"{path} {what}")
    if not _ALL_ARGUMENTS.search(text):
        found = _UNQUOTED.search(text)
        what = "hands its arguments on without quotes" if found else "does not hand its arguments on"
        line = around.line_of(path, found.start()) if found else text.count("\n") or 1
        yield in_file(ARGUMENTS, path, f"{path} {what}", line=line, severity=Severity.WARNING if found else None)
    if match := _TARGETS.search(text):
        message = f"{path} sets LIMIT_TARGETS, so it may end before the server starts"
        yield in_file(LIMIT_TARGETS, path, message, line=around.line_of(path, match.end()))
    if match := _RUN_PORT.search(text):
        yield in_file(FIXED_PORT, path, f"{path} names a port", line=around.line_of(path, match.start()))
    if around.is_repository:
        started = {posixpath.normpath(f"{folder}/{name}").lstrip("./") for name in _HELPER.findall(text)}
        for file in (path, *sorted(started)):
            if file in around.modes and not around.modes[file] & 0o111 and around.text(file).startswith("#!"):
                yield in_file(NOT_EXECUTABLE, file, f"{file} is not executable in git")
