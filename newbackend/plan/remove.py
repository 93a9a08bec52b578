"""Builds the plan that removes a backend, and proves that it changes no other backend."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from newbackend.answers_file import ANSWERS_NAME
from newbackend.catalog import name_rules
from newbackend.catalog.languages import languages
from newbackend.checkout.gitlink import GITLINK
from newbackend.checkout.tree import Checkout
from newbackend.errors import NotFoundError, UsageError
from newbackend.overrides import SCAFFOLD
from newbackend.plan.build import assemble, base_of, planned, prove, prove_routes
from newbackend.plan.dependents import dependents
from newbackend.plan.diff import whole_file
from newbackend.plan.model import Edit, Plan
from newbackend.registrations import places
from newbackend.registrations.base import Change
from newbackend.registrations.gallery_index.place import GalleryIndex, families, owners
from newbackend.registrations.manual import Manual
from newbackend.registrations.matrix.place import Matrix
from newbackend.registrations.own_page.place import OwnPage, links
from newbackend.registrations.support.backend_names import backend_names, unknown_backend
from newbackend.registrations.support.own_pages import page_path
from newbackend.scaffold.generated import edited_files, generated_files


def plan_remove(name: str, checkout: Checkout, *, keep_files: bool = False) -> Plan:
    """The plan that removes a backend: every place's facts under that name, then its files.

    Raises NotFoundError when the checkout knows no such backend, UsageError when it would delete files that other
    backends are built from.
    """
    if not re.fullmatch(name_rules().pattern, name) and name not in backend_names(checkout):
        raise unknown_backend(name, checkout)
    owner = owners(checkout).get(name)
    if owner:
        raise UsageError("name-of-gallery", f"{name!r} is what the gallery calls the backend {owner!r}; name that")
    names = (name, *families(checkout, name))
    _refuse_broken(checkout)
    changes = [
        change
        for place in places()
        if place.probe(checkout).usable
        for each in names
        for change in place.revert(checkout, each)
    ]
    _refuse_strangers(name, checkout, changes)
    if not keep_files:
        _refuse_dependents(name, checkout)
    plan = assemble(f"remove {name}", {"name": name}, checkout, changes)
    files = () if keep_files else tuple(_deletions(names, checkout))
    if not changes and not files:
        raise unknown_backend(name, checkout)
    base = {**base_of(files, checkout), **plan.base}
    edited = set(edited_files(name, checkout))
    notes = tuple(f"{edit.path} was edited since it was generated" for edit in files if edit.path in edited)
    ordered = sorted(files, key=lambda edit: edit.path not in edited)
    plan = replace(plan, edits=(*ordered, *plan.edits), base=base, notes=notes)
    after = planned(plan, checkout)
    prove(plan, checkout, after, changes)
    prove_routes(checkout, after, name)
    _prove_others(checkout, after, names)
    return replace(plan, manual=(*plan.manual, *_links_left(checkout, after, names)))


def _links_left(before: Checkout, after: Checkout, names: Sequence[str]) -> Iterable[Manual]:
    """Links in prose that lead to a page which goes: the documentation is not built with them."""
    gone = {name for name in names if before.exists(page_path(name)) and not after.exists(page_path(name))}
    for link in links(after) if gone else ():
        if link.name in gone:
            reason = f"leads to {page_path(link.name)}, which goes"
            yield Manual(link.path, link.line, "", reason, OwnPage.id, ("REG721",), needed=False)


def _prove_others(before: Checkout, after: Checkout, names: Sequence[str]) -> None:
    """Every fact of every other backend must be unchanged."""
    known = {fact.backend for place in (Matrix(), GalleryIndex()) for fact in place.observe(before)} - set(names)
    for place in places():
        left = {(fact.backend, fact.key) for fact in place.observe(after)}
        for fact in place.observe(before):
            if fact.backend in known and (fact.backend, fact.key) not in left:
                where = f"{fact.path}:{fact.line}"
                raise UsageError("remove-collateral", f"{fact.backend} would lose {fact.key}", where=where)


def _refuse_broken(checkout: Checkout) -> None:
    """Refuses a checkout with a registration file that does not parse: what it has of the backend would stay."""
    for place in places():
        probe = place.probe(checkout)
        if probe.defect:
            path = place.path(checkout)
            raise UsageError(
                "registration-unreadable",
                f"{probe.unrecognised}, so nothing can be taken out of it",
                where=f"{path}:{probe.line}",
                hint="repair the file first",
            )


def _refuse_strangers(name: str, checkout: Checkout, changes: Sequence[Change]) -> None:
    """Refuses a directory that is neither registered nor generated: `common` and `grpc` are not backends."""
    directories = [language.directory_of(name) for language in languages().values()]
    present = [path for path in directories if checkout.is_dir(path)]
    if present and not changes and not any(checkout.exists(f"{path}/{ANSWERS_NAME}") for path in present):
        raise NotFoundError(
            "backend-unregistered", f"{name!r} is registered nowhere, so its directory is not touched", where=present[0]
        )


def _refuse_dependents(name: str, checkout: Checkout) -> None:
    others = dependents(checkout, name)
    if others:
        raise UsageError(
            "backend-needed",
            f"{', '.join(others)} {'is' if len(others) == 1 else 'are'} built upon {name!r}",
            where=next(iter(others.values())),
            hint="remove those first, or pass --keep-files to take away only the registration",
        )


def own_paths(names: Sequence[str], checkout: Checkout) -> dict[str, str]:
    """The files of a backend alone, with the place that owns each: its directory, its Dockerfile and the files of the
    places. `names` are its name and then what the gallery calls it."""
    name = names[0]
    owners_by_path = dict.fromkeys(generated_files(name, checkout), SCAFFOLD)
    for place in places():
        if place.probe(checkout).usable:
            for path in (path for each in names for path in place.own_files(checkout, each)):
                owners_by_path.setdefault(path, place.id)
    return owners_by_path


def _deletions(names: Sequence[str], checkout: Checkout) -> Iterable[Edit]:
    """Deletes the backend's own files, one by one."""
    for path, owner in own_paths(names, checkout).items():
        text, mode = checkout.read(path), None
        if text is None:
            text, mode = checkout.link(path), GITLINK
        diff = whole_file(path, text, None, mode)
        yield Edit(path, "delete", owner, f"the files of {names[0]}", (), "inserted", diff, mode)
