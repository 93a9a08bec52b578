"""Checks of the backend's own directory as a whole: files, modes, what never reaches an image, the placeholder."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatch

from newbackend.catalog.languages import Language, languages
from newbackend.checkout.layout import MAKEFILE
from newbackend.findings import CheckResult, Finding, Location, Status
from newbackend.registrations.dockerignore import place as dockerignore
from newbackend.rules.base import Check, Result
from newbackend.rules.context import BackendInfo, Context
from newbackend.rules.directory.makefile import Makefile, makefile_of
from newbackend.rules.texts import own_directory as text

# Contract 3.1, 4.1, 5.2 and 6: what a build or a start cannot do without.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "python": ("Makefile", "install.sh", "requirements.txt"),
    "go": ("Makefile", "package.sh", "main.go"),
    "cpp": ("Makefile", "package.sh"),
    "rust": ("Makefile", "package.sh", "Cargo.toml", "build.rs"),
}
_PYTHON_SERVERS = ("server.py", "backend.py")
_OWN_SOURCES = ("CMakeLists.txt", "grpc-server.cpp")
_SIBLING = re.compile(r"\.\./([a-z0-9][a-z0-9-]*)")
_SET = re.compile(r"^([A-Z][A-Z0-9_]*)[ \t]*[:?]?=[ \t]*([^\s#$]+)[ \t]*$", re.M)
_REFERENCE = re.compile(r"\$[({]([A-Z][A-Z0-9_]*)[)}]")
_FETCHES = re.compile(r"\bgit\b[^\n;&|]*\s(?:fetch|clone)\b")
_BESIDE = re.compile(r"\bgit init (?:-\S+ )*\.\./([^\s;&|'\"]+)")
_CONFIGURES = re.compile(
    r"^\t[^\n;&|]*\bcmake\b[^\n;&|]*\s-B ?([\w.-]+)(?=\s|$)|^\t[@+-]*cd ([\w.-]+) && cmake (?!--build)", re.M
)
_CUSTOMARY: Mapping[str, tuple[str, ...]] = {"python": ("test.sh", "test.py")}


def complete(context: Context) -> Iterable[Result]:
    """REG801: files that the build needs (error), and a test where its siblings have one (warning)."""
    for info in context.backends.values():
        if not info.directory or not info.images:
            reason = "it has no rows" if info.directory else "it has no directory with a run.sh"
            yield CheckResult(text.INCOMPLETE, Status.SKIPPED, info.name, reason)
            continue
        there = frozenset(context.checkout.children(info.directory))
        for name in _missing(context, info, there):
            message = f"{info.directory} has no {name}, and its image cannot be built or started without it"
            yield Finding(text.INCOMPLETE, name, f"{info.directory}/{name}", 1, message, info.name)
        customary = _CUSTOMARY.get(info.lang, ())
        if customary and not there & set(customary):
            names = " and no ".join(customary)
            message = f"{info.directory} has no {names}"
            path = f"{info.directory}/{customary[0]}"
            severity = text.NO_TESTS_SEVERITY
            yield Finding(text.INCOMPLETE, "tests", path, 1, message, info.name, severity=severity)


def _missing(context: Context, info: BackendInfo, there: frozenset[str]) -> Iterator[str]:
    yield from (name for name in _NEEDED.get(info.lang, ()) if name not in there)
    if info.lang == "python" and not there & {*_PYTHON_SERVERS, f"{info.name}.py"}:
        yield "backend.py"
    elif info.lang == "cpp" and not _builds_sibling(context, info):
        yield from (name for name in _OWN_SOURCES if name not in there)
    elif info.lang == "rust" and not context.checkout.exists(f"{info.directory}/src/main.rs"):
        yield "src/main.rs"


def _builds_sibling(context: Context, info: BackendInfo) -> bool:
    """Whether the Makefile takes its sources from another backend's directory, as the llama.cpp forks do."""
    makefile = context.read(f"{info.directory}/Makefile") or ""
    return any(name != info.name and name in context.directories for name in _SIBLING.findall(makefile))


