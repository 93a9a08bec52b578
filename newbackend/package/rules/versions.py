"""PKG104, PKG201-205: symbols and symbol versions, in the package and against the target."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from newbackend.findings import Finding, Severity
from newbackend.package.elf.binary import ELFError
from newbackend.package.elf.search import Closure
from newbackend.package.elf.symbols import Reference, Symbols
from newbackend.package.hostlibs import is_glibc
from newbackend.package.model import Package
from newbackend.package.options import Layout
from newbackend.package.rules.base import Outcome, Skipped, check, found
from newbackend.package.versions import banner, bundled_libc, host_needs, symbol_for

PRIVATE = "GLIBC_PRIVATE"


@check("PKG104")
def unresolved_symbol(package: Package) -> Outcome:
    """Undefined symbols of started programs and of all they load."""
    named = [c for c in package.closures if any(r.path == c.root and r.line for r in package.roots)]
    findings: dict[tuple[str, str], Finding] = {}
    for closure in named or package.closures:
        for finding in _unresolved(package, closure):
            findings.setdefault((finding.path, finding.subject), finding)
    return list(findings.values())


def _unresolved(package: Package, closure: Closure) -> Iterator[Finding]:
    """Nothing can be said about symbols that a missing or a host's library may define."""
    try:
        tables = {path: package.symbols(path) for path in closure.order}
    except ELFError:
        return  # PKG110 territory: a symbol table that cannot be read
    complete = not closure.missing
    for path in closure.order:
        answered = dict(closure.edges.get(path, ()))
        for reference in tables[path].references:
            if reference.weak or reference.version == PRIVATE or _defined(reference, answered, tables, package):
                continue
            provider = answered.get(reference.library, "")
            if not provider and not complete:
                continue
            name = f"{reference.name}@{reference.version}" if reference.version else reference.name
            where = f"; {provider} does not define it" if provider else ""
            message = f"{path} needs the symbol {name}, which nothing that {closure.root} loads defines{where}"
            yield found("PKG104", path, name, message, related=[provider] if provider else [])


def _defined(reference: Reference, answered: dict[str, str], tables: dict[str, Symbols], package: Package) -> bool:
    if reference.version and reference.library not in answered:
        return True  # the library is missing or the host's: PKG101 and PKG202 judge that
    if reference.version:
        provider = answered[reference.library]
        if reference.version not in package.elves[provider].versions:
            return True  # the whole version is absent: PKG201
        if (reference.name, reference.version) in tables[provider].defined:
            return True
        # A symbol may have moved: the loader takes any file of the process with that name and version,
        # and any unversioned definition.
        return any(
            (reference.name, reference.version) in t.defined or (reference.name, "") in t.defined
            for t in tables.values()
        )
    return any(reference.name in table.names for table in tables.values())


@check("PKG201")
def bundled_versions(package: Package) -> Outcome:
    """Version needs that the answering bundled library does not define."""
    findings = []
    for path, elf in package.elves.items():
        lacking: dict[str, list[str]] = {}
        for need in elf.needs:
            provider = "" if need.weak else package.provider(need.library, path)
            # A provider without any versions is accepted by the loader, with a warning.
            if provider and package.elves[provider].versions and need.version not in package.elves[provider].versions:
                lacking.setdefault(provider, []).append(need.version)
        for provider, versions in lacking.items():
            wanted = ", ".join(sorted(versions))
            message = f"{path} needs {wanted}{_by_symbol(package, path, versions[0])}, which {provider} does not have"
            findings.append(found("PKG201", path, posixpath.basename(provider), message, related=[provider]))
    return findings


def _by_symbol(package: Package, path: str, version: str) -> str:
    symbol = symbol_for(package, path, version)
    return f" ({symbol})" if symbol else ""


def _floor(package: Package, rule: str, families: frozenset[str], what: str) -> Outcome:
    if package.layout is Layout.LOADER:
        return Skipped("the package brings its own loader and C library")
    if package.layout is Layout.STATIC:
        return Skipped("a static package needs no library of the host")
    target, findings = package.target, []
    lacking: dict[str, list[str]] = {}
    for path, need in host_needs(package):
        family = need.version.split("_", 1)[0]
        if family in families and not need.weak and target.offers(need.version) is False:
            lacking.setdefault(path, []).append(need.version)
    for path, versions in lacking.items():
        worst = max(versions, key=_order)
        by = _by_symbol(package, path, worst)
        message = f"{path} needs {worst}{by}; the target {target.name} has {what} {_offered(package, worst)}"
        severity = None if _loaded(package, path) else Severity.WARNING
        findings.append(found(rule, path, worst, message, severity=severity))
    return findings


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(p) for p in version.rpartition("_")[2].split(".") if p.isdigit())


