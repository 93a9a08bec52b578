"""`newbackend siblings NAME`: files that name most backends of its kind and not this one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from newbackend.checkout.tree import Checkout
from newbackend.records import dataclass
from newbackend.registrations import places
from newbackend.registrations.support.backend_names import backend_names, unknown_backend
from newbackend.registrations.support.siblings import Listing, kinds_of, listings

SCHEMA = "newbackend/siblings/1"


@dataclass(frozen=True)
class Found:
    """A file, and the titles of the places that register a backend in it: such a file was left out on purpose, or by
    mistake, and `verify` knows which."""

    listing: Listing
    places: tuple[str, ...]


def siblings(checkout: Checkout, name: str) -> list[Found]:
    """Files that no place knows first, then the others, both by path. Raises NotFoundError for an unknown backend."""
    if name not in backend_names(checkout):
        raise unknown_backend(name, checkout)
    known: dict[str, list[str]] = {}
    for place in places():
        known.setdefault(place.path(checkout), []).append(place.title)
    rows = [Found(row, tuple(known.get(row.path, ()))) for row in listings(checkout, name, kinds_of(checkout, name))]
    return sorted(rows, key=lambda row: (bool(row.places), row.listing.path))


def as_json(name: str, rows: Sequence[Found]) -> dict[str, Any]:
    """The report as plain data."""
    files = [
        {
            "path": row.listing.path,
            "line": row.listing.line,
            "example": row.listing.example,
            "kind": row.listing.kind.title,
            "names": list(row.listing.names),
            "of": len(row.listing.kind.members),
            "places": list(row.places),
        }
        for row in rows
    ]
    return {"schema": SCHEMA, "backend": name, "files": files}
