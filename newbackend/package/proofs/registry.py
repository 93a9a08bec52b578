"""The book of the proofs. Light: shell completion reads the names of its rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from newbackend.rulebook import Rulebook

if TYPE_CHECKING:
    from newbackend.package.proofs.environment import Proof, ProofEnvironment

PROOFS: Rulebook[ProofEnvironment, Iterable[Proof]] = Rulebook("PKG7", "package/proofs/[!_]*.py")
rule, check = PROOFS.rule, PROOFS.check
