"""One place on its own: what it adds, that it adds nothing twice, and that it can take it back."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable

from newbackend.checkout.gitlink import GITLINK
from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Change, Place
from newbackend.spec import BackendSpec
from newbackend.splice.outcome import AlreadyPresent, Inserted, apply_splices


def texts_after(checkout: Checkout, changes: Iterable[Change]) -> dict[str, str]:
    """New texts by path when every change is made; fails for a change that cannot be made."""
    splices: dict[str, list[object]] = {}
    for change in changes:
        if isinstance(change.outcome, AlreadyPresent):
            continue
        assert isinstance(change.outcome, Inserted), change
        splices.setdefault(change.path, []).extend(change.outcome.splices)
    return {path: apply_splices(checkout.need(path), found) for path, found in splices.items()}  # type: ignore[arg-type]


def added(place: Place, checkout: Checkout, spec: BackendSpec) -> Checkout:
    """The checkout with the place's changes and files; a second plan must find everything there."""
    changes = place.plan(checkout, spec).changes
    brought = place.files(checkout, spec).items()
    files = {path: file.text for path, file in brought if file.mode != GITLINK}
    links = {path: file.text for path, file in brought if file.mode == GITLINK}
    after = checkout.with_changes({**texts_after(checkout, changes), **files}, links)
    again = place.plan(after, spec).changes
    assert again, "the place has nothing to say about this backend"
    assert all(isinstance(change.outcome, AlreadyPresent) for change in again), again
    return after


def round_trip(place: Place, checkout: Checkout, spec: BackendSpec) -> Checkout:
    """`added`, after making sure that reverting gives back the very same bytes."""
    after = added(place, checkout, spec)
    changes = list(place.revert(after, spec.name))
    back = texts_after(after, changes)
    changed = {change.path for change in place.plan(checkout, spec).changes}
    for path in changed:
        assert back.get(path, after.read(path)) == checkout.read(path), path
    files = place.files(checkout, spec)
    assert sorted(place.own_files(after, spec.name)) == sorted(path for path in files)
    return after


def edited(checkout: Checkout, path: str, *pairs: tuple[str, str]) -> Checkout:
    """The checkout with pieces of one file replaced; each must be there."""
    text = checkout.need(path)
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return checkout.with_changes({path: text})


def new_lines(before: Checkout, after: Checkout, path: str) -> list[str]:
    """Lines of a file that were not there before, in order."""
    old = before.need(path).splitlines()
    return [line for line in after.need(path).splitlines() if line not in old]


def gofmt_changes(text: str) -> str:
    """What gofmt would change in a Go file; "" when nothing, or when gofmt is not installed."""
    gofmt = shutil.which("gofmt")
    if gofmt is None:
        return ""
    return subprocess.run([gofmt, "-d"], input=text, capture_output=True, text=True, check=True).stdout