def _offered(package: Package, version: str) -> str:
    target = package.target
    family = version.split("_", 1)[0]
    return {"GLIBC": target.glibc, "GLIBCXX": target.glibcxx, "CXXABI": target.cxxabi, "GCC": target.gcc}[family]


def _loaded(package: Package, path: str) -> bool:
    """Whether the package depends on the file: anything but a stray program that nobody starts."""
    return path in package.reached or not package.elves[path].executable


@check("PKG202")
def glibc_floor(package: Package) -> Outcome:
    """Needs of glibc versions that the target lacks."""
    return _floor(package, "PKG202", frozenset({"GLIBC"}), "glibc")


@check("PKG203")
def libstdcxx_floor(package: Package) -> Outcome:
    """Needs of libstdc++ and libgcc_s versions that the target lacks and the package does not bundle."""
    return _floor(package, "PKG203", frozenset({"GLIBCXX", "CXXABI", "GCC"}), "a compiler runtime of")


@check("PKG204")
def glibc_family(package: Package) -> Outcome:
    """Loader, libc and other parts of glibc from different builds."""
    if package.layout is not Layout.LOADER:
        return Skipped("no glibc is bundled in this layout")
    libc = bundled_libc(package)
    if not package.loader or not libc:
        return Skipped("loader or libc is not bundled (PKG103, PKG106)")
    findings = _private(package)
    ours, theirs = banner(package, package.loader), banner(package, libc)
    if ours and theirs and ours != theirs:
        message = f"{package.loader} is glibc {ours[0]}, {libc} is {theirs[0]}: they crash together"
        findings.append(found("PKG204", package.loader, "loader", message, related=[libc]))
    newest = max((v for v in package.elves[libc].versions if v.startswith("GLIBC_2.")), key=_order, default="")
    for path in sorted(package.reached):
        elf = package.elves[path]
        if not is_glibc(elf.soname) or path in (libc, package.loader):
            continue
        own = max((v for v in elf.versions if v.startswith("GLIBC_2.")), key=_order, default="")
        if newest and own and _order(own) > _order(newest):
            message = f"{path} defines {own}, newer than anything in {libc} ({newest}): it is from another glibc"
            findings.append(found("PKG204", path, elf.soname, message, related=[libc]))
    return findings


def _private(package: Package) -> list[Finding]:
    """Private symbols of glibc that its own other part does not have: certain, and also for loaders
    before 2.33, which carry no text that names their build."""
    findings = []
    for path in sorted(package.reached):
        if not any(need.version == PRIVATE for need in package.elves[path].needs):
            continue
        try:
            wanted = [r for r in package.symbols(path).references if r.version == PRIVATE and not r.weak]
            for library in sorted({r.library for r in wanted}):
                provider = package.provider(library, path)
                offered = package.symbols(provider).defined if provider else None
                names = [r.name for r in wanted if r.library == library]
                lacking = [n for n in names if offered is not None and (n, PRIVATE) not in offered]
                if lacking:
                    message = f"{path} needs {lacking[0]} of its own glibc, {provider} is from another build"
                    findings.append(found("PKG204", path, library, message, related=[provider]))
        except ELFError:
            continue  # PKG110 says so
    return findings


@check("PKG205")
def libc_beside_host_libc(package: Package) -> Outcome:
    """glibc parts on the library path of a package that uses the host's loader."""
    if package.layout is not Layout.HOST_LIBC:
        return Skipped("this layout does not use the host's libc")
    findings = []
    for path, elf in package.elves.items():
        name = posixpath.basename(path)
        if posixpath.dirname(path) in package.search.library_path and (is_glibc(name) or is_glibc(elf.soname)):
            message = f"{path} is part of glibc and comes before the host's own on LD_LIBRARY_PATH"
            findings.append(found("PKG205", path, name, message))
    return findings
