"""PKG801-807: packages for macOS, read on any machine: libraries, install names, processors, macOS, signatures."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator

from newbackend.findings import Confidence, Severity
from newbackend.package.macho import Dyld, Lost, signature_defect, system_library
from newbackend.package.model import NO_MACH_READER, Package
from newbackend.package.rules.registry import Outcome, Skipped, Unknown, check, finding, rule
from newbackend.package.script import RUN_SH, matching
from newbackend.package.targets import number


def _macos(package: Package) -> Skipped | Unknown | None:
    """Why there is nothing to judge; None for a package for macOS."""
    if NO_MACH_READER in package.broken_machs.values():
        return Unknown(NO_MACH_READER)
    return None if package.machs or package.broken_machs else Skipped("no package for macOS")


def _cpu(package: Package) -> str:
    """The processor that the package is for: the started program's, of several the one most files have."""
    counts = Counter(cpu for path in (_started(package) or package.machs) for cpu in package.machs[path].cpus)
    return max(counts, key=lambda cpu: (counts[cpu], cpu == "arm64"), default="")


def _started(package: Package) -> list[str]:
    patterns = [p for s in (package.run.starts if package.run else ()) for p in s.programs]
    paths = [e.path for p in patterns for m in matching(package.tree, p) if (e := package.tree.resolve(m))]
    return [path for path in dict.fromkeys(paths) if path in package.machs]


def _directories(package: Package, variable: str) -> tuple[str, ...]:
    run = package.run
    values = run.variables.get(variable, ()) if run else ()
    patterns = [d for value in values for d in run.search_directories(value)] if run else []
    return tuple(dict.fromkeys(p for pattern in patterns for p in matching(package.tree, pattern)))


def _search(package: Package, *, library_path: bool = True) -> Dyld:
    path = _directories(package, "DYLD_LIBRARY_PATH") if library_path else ()
    return Dyld(package.tree, package.machs, path, _directories(package, "DYLD_FALLBACK_LIBRARY_PATH"))


def _lost(package: Package, search: Dyld) -> Iterator[tuple[Lost, bool]]:
    """(library that is not found, whether a started program needs it), once each."""
    cpu, seen, covered = _cpu(package), set[tuple[str, str]](), set[str]()
    programs = _started(package)
    rest = [p for p, m in package.machs.items() if m.kind == "program"]
    others = [p for p, m in package.machs.items() if m.kind in ("library", "bundle")]
    for path in dict.fromkeys((*programs, *rest, *others)):
        if path in covered:
            continue
        order, lost = search.closure(path, cpu)
        covered.update(order)
        for each in lost:
            if (each.requester, each.name) not in seen:
                seen.add((each.requester, each.name))
                yield each, path in programs


MACH_MISSING = rule(
    "PKG801",
    "mach-missing-library",
    Severity.ERROR,
    what="Every library that a Mach-O file needs is macOS's own, or is found in the package by dyld's search.",
    why="dyld ends the program with `Library not loaded`, on every Mac but the one that built it.",
    how=(
        "Copy the library beside the program, and name it `@rpath/libx.dylib` or `@loader_path/libx.dylib` with "
        "`install_name_tool -change`; then sign again with `codesign -s - -f`."
    ),
    bad="@rpath/libx.1.dylib, which lib/ does not have",
    good="lib/libx.1.dylib, and LC_RPATH @loader_path/lib",
)


@check(MACH_MISSING)
def mach_missing(package: Package) -> Outcome:
    """Libraries that dyld would not find, but those with a path of the build machine."""
    if (reason := _macos(package)) is not None:
        return reason
    findings = []
    for lost, started in _lost(package, _search(package)):
        if lost.name.startswith("/"):
            continue  # PKG802
        near = [p for p in package.tree.entries if posixpath.basename(p) == posixpath.basename(lost.name)]
        where = f"; the package has it as {near[0]}" if near else ""
        message = f"{lost.requester} needs {lost.name}, which dyld does not find in the package: {lost.why}{where}"
        severity, confidence = (None, None) if started else (Severity.WARNING, Confidence.LIKELY)
        if near and not started:
            severity, confidence = Severity.NOTE, Confidence.POSSIBLE
        findings.append(
            finding(
                MACH_MISSING, lost.requester, message, subject=lost.name, severity=severity, confidence=confidence,
                related=near[:3],
            )
        )  # fmt: skip
    return findings


