"""The comment above a described answers file: its origin, and what in it is a guess."""

from __future__ import annotations

from newbackend.describe.backend import Description


def header(description: Description) -> str:
    """Comment lines, each ending in a line break."""
    rows = [f"What is registered as {description.answers.name}; `newbackend create --answers FILE` takes it back."]
    rows += [f"Note: {note}." for note in description.notes]
    return "".join(f"# {row}\n" for row in rows)
