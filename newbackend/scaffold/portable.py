"""The second template of a backend with a glibc floor: `templates/portable/`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from newbackend.catalog.languages import templates_root
from newbackend.catalog.portable import images_for
from newbackend.spec import BackendSpec


@dataclass(frozen=True, slots=True)
class Portable:
    """Where the template lies, and the variable `portable` that it has beside the usual ones."""

    root: Path
    variables: dict[str, str]


def portable_of(spec: BackendSpec) -> Portable | None:
    """What is to be rendered for the spec's `options.glibc_floor`; None when it has none."""
    floor = spec.options.get("glibc_floor")
    return Portable(templates_root() / "portable", images_for(str(floor))) if floor else None