MACH_BUILD_PATH = rule(
    "PKG802",
    "mach-build-path",
    Severity.ERROR,
    what="No Mach-O file needs a library by an absolute path that only the build machine has.",
    why="/opt/homebrew/… exists where Homebrew is installed and nowhere else; the version there may be another one.",
    how="`install_name_tool -change /opt/homebrew/…/libx.dylib @rpath/libx.dylib`, and bundle libx.dylib.",
    bad="/opt/homebrew/opt/protobuf/lib/libprotobuf.dylib",
    good="@rpath/libprotobuf.dylib in lib/",
)


@check(MACH_BUILD_PATH)
def mach_build_path(package: Package) -> Outcome:
    """Absolute paths that are not macOS's own; an error unless the library path answers them."""
    if (reason := _macos(package)) is not None:
        return reason
    findings = []
    for lost, started in _lost(package, _search(package)):
        if lost.name.startswith("/"):
            message = f"{lost.requester} needs {lost.name}: {lost.why}"
            severity = None if started else Severity.WARNING
            findings.append(finding(MACH_BUILD_PATH, lost.requester, message, subject=lost.name, severity=severity))
    answered = {
        (path, name): None
        for path, mach in package.machs.items()
        for part in mach.slices
        for name, _ in part.libraries
        if name.startswith("/") and not system_library(name) and name != part.install_name
    }
    known = {(f.path, f.subject) for f in findings}
    for path, name in answered:
        if (path, name) not in known:
            message = f"{path} needs {name}, which only the DYLD_LIBRARY_PATH of run.sh leads into the package"
            findings.append(finding(MACH_BUILD_PATH, path, message, subject=name, severity=Severity.NOTE))
    return findings


MACH_LIBRARY_PATH = rule(
    "PKG803",
    "mach-library-path",
    Severity.ERROR,
    what="run.sh sets DYLD_LIBRARY_PATH where libraries are found by it only; macOS knows no LD_LIBRARY_PATH.",
    why="The Linux line was copied: macOS ignores the variable, and the program ends with `Library not loaded`.",
    how='In the Darwin branch: `export DYLD_LIBRARY_PATH="$CURDIR"/lib:$DYLD_LIBRARY_PATH`.',
    bad="export LD_LIBRARY_PATH=$CURDIR/lib",
    good="export DYLD_LIBRARY_PATH=$CURDIR/lib",
)


@check(MACH_LIBRARY_PATH)
def mach_library_path(package: Package) -> Outcome:
    """LD_LIBRARY_PATH alone, in a package in which something would be found by it."""
    if (reason := _macos(package)) is not None:
        return reason
    run = package.run
    linux = _directories(package, "LD_LIBRARY_PATH")
    if run is None or not linux or _directories(package, "DYLD_LIBRARY_PATH"):
        return []
    names = {posixpath.basename(p) for d in linux for p in package.tree.entries if posixpath.dirname(p) == d}
    helped = [lost for lost, _ in _lost(package, _search(package)) if posixpath.basename(lost.name) in names]
    if not helped:
        return []
    message = (
        f"run.sh sets LD_LIBRARY_PATH, which macOS ignores; {helped[0].requester} needs {helped[0].name} from there"
    )
    return [finding(MACH_LIBRARY_PATH, RUN_SH, message, subject="DYLD_LIBRARY_PATH", line=_line(package))]


def _line(package: Package) -> int:
    lines = package.run.text.splitlines() if package.run else []
    return next((n for n, line in enumerate(lines, 1) if "LD_LIBRARY_PATH" in line), 1)


