"""The opt-in proofs PKG701 to PKG704: run the package for real, in another root or on another CPU.

A module that is added here is found by its name. A proof gets a `ProofEnvironment` and gives `Proof` lines.
What needs a package is imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from newbackend.package.proofs.registry import PROOFS

if TYPE_CHECKING:
    from newbackend.package.proofs.cpu import check_cpu as check_cpu
    from newbackend.package.proofs.environment import Proof as Proof
    from newbackend.package.proofs.run import as_findings as as_findings
    from newbackend.package.proofs.run import as_results as as_results
    from newbackend.package.proofs.run import not_covered as not_covered
    from newbackend.package.proofs.run import run_proofs as run_proofs

_HOME = {
    "check_cpu": "cpu",
    "Proof": "environment",
    "as_findings": "run",
    "as_results": "run",
    "not_covered": "run",
    "run_proofs": "run",
}
__all__ = ["PROOFS", "Proof", "as_findings", "as_results", "check_cpu", "not_covered", "run_proofs"]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
