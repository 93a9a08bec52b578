"""PKG104, PKG201-205: symbols and symbol versions, in the package and against the target."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from newbackend.findings import Finding, Rule, Severity
from newbackend.package.elf import Closure, ELFError, Reference, Symbols
from newbackend.package.libraries import is_glibc
from newbackend.package.model import Package
from newbackend.package.options import Layout
from newbackend.package.rules.registry import Outcome, Skipped, check, finding, rule
from newbackend.package.versions import banner, bundled_libc, host_needs, symbol_for

PRIVATE = "GLIBC_PRIVATE"


UNRESOLVED_SYMBOL = rule(
    "PKG104",
    "unresolved-symbol",
    Severity.ERROR,
    what=(
        "Every undefined symbol of a started program and its libraries is defined, in the wanted version, by one "
        "of them."
    ),
    why=(
        "The right SONAME with the wrong contents passes `ldd` and `ld.so --list` and dies with `symbol lookup "
        "error` at the first call."
    ),
    how="Bundle the library that the program was built against; do not mix builds.",
    bad="lib/libfoo.so.1 without foo_new()",
    good="lib/libfoo.so.1 from the build that linked the program",
)


@check(UNRESOLVED_SYMBOL)
def unresolved_symbol(package: Package) -> Outcome:
    """Undefined symbols of started programs and of all they load."""
    named = [c for c in package.closures if any(r.path == c.root and r.line for r in package.roots)]
    findings: dict[tuple[str, str], Finding] = {}
    for closure in named or package.closures:
        for unresolved in _unresolved(package, closure):
            findings.setdefault((unresolved.path, unresolved.subject), unresolved)
    return findings.values()


def _unresolved(package: Package, closure: Closure) -> Iterator[Finding]:
    """Symbols that a missing or a host's library may define are not reported."""
    try:
        tables = {path: package.symbols(path) for path in closure.order}
    except ELFError:
        return  # PKG110 reports a symbol table that cannot be read
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
            yield finding(UNRESOLVED_SYMBOL, path, message, subject=name, related=[provider] if provider else [])


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


BUNDLED_VERSIONS = rule(
    "PKG201",
    "bundled-versions",
    Severity.ERROR,
    what="Every symbol version that a file needs is defined by the bundled library that will answer.",
    why=(
        "A program built against a newer glibc or libstdc++ than the bundled one ends with `version GLIBC_2.34 not "
        "found`; the host's newer copy does not help."
    ),
    how="Bundle libc, libstdc++ and the loader from the image that built the program.",
    bad="grpc-server needs GLIBC_2.38, lib/libc.so.6 is 2.35",
    good="both from one build image",
)


@check(BUNDLED_VERSIONS)
def bundled_versions(package: Package) -> Iterator[Finding]:
    """Needed versions that the bundled library does not define."""
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
            yield finding(BUNDLED_VERSIONS, path, message, subject=posixpath.basename(provider), related=[provider])


def _by_symbol(package: Package, path: str, version: str) -> str:
    symbol = symbol_for(package, path, version)
    return f" ({symbol})" if symbol else ""


def _floor(package: Package, which: Rule, families: frozenset[str], what: str) -> Outcome:
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
        findings.append(finding(which, path, message, subject=worst, severity=severity))
    return findings


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(p) for p in version.rpartition("_")[2].split(".") if p.isdigit())


def _offered(package: Package, version: str) -> str:
    target = package.target
    family = version.split("_", 1)[0]
    return {"GLIBC": target.glibc, "GLIBCXX": target.glibcxx, "CXXABI": target.cxxabi, "GCC": target.gcc}[family]


def _loaded(package: Package, path: str) -> bool:
    """Whether the package uses the file: anything but a program that is not started."""
    return path in package.reached or not package.elves[path].executable


GLIBC_FLOOR = rule(
    "PKG202",
    "glibc-floor",
    Severity.ERROR,
    what="With the host's libc, no file needs a newer glibc than the target has.",
    why="The file loads on the build image and not in the runtime image: `version GLIBC_2.38 not found`.",
    how=(
        "Build in an older image (manylinux_2_28, Ubuntu 22.04), or take the library from the runtime's distribution."
    ),
    incident="#11370, #11059, #11143: lib/libnuma.so.1 needed GLIBC_2.38, the runtime image had 2.35",
    bad="lib/libnuma.so.1 from Ubuntu 24.04 for a 22.04 runtime",
    good="lib/libnuma.so.1 from Ubuntu 22.04",
)


@check(GLIBC_FLOOR)
def glibc_floor(package: Package) -> Outcome:
    """Needs of glibc versions that the target lacks."""
    return _floor(package, GLIBC_FLOOR, frozenset({"GLIBC"}), "glibc")


