"""Rules about what a row's build type does to the build: nothing, or a switch that the engine no longer has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from newbackend.catalog import variant_table
from newbackend.catalog.switches import RenamedSwitch, renamed_switches
from newbackend.checklist import DIRECTORY
from newbackend.findings import Confidence, Finding, Location, Severity
from newbackend.registrations.base import Fact
from newbackend.registrations.matrix.rows import text_of
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.directory.files import placeholder_of
from newbackend.rules.registry import Result, check, rule, skipped
from newbackend.trace.make.branches import Block, blocks_of, looks_at, only_asked, reads

_SWITCHES = "ENGINE_SWITCHES"
"""The variable of a generated Makefile that builds a pinned engine beside the placeholder
(templates/shared/options/engine)."""
_COMMENT = re.compile(r"(?m)^[ \t]*#.*$|(?<=\s)#[^\n]*$")
_SIBLING = re.compile(r"\.\./([\w.-]*\w)")
_DECLARED = re.compile(r"^[ \t]*ARG\s+BUILD_TYPE\b", re.M)

IGNORED = rule(
    "REG815",
    "build-type-ignored",
    Severity.ERROR,
    confidence=Confidence.LIKELY,
    what="Rows build the backend for some hardware and compile what the CPU row compiles; a note for a Go backend "
    "without any native code.",
    why="The build succeeds and publishes the CPU binary under the hardware's tag; whoever installs it on such a host "
    "downloads gigabytes of drivers and computes on the CPU. Handing BUILD_TYPE to package.sh adds libraries, and "
    "compiles nothing.",
    how="Turn the build type into the engine's own option, and hand it on from the Dockerfile; or take the rows and "
    "their gallery entries out. `newbackend trace NAME --variant V` shows what is compiled.",
    incident="parakeet-cpp, ced, voice-detect and face-detect were copied from one another with rows for SYCL and "
    "no branch for it (4912c9b73 and later).",
    bad="ifeq ($(BUILD_TYPE),cublas)\n\tCMAKE_ARGS+=-DDEMO_CUDA=ON\nendif      # and a row with build-type sycl_f16",
    good="else ifneq (,$(findstring sycl,$(BUILD_TYPE)))\n\tCMAKE_ARGS+=-DDEMO_SYCL=ON",
    checklist=DIRECTORY,
)


@lru_cache(maxsize=128)
def without_comments(source: str) -> str:
    """A Makefile's text with its comments emptied; the lines keep their numbers."""
    return _COMMENT.sub("", source)


@check(IGNORED, needs=("matrix",))
def build_types(context: Context) -> Iterable[Result]:
    """What each build type compiles, compared with no build type at all.

    A Makefile with lines for a build type is believed. Only without them, and where the text leaves a doubt, the build
    is read as a whole.
    """
    for info in context.backends.values():
        source = context.read(f"{info.directory}/Makefile") if info.directory else None
        if source is None or info.language.builds_default_goal:
            default = info.language.builds_default_goal  # whose install.sh calls libbackend.sh
            reason = "installRequirements reads the build type" if default else "it has no Makefile"
            yield skipped(IGNORED, info.name, reason)
            continue
        if placeholder_of(context, info) and _SWITCHES not in source:
            yield skipped(IGNORED, info.name, "its engine is still the placeholder, which computes on the CPU alone")
            continue
        for kind, rows in _by_kind(info).items():
            verdict = _ignores(context, info, source, kind, rows[0])
            if verdict is None:
                yield skipped(IGNORED, info.name, f"what it compiles for {kind} cannot be read")
            elif verdict:
                yield _ignored(info, source, kind, rows)


def _by_kind(info: BackendInfo) -> dict[str, list[Fact]]:
    """Linux rows by what they are for: sycl_f16 and sycl_f32 are sycl. A word that nothing knows is REG115's."""
    found: dict[str, list[Fact]] = {}
    known = variant_table().build_types
    for row in info.rows:
        build_type = text_of(row, "build-type")
        kind = build_type.partition("_")[0]
        if kind and build_type in known:
            found.setdefault(kind, []).append(row)
    return found


def _declares(context: Context, row: Fact) -> bool:
    """Whether the row's Dockerfile takes the build type at all."""
    source = context.read(text_of(row, "dockerfile").removeprefix("./"))
    return source is None or _DECLARED.search(source) is not None


def _ignores(context: Context, info: BackendInfo, source: str, kind: str, row: Fact) -> bool | None:
    """Whether a row compiles what the CPU row does; None when that cannot be read. By the text where that is enough."""
    declared = _declares(context, row)
    others = list(_others(context, info, source))
    if declared and any(looks_at(text, "BUILD_TYPE", text_of(row, "build-type")) for text in (source, *others)):
        return False
    if (
        declared
        and not others
        and not info.language.own_dockerfile
        and only_asked(without_comments(source), "BUILD_TYPE", kind)
    ):
        return True
    from newbackend.trace.compiled import commands_of

    own = commands_of(context, info, row, text_of(row, "build-type"))
    plain = commands_of(context, info, row, "")
    return None if not own or not plain else own == plain


