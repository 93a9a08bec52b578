"""PKG001-003, PKG401-402: run.sh, execute bits, interpreters of scripts, and the environment of children."""

from __future__ import annotations

import fnmatch
import posixpath
import stat
from collections.abc import Iterator

from newbackend.findings import Confidence, Finding, Severity
from newbackend.package.archive import Kind
from newbackend.package.elf import ELFError
from newbackend.package.model import Package
from newbackend.package.options import Layout
from newbackend.package.rules.registry import Outcome, Skipped, Unknown, check, finding, rule
from newbackend.package.script import BUILTINS, KEYWORDS, RUN_SH, RunScript, functions, matching

# What hosts have that can run LocalAI: the backends' own run.sh begins with #!/bin/bash.
HOST_INTERPRETERS = frozenset({"/bin/bash", "/bin/sh", "/usr/bin/bash", "/usr/bin/sh", "/usr/bin/env"})
# Functions of libc by which a program starts another one.
STARTERS = frozenset({"system", "popen", "posix_spawn", "posix_spawnp", "execvp", "execlp", "execv", "execve"})


RUN_SH_STARTS = rule(
    "PKG001",
    "run-sh",
    Severity.ERROR,
    what=(
        "run.sh is at the top of the package, a regular file with `#!` and LF line ends, and what it starts is there."
    ),
    why=(
        "LocalAI refuses to install an image without a top-level run.sh, and a CRLF shebang or a missing program "
        "ends in exit status 127 on the user's machine."
    ),
    how="Copy run.sh to the top of package/ in package.sh, mode 0755, and copy the program it starts.",
    incident="LocalAI's core/gallery/backends.go ends an install with `not a valid backend: run file not found`",
    bad="package/bin/run.sh",
    good="package/run.sh",
)


@check(RUN_SH_STARTS)
def run_sh(package: Package) -> Iterator[Finding]:
    """run.sh is there, is a script, and what it starts is there."""
    run = package.run
    if run is None and any(fnmatch.fnmatchcase(path, "*.dist-info/WHEEL") for path in package.tree.entries):
        return  # a wheel is no backend: it has no run.sh
    if run is None:
        other = sorted(p for p in package.tree.entries if posixpath.basename(p) == RUN_SH)
        hint = f"; there is {other[0]}: pack the contents of {posixpath.dirname(other[0])}/" if other else ""
        yield finding(RUN_SH_STARTS, RUN_SH, f"no run.sh at the top of the package{hint}", expected="run.sh, mode 0755")
        return
    if not run.shebang:
        yield finding(RUN_SH_STARTS, RUN_SH, "run.sh does not start with #!", subject="shebang", expected="#!/bin/bash")
    if "\r" in run.text.split("\n", 1)[0]:
        message = "run.sh has CRLF line ends: the kernel looks for an interpreter named with a carriage return"
        yield finding(RUN_SH_STARTS, RUN_SH, message, subject="line-ends")
    if not run.entry.executable:
        message = "run.sh is not executable; LocalAI repairs that only where it may write"
        yield finding(RUN_SH_STARTS, RUN_SH, message, subject="mode", severity=Severity.WARNING)
    yield from _started(package, run)


def _started(package: Package, run: RunScript) -> Iterator[Finding]:
    """At least one program of the exec lines must be there; alternatives may be missing."""
    wanted = [(s.line, p) for s in run.starts for p in s.programs if not p.startswith("*")]
    if wanted and not any(True for _, pattern in wanted for _ in matching(package.tree, pattern)):
        line, name = wanted[0]
        names = ", ".join(dict.fromkeys(p for _, p in wanted))
        yield finding(
            RUN_SH_STARTS, RUN_SH, f"run.sh starts {names}, which is not in the package", subject=name, line=line
        )
    for variable, patterns in run.libraries.items():
        inside = [p for p in patterns for _ in matching(package.tree, p)]
        if not inside and variable.endswith("_LIBRARY"):
            message = f"run.sh sets {variable} to {', '.join(patterns)}, which is not in the package"
            yield finding(RUN_SH_STARTS, RUN_SH, message, subject=variable)


