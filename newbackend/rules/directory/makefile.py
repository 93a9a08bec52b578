"""Rules about the backend's own Makefile: targets that callers need, the default goal, the build types."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from newbackend.checklist import DIRECTORY
from newbackend.checkout.layout import MAKEFILE
from newbackend.findings import Confidence, Finding, Location, Severity
from newbackend.registrations.matrix.rows import text_of
from newbackend.registrations.test_workflow import place as test_workflow
from newbackend.rules.backend import BackendInfo
from newbackend.rules.backend_makefile import make_calls, makefile_of, only_clones
from newbackend.rules.context import Context
from newbackend.rules.directory.arguments import BUILD_WORKFLOW
from newbackend.rules.registry import Result, check, rule, skipped

TARGET_MISSING = rule(
    "REG802",
    "make-target-missing",
    Severity.ERROR,
    what="The backend's Makefile lacks a target that its image build or its macOS build calls.",
    why="The job stops with `No rule to make target`; on macOS the missing `clean` fails a job whose image is built.",
    how="Go and Rust: `build` (binary and package). C++: what backend/Dockerfile.NAME calls, `grpc-server` and "
    "`package` as a rule. Go and Python with a macOS row: `clean`.",
    bad="demo:\n\tgo build -o demo .",
    good="build: demo package\n\nclean:\n\trm -rf demo package",
    checklist=DIRECTORY,
)


@check(TARGET_MISSING, needs=("matrix",))
def targets(context: Context) -> Iterable[Result]:
    """What the image build and the macOS build call."""
    for info in context.backends.values():
        makefile = makefile_of(context, info)
        if makefile is None or not makefile.whole or not info.images:
            reason = "it has no Makefile of its own" if makefile is None else "its Makefile includes others"
            yield skipped(TARGET_MISSING, info.name, reason if info.images else "it has no rows")
            continue
        for target, caller in _called(context, info):
            if target not in makefile.targets:
                path = f"{info.directory}/Makefile"
                message = f"{caller} calls the target {target}, and the Makefile has none"
                yield Finding(
                    TARGET_MISSING, target, path, line=1, message=message, backend=info.name, expected=f"{target}:"
                )


def _called(context: Context, info: BackendInfo) -> Iterable[tuple[str, str]]:
    """The targets that the two builds call, each with the first file that calls it."""
    language = info.language
    calls = [(target, language.shared_dockerfile) for target in language.image_targets if info.rows]
    calls += [(target, language.darwin_script) for target in language.darwin_targets if info.darwin]
    if language.own_dockerfile:
        path = language.dockerfile_of(info.name).removeprefix("./")
        own = (words for folder, words, _ in make_calls(context.read(path) or "") if folder == info.directory)
        calls += [(word, path) for words in own for word in words]
    callers: dict[str, str] = {}
    for target, caller in calls:
        callers.setdefault(target, caller)
    return callers.items()


DEFAULT_GOAL = rule(
    "REG803",
    "default-goal-wrong",
    Severity.ERROR,
    what="The default goal of the Makefile does not build the backend: for Python an error, since the image is built "
    "with a bare `make`; in the other languages a note where a test step relies on it.",
    why="make takes the first rule of the file. Where that is the one that clones the sources, `make` fetches them "
    "and stops, without an error.",
    how="Set `.DEFAULT_GOAL := build` (Python: `install`), or move that rule up.",
    bad="sources/demo.cpp:\n\tgit clone …\n\nbuild: demo package",
    good=".DEFAULT_GOAL := build\n\nsources/demo.cpp:\n\tgit clone …",
    checklist=DIRECTORY,
)


@check(DEFAULT_GOAL)
def default_goal(context: Context) -> Iterable[Result]:
    """Python images run the default goal; elsewhere only test steps do."""
    callers = {folder: (path, line) for path, folder, words, line in _test_steps(context) if not words}
    for info in context.backends.values():
        makefile = makefile_of(context, info)
        if makefile is None or not makefile.whole or not makefile.goal:
            yield skipped(DEFAULT_GOAL, info.name, "its Makefile has no goal that can be read")
            continue
        target = makefile.targets.get(makefile.goal)
        line = target.line if target else 1
        path = f"{info.directory}/Makefile"
        default = info.language.builds_default_goal
        if default and not makefile.reaches(makefile.goal, "install"):
            message = f"`make` runs {makefile.goal}, which installs nothing, and the image is built with `make`"
            yield Finding(DEFAULT_GOAL, "default goal", path, line=line, message=message, backend=info.name)
        elif not default and info.directory in callers and target and only_clones(target):
            caller, at = callers[info.directory]
            message = f"`make` runs {makefile.goal}, which only fetches sources; {caller} builds the backend that way"
            yield Finding(
                DEFAULT_GOAL,
                "default goal",
                path,
                line=line,
                message=message,
                backend=info.name,
                severity=Severity.NOTE,  # the step's `make … test` builds what it needs
                related=(Location(caller, at),),
            )


def _test_steps(context: Context) -> Iterator[tuple[str, str, tuple[str, ...], int]]:
    """Every sub-make of the root Makefile's `prepare-test-extra` and of the extra test workflow."""
    for fact in context.facts("makefile"):
        if fact.kind == "prepare-test-extra":
            words = tuple(word for word in str(fact.value).split() if "=" not in word)
            yield MAKEFILE, fact.key.partition(":")[2], words, fact.line
    for folder, words, line in make_calls(context.read(test_workflow.PATH) or ""):
        yield test_workflow.PATH, folder, words, line