LIBSTDCXX_FLOOR = rule(
    "PKG203",
    "libstdcxx-floor",
    Severity.ERROR,
    what="With the host's libstdc++ and libgcc_s, no file needs newer versions than the target has.",
    why="Wheels built with a new compiler need GLIBCXX names that an older host's libstdc++ lacks.",
    how="Bundle libstdc++.so.6 and libgcc_s.so.1 in lib/, or build with an older compiler.",
    incident="#10056, #10134: GLIBCXX_3.4.32 wanted, 3.4.30 there",
    bad="venv/…/x.so needs GLIBCXX_3.4.32 on Ubuntu 22.04",
    good="lib/libstdc++.so.6 bundled",
)


@check(LIBSTDCXX_FLOOR)
def libstdcxx_floor(package: Package) -> Outcome:
    """Needs of libstdc++ and libgcc_s versions that the target lacks and the package does not bundle."""
    return _floor(package, LIBSTDCXX_FLOOR, frozenset({"GLIBCXX", "CXXABI", "GCC"}), "a compiler runtime of")


GLIBC_FAMILY = rule(
    "PKG204",
    "glibc-family",
    Severity.ERROR,
    what="The bundled loader, libc and the rest of glibc come from one build.",
    why=(
        "Loader and libc share private structures: different builds crash at start, often as `stack smashing detected`."
    ),
    how="Copy all of them in one step from one image.",
    incident="#2602: no matching ld.so, stack smashing",
    bad="ld.so 2.41 with libc 2.36",
    good="both 2.36-9+deb12u10",
)


@check(GLIBC_FAMILY)
def glibc_family(package: Package) -> Outcome:
    """Loader, libc and other parts of glibc from different builds."""
    if package.layout is not Layout.LOADER:
        return Skipped("no glibc is bundled in this layout")
    libc = bundled_libc(package)
    if not package.loader or not libc:
        return Skipped("loader or libc is not bundled (PKG103, PKG106)")
    findings = list(_private(package))
    ours, theirs = banner(package, package.loader), banner(package, libc)
    if ours and theirs and ours != theirs:
        message = f"{package.loader} is glibc {ours[0]}, {libc} is {theirs[0]}: they crash together"
        findings.append(finding(GLIBC_FAMILY, package.loader, message, subject="loader", related=[libc]))
    newest = max((v for v in package.elves[libc].versions if v.startswith("GLIBC_2.")), key=_order, default="")
    for path in sorted(package.reached):
        elf = package.elves[path]
        if not is_glibc(elf.soname) or path in (libc, package.loader):
            continue
        own = max((v for v in elf.versions if v.startswith("GLIBC_2.")), key=_order, default="")
        if newest and own and _order(own) > _order(newest):
            message = f"{path} defines {own}, newer than anything in {libc} ({newest}): it is from another glibc"
            findings.append(finding(GLIBC_FAMILY, path, message, subject=elf.soname, related=[libc]))
    return findings


def _private(package: Package) -> Iterator[Finding]:
    """Private symbols that one part of glibc needs and another part does not have. Also finds loaders before 2.33,
    which have no text that names their build."""
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
                    yield finding(GLIBC_FAMILY, path, message, subject=library, related=[provider])
        except ELFError:
            continue  # PKG110 reports it


LIBC_BESIDE_HOST_LIBC = rule(
    "PKG205",
    "libc-beside-host-libc",
    Severity.ERROR,
    what="A package that uses the host's loader does not put a glibc on the library path.",
    why=(
        "The host's loader would meet the bundled libc: the same crash as a mixed family, and every host program "
        "that run.sh starts breaks too."
    ),
    how="Leave libc, libm, libpthread and ld.so out of lib/ in Python backends.",
    bad="lib/libc.so.6 in a Python backend",
    good="lib/ with only libgomp, libnuma, GPU libraries",
)


@check(LIBC_BESIDE_HOST_LIBC)
def libc_beside_host_libc(package: Package) -> Outcome:
    """glibc parts on the library path of a package that uses the host's loader."""
    if package.layout is not Layout.HOST_LIBC:
        return Skipped("this layout does not use the host's libc")
    findings = []
    for path, elf in package.elves.items():
        name = posixpath.basename(path)
        if posixpath.dirname(path) in package.search.library_path and (is_glibc(name) or is_glibc(elf.soname)):
            message = f"{path} is part of glibc and comes before the host's own on LD_LIBRARY_PATH"
            findings.append(finding(LIBC_BESIDE_HOST_LIBC, path, message, subject=name))
    return findings
