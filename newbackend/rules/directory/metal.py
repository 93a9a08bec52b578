"""Whether the image for Apple's Metal computes on Metal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from newbackend.checklist import DIRECTORY
from newbackend.findings import Confidence, Finding, Location, Severity
from newbackend.records import dataclass
from newbackend.registrations.base import Fact
from newbackend.registrations.matrix.rows import text_of
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.directory.build_types import without_comments
from newbackend.rules.directory.files import placeholder_of
from newbackend.rules.registry import Result, check, rule, skipped
from newbackend.trace.make.branches import blocks_of, reads

_METAL = re.compile(r"-D(\w*METAL(?!_EMBED|_NDEBUG|_MACOS|_STD|_SHADER)\w*)=(\w+|\$)")
_SETS_TYPE = re.compile(r"^[ \t]*BUILD_TYPE[ \t]*[:?]?=[ \t]*(\w+)", re.M)
_APPLE = (("OS", "Darwin"), ("UNAME_S", "Darwin"))
_ON = frozenset(("ON", "1", "TRUE", "YES", "on", "true"))
_DEFAULT_ON = "GGML_METAL"
"""ggml's own switch is on by default on Apple's systems; an engine's own one may be anything."""
_OWN_SWITCH = re.compile(r"-D((?!GGML_)\w+?)_(?:GGML_)?(?:CUDA|CUBLAS|HIP|HIPBLAS|VULKAN|SYCL)=ON\b")

ON_CPU = rule(
    "REG855",
    "metal-image-on-cpu",
    Severity.ERROR,
    confidence=Confidence.LIKELY,
    what="The macOS row of a backend compiles without Metal, which its Makefile can switch on; a warning where the "
    "Makefile has the engine's own switch for other accelerators and none for Metal; a note where it switches Metal "
    "off for good.",
    why="Macs report `metal` and get this image. The build succeeds, and everybody with a Mac computes on the CPU.",
    how="Give the row the build type that the Makefile asks for, or hand it the engine's switch in that branch. "
    "`newbackend trace NAME --variant metal` shows what is compiled.",
    incident="ced, copied from parakeet-cpp, has switches for CUDA, HIP and Vulkan and none for Metal.",
    bad="else ifeq ($(BUILD_TYPE),mps)      # and a macOS row with build-type metal\n\tCMAKE_ARGS+=-DDEMO_METAL=ON",
    good="else ifeq ($(BUILD_TYPE),metal)\n\tCMAKE_ARGS+=-DDEMO_METAL=ON",
    checklist=DIRECTORY,
    added_in="0.2.0",
)


@dataclass(frozen=True)
class _Switch:
    """A switch for Metal in a Makefile: its name, whether it can be switched on there, its line, and whether the row
    certainly reads it, as far as the text tells."""

    name: str
    on: bool
    line: int
    read: bool


@check(ON_CPU, needs=("matrix",))
def on_cpu(context: Context) -> Iterable[Result]:
    """macOS rows of backends that are compiled. The text of the Makefile is believed where it says that the row reads a
    switch; only in doubt the build is followed."""
    for info in context.backends.values():
        row = next((fact for fact in info.images if fact.kind == "darwin"), None)
        source = context.read(f"{info.directory}/Makefile") if info.directory else None
        if row is None or source is None or info.language.builds_default_goal:
            yield skipped(ON_CPU, info.name, "it compiles nothing for macOS")
        elif placeholder_of(context, info) and not _METAL.search(source):
            yield skipped(ON_CPU, info.name, "its engine is still the placeholder, which computes on the CPU alone")
        else:
            yield from _judged(context, info, row, without_comments(source))


def _judged(context: Context, info: BackendInfo, row: Fact, source: str) -> Iterator[Result]:
    found = list(_switches(source, text_of(row, "build-type")))
    can = [switch for switch in found if switch.on]
    if any(switch.read for switch in can):
        return
    off = [switch for switch in found if not switch.on]
    if not found:
        own = _OWN_SWITCH.search(source)
        if own and text_of(row, "build-type") == "metal":
            line = source.count("\n", 0, own.start()) + 1
            message = f"{info.name} is built for metal, and its Makefile has {own[0][2:]} and no such switch for Metal"
            yield _finding(info, row, line, message, Severity.WARNING)
    elif not can:
        message = f"{info.name} has a macOS image for Metal, and its Makefile switches Metal off"
        yield _finding(info, row, off[0].line, message, Severity.NOTE)
    else:
        yield from _followed(context, info, row, can)


def _followed(context: Context, info: BackendInfo, row: Fact, can: list[_Switch]) -> Iterator[Result]:
    """By the build as a whole."""
    from newbackend.trace.rowtrace import trace_row

    trace = trace_row(context, info, row)
    passed = {name: value in _ON for flag in trace.flags for name, value in _METAL.findall(flag)}
    if not trace.flags or any(passed.values()):
        if not trace.flags:
            yield skipped(ON_CPU, info.name, "what its macOS row compiles cannot be read")
        return
    if not passed and all(switch.name == _DEFAULT_ON for switch in can):
        return
    kind = text_of(row, "build-type")
    has = f"build type {kind}" if kind else "no build type"
    done = "switches Metal off" if passed else f"does not read -D{can[0].name}=ON"
    message = f"the macOS row of {info.name} has {has}, and with it the Makefile {done}: a CPU build under metal's name"
    yield _finding(info, row, can[0].line, message)


def _switches(source: str, build_type: str) -> Iterator[_Switch]:
    default = ("", 0) if build_type else _default(source)
    for block in blocks_of(source):
        for match in _METAL.finditer(source, block.start, block.end):
            has = build_type or (default[0] if match.start() > default[1] else "")
            read = all(reads(block, name, value) is not False for name, value in (("BUILD_TYPE", has), *_APPLE))
            line = source.count("\n", 0, match.start()) + 1
            open_ = match[2] == "$"  # a function or a variable: only the whole build could tell
            yield _Switch(match[1], open_ or match[2] in _ON, line, read and not open_)


def _default(source: str) -> tuple[str, int]:
    """The build type that a Makefile gives itself on a Mac when it is given none, and where; "" for none."""
    for block in blocks_of(source):
        if all(reads(block, name, value) is not False for name, value in (("BUILD_TYPE", ""), *_APPLE)):
            match = _SETS_TYPE.search(source, block.start, block.end)
            if match:
                return match[1], match.end()
    return "", 0


def _finding(info: BackendInfo, row: Fact, line: int, message: str, severity: Severity | None = None) -> Finding:
    return Finding(
        ON_CPU,
        "metal",
        f"{info.directory}/Makefile",
        line=line,
        message=message,
        backend=info.name,
        severity=severity,
        confidence=Confidence.POSSIBLE if severity is Severity.WARNING else None,
        related=(Location(row.path, row.line),),
    )
