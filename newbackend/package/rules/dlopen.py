"""PKG301-307: what is loaded or read by name at run time, and what belongs to the device driver."""

from __future__ import annotations

import fnmatch
import json
import posixpath
from collections.abc import Iterator

from newbackend.findings import Confidence, Finding, Severity
from newbackend.package.elf.binary import ELFError
from newbackend.package.elf.dlopen import dlopen_data, library_strings
from newbackend.package.hostlibs import host_library, is_driver, is_glibc
from newbackend.package.model import Package
from newbackend.package.options import Layout
from newbackend.package.rules.base import Outcome, Skipped, check, found
from newbackend.package.targets import number
from newbackend.package.versions import banner, bundled_libc

PRIORITIES = {"required": Severity.ERROR, "recommended": Severity.WARNING, "suggested": Severity.NOTE}
MODULES_MERGED = (2, 34)  # since then files and dns are part of libc.so.6 (glibc NEWS 2.34)


def _known(package: Package, name: str) -> bool:
    return name in package.by_name or host_library(name) is not None


@check("PKG301")
def dlopen_note(package: Package) -> Outcome:
    """Declared dlopen dependencies that nobody supplies."""
    findings = []
    for path, elf in package.elves.items():
        for note in elf.dlopen_notes:
            if not note.sonames or any(_known(package, name) for name in note.sonames):
                continue
            names = " or ".join(note.sonames)
            message = (
                f"{path} declares that it loads {names} ({note.priority}{': ' if note.feature else ''}{note.feature})"
            )
            severity = PRIORITIES.get(note.priority, Severity.WARNING)
            findings.append(
                found("PKG301", path, note.sonames[0], message + ", which is not bundled", severity=severity)
            )
    return findings


@check("PKG302")
def library_family(package: Package) -> Outcome:
    """Families with missing members."""
    findings = []
    for family in dlopen_data().families:
        fronts = [n for n in package.by_name if fnmatch.fnmatchcase(n, family.front)]
        lacking = [m for m in family.members if m not in package.by_name]
        if fronts and lacking:
            path = package.by_name[fronts[0]][0]
            message = f"{path} is bundled without {', '.join(lacking)}: {family.reason}"
            findings.append(found("PKG302", path, family.name, message))
    return findings


@check("PKG303")
def dlopen_string(package: Package) -> Outcome:
    """Names in the data of programs and libraries that nobody supplies."""
    optional = dlopen_data().optional
    findings = []
    for path, elf in package.elves.items():
        if path == package.loader or is_glibc(elf.soname) or path not in package.reached:
            continue
        linked = {elf.soname, *elf.needed, *(n for note in elf.dlopen_notes for n in note.sonames)}
        for name in library_strings(package.tree.entries[path].view(), elf):
            if name in linked or _known(package, name) or any(fnmatch.fnmatchcase(name, o) for o in optional):
                continue
            message = f"{path} holds the name {name}, which is not bundled: needed if it loads that library"
            findings.append(found("PKG303", path, name, message))
    return findings


@check("PKG304")
def data_directories(package: Package) -> Outcome:
    """Libraries without their data, and Vulkan manifests that point outside."""
    return [*_data(package), *_manifests(package)]


def _data(package: Package) -> Iterator[Finding]:
    for need in dlopen_data().data:
        for name in (n for n in package.by_name if fnmatch.fnmatchcase(n, need.library)):
            if not any(fnmatch.fnmatchcase(p, pattern) for pattern in need.paths for p in package.tree.entries):
                path = package.by_name[name][0]
                message = f"{path} is bundled without {' or '.join(need.paths)}: {need.reason}"
                yield found("PKG304", path, name, message, expected=need.paths[0])
                break


def _manifests(package: Package) -> Iterator[Finding]:
    """A bundled ICD manifest has to name its driver by bare file name: every path is the build machine's."""
    for entry in package.tree.files():
        if not fnmatch.fnmatchcase(entry.path, "*vulkan/icd.d/*.json"):
            continue
        try:
            library = json.loads(entry.text())["ICD"]["library_path"]
        except (ValueError, KeyError, TypeError, RecursionError):
            yield found("PKG304", entry.path, "manifest", f"{entry.path} is no readable Vulkan manifest")
            continue
        name = str(library)
        if name.startswith("/"):
            message = f"{entry.path} names {name}, a path of the build machine"
            yield found("PKG304", entry.path, name, message, expected=posixpath.basename(name))
        elif posixpath.basename(name) not in package.by_name:
            yield found("PKG304", entry.path, name, f"{entry.path} names {name}, which is not in the package")


@check("PKG305")
def host_driver(package: Package) -> Outcome:
    """A bundled libc together with a driver that the host supplies."""
    if package.layout is not Layout.LOADER:
        return Skipped("the process uses the host's libc")
    libc = bundled_libc(package)
    build = banner(package, libc) if libc else None
    users: dict[str, list[str]] = {}
    for path, elf in package.elves.items():
        for name in (n for n in elf.needed if is_driver(n)):
            users.setdefault(name, []).append(path)
    release = f"glibc {build[1]}" if build else "the bundled glibc"
    return [
        found("PKG305", paths[0], name, f"{paths[0]} loads the host's {name}: drivers newer than {release} will crash")
        for name, paths in users.items()
    ]


@check("PKG306")
def driver_bundled(package: Package) -> Outcome:
    """Driver libraries and toolkit stubs inside the package."""
    findings = []
    for path, elf in package.elves.items():
        name = posixpath.basename(path)
        if is_driver(name) or is_driver(elf.soname):
            stub = "a stub of " if "/stubs/" in path else ""
            message = f"{path} is {stub}a device driver library, which must come from the host"
            findings.append(found("PKG306", path, name, message))
    return findings


@check("PKG307")
def nss_gconv_ca(package: Package) -> Outcome:
    """Modules and certificates that the bundled libc and the programs look for."""
    if package.layout is not Layout.LOADER:
        return Skipped("the host's libc and its modules are used")
    return [*_modules(package), *_certificates(package)]


def _modules(package: Package) -> Iterator[Finding]:
    libc = bundled_libc(package)
    build = banner(package, libc) if libc else None
    if build is None or number(build[1]) >= MODULES_MERGED:
        return
    for name in ("libnss_files.so.2", "libnss_dns.so.2"):
        if name not in package.by_name:
            message = f"{libc} is glibc {build[1]} and loads {name} to resolve names; it is not bundled"
            yield found("PKG307", libc, name, message)


def _certificates(package: Package) -> Iterator[Finding]:
    """TLS clients among what is started: those that ask OpenSSL for its default certificates, and libcurl.
    A bundled libssl alone says nothing, since gRPC links it for servers that never use it."""
    run = package.run
    if run is None or any(name.startswith("SSL_CERT_") for name in run.variables):
        return
    if not any(posixpath.basename(p).startswith(("libssl.so", "libcurl")) for p in package.reached):
        return
    for path in sorted(package.reached):
        if posixpath.basename(path).startswith("libcurl") or _asks_for_certificates(package, path):
            message = (
                f"{path} looks for CA certificates at fixed places, and run.sh sets no SSL_CERT_FILE or SSL_CERT_DIR"
            )
            yield found("PKG307", path, "certificates", message, confidence=Confidence.POSSIBLE)


def _asks_for_certificates(package: Package, path: str) -> bool:
    try:
        return any(r.name == "SSL_CTX_set_default_verify_paths" for r in package.symbols(path).references)
    except ELFError:
        return False
