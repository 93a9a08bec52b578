"""`package fix`: what is mechanical is repaired: planned on a copy in memory, shown, and made as a whole or not at all.

`plan_repairs` reads, `carry_out` writes. A repair answers a finding of one rule; what is accepted is left alone.
"""

from newbackend.package.repair.carry_out import carry_out, tidy
from newbackend.package.repair.makers import Tools
from newbackend.package.repair.model import SCHEMA, Action, Left, LeftJson, Repair, RepairJson, RepairPlan
from newbackend.package.repair.patching import find_patchelf
from newbackend.package.repair.plan import plan_repairs
from newbackend.package.repair.source import open_root

__all__ = [
    "SCHEMA",
    "Action",
    "Left",
    "LeftJson",
    "Repair",
    "RepairJson",
    "RepairPlan",
    "Tools",
    "carry_out",
    "find_patchelf",
    "open_root",
    "plan_repairs",
    "tidy",
]
