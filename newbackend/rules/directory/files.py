"""Rules about the backend's directory as a whole: its files, their modes, the placeholder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from newbackend.catalog.languages import PLACEHOLDER as MARKER
from newbackend.catalog.languages import UNKNOWN
from newbackend.checklist import DIRECTORY
from newbackend.findings import Finding, Severity
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.registry import Result, check, rule, skipped

_SIBLING = re.compile(r"\.\./([a-z0-9][a-z0-9-]*)")

INCOMPLETE = rule(
    "REG801",
    "directory-incomplete",
    Severity.ERROR,
    what="The backend's directory lacks a file that its image is built or started with; a warning for a Python "
    "backend without any test.",
    why="The image build stops, or its install is refused: an image without run.sh at the top is no backend.",
    how="Python: backend.py, Makefile, install.sh, run.sh, requirements.txt. Go: main.go, Makefile, run.sh, "
    "package.sh. C++: Makefile, run.sh, package.sh, and unless it builds a sibling's sources CMakeLists.txt and "
    "grpc-server.cpp. Rust: Cargo.toml, build.rs, src/main.rs, Makefile, run.sh, package.sh.",
    bad="backend/go/demo/{main.go,Makefile,run.sh}",
    good="backend/go/demo/{main.go,Makefile,run.sh,package.sh}",
    checklist=DIRECTORY,
)


@check(INCOMPLETE, needs=("matrix",))
def complete(context: Context) -> Iterable[Result]:
    """Files that the build needs (error), and a test where its siblings have one (warning)."""
    for info in context.backends.values():
        if not info.directory or not info.images:
            reason = "it has no rows" if info.directory else "it has no directory with a run.sh"
            yield skipped(INCOMPLETE, info.name, reason)
            continue
        for name in _missing(context, info):
            message = f"{info.directory} has no {name}, and its image cannot be built or started without it"
            yield Finding(INCOMPLETE, name, f"{info.directory}/{name}", line=1, message=message, backend=info.name)
        customary = info.language.customary_tests
        if customary and not any(_has(context, info, name) for name in customary):
            names = " and no ".join(customary)
            message = f"{info.directory} has no {names}"
            path = f"{info.directory}/{customary[0]}"
            severity = Severity.WARNING
            yield Finding(INCOMPLETE, "tests", path, line=1, message=message, backend=info.name, severity=severity)


def _has(context: Context, info: BackendInfo, name: str) -> bool:
    return context.checkout.exists(f"{info.directory}/{name}")


def _missing(context: Context, info: BackendInfo) -> Iterator[str]:
    language = info.language
    yield from (name for name in language.needed_files if not _has(context, info, name))
    servers = [name.replace("{name}", info.name) for name in language.servers]
    if servers and not any(_has(context, info, name) for name in servers):
        yield servers[0]
    if language.own_sources and not _builds_sibling(context, info):
        yield from (name for name in language.own_sources if not _has(context, info, name))


def _builds_sibling(context: Context, info: BackendInfo) -> bool:
    """Whether the Makefile takes its sources from another backend's directory, as the llama.cpp forks do."""
    makefile = context.read(f"{info.directory}/Makefile") or ""
    return any(name != info.name and name in context.directories for name in _SIBLING.findall(makefile))


NOT_EXECUTABLE = rule(
    "REG810",
    "run-script-not-executable",
    Severity.NOTE,
    what="run.sh is not executable, and package.sh copies it as it is.",
    why="LocalAI makes it executable when it can; where the backends directory is read-only (a system image, another "
    "user's files) the backend cannot be started.",
    how="chmod +x run.sh, and commit the mode.",
    incident="10a3f0bd9 (#6051) made LocalAI change the mode only where it must.",
    bad="100644 backend/go/demo/run.sh",
    good="100755 backend/go/demo/run.sh",
    checklist=DIRECTORY,
    when_new=Severity.WARNING,
)


@check(NOT_EXECUTABLE, needs=("matrix",))
def modes(context: Context) -> Iterable[Result]:
    """Package.sh copies run.sh with its mode; in Python the whole directory is the image."""
    for info in context.backends.values():
        path = f"{info.directory}/run.sh"
        if not info.images or context.checkout.raw(path) is None:
            yield skipped(NOT_EXECUTABLE, info.name, "it has no image, or is not written yet")
        elif not context.checkout.mode(path) & 0o111 and not _made_executable(context, info):
            message = "run.sh is not executable, so LocalAI must be able to change it before it can start"
            yield Finding(
                NOT_EXECUTABLE, "run.sh", path, line=1, message=message, backend=info.name, expected=f"chmod +x {path}"
            )


def _made_executable(context: Context, info: BackendInfo) -> bool:
    return info.language.copies_directory or "chmod +x" in (context.read(f"{info.directory}/package.sh") or "")


PLACEHOLDER = rule(
    "REG818",
    "placeholder-engine",
    Severity.NOTE,
    what="The engine is still the placeholder that `newbackend create` wrote.",
    why="It answers every request with made-up results, right for a first pull request, wrong for a release.",
    how="Put the real engine in, and delete the comment with NEWBACKEND-PLACEHOLDER.",
    bad="// NEWBACKEND-PLACEHOLDER: replace this with the real engine.",
    good="// calls the engine",
    checklist=DIRECTORY,
    blocks_release=True,
)


@check(PLACEHOLDER)
def placeholders(context: Context) -> Iterable[Result]:
    """Sources that still have the template's marker."""
    for info in context.backends.values():
        if info.language is UNKNOWN or not info.directory:
            yield skipped(PLACEHOLDER, info.name, "it has no directory with a template")
            continue
        path = placeholder_of(context, info)
        if path:
            source = context.read(path) or ""
            message = f"{info.name} still answers from the template's stand-in engine"
            line = source.count("\n", 0, source.find(MARKER)) + 1
            yield Finding(PLACEHOLDER, path.rsplit("/", 1)[-1], path, line=line, message=message, backend=info.name)


def placeholder_of(context: Context, info: BackendInfo) -> str:
    """The file that still has the template's marker, "" when there is none."""
    return next((path for path in _placeholder_paths(info) if MARKER in (context.read(path) or "")), "")


def _placeholder_paths(info: BackendInfo) -> tuple[str, ...]:
    """Where the language's templates put the marker."""
    paths = dict.fromkeys(flavour.placeholder for flavour in info.language.flavours.values())
    return tuple(path.replace("{name}", info.name) for path in paths if path)