START_KNOWN = rule(
    "PKG111",
    "start-known",
    Severity.WARNING,
    what="It is known how run.sh starts its program: through which loader, with which library path.",
    why=(
        "The search for libraries depends on it. Where it is not known, only libraries that are nowhere in the package "
        "are reported as missing."
    ),
    how=(
        "Install bubblewrap (or allow user namespaces), so that run.sh can be run with stand-ins for the programs; or "
        'write the start plainly: `exec "$CURDIR"/lib/ld.so --library-path "$CURDIR"/lib "$CURDIR"/program "$@"`.'
    ),
    bad="a helper in another language that starts the program, and no sandbox",
    good='exec "$CURDIR"/lib/ld.so --library-path "$CURDIR"/lib "$CURDIR"/server "$@"',
)


@check(START_KNOWN)
def start_known(package: Package) -> Outcome:
    """Whether the start was recorded or could be read."""
    run = package.run
    if run is None:
        return Skipped("there is no run.sh (PKG001)")
    if package.detected.doubt:
        return Unknown(f"how run.sh starts its program is not known: {package.detected.doubt}, and {run.unrecorded}")
    return []


EXEC_BITS = rule(
    "PKG002",
    "exec-bits",
    Severity.ERROR,
    what="The loader and every program that run.sh starts directly are executable.",
    why=(
        "Without the execute bit on ld.so the start ends with `Permission denied`, status 126. A program started "
        "through ld.so needs no bit, so that is only a note."
    ),
    how="chmod 0755 in package.sh; `cp -a` keeps the bit, `cp` through an archive on Windows loses it.",
    bad="-rw-r--r-- lib/ld.so",
    good="-rwxr-xr-x lib/ld.so",
)


@check(EXEC_BITS)
def exec_bits(package: Package) -> Iterator[Finding]:
    """The loader is executable, and so is what run.sh starts without it."""
    tree = package.tree
    if package.loader and not tree.entries[package.loader].executable:
        message = f"the loader {package.loader} is not executable: the start ends with `Permission denied` (126)"
        yield finding(EXEC_BITS, package.loader, message)
    through_loader = package.layout is Layout.LOADER and bool(package.loader)
    for start in package.run.starts if package.run else ():
        for path in (p for pattern in start.programs for p in matching(tree, pattern)):
            entry = tree.resolve(path)
            if entry is None or entry.kind is not Kind.FILE or entry.executable:
                continue
            if through_loader:
                message = f"{path} is not executable; it works only because run.sh starts it through the loader"
                yield finding(EXEC_BITS, path, message, severity=Severity.NOTE)
            else:
                message = f"{path} is not executable (mode {stat.filemode(entry.mode | stat.S_IFREG)})"
                yield finding(EXEC_BITS, path, message)


SHEBANG = rule(
    "PKG003",
    "shebang",
    Severity.ERROR,
    what="The interpreter of every script that is started directly is in the package or is one that hosts have.",
    why=(
        "Build paths such as /build/venv/bin/python3 exist only in the build container; the kernel reports the "
        "script itself as not found."
    ),
    how="Use `#!/bin/bash` or `#!/usr/bin/env python3`, or start the script through its interpreter.",
    incident="uv writes absolute shebangs into venv/bin; vllm's run.sh works around it",
    bad="#!/build/venv/bin/python3",
    good="#!/usr/bin/env python3",
)


@check(SHEBANG)
def shebang(package: Package) -> Iterator[Finding]:
    """Interpreters of run.sh, of the scripts it starts, and of executable scripts."""
    started = {RUN_SH} | {p for s in (package.run.starts if package.run else ()) for x in s.programs for p in
                        matching(package.tree, x)}  # fmt: skip
    for entry in package.tree.files():
        if not (entry.executable or entry.path in started) or entry.size < 4 or entry.head(2) != b"#!":
            continue
        first = entry.head(512)[2:].split(b"\n", 1)[0].decode("utf-8", "replace").strip()
        words = first.split()
        if not words or words[0] in HOST_INTERPRETERS:
            continue
        direct = entry.path in started
        if not direct and "/lib/python3" in f"/{entry.path}":
            continue  # modules of Python's library and packages are imported: their first line is not used
        message = f"{entry.path} names the interpreter {words[0]}, which hosts do not have"
        severity = None if direct else Severity.NOTE
        yield finding(SHEBANG, entry.path, message, subject=words[0], severity=severity)


