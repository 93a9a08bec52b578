"""Every check of a package, in rule order. A new rules module is added here and nowhere else."""

from __future__ import annotations

from newbackend.package.rules import closure as rules_closure
from newbackend.package.rules import cpu as rules_cpu
from newbackend.package.rules import dlopen as rules_dlopen
from newbackend.package.rules import files as rules_files
from newbackend.package.rules import start as rules_start
from newbackend.package.rules import versions as rules_versions
from newbackend.package.rules.base import Check

_MODULES = (rules_start, rules_closure, rules_files, rules_versions, rules_dlopen, rules_cpu)

CHECKS: tuple[Check, ...] = tuple(
    sorted(
        (value for module in _MODULES for value in vars(module).values() if isinstance(value, Check)),
        key=lambda c: c.rule.id,
    )
)
