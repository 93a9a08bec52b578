"""PKG501-504: the CPU floor of x86-64 and AArch64; the scan runs when --cpu-floor asks for it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from newbackend.findings import Confidence, Finding, Severity
from newbackend.package.cpu import (
    NOISE,
    SHARE,
    Scan,
    Variant,
    VariantSet,
    declared_level,
    level_name,
    levels,
    variant_sets,
)
from newbackend.package.elf import AARCH64, X86_64, machine_name
from newbackend.package.model import Package
from newbackend.package.options import Layout
from newbackend.package.rules.registry import Outcome, Skipped, Unknown, check, finding, rule

NO_DECODER = "no instruction decoder: install newbackend[cpu] (iced-x86) or binutils"


def _scans(package: Package) -> Skipped | Unknown | dict[str, Scan]:
    """The scan of every file by path, or why there is none."""
    if package.options.cpu_floor is None:
        return Skipped("no --cpu-floor was given")
    if reason := _no_levels(package):
        return Skipped(reason)
    return Unknown(NO_DECODER) if package.scans is None else package.scans


def _no_levels(package: Package) -> str:
    """Why the package's processor is not judged; "" when it is."""
    if package.machine not in (X86_64, AARCH64):
        return "only x86-64 and aarch64 have CPU levels"
    floor = package.options.cpu_floor
    return "" if package.cpu_floor else f"{floor} is no level of {machine_name(package.machine)}"


ISA_NOTE = rule(
    "PKG501",
    "isa-note",
    Severity.ERROR,
    what=(
        "No file declares that it needs a higher CPU level than the floor: by the GNU property note, by GOAMD64 of Go, "
        "or by the target features of Rust that a Python module lists and checks at import."
    ),
    why="The loader refuses such a file (`CPU ISA level is lower than required`), and so does the Go runtime.",
    how="Build without `-mneeded`, `-z x86-64-v3` and GOAMD64, or set --cpu-floor to what is meant.",
    bad="x86-64-v3 needed",
    good="no such note",
)


@check(ISA_NOTE)
def isa_note(package: Package) -> Outcome:
    """Declared CPU levels; certain, and cheap enough to run always."""
    if package.machine != X86_64 or not package.cpu_floor:
        return Skipped(_no_levels(package) or "only x86-64 has files that declare a CPU level")
    floor = package.cpu_floor
    findings = []
    for path, elf in package.elves.items():
        level = declared_level(elf.isa_needed)
        if elf.machine == X86_64 and level > floor:
            name = level_name(level)
            message = f"{path} declares that it needs {name}: the loader refuses it on {level_name(floor)}"
            findings.append(finding(ISA_NOTE, path, message, subject=name))
    for path, level in package.go_levels.items():
        if level > floor:
            message = f"{path} was built with GOAMD64=v{level}: Go refuses to start it on {level_name(floor)}"
            findings.append(finding(ISA_NOTE, path, message, subject=level_name(level)))
    for path, level in package.listed_levels.items():
        if level > floor:
            message = f"{path} lists target features of {level_name(level)} for the library beside it"
            # Not everything that lies in a package is imported.
            warning = Severity.WARNING
            findings.append(finding(ISA_NOTE, path, message, subject=level_name(level), severity=warning))
    return findings


def _floor_name(package: Package) -> str:
    return level_name(package.cpu_floor, package.machine)


def _features(scanned: Scan, floor: int) -> str:
    counts = sorted(scanned.features_above(floor).items(), key=lambda i: -i[1])[:4]
    return ", ".join(f"{feature} {count}" for feature, count in counts)


ISA_NO_DISPATCH = rule(
    "PKG502",
    "isa-no-dispatch",
    Severity.ERROR,
    what="Instructions above the CPU floor occur only beside evidence of run-time dispatch.",
    why=("Code built with -march=native or -mavx2 ends with SIGILL on older CPUs, in the middle of loading a model."),
    how="Build with the baseline -march unless NATIVE=true, or build variants and choose at run time.",
    confidence=Confidence.LIKELY,
    incident="#6348 (AVX2 needed); manylinux #1725, oracle/graal #12243: the build flags did not hold what they say",
    bad="ymm registers in 88 % of the code pages, no cpuid",
    good="-DGGML_NATIVE=OFF, -march=x86-64",
)


@check(ISA_NO_DISPATCH)
def isa_no_dispatch(package: Package) -> Outcome:
    """Files full of newer instructions in which nothing asks the CPU."""
    scans = _scans(package)
    if not isinstance(scans, dict):
        return scans
    floor = package.cpu_floor
    variants = {m.path for s in variant_sets(package.elves) for m in s.members}
    findings = []
    for path, scanned in scans.items():
        above, share = scanned.features_above(floor), scanned.share_above(floor)
        if path in variants or sum(above.values()) < NOISE:
            continue
        if scanned.dispatch:
            if scanned.nearly_all_above(floor):
                findings.append(_dispatched(package, path, scanned))
            continue
        where = f"first at 0x{scanned.first_above(floor):x}"
        message = (
            f"{path} holds instructions above {_floor_name(package)} in {share:.0%} of its code pages "
            f"({_features(scanned, floor)}; {where}) and nothing in it asks the CPU"
        )
        severity, confidence = (Severity.WARNING, Confidence.POSSIBLE) if share < SHARE else (None, None)
        findings.append(
            finding(ISA_NO_DISPATCH, path, message, subject="instructions", severity=severity, confidence=confidence)
        )
    return findings


