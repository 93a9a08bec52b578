"""Every rule of `package check` by id: the static ones and the proofs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from newbackend.findings import Rule
from newbackend.package.proofs import PROOFS
from newbackend.package.rules import RULES

RULES_BY_ID: Mapping[str, Rule] = MappingProxyType({**RULES.rules, **PROOFS.rules})
