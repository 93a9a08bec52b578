"""Every check of a package, in rule order. A new rules module is added here and nowhere else."""

from __future__ import annotations

from newbackend.package import rules_closure, rules_cpu, rules_dlopen, rules_files, rules_start, rules_versions
from newbackend.package.rule import Check

_MODULES = (rules_start, rules_closure, rules_files, rules_versions, rules_dlopen, rules_cpu)

CHECKS: tuple[Check, ...] = tuple(
    sorted(
        (value for module in _MODULES for value in vars(module).values() if isinstance(value, Check)),
        key=lambda c: c.rule.id,
    )
)
