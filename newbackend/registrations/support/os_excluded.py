"""An operating system excluded on purpose: the answer `os_excluded`, checked against the variants.

The guide asks for every OS that a backend can be built for, and for a reason if one is excluded.
"""

from __future__ import annotations

from collections.abc import Mapping

from newbackend.catalog import variant_table
from newbackend.errors import UsageError
from newbackend.spec import BackendSpec

TITLES: Mapping[str, str] = {"linux": "Linux", "darwin": "macOS"}


def os_of(variant_id: str) -> str:
    """`darwin` for variants with macOS rows, else `linux`."""
    return "darwin" if variant_table().variants[variant_id].darwin else "linux"


def check_os(spec: BackendSpec) -> None:
    """Raises UsageError for an OS that is both excluded and chosen, or excluded without a reason."""
    for system, reason in spec.os_excluded.items():
        if not str(reason or "").strip():
            raise UsageError(
                "os-excluded-reason",
                f"{TITLES.get(system, system)} is left out without a reason",
                hint=f"pass --set os_excluded.{system}='why'",
            )
        chosen = [variant for variant in spec.variants if os_of(variant) == system]
        if chosen:
            raise UsageError(
                "os-excluded-chosen",
                f"{TITLES.get(system, system)} is left out, but the variant {chosen[0]} is for it",
                hint=f"drop os_excluded.{system} or the variant",
            )
