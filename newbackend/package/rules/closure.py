"""PKG101-103, PKG106: the loader and the libraries that it looks for."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from newbackend.findings import Confidence, Finding, Severity
from newbackend.package.elf import AARCH64, X86_64, Missing, machine_name
from newbackend.package.libraries import is_glibc
from newbackend.package.model import Package
from newbackend.package.options import Layout
from newbackend.package.rules.registry import Outcome, Skipped, check, finding, rule

INTERPRETERS = {
    X86_64: "/lib64/ld-linux-x86-64.so.2",
    AARCH64: "/lib/ld-linux-aarch64.so.1",
}


def _missing(package: Package) -> Iterator[tuple[Missing, bool]]:
    """(missing library, whether a program that run.sh starts needs it), once per requester. Libraries that the
    host supplies are not missing."""
    named = {root.path for root in package.roots if root.line}
    seen: set[tuple[str, str]] = set()
    started = [(m, c.root in named or not named) for c in package.closures for m in c.missing]
    later = [(m, False) for c in package.candidate_closures for m in c.missing]
    for missing, direct in [*sorted(started, key=lambda i: not i[1]), *later]:
        key = (missing.requester, missing.name)
        if key not in seen and not package.expected_from_host(missing.name) and not _is_loader(package, missing):
            seen.add(key)
            yield missing, direct


def _is_loader(package: Package, missing: Missing) -> bool:
    """Whether it is the loader, which libc needs by name: PKG106 reports that it is not bundled."""
    return package.layout is Layout.LOADER and not package.loader and missing.name.startswith("ld-linux")


def _is_leak(package: Package, name: str) -> bool:
    return "/" in name or (package.layout is Layout.LOADER and is_glibc(name))


def _renamed(package: Package, missing: Missing) -> str:
    """The library under another name, where it is searched: a file with the same SONAME, or with a longer version in
    its name. Parts of glibc are nobody's other name: musl's programs ask for `libc.so`."""
    elf = package.elves[missing.requester]
    for path in package.other_names.get(missing.name, ()):
        other = package.elves[package.real(path)]
        if (
            posixpath.basename(path) != missing.name
            and posixpath.dirname(path) in package.search.library_path
            and (other.machine, other.bits) == (elf.machine, elf.bits)
            and not is_glibc(posixpath.basename(path))
        ):
            return path
    return ""


MISSING_NEEDED = rule(
    "PKG101",
    "missing-needed",
    Severity.ERROR,
    what="Every NEEDED library is found in the package, by the search that the loader will do there.",
    why=(
        "The images are FROM scratch and unpacked on somebody else's host: one missing library ends in exit status "
        "127 there and works where it was built."
    ),
    how=(
        "Copy the library in package.sh, after `ldd` or from the toolchain's directory, into the directory that "
        "run.sh puts on LD_LIBRARY_PATH; `newbackend package fix --from ROOT` copies it into a built package."
    ),
    incident="#10139, #10783 (libgrpc++_reflection), #10537 (librocprofiler-register, transitive), #10991 (oneAPI)",
    bad="grpc-server needs libfoo.so.1; lib/ has none",
    good="lib/libfoo.so.1",
)


@check(MISSING_NEEDED)
def missing_needed(package: Package) -> Iterator[Finding]:
    """NEEDED libraries that are not in the package."""
    for missing, direct in _missing(package):
        if _is_leak(package, missing.name) or (not missing.rejected and _renamed(package, missing)):
            continue  # PKG103 and PKG102 report it
        yield _missing_finding(package, missing, direct)


def _missing_finding(package: Package, missing: Missing, direct: bool) -> Finding:
    reasons = "; ".join(f"{path} is {why}" for path, why in missing.rejected)
    why = f" ({reasons})" if reasons else ""
    taken = {r[0] for r in missing.rejected}
    others = set(package.other_names.get(missing.name, ())) - taken
    elsewhere = sorted(p for p in others if _same_name(package, p, missing))
    message = f"{missing.requester} needs {missing.name}, which is not in the package{why}"
    if missing.rejected:
        message = f"{missing.requester} needs {missing.name}, which is not on its search path{why}"
    path = ", ".join(d or "." for d in package.search.library_path) or "none"
    expected = f"copy {missing.name} into {(package.search.library_path or ('lib',))[0] or 'the package'}"
    if elsewhere:
        message = f"{missing.requester} needs {missing.name}; {elsewhere[0]} is not on its search path ({path})"
        expected = f"{posixpath.dirname(elsewhere[0]) or '.'} on the library path, or the file in a directory of it"
    severity, confidence = None, None
    if not direct:
        severity, confidence = Severity.WARNING, Confidence.LIKELY
        message += ": it will not load when it is asked for"
    if elsewhere and not direct:
        # Python packages preload such libraries from elsewhere in the venv (torch, nvidia-*).
        severity, confidence = Severity.NOTE, Confidence.POSSIBLE
        message = (
            f"{missing.requester} needs {missing.name}, found only at {elsewhere[0]}: "
            "it loads if something loads that file first"
        )
    return finding(
        MISSING_NEEDED,
        missing.requester,
        message,
        subject=missing.name,
        severity=severity,
        confidence=confidence,
        related=[*(r[0] for r in missing.rejected), *elsewhere[:3]],
        expected=expected,
    )


def _same_name(package: Package, path: str, missing: Missing) -> bool:
    """Whether a file would answer if its directory were searched."""
    return posixpath.basename(path) == missing.name or package.elves[package.real(path)].soname == missing.name


SONAME_MISMATCH = rule(
    "PKG102",
    "soname-mismatch",
    Severity.ERROR,
    what="A library lies in the package under the name by which it is asked for.",
    why=(
        "The loader compares file names with NEEDED entries: libx.so.1.2.3 alone does not answer libx.so.1, and "
        "the link that did the job was not copied."
    ),
    how="Copy with `cp -L` to the SONAME, or copy the link along with `cp -a`; `newbackend package fix` makes it.",
    bad="lib/libx.so.1.2.3",
    good="lib/libx.so.1 -> libx.so.1.2.3",
)


@check(SONAME_MISMATCH)
def soname_mismatch(package: Package) -> Iterator[Finding]:
    """Libraries that have another name than the one asked for."""
    for missing, direct in _missing(package):
        other = "" if missing.rejected or _is_leak(package, missing.name) else _renamed(package, missing)
        if other:
            message = f"{missing.requester} needs {missing.name}, but the package has it only as {other}"
            severity = None if direct else Severity.WARNING
            expected = f"{posixpath.join(posixpath.dirname(other), missing.name)} -> {posixpath.basename(other)}"
            yield finding(
                SONAME_MISMATCH,
                missing.requester,
                message,
                subject=missing.name,
                severity=severity,
                expected=expected,
                related=[other],
            )


LEAVES_PACKAGE = rule(
    "PKG103",
    "leaves-package",
    Severity.ERROR,
    what="With a bundled loader, no part of glibc has to come from the host.",
    why=(
        "The bundled loader then falls back to the host's libc or libpthread: works where the versions happen to "
        "agree, and ends in missing versions or crashes elsewhere."
    ),
    how=(
        "Source scripts/build/package-system-libs.sh, or copy libc, libm, libpthread, libdl, librt and the loader "
        "from the same build."
    ),
    incident="#9093: `version GLIBC_ABI_DT_X86_64_PLT not found`, libpthread was the host's",
    bad="lib/ld.so without lib/libc.so.6",
    good="lib/ld.so, lib/libc.so.6, lib/libpthread.so.0",
)


@check(LEAVES_PACKAGE)
def leaves_package(package: Package) -> Outcome:
    """Parts of glibc that only the host has, and NEEDED entries with a path."""
    if package.layout is Layout.STATIC:
        return Skipped("a static package loads nothing")
    findings = []
    for missing, direct in _missing(package):
        if not _is_leak(package, missing.name):
            continue
        if "/" in missing.name:
            message = f"{missing.requester} needs the path {missing.name}, which is the build machine's"
        else:
            message = (
                f"{missing.requester} needs {missing.name}, which is not bundled: "
                "the bundled loader falls back to the host's, from another glibc"
            )
        severity = None if direct or package.layout is Layout.LOADER else Severity.WARNING
        findings.append(finding(LEAVES_PACKAGE, missing.requester, message, subject=missing.name, severity=severity))
    return findings


INTERP = rule(
    "PKG106",
    "interp",
    Severity.ERROR,
    what="The loader that a program names, or that run.sh looks for, will be there.",
    why=(
        "A program whose PT_INTERP does not exist is reported as `No such file or directory` although it is there; "
        "without the bundled ld.so the host's loader meets the bundled libc."
    ),
    how="Bundle the loader as lib/ld.so and start the program through it; build with the standard interpreter.",
    incident="#3041: `object file has no dynamic section`, a static program started through ld.so",
    bad="PT_INTERP /nix/store/…/ld-linux-x86-64.so.2",
    good="PT_INTERP /lib64/ld-linux-x86-64.so.2",
)


@check(INTERP)
def interpreter(package: Package) -> Iterator[Finding]:
    """The loader is where run.sh and the programs look for it."""
    loader, layout = package.loader, package.layout
    if layout is Layout.LOADER and not loader:
        wanted = package.detected.wanted or "lib/ld.so"
        message = f"run.sh looks for the loader {wanted}, which is not bundled: the host's loader will be used"
        yield finding(INTERP, wanted, message, expected=f"{wanted}, from the image that built the program")
    for root in package.roots:
        elf = package.elves[root.path]
        usual = INTERPRETERS.get(elf.machine, "")
        through = layout is Layout.LOADER and bool(loader) and bool(root.line)
        if through and not elf.dynamic:
            message = f"{root.path} is static and needs no loader; run.sh starts it through {loader}"
            yield finding(INTERP, root.path, message, subject="static", severity=Severity.NOTE)
        elif layout is Layout.STATIC and elf.interp:
            message = f"{root.path} is dynamically linked ({elf.interp}), and the package bundles no library for it"
            yield finding(INTERP, root.path, message, subject=elf.interp)
        elif elf.interp and usual and elf.interp != usual:
            yield _unusual(package, root.path, elf.interp, usual, through)


def _unusual(package: Package, path: str, interp: str, usual: str, through: bool) -> Finding:
    if through:
        message = f"{path} names the loader {interp}; it works only because run.sh starts it through {package.loader}"
        return finding(INTERP, path, message, subject=interp, severity=Severity.NOTE, expected=usual)
    machine = machine_name(package.elves[path].machine)
    message = f"{path} names the loader {interp}, which {machine} hosts do not have: `No such file or directory`"
    return finding(INTERP, path, message, subject=interp, expected=usual)