def _leaks(package: Package) -> Skipped | RunScript:
    """The run.sh that exports a bundled libc to its children, or why there is none."""
    run = package.run
    if run is None or not run.export_line:
        return Skipped("run.sh exports no LD_LIBRARY_PATH")
    bundled = any(f"{d}/libc.so.6".lstrip("/") in package.tree.entries for d in package.search.library_path)
    if not bundled:
        return Skipped("no libc on the exported LD_LIBRARY_PATH")
    return run


ENV_LEAK_SCRIPT = rule(
    "PKG401",
    "env-leak-script",
    Severity.WARNING,
    what="run.sh starts no host program after it exported the LD_LIBRARY_PATH of a bundled libc.",
    why=("The host's grep then loads the bundled libc with the host's loader: `symbol lookup error … GLIBC_PRIVATE`."),
    how=(
        'Start the program as `lib/ld.so --library-path "$CURDIR/lib" program`, or export as the last thing before '
        "exec."
    ),
    incident="#5871: ffmpeg inherited the variable",
    bad="export LD_LIBRARY_PATH=$CURDIR/lib; grep avx2 /proc/cpuinfo",
    good="grep avx2 /proc/cpuinfo; export LD_LIBRARY_PATH=$CURDIR/lib",
)


@check(ENV_LEAK_SCRIPT)
def env_leak_script(package: Package) -> Outcome:
    """Host programs that run.sh starts after the export."""
    run = _leaks(package)
    if isinstance(run, Skipped):
        return run
    names = functions(run.text) | BUILTINS | KEYWORDS
    for pattern in (word for c in run.commands if c.argv[:1] in (("source",), (".",)) for word in c.argv[1:2]):
        for path in (p for x in run.inside(pattern) for p in matching(package.tree, x)):
            names |= functions(package.tree.entries[path].text())
    findings = []
    for command in run.commands:
        # `command` and `env` run what follows them; exec replaces the shell, usually with our own program.
        words = [w for w in command.argv if w not in ("command", "env", "sudo", "nice")]
        program = words[0] if words else ""
        if command.line <= run.export_line or not program or program in names or program.startswith(("$", "*")):
            continue
        message = f"run.sh starts `{program}` after exporting LD_LIBRARY_PATH with a libc of its own"
        findings.append(finding(ENV_LEAK_SCRIPT, RUN_SH, message, subject=program, line=command.line))
    return findings


ENV_LEAK_CHILD = rule(
    "PKG402",
    "env-leak-child",
    Severity.NOTE,
    what="A program that can start children and is run with the bundled libc on an exported LD_LIBRARY_PATH.",
    why=(
        "Children inherit the variable: the host's ffmpeg or sh dies on the bundled libc. `ld.so --library-path` "
        "does not leak."
    ),
    how='Use `exec "$CURDIR"/lib/ld.so --library-path "$CURDIR"/lib …`, or clear the variable for children.',
    confidence=Confidence.POSSIBLE,
    incident="#5871: ffmpeg child of a Go backend",
    bad='export LD_LIBRARY_PATH and system("ffmpeg …")',
    good="exec lib/ld.so --library-path lib program",
)


@check(ENV_LEAK_CHILD)
def env_leak_child(package: Package) -> Outcome:
    """Started programs that import functions which start others."""
    run = _leaks(package)
    if isinstance(run, Skipped):
        return run
    findings = []
    for path in dict.fromkeys(p for root in package.roots if root.line for p in (root.path, *root.libraries)):
        try:
            uses = sorted({r.name for r in package.symbols(path).references} & STARTERS)
        except ELFError:
            continue  # PKG110 reports it
        if uses:
            message = f"{path} can start programs ({', '.join(uses)}), which inherit the exported LD_LIBRARY_PATH"
            findings.append(finding(ENV_LEAK_CHILD, path, message))
    return findings