def modes(context: Context) -> Iterable[Result]:
    """REG810: package.sh copies run.sh with its mode; in Python the whole directory is the image."""
    for info in context.backends.values():
        path = f"{info.directory}/run.sh"
        if not info.images or context.checkout.raw(path) is None:
            yield CheckResult(text.NOT_EXECUTABLE, Status.SKIPPED, info.name, "it has no image, or is not written yet")
        elif not context.checkout.mode(path) & 0o111 and not _made_executable(context, info):
            message = "run.sh is not executable, so LocalAI must be able to change it before it can start"
            yield Finding(text.NOT_EXECUTABLE, "run.sh", path, 1, message, info.name, expected=f"chmod +x {path}")


def _made_executable(context: Context, info: BackendInfo) -> bool:
    return info.lang == "python" or "chmod +x" in (context.read(f"{info.directory}/package.sh") or "")


def clones(context: Context) -> Iterable[Result]:
    """REG811: targets that clone into a directory of their own name, clones beside the backend's directory, and
    the directory that CMake configures in."""
    ignored = [str(fact.value) for fact in context.facts("dockerignore")]
    end = max((fact.line for fact in context.facts("dockerignore")), default=1)
    for info in context.backends.values():
        makefile = makefile_of(context, info)
        if makefile is None or not info.rows:
            yield CheckResult(
                text.CLONE_NOT_IGNORED, Status.SKIPPED, info.name, "it has no Makefile, or no Linux image"
            )
            continue
        for folder, (line, what) in _left_behind(context, info, makefile).items():
            if _ignored(folder, ignored):
                continue
            cloned = what == "cloned"
            message = f"{folder} is {what} in place and not left out of the build context"
            related = (Location(f"{info.directory}/Makefile", line),)
            yield Finding(
                text.CLONE_NOT_IGNORED,
                folder,
                dockerignore.PATH,
                end,
                message,
                info.name,
                severity=None if cloned else text.BUILD_NOT_IGNORED_SEVERITY,
                expected=folder,
                related=related,
            )


def _left_behind(context: Context, info: BackendInfo, makefile: Makefile) -> dict[str, tuple[int, str]]:
    """Directories that a local build leaves in the build context: line in the Makefile, and how they come."""
    found: dict[str, tuple[int, str]] = {}
    values = dict(_SET.findall(context.read(f"{info.directory}/Makefile") or ""))
    for name, target in makefile.targets.items():
        recipe = _REFERENCE.sub(lambda match: values.get(match[1], match[0]), target.recipe)
        own = name in recipe or "$@" in recipe
        if "$" not in name and own and name not in makefile.phony and _FETCHES.search(recipe):
            found[f"{info.directory}/{name}"] = target.line, "cloned"
        if info.lang != "cpp":
            continue  # of the other languages only C++ builds where no pattern for all backends reaches
        for match in _BESIDE.finditer(recipe):
            path = f"{info.directory.rpartition('/')[0]}/{match[1].replace('$*', 'any')}"
            if "$" not in path:
                found.setdefault(path, (target.line, "cloned"))
        for match in _CONFIGURES.finditer(recipe):
            found.setdefault(f"{info.directory}/{match[1] or match[2]}", (target.line, "built"))
    return found


def _ignored(path: str, patterns: Iterable[str]) -> bool:
    """Whether a pattern leaves a path, or a directory above it, out of the context."""
    parts = path.split("/")
    above = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    return any(_matches(one, pattern.strip("/")) for pattern in patterns for one in above)


def _matches(path: str, pattern: str) -> bool:
    """A docker ignore pattern: `*` stays inside one name, `**/` is any depth."""
    if pattern.startswith("**/"):
        return fnmatch(path.rsplit("/", 1)[-1], pattern[3:])
    if "**" in pattern:
        return fnmatch(path, pattern)
    return pattern.count("/") == path.count("/") and fnmatch(path, pattern)