MACH_PROCESSOR = rule(
    "PKG804",
    "mach-processor",
    Severity.ERROR,
    what="Every Mach-O file has code for the processor of the program that run.sh starts.",
    why="dyld refuses a library for another processor: `mach-o file, but is an incompatible architecture`.",
    how="Build or download it for that processor; `lipo -info` shows what a file has.",
    bad="libx.dylib for x86_64 in an arm64 package",
    good="arm64, or both in one file",
)


@check(MACH_PROCESSOR)
def mach_processor(package: Package) -> Outcome:
    """Files without a slice for the package's processor."""
    if (reason := _macos(package)) is not None:
        return reason
    cpu = _cpu(package)
    return [
        finding(MACH_PROCESSOR, path, f"{path} is built for {', '.join(sorted(mach.cpus))}, the package for {cpu}",
                subject=cpu)
        for path, mach in package.machs.items() if cpu not in mach.cpus
    ]  # fmt: skip


MACH_MINIMUM = rule(
    "PKG805",
    "mach-minimum",
    Severity.ERROR,
    what="No Mach-O file asks for a newer macOS than promised (--target macos=13.0), or than its program.",
    why="dyld refuses it, or a function of the newer system is missing: `Symbol not found`.",
    how="Set MACOSX_DEPLOYMENT_TARGET, also for the libraries that are bundled.",
    bad="minos 15.0 on macOS 13",
    good="minos 13.0",
)


@check(MACH_MINIMUM)
def mach_minimum(package: Package) -> Outcome:
    """Files for a newer macOS than the target's; without one, libraries for a newer one than their program."""
    if (reason := _macos(package)) is not None:
        return reason
    cpu, target = _cpu(package), package.target.macos
    floors = {p: s.minimum for p, m in package.machs.items() for s in m.slices if s.cpu == cpu and s.minimum}
    started = [floors[p] for p in _started(package) if p in floors]
    limit = number(target) if target else max(started, default=())
    what = f"the target is macOS {target}" if target else f"the program needs only {_dotted(limit)}"
    severity = None if target else Severity.WARNING
    return [
        finding(MACH_MINIMUM, path, f"{path} needs macOS {_dotted(floor)}; {what}", subject=_dotted(floor),
                severity=severity)
        for path, floor in floors.items() if limit and floor > limit
    ]  # fmt: skip


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


MACH_SIGNATURE = rule(
    "PKG806",
    "mach-signature",
    Severity.ERROR,
    what="Every arm64 Mach-O file is signed, at least ad hoc, and was not changed afterwards.",
    why="macOS kills an arm64 program without a signature or with one that does not fit: `Killed: 9`.",
    how="`codesign -s - -f FILE` as the last step, after `install_name_tool` and `strip`.",
    bad="install_name_tool after codesign",
    good="codesign last",
)


@check(MACH_SIGNATURE)
def mach_signature(package: Package) -> Outcome:
    """Signatures that are missing or do not fit the bytes."""
    if (reason := _macos(package)) is not None:
        return reason
    findings = []
    for path, mach in package.machs.items():
        for part in (s for s in mach.slices if s.kind in ("program", "library", "bundle")):
            defect = signature_defect(package.tree.entries[path].view(), part)
            if defect:
                findings.append(finding(MACH_SIGNATURE, path, f"{path} ({part.cpu}) {defect}", subject=part.cpu))
    return findings


MACH_BROKEN = rule(
    "PKG807",
    "mach-broken",
    Severity.ERROR,
    what="Every file that starts like a Mach-O file can be read as one.",
    why="A truncated copy passes every check by name, and ends with `file is truncated`.",
    how="Copy the file again.",
    bad="a library cut off at 64 KiB",
    good="the whole file",
)


@check(MACH_BROKEN)
def mach_broken(package: Package) -> Outcome:
    """Files whose load commands cannot be read."""
    if (reason := _macos(package)) is not None:
        return reason
    return [finding(MACH_BROKEN, p, f"{p} is damaged: {why}") for p, why in package.broken_machs.items()]
