"""What remains to a person when a backend is registered: what places know, and what the search for siblings finds.

Nothing here fails a backend. It is what the pull requests of other backends have and no tool can write (docs/adr/0086).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from newbackend.catalog.languages import PLACEHOLDER
from newbackend.catalog.system_packages import debian_packages
from newbackend.checkout.search import Search
from newbackend.checkout.tree import Checkout
from newbackend.overrides import SCAFFOLD
from newbackend.registrations import places
from newbackend.registrations.base import probed
from newbackend.registrations.manual import Manual
from newbackend.registrations.model_gallery.index import MODELS
from newbackend.registrations.support.siblings import Listing, kinds_of, listings
from newbackend.registrations.support.text_files import text_or_none
from newbackend.spec import BackendSpec

SIBLINGS = "siblings"
"""What finds files that no place knows, in the words of `Manual.place`."""
_RULE = "REG720"
_INSTALL = "apt-get install"
_SHOWN = 120  # characters of a line that names siblings


def remaining(checkout: Checkout, spec: BackendSpec, search: Search | None = None) -> tuple[Manual, ...]:
    """Everything that remains, the engine first. The checkout is one in which the backend is registered: the work
    tree, or the result of a plan.

    Of the files that name the siblings only those that name two thirds of them: four or five backends are everybody's
    examples, which is half of many a small kind. `search` is that of `siblings.searching`."""
    found = [*_placeholder(checkout, spec), *_packages(checkout, spec), *_of_places(checkout, spec)]
    close = [kind for kind in kinds_of(checkout, spec.name) if kind.serves]
    many = [
        row for row in listings(checkout, spec.name, close, search) if len(row.names) * 3 >= len(row.kind.members) * 2
    ]
    known = {item.path for item in found} | (_registered_in(checkout) if many else set())
    return (*found, *(_unknown(row, spec) for row in many if row.path not in known))


def placeholders(checkout: Checkout, spec: BackendSpec) -> list[str]:
    """The files of a backend that still carry the template's placeholder; none for a flavour without one."""
    if not spec.its_flavour.placeholder:
        return []
    return [path for path in checkout.files_below(spec.directory) if PLACEHOLDER in text_or_none(checkout, path)]


def _placeholder(checkout: Checkout, spec: BackendSpec) -> Iterator[Manual]:
    for path in placeholders(checkout, spec):
        line = text_or_none(checkout, path).partition(PLACEHOLDER)[0].count("\n") + 1
        yield _task(path, line, "", "the engine is the template's placeholder: put the real one in its place", SCAFFOLD)


def _packages(checkout: Checkout, spec: BackendSpec) -> Iterator[Manual]:
    """System packages that the engine's build looks for and the image does not install."""
    path = spec.language.dockerfile_of(spec.name).removeprefix("./")
    lines = text_or_none(checkout, path).splitlines()
    first = next((number for number, row in enumerate(lines, 1) if _INSTALL in row), 0)
    for name in (spec.engine.packages or ()) if first else ():
        packages = debian_packages(name)
        missing = [package for package in packages or () if not any(package in row.split() for row in lines)]
        if missing or packages is None:
            what = " ".join(missing) or f"the package that has {name}"
            reason = f"the engine's build looks for {name} on the system: nothing here installs {what}"
            yield _task(path, first, "\n".join(f"        {package} \\" for package in missing), reason, SCAFFOLD)


def _of_places(checkout: Checkout, spec: BackendSpec) -> Iterator[Manual]:
    for place in places():
        if probed(checkout, place).usable:
            yield from place.tasks(checkout, spec)


def _registered_in(checkout: Checkout) -> set[str]:
    """The files in which places register backends: what is missing there, a plan or `verify` says. The model gallery
    has one file, and many entries to read."""
    files = {place.path(checkout) for place in places()}
    return files | {fact.path for place in places() if place.file != MODELS for fact in place.observe(checkout)}


def _unknown(listing: Listing, spec: BackendSpec) -> Manual:
    """A line that has nothing but one sibling's name gives the text to paste; any other is shown."""
    count = f"{len(listing.names)} of {len(listing.kind.members)} other {listing.kind.title}"
    reason = f"names {count}, and not {spec.name}: add it, or leave it where the file is about something else"
    alone = next((name for name in listing.names if re.fullmatch(rf"\W*{re.escape(name)}\W*", listing.example)), "")
    if alone:
        return _task(listing.path, listing.line, listing.example.replace(alone, spec.name), reason, SIBLINGS, _RULE)
    shown = listing.example if len(listing.example) <= _SHOWN else f"{listing.example[:_SHOWN]}…"
    return _task(listing.path, listing.line, "", f"{reason} ({shown})", SIBLINGS, _RULE)


def _task(path: str, line: int, snippet: str, reason: str, place: str, *rules: str) -> Manual:
    return Manual(path, line, snippet, reason, place, rules, needed=False)