def _others(context: Context, info: BackendInfo, source: str) -> Iterator[str]:
    """The Makefiles of siblings that a Makefile builds in a copy, as turboquant does with llama-cpp's."""
    folder = info.directory.rpartition("/")[0]
    for name in dict.fromkeys(_SIBLING.findall(source)):
        text = context.read(f"{folder}/{name}/Makefile") if name != info.name else None
        if text:
            yield text


def _ignored(info: BackendInfo, source: str, kind: str, rows: list[Fact]) -> Finding:
    plural = "s" if len(rows) > 1 else ""
    # A Go backend without native code needs no build type and ignores them all.
    source = without_comments(source)
    bare = info.lang == "go" and "BUILD_TYPE" not in source
    return Finding(
        IGNORED,
        kind,
        f"{info.directory}/Makefile",
        line=next((n for n, text in enumerate(source.split("\n"), 1) if "BUILD_TYPE" in text), 1),
        message=f"{len(rows)} row{plural} build {info.name} for {kind}, and compile what the CPU row compiles",
        backend=info.name,
        severity=Severity.NOTE if bare else None,
        related=tuple(Location(row.path, row.line) for row in rows[:3]),
    )


RENAMED = rule(
    "REG850",
    "switch-renamed",
    Severity.ERROR,
    confidence=Confidence.LIKELY,
    what="The Makefile turns a build type into a switch that ggml or the engine no longer has.",
    why="CMake ignores a switch that it does not know, with a warning in the middle of the log. The build succeeds, "
    "and the image for that hardware is a CPU build.",
    how="Use the switch that replaced it; newbackend knows the commit that renamed it.",
    incident="acestep-cpp, qwen3-tts-cpp and vibevoice-cpp passed GGML_HIPBLAS, and their ROCm images computed on the "
    "CPU until #10666.",
    bad="else ifeq ($(BUILD_TYPE),hipblas)\n\tCMAKE_ARGS+=-DGGML_HIPBLAS=ON",
    good="else ifeq ($(BUILD_TYPE),hipblas)\n\tCMAKE_ARGS+=-DGGML_HIP=ON",
    checklist=DIRECTORY,
    added_in="0.2.0",
)


@check(RENAMED, needs=("matrix",))
def switches(context: Context) -> Iterable[Finding]:
    """Switches of the table that a row of the backend reaches, where nothing else asks for the same hardware."""
    table = {switch.old: switch for switch in renamed_switches()}
    switch_of = re.compile(rf"-D({'|'.join(table)})=")
    for info in context.backends.values():
        source = (context.read(f"{info.directory}/Makefile") if info.directory else None) or ""
        for name in dict.fromkeys(switch_of.findall(source)):
            yield from _renamed(info, source, table[name])


def _renamed(info: BackendInfo, source: str, switch: RenamedSwitch) -> Iterator[Finding]:
    if any(fork in source for fork in switch.kept_by):
        return
    for block in blocks_of(source):
        match = re.search(rf"-D{switch.old}=(?:ON|1|on|TRUE)\b", without_comments(source[block.start : block.end]))
        if not match or _asks_otherwise(source, block, switch):
            continue
        rows = [row for row in info.rows if _reaches(block, row, switch)]
        if not rows:
            continue
        line = source.count("\n", 0, source.index(match[0], block.start)) + 1
        instead = f"{switch.new} took its place" if switch.new else "nothing took its place"
        yield Finding(
            RENAMED,
            switch.old,
            f"{info.directory}/Makefile",
            line=line,
            message=f"{info.name} is built for {switch.hardware} with {switch.old}, which {switch.project} does not "
            f"know since {switch.date} ({switch.commit[:9]}): {instead}",
            backend=info.name,
            expected=f"-D{switch.new}=ON" if switch.new else "",
            related=tuple(Location(row.path, row.line) for row in rows[:3]),
        )


def _asks_otherwise(source: str, block: Block, switch: RenamedSwitch) -> bool:
    """Whether a block has another switch for the same hardware, as `-DSD_HIPBLAS=ON`: then the engine decides."""
    names = re.findall(r"-D(\w+)=", source[block.start : block.end])
    return any(switch.ours in name and name != switch.old for name in names)


def _reaches(block: Block, row: Fact, switch: RenamedSwitch) -> bool:
    build_type = text_of(row, "build-type")
    return build_type == switch.hardware and reads(block, "BUILD_TYPE", build_type) is not False
