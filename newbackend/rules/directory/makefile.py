"""Checks of the backend's own Makefile: the targets that callers need, the default goal, the build types."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from newbackend.checkout.layout import MAKEFILE
from newbackend.findings import CheckResult, Finding, Location, Status
from newbackend.registrations.test_workflow import place as test_workflow
from newbackend.rules.base import Check, Result
from newbackend.rules.context import BackendInfo, Context
from newbackend.rules.texts import own_makefile as text

_HEAD = re.compile(r"([^\s#:=][^#:=]*?)\s*::?(?![:=])(.*)\Z", re.S)
_NOT_A_RULE = ("$(error", "$(warning", "$(info", "ifeq", "ifneq", "export ", "define ", "override ", "include ")
_VARIABLE = re.compile(r"\s*(?:(?:export|override|private)\s+)*[\w.-]+\s*(?:[+?!]|:{1,3})?=")
_GOAL = re.compile(r"^\.DEFAULT_GOAL\s*:?=\s*(\S+)", re.M)
_INCLUDE = re.compile(r"^-?include\b", re.M)
_COMMENT = re.compile(r"(?m)^[ ]*#.*$|(?<=\s)#[^\n]*$")
_CALL = re.compile(r"\bmake\s((?:-\S+\s+)*)-B?C\s+(\S*?)(backend/\w+/[\w.-]+)/?((?:[ \t]+[^\s;&|#]+)*)")
_PASSED_ON = re.compile(
    r"\$[({]MAKE[)}][^\n]*(?:-\w*C\b|\bBUILD_TYPE=)|^\t[^\n]*\$[({]BUILD_TYPE[)}]|BUILD_TYPE=\$", re.M
)


@dataclass(frozen=True)
class Target:
    """A rule's target: its 1-based line, its prerequisites and its recipe as text."""

    line: int
    needs: tuple[str, ...]
    recipe: str


@dataclass(frozen=True)
class Makefile:
    """What the rules ask of a Makefile. `whole` is False when it includes another file."""

    targets: Mapping[str, Target]
    goal: str
    whole: bool

    @property
    def phony(self) -> frozenset[str]:
        """Targets that are no files."""
        target = self.targets.get(".PHONY")
        return frozenset(target.needs if target else ())


def makefile_of(context: Context, info: BackendInfo) -> Makefile | None:
    """The backend's own Makefile, parsed once; None when there is none."""
    path = f"{info.directory}/Makefile"
    key = ("own-makefile", path)
    memo = context.checkout.memo
    if key not in memo:
        source = context.read(path) if info.directory else None
        memo[key] = None if source is None else parse(source)
    found = memo[key]
    assert found is None or isinstance(found, Makefile)
    return found


def parse(source: str) -> Makefile:
    """Targets with prerequisites and recipes. Lines that are no rule are passed over."""
    targets: dict[str, Target] = {}
    goal = ""
    lines = source.split("\n")
    number = 0
    while number < len(lines):
        first, line = number, lines[number]
        number += 1
        while line.endswith("\\") and number < len(lines):
            line = line[:-1] + " " + lines[number]
            number += 1
        match = None if line.startswith(("\t", " ", *_NOT_A_RULE)) else _HEAD.match(line)
        if not match or _VARIABLE.match(match[2]):
            continue
        start = number
        while number < len(lines) and (lines[number].startswith("\t") or _goes_on(lines, number)):
            number += 1
        recipe = "\n".join(lines[start:number])
        words = tuple(match[2].split("#", 1)[0].replace("|", " ").split())
        for name in match[1].split():
            there = targets.get(name)
            needs = there.needs + words if there else words
            targets[name] = Target(
                there.line if there and not recipe else first + 1, needs, (there.recipe if there else "") + recipe
            )
            if not goal and not name.startswith(".") and "%" not in name:
                goal = name
    said = _GOAL.search(source)
    return Makefile(targets, said[1] if said else goal, not _INCLUDE.search(source))


def _goes_on(lines: list[str], number: int) -> bool:
    """A conditional or a comment inside a recipe: more recipe follows it."""
    if not re.match(r"(?:ifn?eq|ifn?def|else|endif|\s*#)", lines[number]):
        return False
    after = number + 1
    while after < len(lines) and re.match(r"(?:ifn?eq|ifn?def|else|endif|\s*#)", lines[after]):
        after += 1
    return after < len(lines) and lines[after].startswith("\t")


def reaches(makefile: Makefile, goal: str, word: str) -> bool:
    """Whether a target's recipe, or that of anything it needs, has `word`."""
    todo, seen = [goal], set[str]()
    while todo:
        name = todo.pop()
        target = makefile.targets.get(name)
        if name in seen or target is None:
            continue
        seen.add(name)
        if word in target.recipe:
            return True
        todo += target.needs
    return False


def targets(context: Context) -> Iterable[Result]:
    """REG802: what the image build and the macOS build call."""
    for info in context.backends.values():
        makefile = makefile_of(context, info)
        if makefile is None or not makefile.whole or not info.images:
            reason = "it has no Makefile of its own" if makefile is None else "its Makefile includes others"
            yield CheckResult(
                text.TARGET_MISSING, Status.SKIPPED, info.name, reason if info.images else "it has no rows"
            )
            continue
        for target, caller in _called(context, info):
            if target not in makefile.targets:
                path = f"{info.directory}/Makefile"
                message = f"{caller} calls the target {target}, and the Makefile has none"
                yield Finding(text.TARGET_MISSING, target, path, 1, message, info.name, expected=f"{target}:")


