"""`package check` and `package floor`: will the built package start on somebody else's host?

Public here, keyword-only: `check_package`, `missing_proofs`, `package_floor`, `PackageOptions`,
`Layout`, `Floor` and `RULES`. They are imported on first use, so that importing this package costs nothing.
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
    from newbackend.package.rules.base import RULES as RULES

_HOME = {
    "check_package": "check",
    "missing_proofs": "check",
    "Floor": "floor",
    "package_floor": "floor",
    "Layout": "options",
    "PackageOptions": "options",
    "RULES": "rules.base",
}
__all__ = ["RULES", "Floor", "Layout", "PackageOptions", "check_package", "missing_proofs", "package_floor"]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(name)
    return getattr(import_module(f"newbackend.package.{_HOME[name]}"), name)
