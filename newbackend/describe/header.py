"""The comment above a described answers file: how it came about, and what in it is a guess."""

from __future__ import annotations

from newbackend.describe.backend import Description


def header(found: Description) -> str:
    """Comment lines, each ending in a line break."""
    rows = [f"What is registered as {found.answers['name']}; `newbackend create --answers FILE` takes it back."]
    rows += [f"Note: {note}." for note in found.notes]
    return "".join(f"# {row}\n" for row in rows)