def _called(context: Context, info: BackendInfo) -> Iterator[tuple[str, str]]:
    if info.lang in ("go", "rust") and info.rows:
        yield "build", f"backend/Dockerfile.{'golang' if info.lang == 'go' else 'rust'}"
    if info.lang == "go" and info.darwin:
        if not info.rows:
            yield "build", "scripts/build/golang-darwin.sh"
        yield "clean", "scripts/build/golang-darwin.sh"
    if info.lang == "python" and info.darwin:
        yield "clean", "scripts/build/python-darwin.sh"
    if info.lang == "cpp":
        dockerfile = f"backend/Dockerfile.{info.name}"
        seen = set()
        for folder, words, _ in make_calls(context.read(dockerfile) or ""):
            for word in words if folder == info.directory else ():
                if word not in seen:
                    seen.add(word)
                    yield word, dockerfile


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


def default_goal(context: Context) -> Iterable[Result]:
    """REG803: Python images run the default goal; elsewhere only test steps do."""
    callers = {folder: (path, line) for path, folder, words, line in _test_steps(context) if not words}
    for info in context.backends.values():
        makefile = makefile_of(context, info)
        if makefile is None or not makefile.whole or not makefile.goal:
            yield CheckResult(text.DEFAULT_GOAL, Status.SKIPPED, info.name, "its Makefile has no goal that can be read")
            continue
        target = makefile.targets.get(makefile.goal)
        line = target.line if target else 1
        path = f"{info.directory}/Makefile"
        if info.lang == "python" and not reaches(makefile, makefile.goal, "install"):
            message = f"`make` runs {makefile.goal}, which installs nothing, and the image is built with `make`"
            yield Finding(text.DEFAULT_GOAL, "default goal", path, line, message, info.name)
        elif info.lang != "python" and info.directory in callers and target and _only_clones(target):
            caller, at = callers[info.directory]
            message = f"`make` runs {makefile.goal}, which only fetches sources; {caller} builds the backend that way"
            note = text.DEFAULT_GOAL_SEVERITY
            related = (Location(caller, at),)
            yield Finding(
                text.DEFAULT_GOAL, "default goal", path, line, message, info.name, severity=note, related=related
            )


def _only_clones(target: Target) -> bool:
    return "git " in target.recipe and not target.needs and "/" in target.recipe and "build" not in target.recipe


def _test_steps(context: Context) -> Iterator[tuple[str, str, tuple[str, ...], int]]:
    """Every sub-make of the root Makefile's `prepare-test-extra` and of the extra test workflow."""
    for fact in context.facts("makefile"):
        if fact.kind == "prepare-test-extra":
            words = tuple(word for word in str(fact.value).split() if "=" not in word)
            yield MAKEFILE, fact.key.partition(":")[2], words, fact.line
    for folder, words, line in make_calls(context.read(test_workflow.PATH) or ""):
        yield test_workflow.PATH, folder, words, line


def test_steps(context: Context) -> Iterable[Result]:
    """REG804: what the jobs of test-extra.yml call. (The root Makefile's own `test-extra` is REG308.)"""
    by_folder = {info.directory: info for info in context.backends.values() if info.directory}
    for path, folder, words, line in _test_steps(context):
        info = by_folder.get(folder)
        if path != test_workflow.PATH:
            continue
        if info is None:
            if not context.checkout.is_dir(folder):
                message = f"a step runs make in {folder}, which does not exist"
                yield Finding(text.TEST_STEP, folder, path, line, message)
            continue
        makefile = makefile_of(context, info)
        for word in words:
            if makefile and makefile.whole and word not in makefile.targets:
                message = f"a step runs `make {word}` in {folder}, whose Makefile has no such target"
                related = (Location(f"{folder}/Makefile", 1),)
                yield Finding(text.TEST_STEP, word, path, line, message, info.name, related=related)


def build_types(context: Context) -> Iterable[Result]:
    """REG815: a Makefile that neither looks at a build type nor hands it on builds the CPU image for it."""
    for info in context.backends.values():
        makefile = makefile_of(context, info)
        if makefile is None or not makefile.whole or info.lang == "python":
            reason = "installRequirements reads the build type" if info.lang == "python" else "it has no Makefile"
            yield CheckResult(text.BUILD_TYPE, Status.SKIPPED, info.name, reason)
            continue
        path = f"{info.directory}/Makefile"
        source = _COMMENT.sub("", context.read(path) or "")
        if _PASSED_ON.search(source):
            yield CheckResult(text.BUILD_TYPE, Status.SKIPPED, info.name, "its Makefile hands the build type on")
            continue
        ignored: dict[str, list[Location]] = {}
        for row in info.rows:
            kind = str(row.value.get("build-type") or "")
            if kind and kind not in source and not (kind.startswith("sycl") and "sycl" in source):
                ignored.setdefault(kind.partition("_")[0], []).append(Location(row.path, row.line))
        # A Go backend that compiles nothing native has no use for a build type, and says so by ignoring them all.
        severity = text.NOTHING_NATIVE if info.lang == "go" and "BUILD_TYPE" not in source else None
        for kind, rows in ignored.items():
            plural = "s" if len(rows) > 1 else ""
            message = f"{len(rows)} row{plural} build {info.name} for {kind}, and its Makefile never looks at {kind}"
            line = next((n for n, row in enumerate(source.split("\n"), 1) if "BUILD_TYPE" in row), 1)
            related = tuple(rows[:3])
            yield Finding(text.BUILD_TYPE, kind, path, line, message, info.name, severity=severity, related=related)


CHECKS = (
    Check((text.TARGET_MISSING,), targets, needs=("matrix",)),
    Check((text.DEFAULT_GOAL,), default_goal),
    Check((text.TEST_STEP,), test_steps),
    Check((text.BUILD_TYPE,), build_types, needs=("matrix",)),
)