UNDEFINED = rule(
    "REG858",
    "makefile-variable-undefined",
    Severity.ERROR,
    confidence=Confidence.LIKELY,
    what="The backend's Makefile reads a variable that nothing sets, and sets one whose name is nearly the same.",
    why="make takes it for empty without a word: the switches for an accelerator are not passed, so its image is the "
    "one for the CPU, or a command runs in another directory.",
    how="Write the name as it is set; `make --warn-undefined-variables` shows the same.",
    bad="CMAKE_FLAGS += -DGGML_CUDA=ON\n…\n\tcmake -B build $(CMAKE_FLAG)",
    good="CMAKE_FLAGS += -DGGML_CUDA=ON\n…\n\tcmake -B build $(CMAKE_FLAGS)",
    checklist=DIRECTORY,
    added_in="0.2.0",
)
_COMMENT = re.compile(r"(?m)^[ \t]*#.*$")
_SETS = re.compile(
    r"(?m)^[ \t]*(?:(?:export|override|private)[ \t]+)*([A-Za-z_][\w.-]*)[ \t]*(?:\?|:{1,3}|\+|!)?="
    r"|^[^\t#\n][^\n=:]*:[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*(?:\?|:|\+)?="
    r"|^[ \t]*define[ \t]+(\w+)|\$\(foreach[ \t]+(\w+)"
)
_MAY_SET = re.compile(r"([A-Za-z_][\w.-]*)[ \t]*(?:\?|:{1,3}|\+|!)?=|\$\(eval[ \t]+(\w+)")
"""What may set a variable: also an argument of a make that is called, or of another command."""
_READS = re.compile(r"(?<!\$)\$(?:\(([A-Za-z_][\w.-]*)[):]|\{([A-Za-z_][\w.-]*)[}:])")


@check(UNDEFINED)
def variables(context: Context) -> Iterable[Result]:
    """References in each Makefile that is read whole; what callers and images may set counts as set."""
    for info in context.backends.values():
        makefile = makefile_of(context, info)
        if makefile is None or not makefile.whole:
            reason = "it has no Makefile of its own" if makefile is None else "its Makefile includes others"
            yield skipped(UNDEFINED, info.name, reason)
            continue
        path = f"{info.directory}/Makefile"
        source = _COMMENT.sub("", context.read(path) or "")
        known = {name for names in _SETS.findall(source) for name in names if name}
        perhaps = {name for names in _MAY_SET.findall(source) for name in names}
        for match in _READS.finditer(source):
            name = match[1] or match[2]
            if name in known or name in perhaps:
                continue
            close = get_close_matches(name, known, 1, 0.85)
            perhaps.add(name)
            if close and not any(re.search(rf"\b{re.escape(name)}\b", text) for text in _callers(context, info)):
                message = f"nothing sets {name}; {close[0]} is set"
                line = source.count("\n", 0, match.start()) + 1
                yield Finding(UNDEFINED, name, path, line=line, message=message, backend=info.name, expected=close[0])


def _callers(context: Context, info: BackendInfo) -> Iterator[str]:
    """Texts that may set a variable for a backend's Makefile."""
    dockerfiles = dict.fromkeys(text_of(row, "dockerfile").removeprefix("./") for row in info.rows)
    for path in (MAKEFILE, BUILD_WORKFLOW, info.language.darwin_script, *dockerfiles):
        yield (context.read(path) if path else "") or ""
