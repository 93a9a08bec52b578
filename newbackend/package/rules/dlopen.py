"""PKG301-307: files that are loaded or read by name at run time, and libraries of the device driver."""

from __future__ import annotations

import fnmatch
import json
import posixpath
from collections.abc import Iterator

from newbackend.findings import Confidence, Finding, Severity
from newbackend.package.elf import ELFError, library_strings
from newbackend.package.libraries import dlopen_data, host_library, is_driver, is_glibc
from newbackend.package.model import Package
from newbackend.package.options import Layout
from newbackend.package.rules.registry import Outcome, Skipped, check, finding, rule
from newbackend.package.targets import number
from newbackend.package.versions import banner, bundled_libc

PRIORITIES = {"required": Severity.ERROR, "recommended": Severity.WARNING, "suggested": Severity.NOTE}
MODULES_MERGED = (2, 34)  # since then files and dns are part of libc.so.6 (glibc NEWS 2.34)


def _known(package: Package, name: str) -> bool:
    return name in package.by_name or host_library(name) is not None


DLOPEN_NOTE = rule(
    "PKG301",
    "dlopen-note",
    Severity.WARNING,
    what="Libraries that a file declares to dlopen (`.note.dlopen`) are in the package or the host's.",
    why="dlopened libraries appear in no NEEDED list; the note is the only declaration there is.",
    how="Copy the library beside the others when the feature is wanted.",
    bad="required: libfoo.so.1, not bundled",
    good="lib/libfoo.so.1",
)


@check(DLOPEN_NOTE)
def dlopen_note(package: Package) -> Iterator[Finding]:
    """Declared dlopen dependencies that neither package nor host has."""
    for path, elf in package.elves.items():
        for note in elf.dlopen_notes:
            if not note.sonames or any(_known(package, name) for name in note.sonames):
                continue
            names = " or ".join(note.sonames)
            message = (
                f"{path} declares that it loads {names} ({note.priority}{': ' if note.feature else ''}{note.feature})"
            )
            severity = PRIORITIES.get(note.priority, Severity.WARNING)
            yield finding(
                DLOPEN_NOTE, path, message + ", which is not bundled", subject=note.sonames[0], severity=severity
            )


LIBRARY_FAMILY = rule(
    "PKG302",
    "library-family",
    Severity.ERROR,
    what="Libraries that dlopen their siblings are complete and of one version (cuDNN and others).",
    why=(
        "The front library loads the others by name at the first use: a partial family fails during inference, not "
        "at start."
    ),
    how="Copy the whole family, all from one release.",
    incident="#10905, #10946: partial cuDNN",
    bad="libcudnn.so.9 without libcudnn_ops.so.9",
    good="all eight libcudnn*.so.9",
)


@check(LIBRARY_FAMILY)
def library_family(package: Package) -> Iterator[Finding]:
    """Families with missing members."""
    for family in dlopen_data().families:
        fronts = [n for n in package.by_name if fnmatch.fnmatchcase(n, family.front)]
        lacking = [m for m in family.members if m not in package.by_name]
        if fronts and lacking:
            path = package.by_name[fronts[0]][0]
            message = f"{path} is bundled without {', '.join(lacking)}: {family.reason}"
            yield finding(LIBRARY_FAMILY, path, message, subject=family.name)


DLOPEN_STRING = rule(
    "PKG303",
    "dlopen-string",
    Severity.NOTE,
    what="Library names found as strings in a program, neither linked, nor bundled, nor the host's.",
    why=("Programs that dlopen by name need these files; a string alone does not prove that the code path is used."),
    how="Look whether the feature is used; copy the library or ignore the note.",
    confidence=Confidence.POSSIBLE,
    incident="#11370: libavutil.so.57",
    bad='"libfoo.so.2" in grpc-server, no such file in lib/',
    good="lib/libfoo.so.2",
)


@check(DLOPEN_STRING)
def dlopen_string(package: Package) -> Iterator[Finding]:
    """Names in the data of programs and libraries that neither package nor host has."""
    optional = dlopen_data().optional
    for path, elf in package.elves.items():
        if path == package.loader or is_glibc(elf.soname) or path not in package.reached:
            continue
        linked = {elf.soname, *elf.needed, *(n for note in elf.dlopen_notes for n in note.sonames)}
        for name in library_strings(package.tree.entries[path].view(), elf):
            if name in linked or _known(package, name) or any(fnmatch.fnmatchcase(name, o) for o in optional):
                continue
            message = f"{path} holds the name {name}, which is not bundled: needed if it loads that library"
            yield finding(DLOPEN_STRING, path, message, subject=name)


DATA_DIRECTORIES = rule(
    "PKG304",
    "data-directories",
    Severity.WARNING,
    what="Libraries that read data files at run time have them in the package.",
    why=(
        "The library loads, then fails or falls back to slow code because its kernels, phonemes or manifests are "
        "missing."
    ),
    how="Copy the directory and point the library's variable at it in run.sh.",
    incident="#10660: Tensile library files of hipBLASLt were not copied",
    bad="lib/librocblas.so.4 without rocblas/library",
    good="lib/rocblas/library/*.dat",
)