def swallowed(context: Context) -> Iterable[Result]:
    """REG812: directories that .dockerignore drops by a pattern for all backends."""
    patterns = [str(fact.value) for fact in context.facts("dockerignore") if "*" in str(fact.value)]
    dropped = {pattern.rsplit("/", 1)[-1] for pattern in patterns}
    for info in context.backends.values():
        if not info.directory:
            yield CheckResult(text.SWALLOWED, Status.SKIPPED, info.name, "it has no directory")
            continue
        for name in sorted(dropped.intersection(context.checkout.children(info.directory))):
            folder = f"{info.directory}/{name}"
            pattern = next((one for one in patterns if _matches(folder, one)), "")
            tracked = _tracked(context, folder) if pattern and context.checkout.is_dir(folder) else ""
            if tracked:
                message = f".dockerignore drops {pattern}, so {tracked} is not there when the image is built"
                yield Finding(text.SWALLOWED, name, tracked, 1, message, info.name)


def _tracked(context: Context, folder: str) -> str:
    """One file below a directory that belongs to the repository, or "" when all of it is build output."""
    files = context.checkout.files_below(folder)
    git = shutil.which("git")
    if git is None or not (context.checkout.root / ".git").exists():
        return next(iter(files), "")
    command = [git, "-C", str(context.checkout.root), "ls-files", "--", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return next((line for line in done.stdout.splitlines() if line.startswith(f"{folder}/")), "")


def placeholders(context: Context) -> Iterable[Result]:
    """REG818."""
    for info in context.backends.values():
        language = languages().get(info.lang)
        if language is None or not info.directory:
            yield CheckResult(text.PLACEHOLDER, Status.SKIPPED, info.name, "it has no directory with a template")
            continue
        for path in _placeholder_paths(language, info):
            source = context.read(path) or ""
            at = source.find(language.placeholder_marker)
            if at >= 0:
                message = f"{info.name} still answers from the template's stand-in engine"
                line = source.count("\n", 0, at) + 1
                yield Finding(text.PLACEHOLDER, path.rsplit("/", 1)[-1], path, line, message, info.name)
                break


def _placeholder_paths(language: Language, info: BackendInfo) -> tuple[str, ...]:
    """Where the templates put the marker; Go over a native library has it in the library's shim."""
    return language.placeholder_path.replace("{name}", info.name), f"{info.directory}/cpp/shim.cpp"


def darwin_build(context: Context) -> Iterable[Result]:
    """REG821: C++ has no common macOS script; each backend has its own, and a make target that runs it."""
    targets = {fact.backend: fact for fact in context.facts("darwin-makefile") if fact.kind == "darwin-target"}
    for info in context.backends.values():
        if info.lang != "cpp" or not info.darwin:
            yield CheckResult(
                text.NO_DARWIN_BUILD, Status.SKIPPED, info.name, "it is not a C++ backend with a macOS row"
            )
            continue
        target = targets.get(info.name)
        related = (Location(info.darwin[0].path, info.darwin[0].line),)
        if target is None:
            message = f"there is a macOS row of {info.name} and no target backends/{info.name}-darwin that builds it"
            end = max((fact.line for fact in targets.values()), default=1)
            expected = f"backends/{info.name}-darwin: build\n\tbash ./scripts/build/{info.name}-darwin.sh"
            yield Finding(
                text.NO_DARWIN_BUILD, "target", MAKEFILE, end, message, info.name, expected=expected, related=related
            )
        elif not context.checkout.exists(str(target.value)):
            message = f"backends/{info.name}-darwin runs {target.value}, which does not exist"
            yield Finding(text.NO_DARWIN_BUILD, "script", MAKEFILE, target.line, message, info.name, related=related)


CHECKS = (
    Check((text.INCOMPLETE,), complete, needs=("matrix",)),
    Check((text.NOT_EXECUTABLE,), modes, needs=("matrix",)),
    Check((text.CLONE_NOT_IGNORED,), clones, needs=("matrix", "dockerignore")),
    Check((text.SWALLOWED,), swallowed, needs=("dockerignore",)),
    Check((text.PLACEHOLDER,), placeholders),
    Check((text.NO_DARWIN_BUILD,), darwin_build, needs=("matrix", "darwin-makefile")),
)
