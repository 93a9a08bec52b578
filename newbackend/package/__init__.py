"""`package check` and `package floor`: will the built package start on somebody else's host?

Each subpackage imports only from those before it, and only from their `__init__`:

    data, options    tables, and what the caller chose
    archive          files: a directory, a tar or an image as one `Tree`
    elf, macho       what the dynamic loader reads, and where it would look, on Linux and on macOS
    cpu              the instruction scan
    sandbox, script  a root of its own; run.sh, run there with stand-ins for the programs, or read
    libraries, targets, layout, model, versions
                     the `Package`: files, records, run.sh, closures, the versions that it needs
    rules, proofs    judge a `Package`; run it for real
    registry, floor, suppressing, check
                     combined for the command line
    repair, fix      what `package fix` does

Public, and imported on first use so that importing this package costs nothing: the names in `__all__`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from newbackend.package.check import check_package as check_package
    from newbackend.package.check import missing_proofs as missing_proofs
    from newbackend.package.floor import Floor as Floor
    from newbackend.package.floor import package_floor as package_floor
    from newbackend.package.options import Layout as Layout
    from newbackend.package.options import PackageOptions as PackageOptions
    from newbackend.package.registry import RULES_BY_ID as RULES_BY_ID
    from newbackend.package.suppressing import package_rules as package_rules

_HOME = {
    "check_package": "check",
    "missing_proofs": "check",
    "Floor": "floor",
    "package_floor": "floor",
    "Layout": "options",
    "PackageOptions": "options",
    "RULES_BY_ID": "registry",
    "package_rules": "suppressing",
}
__all__ = [
    "RULES_BY_ID",
    "Floor",
    "Layout",
    "PackageOptions",
    "check_package",
    "missing_proofs",
    "package_floor",
    "package_rules",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(name)
    return getattr(import_module(f"newbackend.package.{_HOME[name]}"), name)