@check(DATA_DIRECTORIES)
def data_directories(package: Package) -> Iterator[Finding]:
    """Libraries without their data, and Vulkan manifests that point outside."""
    yield from _data(package)
    yield from _manifests(package)


def _data(package: Package) -> Iterator[Finding]:
    for need in dlopen_data().data:
        for name in (n for n in package.by_name if fnmatch.fnmatchcase(n, need.library)):
            if not any(fnmatch.fnmatchcase(p, pattern) for pattern in need.paths for p in package.tree.entries):
                path = package.by_name[name][0]
                message = f"{path} is bundled without {' or '.join(need.paths)}: {need.reason}"
                yield finding(DATA_DIRECTORIES, path, message, subject=name, expected=need.paths[0])
                break


def _manifests(package: Package) -> Iterator[Finding]:
    """A bundled ICD manifest must name its driver by file name alone: a path is the build machine's."""
    for entry in package.tree.files():
        if not fnmatch.fnmatchcase(entry.path, "*vulkan/icd.d/*.json"):
            continue
        try:
            library = json.loads(entry.text())["ICD"]["library_path"]
        except (ValueError, KeyError, TypeError, RecursionError):
            message = f"{entry.path} is no readable Vulkan manifest"
            yield finding(DATA_DIRECTORIES, entry.path, message, subject="manifest")
            continue
        name = str(library)
        if name.startswith("/"):
            message = f"{entry.path} names {name}, a path of the build machine"
            yield finding(DATA_DIRECTORIES, entry.path, message, subject=name, expected=posixpath.basename(name))
        elif posixpath.basename(name) not in package.by_name:
            message = f"{entry.path} names {name}, which is not in the package"
            yield finding(DATA_DIRECTORIES, entry.path, message, subject=name)


HOST_DRIVER = rule(
    "PKG305",
    "host-driver",
    Severity.NOTE,
    what="A package with its own libc that loads the host's device driver.",
    why=(
        "The driver library is loaded into the process with the bundled libc: a driver that needs a newer glibc "
        "than the bundled one crashes, so the bundled glibc is a ceiling for the hosts."
    ),
    how="Build GPU images on a recent base, and say which driver versions were tried.",
    incident="#10991: host GPU driver newer than the bundled libc",
    bad="bundled glibc 2.31 and libcuda.so.1 of a 2025 driver",
    good="bundled glibc 2.39",
)


@check(HOST_DRIVER)
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
        finding(
            HOST_DRIVER,
            paths[0],
            f"{paths[0]} loads the host's {name}: drivers newer than {release} will crash",
            subject=name,
        )
        for name, paths in users.items()
    ]


DRIVER_BUNDLED = rule(
    "PKG306",
    "driver-bundled",
    Severity.ERROR,
    what="No device driver library, nor the toolkit's stub of one, is in the package.",
    why=(
        "A bundled libcuda.so.1 does not match the kernel module of the user's host, and a stub answers every call "
        "with an error."
    ),
    how="Exempt libcuda.so* and libnvidia-* when copying what ldd lists.",
    incident="#11141: audio-cpp's package.sh has to leave out (`DRIVER_LIB_RE`) the driver libraries that ldd lists",
    bad="lib/libcuda.so.1",
    good="nothing: the host supplies it",
)


@check(DRIVER_BUNDLED)
def driver_bundled(package: Package) -> Iterator[Finding]:
    """Driver libraries and toolkit stubs inside the package."""
    for path, elf in package.elves.items():
        name = posixpath.basename(path)
        if is_driver(name) or is_driver(elf.soname):
            stub = "a stub of " if "/stubs/" in path else ""
            message = f"{path} is {stub}a device driver library, which must come from the host"
            yield finding(DRIVER_BUNDLED, path, message, subject=name)


NSS_GCONV_CA = rule(
    "PKG307",
    "nss-gconv-ca",
    Severity.WARNING,
    what=(
        "Name service and conversion modules and CA certificates that the bundled libc or program reads at run time."
    ),
    why=(
        "glibc before 2.34 loads libnss_files and libnss_dns by name: without them no host name resolves. TLS "
        "clients look for certificates at fixed places that hosts do not share."
    ),
    how=(
        "Copy libnss_files.so.2 and libnss_dns.so.2 of the same build; copy certificates and set SSL_CERT_DIR in "
        "run.sh."
    ),
    confidence=Confidence.POSSIBLE,
    bad="lib/libc.so.6 (2.31) without libnss_dns.so.2",
    good="lib/libnss_dns.so.2",
)


@check(NSS_GCONV_CA)
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
            yield finding(NSS_GCONV_CA, libc, message, subject=name)


def _certificates(package: Package) -> Iterator[Finding]:
    """TLS clients among what is started: those that ask OpenSSL for its default certificates, and libcurl.
    A bundled libssl alone is no sign of one: gRPC links it for servers that never use it."""
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
            yield finding(NSS_GCONV_CA, path, message, subject="certificates", confidence=Confidence.POSSIBLE)


def _asks_for_certificates(package: Package, path: str) -> bool:
    try:
        return any(r.name == "SSL_CTX_set_default_verify_paths" for r in package.symbols(path).references)
    except ELFError:
        return False
