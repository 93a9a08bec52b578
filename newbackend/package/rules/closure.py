"""PKG101-103, PKG106: will the loader, and then everything it looks for, be there?"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from newbackend.findings import Confidence, Finding, Severity
from newbackend.package.elf.machines import AARCH64, X86_64, machine_name
from newbackend.package.elf.search import Missing
from newbackend.package.hostlibs import is_glibc
from newbackend.package.model import Package
from newbackend.package.options import Layout
from newbackend.package.rules.base import Outcome, Skipped, check, found

INTERPRETERS = {
    X86_64: "/lib64/ld-linux-x86-64.so.2",
    AARCH64: "/lib/ld-linux-aarch64.so.1",
}


def _missing(package: Package) -> Iterator[tuple[Missing, bool]]:
    """Every (missing name, whether a program that run.sh starts needs it), drivers and host libraries
    left out, each requester once."""
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
    """libc needs the loader by name: without a bundled one PKG106 has said all there is to say."""
    return package.layout is Layout.LOADER and not package.loader and missing.name.startswith("ld-linux")


def _is_leak(package: Package, name: str) -> bool:
    return "/" in name or (package.layout is Layout.LOADER and is_glibc(name))


def _renamed(package: Package, missing: Missing) -> str:
    """A file that is the library in all but name: same SONAME, or the name plus a longer version."""
    wanted = re.compile(re.escape(missing.name) + r"(\.\d+)+$")
    places = {posixpath.dirname(missing.requester), *package.search.library_path}
    for path, elf in package.elves.items():
        name = posixpath.basename(path)
        if (
            name != missing.name
            and posixpath.dirname(path) in places
            and (elf.soname == missing.name or wanted.match(name))
        ):
            return path
    return ""


@check("PKG101")
def missing_needed(package: Package) -> Outcome:
    """NEEDED libraries that nothing in the package answers."""
    findings = []
    for missing, direct in _missing(package):
        if _is_leak(package, missing.name) or (not missing.rejected and _renamed(package, missing)):
            continue  # PKG103, PKG102 say it better
        findings.append(_missing_finding(package, missing, direct))
    return findings


def _missing_finding(package: Package, missing: Missing, direct: bool) -> Finding:
    reasons = "; ".join(f"{path} is {why}" for path, why in missing.rejected)
    why = f" ({reasons})" if reasons else ""
    elsewhere = [p for p in package.by_name.get(missing.name, ()) if p not in {r[0] for r in missing.rejected}]
    message = f"{missing.requester} needs {missing.name}, which is not on its search path{why}"
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
    return found(
        "PKG101",
        missing.requester,
        missing.name,
        message,
        severity=severity,
        confidence=confidence,
        related=[*(r[0] for r in missing.rejected), *elsewhere[:3]],
        expected=f"copy {missing.name} into {(package.search.library_path or ('lib',))[0] or 'the package'}",
    )


@check("PKG102")
def soname_mismatch(package: Package) -> Outcome:
    """Libraries that lie there under another name than the one asked for."""
    findings = []
    for missing, direct in _missing(package):
        other = "" if missing.rejected or _is_leak(package, missing.name) else _renamed(package, missing)
        if other:
            message = f"{missing.requester} needs {missing.name}, but the package has it only as {other}"
            severity = None if direct else Severity.WARNING
            expected = f"{posixpath.join(posixpath.dirname(other), missing.name)} -> {posixpath.basename(other)}"
            findings.append(
                found(
                    "PKG102",
                    missing.requester,
                    missing.name,
                    message,
                    severity=severity,
                    expected=expected,
                    related=[other],
                )
            )
    return findings


@check("PKG103")
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
        findings.append(found("PKG103", missing.requester, missing.name, message, severity=severity))
    return findings


@check("PKG106")
def interpreter(package: Package) -> Outcome:
    """The loader is where run.sh and the programs look for it."""
    return list(_interpreters(package))


def _interpreters(package: Package) -> Iterator[Finding]:
    loader, layout = package.loader, package.layout
    if layout is Layout.LOADER and not loader:
        wanted = package.detected.wanted or "lib/ld.so"
        message = f"run.sh looks for the loader {wanted}, which is not bundled: the host's loader will be used"
        yield found("PKG106", wanted, wanted, message, expected=f"{wanted}, from the image that built the program")
    for root in package.roots:
        elf = package.elves[root.path]
        usual = INTERPRETERS.get(elf.machine, "")
        through = layout is Layout.LOADER and bool(loader) and bool(root.line)
        if through and not elf.dynamic:
            message = f"{root.path} is static and needs no loader; run.sh starts it through {loader}"
            yield found("PKG106", root.path, "static", message, severity=Severity.NOTE)
        elif layout is Layout.STATIC and elf.interp:
            message = f"{root.path} is dynamically linked ({elf.interp}), and the package bundles no library for it"
            yield found("PKG106", root.path, elf.interp, message)
        elif elf.interp and usual and elf.interp != usual:
            yield _unusual(package, root.path, elf.interp, usual, through)


def _unusual(package: Package, path: str, interp: str, usual: str, through: bool) -> Finding:
    if through:
        message = f"{path} names the loader {interp}; it works only because run.sh starts it through {package.loader}"
        return found("PKG106", path, interp, message, severity=Severity.NOTE, expected=usual)
    machine = machine_name(package.elves[path].machine)
    message = f"{path} names the loader {interp}, which {machine} hosts do not have: `No such file or directory`"
    return found("PKG106", path, interp, message, expected=usual)
