"""PKG704: the program that run.sh starts, on an emulated older CPU (qemu-user)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from newbackend.errors import UsageError
from newbackend.findings import Severity, Status
from newbackend.package.data import read_table
from newbackend.package.elf import ELFError, parse_elf
from newbackend.package.model import Package
from newbackend.package.proofs.environment import Proof, ProofEnvironment
from newbackend.package.proofs.registry import check, rule
from newbackend.package.proofs.server import serve
from newbackend.package.sandbox import Bind
from newbackend.package.script import matching

PROOF_CPU = rule(
    "PKG704",
    "proof-cpu",
    Severity.ERROR,
    what="Proof: the program starts on an emulated older CPU.",
    why=(
        "An instruction scan cannot know which code runs. The emulator has no AVX-512, and only executed paths are "
        "proven."
    ),
    how="See the signal and address in the message; rebuild that file for the floor.",
)


@check(PROOF_CPU)
def run_on_an_old_cpu(env: ProofEnvironment) -> Iterator[Proof]:
    """The program that run.sh starts, not run.sh itself: an emulator of one process does not follow exec."""
    model = env.package.options.cpu_run
    if model:
        yield _emulated(env, model)


def _emulated(env: ProofEnvironment, name: str) -> Proof:
    package = env.package
    problem = _problem(package, name)
    qemu = emulator()
    if problem or qemu is None:
        reason = problem or "no static qemu-x86_64 is installed (Debian: qemu-user-static)"
        return Proof(PROOF_CPU, name, "", f"CPU {name}", Status.UNKNOWN, reason)
    model = _models().get(name.lower(), name)
    root = next(r for r in package.roots if r.line)
    program = [f"{env.place}/{root.path}"]
    if package.loader and package.elves[root.path].dynamic:
        program = [f"{env.place}/{package.loader}", *env.library_path, *program]
    tool = "/qemu" if env.root is None else "/tmp/qemu"
    binds = [Bind(qemu, tool)]
    proof = serve(env, PROOF_CPU, root.path, [tool, "-cpu", model, *program], _variables(env), binds)
    return replace(proof, environment=f"{proof.environment}; emulated CPU {model}, executed paths only")


def check_cpu(name: str) -> None:
    """Raises UsageError for a CPU that --cpu-run does not know."""
    models = _models()
    if not (name.lower() in models or name in models.values() or _has_avx512(name)):
        hint = f"known are {', '.join(sorted(models))}"
        raise UsageError("cpu-unknown", f"no CPU model {name!r}", where="--cpu-run", hint=hint)


def _models() -> dict[str, str]:
    """Names for --cpu-run and the emulator's models."""
    return dict(read_table("cpus")["cpu"])


def _has_avx512(name: str) -> bool:
    return name.lower() in ("v4", "x86-64-v4") or "512" in name


def _problem(package: Package, name: str) -> str:
    if _has_avx512(name):
        return "the emulator has no AVX-512, so it proves nothing about x86-64-v4"
    if not any(r.line for r in package.roots):
        return "run.sh names no program that could be started without it"
    return ""


def emulator() -> Path | None:
    """A statically linked qemu-user: only that runs in an empty root."""
    for name in ("qemu-x86_64-static", "qemu-x86_64"):
        path = shutil.which(name)
        try:
            if path and not parse_elf(Path(path).read_bytes()).interp:
                return Path(path)
        except (OSError, ELFError):
            continue
    return None


def _variables(env: ProofEnvironment) -> dict[str, str]:
    """The library variables of run.sh: of several values the first in the package, which is the fallback."""
    package = env.package
    variables = {}
    for name, patterns in (package.run.libraries if package.run else {}).items():
        inside = [p for pattern in patterns for p in matching(package.tree, pattern)]
        if inside:
            variables[name] = f"{env.place}/{inside[0]}"
    return variables
