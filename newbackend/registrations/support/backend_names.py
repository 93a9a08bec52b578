"""The names of the backends of a checkout: what a verb's NAME may be, and what it may mean."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from newbackend.catalog.languages import language_table
from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError, NotFoundError
from newbackend.suggest import did_you_mean, nearest


def named(text: str, checkout: Checkout) -> str:
    """The backend that a NAME on the command line means: a name, or a path in its directory such as
    `backend/cpp/ds4/`, from the current directory or from the root. Anything else comes back as it is."""
    return placed(text, checkout)[0]


def placed(text: str, checkout: Checkout) -> tuple[str, str]:
    """The backend that a NAME means, as `named`, and the language that its path says, "" for a name."""
    if "/" not in text and text not in (".", ".."):
        return text, ""
    root = os.path.realpath(checkout.root)
    for start in (Path.cwd(), Path(root)):
        path = os.path.relpath(os.path.normpath(start / text), root)
        language = language_table().of_path(path)
        if language.id:
            return path.removeprefix(f"{language.folder}/").split("/")[0], language.id
    return text, ""


def unknown_backend(name: str, checkout: Checkout, known: Iterable[str] = ()) -> NotFoundError:
    """The error for a name that the checkout does not know; names the nearest ones, which are its choices.

    `known` are the names that would do; without them those that have rows in the matrix or entries in the gallery.
    """
    close = nearest(name, known or backend_names(checkout))
    hint = did_you_mean(close) or "`newbackend list` names them all"
    return NotFoundError("backend-unknown", f"this checkout knows no backend {name!r}", hint=hint, choices=close)


def backend_names(checkout: Checkout) -> tuple[str, ...]:
    """Every backend of the build matrix or the gallery, in order; none for files that cannot be read."""
    from newbackend.registrations.gallery_index.place import GalleryIndex
    from newbackend.registrations.matrix.place import Matrix

    names: set[str] = set()
    for place in (Matrix(), GalleryIndex()):
        try:
            names |= {fact.backend for fact in place.observe(checkout)}
        except NewbackendError:
            continue
    return tuple(sorted(names))
