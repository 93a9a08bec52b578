"""PKG704: the program that run.sh starts, on an emulated older CPU (qemu-user)."""

from __future__ import annotations

import shutil
import tomllib
from importlib import resources
from pathlib import Path

from newbackend.errors import UsageError
from newbackend.findings import Status
from newbackend.package.elf.binary import ELFError
from newbackend.package.elf.reader import parse_elf
from newbackend.package.model import Package
from newbackend.package.proofs.sandbox import Bind
from newbackend.package.proofs.server import Proof, ProofEnvironment, library_path, serve
from newbackend.package.script.runscript import matching


def cpu_models() -> dict[str, str]:
    """Names for --cpu-run and the emulator's models (data/cpus.toml)."""
    text = resources.files("newbackend.package").joinpath("data/cpus.toml").read_text("utf-8")
    return dict(tomllib.loads(text)["cpu"])


def check_cpu(wanted: str) -> None:
    """Raises UsageError for a CPU that --cpu-run does not know."""
    known = cpu_models()
    if not (wanted.lower() in known or wanted in known.values() or _has_avx512(wanted)):
        hint = f"known are {', '.join(sorted(known))}"
        raise UsageError("cpu-unknown", f"no CPU model {wanted!r}", where="--cpu-run", hint=hint)


def _has_avx512(wanted: str) -> bool:
    return wanted.lower() in ("v4", "x86-64-v4") or "512" in wanted


def _emulator() -> Path | None:
    """A statically linked qemu-user: only that runs in an empty root."""
    for name in ("qemu-x86_64-static", "qemu-x86_64"):
        where = shutil.which(name)
        try:
            if where and not parse_elf(Path(where).read_bytes()).interp:
                return Path(where)
        except (OSError, ELFError):
            continue
    return None


def cpu_proof(bench: ProofEnvironment, wanted: str) -> Proof:
    """The program that run.sh starts, on an emulated CPU. run.sh itself is left out: an emulator of one
    process does not follow exec."""
    package, known = bench.package, cpu_models()
    unknown = _unable(package, wanted)
    emulator = _emulator()
    if unknown or emulator is None:
        reason = unknown or "no static qemu-x86_64 is installed (Debian: qemu-user-static)"
        return Proof("PKG704", wanted, "", f"CPU {wanted}", Status.UNKNOWN, reason)
    model = known.get(wanted.lower(), wanted)
    root = next(r for r in package.roots if r.line)
    program = [f"{bench.place}/{root.path}"]
    if package.loader and package.elves[root.path].dynamic:
        program = [f"{bench.place}/{package.loader}", *library_path(bench), *program]
    binds = [] if bench.root is not None else [Bind(emulator, "/qemu")]
    tool = str(emulator) if bench.root is not None else "/qemu"
    proof = serve(bench, "PKG704", root.path, [tool, "-cpu", model, *program], _variables(bench), binds)
    note = f"{proof.environment}; emulated CPU {model}, executed paths only"
    return Proof(proof.rule, proof.subject, proof.command, note, proof.status, proof.result)


def _unable(package: Package, wanted: str) -> str:
    if _has_avx512(wanted):
        return "the emulator has no AVX-512, so it proves nothing about x86-64-v4"
    if not any(r.line for r in package.roots):
        return "run.sh names no program that could be started without it"
    return ""


def _variables(bench: ProofEnvironment) -> dict[str, str]:
    """The library variables of run.sh: of several values the first in the package, which is the fallback."""
    package = bench.package
    found = {}
    for name, patterns in (package.run.libraries if package.run else {}).items():
        inside = [p for pattern in patterns for p in matching(package.tree, pattern)]
        if inside:
            found[name] = f"{bench.place}/{inside[0]}"
    return found
