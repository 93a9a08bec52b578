"""PKG501-504: the CPU floor. Only x86-64 has levels; the scan runs when --cpu-floor asks for it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase

from newbackend.findings import Confidence, Finding, Severity
from newbackend.package.cpu import constructors
from newbackend.package.cpu.features import Scan, find_decoder, level_name, levels, parse_floor, scan
from newbackend.package.cpu.variants import Variant, VariantSet, directory_of, variant_sets
from newbackend.package.elf.binary import ELFError
from newbackend.package.elf.machines import X86_64
from newbackend.package.elf.symbols import Symbols
from newbackend.package.model import Package
from newbackend.package.options import Layout
from newbackend.package.rules.base import Outcome, Skipped, Unknown, check, found

# Measured: undispatched ggml builds hold such instructions in 84-88 % of their code pages, dispatched
# libraries in 4-49 % together with cpuid or IFUNC. Below the share, hand-written code is likelier.
SHARE = 0.25
# Data between code decodes to a stray instruction now and then.
NOISE = 8
NO_DECODER = "no instruction decoder: install newbackend[cpu] (iced-x86) or binutils"


def scans(package: Package) -> dict[str, Scan] | None:
    """The scan of every x86-64 file that is not part of the bundled loader; None without a decoder.
    Files whose symbol tables are damaged are scanned without them."""
    decoder = find_decoder()
    if decoder is None:
        return None
    _, decode = decoder
    cache: dict[str, Scan] = {}
    known: dict[str, Symbols] = {}
    for path, elf in package.elves.items():
        if elf.machine != X86_64:
            continue
        try:
            known[path] = package.symbols(path)
        except ELFError:
            known[path] = Symbols(frozenset(), frozenset(), (), False)
        cache[path] = scan(package.tree.entries[path].view(), elf, known[path], decode)
    return {p: replace(s, dispatch=s.dispatch or _asked_by(p, cache, known)) for p, s in cache.items()}


def _asked_by(path: str, scanned: Mapping[str, Scan], known: Mapping[str, Symbols]) -> str:
    """The file that asks the CPU before anything calls this one (data/isa.toml, `elsewhere`); "" when none does."""
    for pattern, symbol in levels().elsewhere:
        if not fnmatchcase(posixpath.basename(path), pattern):
            continue
        for other, done in scanned.items():
            # C++ names are mangled: the symbol is part of them.
            if done.tally.asks and any(symbol in name for name, _ in known[other].defined):
                return f"{other} asks in its place"
    return ""


def _wanted(package: Package) -> Skipped | Unknown | dict[str, Scan]:
    if package.options.cpu_floor is None:
        return Skipped("no --cpu-floor was given")
    if package.machine != X86_64:
        return Skipped("only x86-64 has CPU levels")
    found = package.cached_scans(scans)
    return Unknown(NO_DECODER) if found is None else found


def isa_bits(bits: int) -> int:
    """The level of a GNU property: bit 0 baseline, 1 v2, 2 v3, 3 v4."""
    return min((bits & 0xF).bit_length(), 4) or 1


@check("PKG501")
def isa_note(package: Package) -> Outcome:
    """Declared CPU levels; certain, and cheap enough to run always."""
    if package.machine != X86_64:
        return Skipped("only x86-64 has CPU levels")
    floor = parse_floor(package.options.cpu_floor)
    return [
        found("PKG501", path, level_name(isa_bits(elf.isa_needed)),
              f"{path} declares that it needs {level_name(isa_bits(elf.isa_needed))}: "
              f"the loader refuses it on {level_name(floor)}")
        for path, elf in package.elves.items()
        if elf.machine == X86_64 and isa_bits(elf.isa_needed) > floor
    ]  # fmt: skip


def _features(scanned: Scan, floor: int) -> str:
    counts = sorted(scanned.features_above(floor).items(), key=lambda i: -i[1])[:4]
    return ", ".join(f"{feature} {count}" for feature, count in counts)


@check("PKG502")
def isa_no_dispatch(package: Package) -> Outcome:
    """Files full of newer instructions in which nothing asks the CPU."""
    wanted = _wanted(package)
    if not isinstance(wanted, dict):
        return wanted
    floor = parse_floor(package.options.cpu_floor)
    variants = {m.path for s in variant_sets(package.elves) for m in s.members}
    findings = []
    for path, scanned in wanted.items():
        above, share = scanned.features_above(floor), scanned.share_above(floor)
        if scanned.dispatch or path in variants or sum(above.values()) < NOISE:
            continue
        where = f"first at 0x{scanned.first_above(floor):x}"
        message = (
            f"{path} holds instructions above {level_name(floor)} in {share:.0%} of its code pages "
            f"({_features(scanned, floor)}; {where}) and nothing in it asks the CPU"
        )
        few = share < SHARE
        findings.append(
            found("PKG502", path, "instructions", message,
                  severity=Severity.WARNING if few else None, confidence=Confidence.POSSIBLE if few else None)
        )  # fmt: skip
    return findings


@check("PKG503")
def variant_contract(package: Package) -> Outcome:
    """Each variant against its name, each set against the floor."""
    wanted = _wanted(package)
    if not isinstance(wanted, dict):
        return wanted
    floor = parse_floor(package.options.cpu_floor)
    sets = variant_sets(wanted)
    if not sets:
        return Skipped("no CPU variants by file name")
    return [finding for found_set in sets for finding in _judge_set(package, found_set, wanted, floor)]


def _judge_set(package: Package, variants: VariantSet, scanned: dict[str, Scan], floor: int) -> Iterator[Finding]:
    for member in variants.members:
        extra = _beyond(member, scanned[member.path])
        if extra:
            text = ", ".join(f"{f} {n}" for f, n in sorted(extra.items(), key=lambda i: -i[1])[:4])
            message = f"{member.path} is chosen for CPUs with {member.token} and also holds {text}"
            yield found("PKG503", member.path, member.token, message)
    lowest = min(variants.members, key=lambda m: m.level)
    if lowest.level > floor:
        message = f"the set {variants.name} has nothing for {level_name(floor)}: its lowest member is {lowest.token}"
        yield found("PKG503", lowest.path, "floor", message, related=[m.path for m in variants.members])
    plugin = posixpath.basename(variants.name).startswith("libggml-cpu-")
    if plugin and package.layout is Layout.LOADER and package.loader:
        beside = posixpath.dirname(package.loader)
        if directory_of(variants) != beside:
            message = (
                f"{variants.name} is not beside {package.loader}: ggml looks for its variants next to "
                "/proc/self/exe, which is the loader"
            )
            yield found("PKG503", lowest.path, "place", message, related=[package.loader])


def _beyond(member: Variant, scanned: Scan) -> dict[str, int]:
    """Features outside the name's set, when they are more than stray decodes and nothing asks the CPU."""
    extra = {f: n for f, n in scanned.tally.features.items() if f not in member.features}
    return extra if sum(extra.values()) >= NOISE and not scanned.dispatch else {}


@check("PKG504")
def isa_constructor(package: Package) -> Outcome:
    """Newer instructions in functions that run while a library is loaded."""
    wanted = _wanted(package)
    if not isinstance(wanted, dict):
        return wanted
    decoder = find_decoder()
    if decoder is None or decoder[0] != "iced-x86":
        return Skipped("needs the iced-x86 decoder (newbackend[cpu])")
    floor = parse_floor(package.options.cpu_floor)
    # A variant that run.sh picks is not opened on a CPU that it is not for; a plugin's loader opens them all.
    picked = {m.path for s in variant_sets(package.elves) for m in s.members}.intersection(package.handed)
    findings = []
    for path, scanned in wanted.items():
        if not scanned.features_above(floor) or scanned.dispatch or path in picked:
            continue
        hits = constructors.features_at_load(package.tree.entries[path].view(), package.elves[path])
        above = {f: a for f, a in hits.items() if levels().of[f] > floor}
        if above:
            feature, address = min(above.items(), key=lambda i: i[1])
            message = f"{path} runs {feature} at 0x{address:x} while it is loaded: dlopen ends with SIGILL below it"
            findings.append(found("PKG504", path, feature, message))
    return findings