def _dispatched(package: Package, path: str, scanned: Scan) -> Finding:
    floor = package.cpu_floor
    message = (
        f"{path} holds instructions above {_floor_name(package)} in {scanned.share_above(floor):.0%} of its code pages "
        f"({_features(scanned, floor)}): too many to be behind a question, although something in it asks the CPU "
        f"({scanned.dispatch})"
    )
    level, doubt = Severity.WARNING, Confidence.POSSIBLE
    return finding(ISA_NO_DISPATCH, path, message, subject="instructions", severity=level, confidence=doubt)


VARIANT_CONTRACT = rule(
    "PKG503",
    "variant-contract",
    Severity.ERROR,
    what=(
        "A CPU variant (`-avx`, `-haswell`, …) holds only the instructions its name promises, and one variant runs "
        "at the floor."
    ),
    why=(
        "The chooser goes by the name: a BMI2 instruction in the AVX variant ends with SIGILL on the CPUs it was "
        "made for."
    ),
    how="Give each variant its exact feature flags; always ship the fallback.",
    confidence=Confidence.LIKELY,
    incident="#8461: BMI2 in the AVX variant",
    bad="libx-avx.so with shlx",
    good="libx-avx.so with AVX only, libx-fallback.so beside it",
)


@check(VARIANT_CONTRACT)
def variant_contract(package: Package) -> Outcome:
    """Each variant against its name, each set against the floor."""
    scans = _scans(package)
    if not isinstance(scans, dict):
        return scans
    floor = package.cpu_floor
    sets = variant_sets(scans)
    if not sets:
        return Skipped("no CPU variants by file name")
    return [each for variants in sets for each in _judge_set(package, variants, scans, floor)]


def _judge_set(package: Package, variants: VariantSet, scans: dict[str, Scan], floor: int) -> Iterator[Finding]:
    for member in variants.members:
        extra = _beyond(member, scans[member.path])
        if extra:
            text = ", ".join(f"{f} {n}" for f, n in sorted(extra.items(), key=lambda i: -i[1])[:4])
            message = f"{member.path} is chosen for CPUs with {member.token} and also holds {text}"
            yield finding(VARIANT_CONTRACT, member.path, message, subject=member.token)
    lowest = min(variants.members, key=lambda m: m.level)
    if lowest.level > floor:
        message = f"the set {variants.name} has nothing for {_floor_name(package)}: its lowest member is {lowest.token}"
        yield finding(
            VARIANT_CONTRACT, lowest.path, message, subject="floor", related=[m.path for m in variants.members]
        )
    plugin = posixpath.basename(variants.name).startswith("libggml-cpu-")
    through_loader = package.layout is Layout.LOADER and package.loader
    if plugin and through_loader and variants.directory != posixpath.dirname(package.loader):
        message = (
            f"{variants.name} is not beside {package.loader}: ggml looks for its variants next to "
            "/proc/self/exe, which is the loader"
        )
        yield finding(VARIANT_CONTRACT, lowest.path, message, subject="place", related=[package.loader])


def _beyond(member: Variant, scanned: Scan) -> dict[str, int]:
    """Features outside the name's set, when they are more than stray decodes and nothing asks the CPU."""
    extra = {f: n for f, n in scanned.tally.features.items() if f not in member.features}
    return extra if sum(extra.values()) >= NOISE and not scanned.dispatch else {}


ISA_CONSTRUCTOR = rule(
    "PKG504",
    "isa-constructor",
    Severity.WARNING,
    what=(
        "Code that runs when a library is loaded stays within the CPU floor; variants that run.sh picks are left out."
    ),
    why="A chooser that loads each variant to ask for its score dies while loading, before it can ask.",
    how="Compile constructors and global initialisers at the baseline.",
    confidence=Confidence.LIKELY,
    incident="gpt4all: SIGILL at dlopen of a variant on Nehalem",
    bad="vmovdqa in an .init_array function",
    good="plain SSE2 there",
)


@check(ISA_CONSTRUCTOR)
def isa_constructor(package: Package) -> Outcome:
    """Newer instructions in functions that run while a library is loaded."""
    scans = _scans(package)
    if not isinstance(scans, dict):
        return scans
    if package.at_load is None:
        return Skipped("needs the iced-x86 decoder (newbackend[cpu]) on x86-64")
    floor = package.cpu_floor
    # A variant that run.sh picks is not opened on a CPU that it is not for; a plugin's loader opens them all.
    picked = {m.path for s in variant_sets(package.elves) for m in s.members}.intersection(package.handed)
    findings = []
    for path, hits in package.at_load.items():
        if path in picked:
            continue
        above = {f: a for f, a in hits.items() if levels().of[f] > floor}
        if above:
            feature, address = min(above.items(), key=lambda i: i[1])
            message = f"{path} runs {feature} at 0x{address:x} while it is loaded: dlopen ends with SIGILL below it"
            findings.append(finding(ISA_CONSTRUCTOR, path, message, subject=feature))
    return findings
