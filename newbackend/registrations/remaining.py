"""What remains to a person when a backend is registered: what places know, and what the search for siblings finds.

Nothing here fails a backend. It is what the pull requests of other backends have and no tool can write (docs/adr/0086).
"""

from __future__ import annotations

from collections.abc import Iterator

from newbackend.catalog.languages import PLACEHOLDER
from newbackend.checkout.tree import Checkout
from newbackend.overrides import SCAFFOLD
from newbackend.registrations import places
from newbackend.registrations.base import probed
from newbackend.registrations.manual import Manual
from newbackend.registrations.support.siblings import Listing, listings
from newbackend.registrations.support.text_files import text_or_none
from newbackend.spec import BackendSpec

SIBLINGS = "siblings"
"""What finds files that no place knows, in the words of `Manual.place`."""
_RULE = "REG720"


def remaining(checkout: Checkout, spec: BackendSpec) -> tuple[Manual, ...]:
    """Everything that remains, the engine first. The checkout is one in which the backend is registered: the work
    tree, or the result of a plan."""
    found = [*_placeholder(checkout, spec), *_of_places(checkout, spec)]
    known = {item.path for item in found} | _registered_in(checkout)
    found += [_unknown(listing, spec) for listing in listings(checkout, spec.name) if listing.path not in known]
    return tuple(found)


def placeholders(checkout: Checkout, spec: BackendSpec) -> list[str]:
    """The files of a backend that still carry the template's placeholder; none for a flavour without one."""
    if not spec.its_flavour.placeholder:
        return []
    return [path for path in checkout.files_below(spec.directory) if PLACEHOLDER in text_or_none(checkout, path)]


def _placeholder(checkout: Checkout, spec: BackendSpec) -> Iterator[Manual]:
    for path in placeholders(checkout, spec):
        line = text_or_none(checkout, path).partition(PLACEHOLDER)[0].count("\n") + 1
        yield _task(path, line, "", "the engine is the template's placeholder: put the real one in its place", SCAFFOLD)


def _of_places(checkout: Checkout, spec: BackendSpec) -> Iterator[Manual]:
    for place in places():
        if probed(checkout, place).usable:
            yield from place.tasks(checkout, spec)


def _registered_in(checkout: Checkout) -> set[str]:
    """The files in which places register backends: what is missing there, a plan or `verify` says."""
    return {path for place in places() for path in (place.path(checkout), *(f.path for f in place.observe(checkout)))}


def _unknown(listing: Listing, spec: BackendSpec) -> Manual:
    count = f"{len(listing.names)} of {len(listing.kind.members)} other {listing.kind.title}"
    reason = f"names {count}, and not {spec.name}: add it, or leave it where the file is about something else"
    return _task(listing.path, listing.line, f"{listing.example}", reason, SIBLINGS, _RULE)


def _task(path: str, line: int, snippet: str, reason: str, place: str, *rules: str) -> Manual:
    return Manual(path, line, snippet, reason, place, rules, needed=False)
