"""PKG001-003, PKG401-402: run.sh, execute bits, interpreters of scripts, and what leaks to children."""

from __future__ import annotations

import posixpath
import stat
from collections.abc import Iterator

from newbackend.findings import Finding, Severity
from newbackend.package.archive.tree import Kind
from newbackend.package.elf.binary import ELFError
from newbackend.package.model import Package
from newbackend.package.options import Layout
from newbackend.package.rules.base import Outcome, Skipped, check, found
from newbackend.package.script import shell
from newbackend.package.script.runscript import NAME, RunScript, matching

# What every host that can run LocalAI has (contract 7.1: run.sh depends on the host's bash).
HOST_INTERPRETERS = frozenset({"/bin/bash", "/bin/sh", "/usr/bin/bash", "/usr/bin/sh", "/usr/bin/env"})
# Functions of libc by which a program starts another one.
STARTERS = frozenset({"system", "popen", "posix_spawn", "posix_spawnp", "execvp", "execlp", "execv", "execve"})


@check("PKG001")
def run_sh(package: Package) -> Outcome:
    """run.sh is there, is a script, and what it starts is there."""
    return list(_run_sh(package))


def _run_sh(package: Package) -> Iterator[Finding]:
    run = package.run
    if run is None:
        other = sorted(p for p in package.tree.entries if posixpath.basename(p) == NAME)
        hint = f"; there is {other[0]}: pack the contents of {posixpath.dirname(other[0])}/" if other else ""
        yield found("PKG001", NAME, NAME, f"no run.sh at the top of the package{hint}", expected="run.sh, mode 0755")
        return
    if not run.shebang:
        yield found("PKG001", NAME, "shebang", "run.sh does not start with #!", expected="#!/bin/bash")
    if "\r" in run.text.split("\n", 1)[0]:
        message = "run.sh has CRLF line ends: the kernel looks for an interpreter named with a carriage return"
        yield found("PKG001", NAME, "line-ends", message)
    if not run.entry.executable:
        message = "run.sh is not executable; LocalAI repairs that only where it may write"
        yield found("PKG001", NAME, "mode", message, severity=Severity.WARNING)
    yield from _started(package, run)


def _started(package: Package, run: RunScript) -> Iterator[Finding]:
    """At least one program of the exec lines has to be there; alternatives may be absent."""
    wanted = [(s.line, p) for s in run.starts for p in s.programs if not p.startswith("*")]
    if wanted and not any(True for _, pattern in wanted for _ in matching(package.tree, pattern)):
        line, name = wanted[0]
        names = ", ".join(dict.fromkeys(p for _, p in wanted))
        yield found("PKG001", NAME, name, f"run.sh starts {names}, which is not in the package", line=line)
    for variable, patterns in run.libraries.items():
        inside = [p for p in patterns for _ in matching(package.tree, p)]
        if not inside and variable.endswith("_LIBRARY"):
            message = f"run.sh sets {variable} to {', '.join(patterns)}, which is not in the package"
            yield found("PKG001", NAME, variable, message)


@check("PKG002")
def exec_bits(package: Package) -> Outcome:
    """The loader is executable, and so is what run.sh starts without it."""
    return list(_exec_bits(package))


def _exec_bits(package: Package) -> Iterator[Finding]:
    tree = package.tree
    if package.loader and not tree.entries[package.loader].executable:
        message = f"the loader {package.loader} is not executable: the start ends with `Permission denied` (126)"
        yield found("PKG002", package.loader, package.loader, message)
    through_loader = package.layout is Layout.LOADER and bool(package.loader)
    for start in package.run.starts if package.run else ():
        for path in (p for pattern in start.programs for p in matching(tree, pattern)):
            entry = tree.resolve(path)
            if entry is None or entry.kind is not Kind.FILE or entry.executable:
                continue
            if through_loader:
                message = f"{path} is not executable; it works only because run.sh starts it through the loader"
                yield found("PKG002", path, path, message, severity=Severity.NOTE)
            else:
                message = f"{path} is not executable (mode {stat.filemode(entry.mode | stat.S_IFREG)})"
                yield found("PKG002", path, path, message)


@check("PKG003")
def shebang(package: Package) -> Outcome:
    """Interpreters of run.sh, of the scripts it starts, and of executable scripts."""
    return list(_shebangs(package))


def _shebangs(package: Package) -> Iterator[Finding]:
    started = {NAME} | {p for s in (package.run.starts if package.run else ()) for x in s.programs for p in
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
            continue  # Python's own library and packages are imported, whatever their first line says
        message = f"{entry.path} names the interpreter {words[0]}, which hosts do not have"
        severity = None if direct else Severity.NOTE
        yield found("PKG003", entry.path, words[0], message, severity=severity)


def _leaks(package: Package) -> Skipped | RunScript:
    """The run.sh that exports a bundled libc to its children, or why there is none."""
    run = package.run
    if run is None or not run.export_line:
        return Skipped("run.sh exports no LD_LIBRARY_PATH")
    bundled = any(f"{d}/libc.so.6".lstrip("/") in package.tree.entries for d in package.search.library_path)
    if not bundled:
        return Skipped("no libc on the exported LD_LIBRARY_PATH")
    return run


@check("PKG401")
def env_leak_script(package: Package) -> Outcome:
    """Host programs that run.sh starts after the export."""
    run = _leaks(package)
    if isinstance(run, Skipped):
        return run
    names = shell.functions(run.text) | shell.BUILTINS | shell.KEYWORDS
    for pattern in (word for c in run.commands if c.argv[:1] in (("source",), (".",)) for word in c.argv[1:2]):
        for path in (p for x in run.inside(pattern) for p in matching(package.tree, x)):
            names |= shell.functions(package.tree.entries[path].text())
    findings = []
    for command in run.commands:
        # `command` and `env` run what follows them; exec replaces the shell, usually with our own program.
        words = [w for w in command.argv if w not in ("command", "env", "sudo", "nice")]
        program = words[0] if words else ""
        if command.line <= run.export_line or not program or program in names or program.startswith(("$", "*")):
            continue
        message = f"run.sh starts `{program}` after exporting LD_LIBRARY_PATH with a libc of its own"
        findings.append(found("PKG401", NAME, program, message, line=command.line))
    return findings


@check("PKG402")
def env_leak_child(package: Package) -> Outcome:
    """Started programs that import functions which start others."""
    run = _leaks(package)
    if isinstance(run, Skipped):
        return run
    findings = []
    for path in dict.fromkeys(p for root in package.roots if root.line for p in (root.path, *root.also)):
        try:
            uses = sorted({r.name for r in package.symbols(path).references} & STARTERS)
        except ELFError:
            continue  # PKG110 says so
        if uses:
            message = f"{path} can start programs ({', '.join(uses)}), which inherit the exported LD_LIBRARY_PATH"
            findings.append(found("PKG402", path, path, message))
    return findings
