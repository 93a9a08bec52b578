"""Rules about files of a backend that do not parse: conflict markers, its Makefile, its shell scripts."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator

from newbackend.checklist import SYNTAX
from newbackend.checkout.bash_syntax import ScriptFault, bash, script_faults
from newbackend.errors import NewbackendError
from newbackend.findings import Finding, Severity
from newbackend.registrations.support.importers_dir import importers
from newbackend.rules.backend import BackendInfo
from newbackend.rules.backend_makefile import makefile_of
from newbackend.rules.context import Context
from newbackend.rules.registry import Result, Undecidable, check, rule, skipped
from newbackend.splice.conflicts import SIDES, conflict_line

CONFLICT_MARKER = rule(
    "REG830",
    "conflict-marker",
    Severity.ERROR,
    what="A file of the backend has the markers of an unresolved merge conflict.",
    why="It neither compiles nor runs, and where it is text, users read both sides of the conflict.",
    how="Choose a side and delete the three marker lines.",
    bad='<<<<<<< HEAD\nexec "$CURDIR/demo" "$@"\n=======\nexec "$CURDIR/demo-grpc" "$@"\n>>>>>>> topic',
    good='exec "$CURDIR/demo" "$@"',
    checklist=SYNTAX,
)


@check(CONFLICT_MARKER)
def conflicts(context: Context) -> Iterable[Result]:
    """Every file of the backend's directory, its own Dockerfile and its importer."""
    imported = {importer.backend: importer.path for importer in importers(context.checkout)}
    for info in context.backends.values():
        paths = list(context.checkout.files_below(info.directory)) if info.directory else []
        if info.language.own_dockerfile:
            paths.append(info.language.dockerfile_of(info.name).removeprefix("./"))
        if info.name in imported:
            paths.append(imported[info.name])
        if not paths:
            yield skipped(CONFLICT_MARKER, info.name, "it has no files")
        for path in paths:
            if at := _conflict(context, path):
                message = f"{path.rpartition('/')[2]} has a conflict marker"
                yield Finding(
                    CONFLICT_MARKER, path.rpartition("/")[2], path, line=at, message=message, backend=info.name
                )


def _conflict(context: Context, path: str) -> int | None:
    """The line of a marker; None also for a file that is not text or is not read at all."""
    try:
        marked = context.checkout.holds(path, *SIDES)
        return conflict_line(context.read(path) or "") if marked else None
    except NewbackendError:
        return None


MAKEFILE_SYNTAX = rule(
    "REG831",
    "backend-makefile-syntax",
    Severity.ERROR,
    what="GNU make cannot read the backend's Makefile: a conditional without its `endif`, a recipe that is indented "
    "with spaces, a line that is neither a rule nor an assignment, a `$(` that is never closed, a NUL byte.",
    why="Every image build of the backend stops before its first command.",
    how="Repair the line that the message names; `make -n -C backend/<lang>/NAME` shows the same one.",
    bad="build:\n    go build -o demo .",
    good="build:\n\tgo build -o demo .",
    checklist=SYNTAX,
)


@check(MAKEFILE_SYNTAX)
def makefiles(context: Context) -> Iterable[Result]:
    """The Makefile in the directory; a merge conflict in it is `conflict-marker`."""
    for info in context.backends.values():
        path = f"{info.directory}/Makefile"
        makefile = makefile_of(context, info)
        if makefile is None:
            yield skipped(MAKEFILE_SYNTAX, info.name, "it has no Makefile of its own")
        elif makefile.problems and conflict_line(context.read(path) or "") is None:
            first = makefile.problems[0]
            message = f"the Makefile {first.why}"
            yield Finding(MAKEFILE_SYNTAX, "Makefile", path, line=first.line, message=message, backend=info.name)


SCRIPT_SYNTAX = rule(
    "REG832",
    "script-syntax",
    Severity.ERROR,
    what="run.sh, package.sh or install.sh has CRLF line ends, no `#!` line, or does not parse; without a `#!` line "
    "only run.sh is an error, the others are called by a shell.",
    why="The kernel looks for an interpreter named `bash\\r`, or for none at all, so the backend cannot be started; a "
    "script that does not parse stops the image build, or, if it is run.sh, every start.",
    how="Save it with LF line ends, begin it with `#!/bin/bash`, and run `bash -n` on it.",
    bad='if [ -f lib/ld.so ]; then\n    exec lib/ld.so "$CURDIR/demo" "$@"',
    good='if [ -f lib/ld.so ]; then\n    exec lib/ld.so "$CURDIR/demo" "$@"\nfi',
    checklist=SYNTAX,
)

_SCRIPTS = ("run.sh", "package.sh", "install.sh")


@check(SCRIPT_SYNTAX)
def scripts(context: Context) -> Iterable[Result]:
    """Each script by its bytes, then all of them by bash. What bash cannot read is worse than a missing `#!` line."""
    texts: dict[tuple[str, str], str] = {}
    forms: dict[tuple[str, str], Finding] = {}
    for info in context.backends.values():
        own = list(_scripts_of(context, info))
        if not own:
            yield skipped(SCRIPT_SYNTAX, info.name, "it has no scripts")
        for path, text in own:
            finding = _form(info, path, text)
            if finding:
                forms[info.name, path] = finding
            first = text.split("\n", 1)[0]
            if "\r\n" not in text and conflict_line(text) is None and ("sh" in first or not first.startswith("#!")):
                texts[info.name, path] = text
    try:
        faults = _faults(texts.values())
    except Undecidable:
        yield from forms.values()
        raise
    yield from (finding for script, finding in forms.items() if texts.get(script) not in faults)
    for (name, path), text in texts.items():
        if fault := faults.get(text):
            message = f"bash cannot read it: {fault.problem}"
            subject = path.rpartition("/")[2]
            yield Finding(SCRIPT_SYNTAX, subject, path, line=fault.line, message=message, backend=name)


def _scripts_of(context: Context, info: BackendInfo) -> Iterator[tuple[str, str]]:
    for name in _SCRIPTS if info.directory else ():
        path = f"{info.directory}/{name}"
        text = context.read(path)
        if text is not None:
            yield path, text


def _form(info: BackendInfo, path: str, text: str) -> Finding | None:
    """CRLF line ends, or a missing `#!` line."""
    name = path.rpartition("/")[2]
    severity = None
    at = text.find("\r\n")
    if at >= 0:
        line = text.count("\n", 0, at) + 1
        message = f"{name} has CRLF line ends, and a shell takes the CR for a part of the last word"
    elif not text.startswith("#!"):
        line = 1
        message = f"{name} has no `#!` line, so nothing says what runs it"
        severity = None if name == "run.sh" else Severity.WARNING
    else:
        return None
    return Finding(SCRIPT_SYNTAX, name, path, line=line, message=message, backend=info.name, severity=severity)


def _faults(texts: Iterable[str]) -> dict[str, ScriptFault]:
    if bash() is None:
        raise Undecidable("bash is not installed, and nothing else says whether the scripts parse", "backend")
    try:
        return script_faults(texts)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Undecidable(f"bash could not check the scripts ({type(error).__name__})", "backend") from error
