"""Builds the plan that takes a backend away, and proves that it takes nothing of any other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from newbackend.catalog.languages import languages
from newbackend.checkout.gitlink import GITLINK
from newbackend.checkout.tree import Checkout
from newbackend.errors import NotFoundError, UsageError
from newbackend.plan.build import assemble, base_of, planned, prove, prove_routes
from newbackend.plan.dependents import dependents
from newbackend.plan.diff import whole_file
from newbackend.plan.model import Edit, Plan
from newbackend.registrations import places
from newbackend.registrations.base import Change
from newbackend.registrations.gallery_index.place import GalleryIndex, families, owners
from newbackend.registrations.matrix.place import Matrix
from newbackend.scaffold.generated import ANSWERS_NAME, edited_files


def plan_remove(name: str, checkout: Checkout, *, keep_files: bool = False) -> Plan:
    """Everything that takes a backend away: every place's facts under that name, then its files.

    Raises NotFoundError when the checkout knows no such backend, UsageError when its files would go and
    other backends are built from them.
    """
    owner = owners(checkout).get(name)
    if owner:
        raise UsageError("name-of-gallery", f"{name!r} is what the gallery calls the backend {owner!r}; name that")
    names = (name, *families(checkout, name))
    changes = [
        change
        for place in places()
        if place.probe(checkout).usable
        for one in names
        for change in place.revert(checkout, one)
    ]
    _refuse_strangers(name, checkout, changes)
    if not keep_files:
        _refuse_dependents(name, checkout)
    plan = assemble(f"remove {name}", {"name": name}, checkout, changes)
    files = () if keep_files else tuple(_deletions(names, checkout))
    if not changes and not files:
        raise NotFoundError("backend-unknown", f"this checkout knows no backend {name!r}")
    base = {**base_of(files, checkout), **plan.base}
    edited = set(edited_files(name, checkout))
    notes = tuple(f"{edit.path} was edited since it was generated" for edit in files if edit.path in edited)
    ordered = sorted(files, key=lambda edit: edit.path not in edited)
    plan = replace(plan, edits=(*ordered, *plan.edits), base=base, notes=notes)
    after = planned(plan, checkout)
    prove(plan, checkout, after, changes)
    prove_routes(checkout, after, name)
    _prove_others(checkout, after, names)
    return plan


def _prove_others(before: Checkout, after: Checkout, names: Sequence[str]) -> None:
    """No collateral: every fact of every other backend is still there, whatever its value is made of."""
    known = {fact.backend for place in (Matrix(), GalleryIndex()) for fact in place.observe(before)} - set(names)
    for place in places():
        left = {(fact.backend, fact.key) for fact in place.observe(after)}
        for fact in place.observe(before):
            if fact.backend in known and (fact.backend, fact.key) not in left:
                where = f"{fact.path}:{fact.line}"
                raise UsageError("remove-collateral", f"{fact.backend} would lose {fact.key}", where=where)


def _refuse_strangers(name: str, checkout: Checkout, changes: Sequence[Change]) -> None:
    """A directory that nothing registers and nobody generated is not a backend: `common`, `grpc`."""
    directories = [language.directory_of(name) for language in languages().values()]
    found = [path for path in directories if checkout.is_dir(path)]
    if found and not changes and not any(checkout.exists(f"{path}/{ANSWERS_NAME}") for path in found):
        raise NotFoundError(
            "backend-unregistered", f"{name!r} is registered nowhere, so its directory is not touched", where=found[0]
        )


def _refuse_dependents(name: str, checkout: Checkout) -> None:
    found = dependents(checkout, name)
    if found:
        raise UsageError(
            "backend-needed",
            f"{', '.join(found)} {'is' if len(found) == 1 else 'are'} built upon {name!r}",
            where=next(iter(found.values())),
            hint="remove those first, or pass --keep-files to take away only the registration",
        )


def _deletions(names: Sequence[str], checkout: Checkout) -> Iterable[Edit]:
    """The backend's own directory and Dockerfile, and what places keep for it, file by file."""
    name = names[0]
    found: dict[str, str] = {}
    for language in languages().values():
        paths = list(checkout.files_below(language.directory_of(name)))
        extra = [path.replace("{name}", name) for path in language.extra_files]
        paths += [path for path in extra if paths and checkout.exists(path)]
        found.update((path, "scaffold") for path in paths)
    for place in places():
        if place.probe(checkout).usable:
            for path in (path for one in names for path in place.own_files(checkout, one)):
                found.setdefault(path, place.id)
    for path, owner in found.items():
        text, mode = checkout.read(path), None
        if text is None:
            text, mode = checkout.link(path), GITLINK
        diff = whole_file(path, text, None, mode)
        yield Edit(path, "delete", owner, f"the files of {name}", (), "inserted", diff, mode)
