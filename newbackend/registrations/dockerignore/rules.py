"""Rules about what reaches the build context of an image, and what does not."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from fnmatch import fnmatch

from newbackend.checklist import DIRECTORY
from newbackend.checkout.git import Git
from newbackend.errors import NotFoundError
from newbackend.findings import Finding, Location, Severity
from newbackend.registrations.dockerignore import place as dockerignore
from newbackend.rules.backend import BackendInfo
from newbackend.rules.backend_makefile import makefile_of
from newbackend.rules.context import Context
from newbackend.rules.registry import Result, check, rule, skipped, unreadable
from newbackend.splice.make import Makefile

_WILD = re.compile(r"[*?[]")
_SET = re.compile(r"^([A-Z][A-Z0-9_]*)[ \t]*[:?]?=[ \t]*([^\s#$]+)[ \t]*$", re.M)
_REFERENCE = re.compile(r"\$[({]([A-Z][A-Z0-9_]*)[)}]")
_FETCHES = re.compile(r"\bgit\b[^\n;&|]*\s(?:fetch|clone)\b")
_BESIDE = re.compile(r"\bgit init (?:-\S+ )*\.\./([^\s;&|'\"]+)")
_CONFIGURES = re.compile(
    r"^\t[^\n;&|]*\bcmake\b[^\n;&|]*\s-B ?([\w.-]+)(?=\s|$)|^\t[@+-]*cd ([\w.-]+) && cmake (?!--build)", re.M
)

unreadable(
    "dockerignore",
    "REG833",
    "dockerignore-unreadable",
    what="`.dockerignore` has the markers of an unresolved merge conflict.",
    why="Docker takes the markers for patterns, and both sides of the conflict count.",
    how="Choose a side and delete the three marker lines.",
    bad="<<<<<<< HEAD\nbackend/go/demo/sources",
    good="backend/go/demo/sources",
)

CLONE_NOT_IGNORED = rule(
    "REG811",
    "clone-not-ignored",
    Severity.WARNING,
    what="The Makefile clones its engine into the build context, and .dockerignore does not leave that out; a note for "
    "the directory that CMake configures in.",
    why="After a local build the stale clone is copied into the image, and make takes it for the pinned one: the image "
    "has another engine than the Makefile says.",
    how="Add the path to .dockerignore, with the build directory, the binary and package/. (A build directory from "
    "outside stops CMake: its cache names another source directory.)",
    incident="6a80e2373 (#9802) added llama-cpp's after images had been compiled against an older llama.cpp.",
    bad="demo.cpp:\n\tgit clone … demo.cpp      # and nothing in .dockerignore",
    good="backend/cpp/demo/demo.cpp",
    checklist=DIRECTORY,
)


@check(CLONE_NOT_IGNORED, needs=("matrix", "dockerignore"))
def clones(context: Context) -> Iterable[Result]:
    """Targets that clone into a directory of their own name, clones beside the backend's directory, and
    the directory that CMake configures in."""
    patterns = [str(fact.value) for fact in context.facts("dockerignore")]
    end = context.last_line("dockerignore")
    for info in context.backends.values():
        makefile = makefile_of(context, info)
        if makefile is None or not info.rows:
            yield skipped(CLONE_NOT_IGNORED, info.name, "it has no Makefile, or no Linux image")
            continue
        for folder, (line, what) in _left_behind(context, info, makefile).items():
            if ignored(folder, patterns):
                continue
            cloned = what == "cloned"
            message = f"{folder} is {what} in place and not left out of the build context"
            related = (Location(f"{info.directory}/Makefile", line),)
            yield Finding(
                CLONE_NOT_IGNORED,
                folder,
                dockerignore.PATH,
                line=end,
                message=message,
                backend=info.name,
                severity=None if cloned else Severity.NOTE,
                expected=folder,
                related=related,
            )


def _left_behind(context: Context, info: BackendInfo, makefile: Makefile) -> dict[str, tuple[int, str]]:
    """Directories that a local build leaves in the build context: line in the Makefile, and how they come."""
    left: dict[str, tuple[int, str]] = {}
    values = dict(_SET.findall(context.read(f"{info.directory}/Makefile") or ""))
    for name, target in makefile.targets.items():
        recipe = _REFERENCE.sub(lambda match: values.get(match[1], match[0]), target.recipe)
        own = name in recipe or "$@" in recipe
        if "$" not in name and own and name not in makefile.phony and _FETCHES.search(recipe):
            left[f"{info.directory}/{name}"] = target.line, "cloned"
        if not info.language.own_dockerfile:
            continue  # the others build where LocalAI's own patterns for all backends reach
        for match in _BESIDE.finditer(recipe):
            path = f"{info.directory.rpartition('/')[0]}/{match[1].replace('$*', 'any')}"
            if "$" not in path:
                left.setdefault(path, (target.line, "cloned"))
        for match in _CONFIGURES.finditer(recipe):
            left.setdefault(f"{info.directory}/{match[1] or match[2]}", (target.line, "built"))
    return left


def ignored(path: str, patterns: Iterable[str]) -> bool:
    """Whether a pattern leaves a path, or a directory above it, out of the context."""
    parts = path.split("/")
    above = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    return any(_matches(folder, pattern.strip("/")) for pattern in patterns for folder in above)


def _matches(path: str, pattern: str) -> bool:
    """A docker ignore pattern: `*` stays inside one name, `**/` is any depth."""
    if not _WILD.search(pattern):
        return path == pattern
    if pattern.startswith("**/"):
        return fnmatch(path.rsplit("/", 1)[-1], pattern[3:])
    if "**" in pattern:
        return fnmatch(path, pattern)
    return pattern.count("/") == path.count("/") and fnmatch(path, pattern)


SWALLOWED = rule(
    "REG812",
    "directory-swallowed",
    Severity.ERROR,
    what="A directory of the backend that is part of the repository is dropped by a pattern in .dockerignore.",
    why="`backend/go/*/{build,sources,package,.cache}`, `backend/python/**/source` and `**/venv` never reach an image "
    "build: it fails there, and works in a checkout.",
    how="Give the directory another name.",
    bad="backend/go/demo/sources/shim.cpp",
    good="backend/go/demo/cpp/shim.cpp",
    checklist=DIRECTORY,
)


@check(SWALLOWED, needs=("dockerignore",))
def swallowed(context: Context) -> Iterable[Result]:
    """Directories that .dockerignore drops by a pattern for all backends."""
    patterns = [str(fact.value) for fact in context.facts("dockerignore") if "*" in str(fact.value)]
    dropped = {pattern.rsplit("/", 1)[-1] for pattern in patterns}
    for info in context.backends.values():
        if not info.directory:
            yield skipped(SWALLOWED, info.name, "it has no directory")
            continue
        for name in sorted(dropped.intersection(context.checkout.children(info.directory))):
            folder = f"{info.directory}/{name}"
            pattern = next((candidate for candidate in patterns if _matches(folder, candidate)), "")
            tracked = _tracked(context, folder) if pattern and context.checkout.is_dir(folder) else ""
            if tracked:
                message = f".dockerignore drops {pattern}, so {tracked} is not there when the image is built"
                yield Finding(SWALLOWED, name, tracked, line=1, message=message, backend=info.name)


def _tracked(context: Context, folder: str) -> str:
    """One file below a directory that belongs to the repository, or "" when all of it is build output."""
    files = context.checkout.files_below(folder)
    if shutil.which("git") is None or not context.checkout.has_index:
        return next(iter(files), "")
    try:
        listed = Git(context.checkout.root).run("ls-files", "-z", "--", f":(literal){folder}")
    except NotFoundError:
        return ""
    names = listed.decode("utf-8", "surrogateescape").split("\0")
    return next((name for name in names if name.startswith(f"{folder}/")), "")
