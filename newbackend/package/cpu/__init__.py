"""Which CPU a package needs: levels and their features, the instruction scan, CPU variants by file name."""

from newbackend.package.cpu.constructors import features_at_load
from newbackend.package.cpu.declared import go_level, listed_level
from newbackend.package.cpu.levels import declared_level, level_name, levels, parse_floor
from newbackend.package.cpu.scan import ARM_SHARE, NOISE, SHARE, Scan, scan_files
from newbackend.package.cpu.steps import StepDecoder, arm_steps, x86_steps
from newbackend.package.cpu.variants import Variant, VariantSet, variant_sets

__all__ = [
    "ARM_SHARE",
    "NOISE",
    "SHARE",
    "Scan",
    "StepDecoder",
    "Variant",
    "VariantSet",
    "arm_steps",
    "declared_level",
    "features_at_load",
    "go_level",
    "level_name",
    "levels",
    "listed_level",
    "parse_floor",
    "scan_files",
    "variant_sets",
    "x86_steps",
]
