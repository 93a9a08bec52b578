"""The answers about an engine that is a Python distribution or a Rust crate, from its manifests at the pin."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from newbackend.answers import EngineAnswers
from newbackend.catalog.torch import torch_packages
from newbackend.upstream.inspect import Inspection
from newbackend.upstream.manifest_values import Crate, Distribution, main_crate

_BUILD_TYPES: dict[str, frozenset[str]] = {
    "cublas": frozenset(["cuda", "cublas", "nvidia", "gpu"]),
    "hipblas": frozenset(["rocm", "hip", "amd"]),
    "intel": frozenset(["xpu", "intel", "oneapi", "ipex"]),
    "mps": frozenset(["mps", "metal", "apple", "mlx"]),
    "cpu": frozenset(["cpu"]),
}
"""BUILD_TYPE of a Python row (`cpu` is none) -> what an extra for it is called."""
_WORD = re.compile(r"[a-z]+[0-9]*")
_CUDA = re.compile(r"(?<![a-z])(?:cu|cuda-?)(1[0-9])[._-]?([0-9]?)(?![0-9])")
"""`cu126` and `cuda12`: an extra for one CUDA version."""
_CRATE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def package_answers(found: Inspection, kind: str) -> tuple[EngineAnswers | None, str]:
    """The answers and a note; None, and why, when the upstream is not of this kind (`python` or `cargo`)."""
    if kind == "python":
        return _distribution(found, found.manifests.distribution)
    return _crate(found, found.manifests.crates)


def _distribution(found: Inspection, python: Distribution | None) -> tuple[EngineAnswers | None, str]:
    if python is None or not _NAME.fullmatch(python.name):
        return None, f"{found.repo} is no Python package ({_systems(found)}): build it in install.sh if it is needed"
    extras = accelerator_extras(python.extras)
    module = python.imports[0] if len(python.imports) == 1 else None
    torch = torch_packages(python.dependencies)
    answers = EngineAnswers(package=python.name, module=module, extras=extras or None, torch=torch)
    wants = f", Python {python.requires_python}" if python.requires_python else ""
    chosen = "".join(f", [{name}] for {kind}" for kind, name in extras.items())
    needs = f", needs {' and '.join(torch)}" if torch else ""
    return answers, f"the installation takes {python.name} from {found.repo} ({python.path}{wants}{needs}{chosen})"


def accelerator_extras(names: Iterable[str]) -> dict[str, str]:
    """BUILD_TYPE (`cpu` is none) -> the extra that a distribution has for it.

    Where none is for CUDA of any version, `cublas12` and `cublas13` have the newest for each: LocalAI's Python backends
    call the builds of both versions so, `cublas` being the BUILD_TYPE.
    """
    every = tuple(name for name in names if _NAME.fullmatch(name))
    found = {kind: name for kind, words in _BUILD_TYPES.items() if (name := _extra(every, words))}
    return found if "cublas" in found else {**_for_cuda(every), **found}


def _extra(extras: Iterable[str], words: frozenset[str]) -> str:
    """The extra that is called after an accelerator alone, with a version or without; the shortest of several."""
    named = [name for name in extras if words.intersection(map(_unversioned, _WORD.findall(name.lower())))]
    return min(named, key=lambda name: (len(name), name), default="")


def _unversioned(word: str) -> str:
    """`rocm6` is for ROCm; what is for one CUDA version has its own way."""
    return word if word.startswith("cu") else word.rstrip("0123456789")


def _for_cuda(extras: Iterable[str]) -> dict[str, str]:
    versions = {name: match for name in extras if (match := _CUDA.search(name.lower()))}
    newest = sorted(versions, key=lambda name: (int(versions[name][2] or -1), [-len(name)], name))
    return {f"cublas{versions[name][1]}": name for name in newest if versions[name][1] in ("12", "13")}


def _crate(found: Inspection, crates: list[Crate]) -> tuple[EngineAnswers | None, str]:
    known = main_crate(found.repo, (crate for crate in crates if _NAME.fullmatch(crate.name)))
    if known is None:
        return None, f"{found.repo} has no library crate ({_systems(found)}): build and bind it in build.rs by hand"
    extras = accelerator_extras(known.features)
    for versioned in ("cublas12", "cublas13"):  # a crate is built once for a BUILD_TYPE, whatever its CUDA version
        extras |= {"cublas": name} if (name := extras.pop(versioned, "")) else {}
    answers = EngineAnswers(
        package=known.name,
        module=known.library if _CRATE.fullmatch(known.library) else None,
        folder=posixpath.dirname(known.path) or None,
        extras=extras or None,
    )
    chosen = "".join(f", feature {name} for {kind}" for kind, name in extras.items())
    taken = [name for kind, name in extras.items() if kind != "cpu" and name in known.default_features]
    warning = f"; {', '.join(taken)} is among its default features, also where nothing of it is" if taken else ""
    note = f"the build links its crate {known.name} ({known.path}{chosen}); the first one makes Cargo.lock{warning}"
    return answers, note


def _systems(found: Inspection) -> str:
    return f"builds with {', '.join(found.systems)}" if found.systems else "has no manifest that is known"
