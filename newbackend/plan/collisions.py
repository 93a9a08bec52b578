"""Refuses a spec that collides with what the checkout already has (contract 11.2, 11.3)."""

from __future__ import annotations

from newbackend.catalog.languages import languages
from newbackend.checkout.layout import BUMP, INDEX, MATRIX, layout_of
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.registrations import places
from newbackend.registrations.base import Fact
from newbackend.registrations.gallery_index.place import DEV, entry_name
from newbackend.scaffold.render import answers_path
from newbackend.spec import BackendSpec


def check_collisions(spec: BackendSpec, checkout: Checkout) -> None:
    """Raises UsageError with the reason and the line that is in the way."""
    _language_here(spec, checkout)
    if not spec.keeps_files and not _ours(spec, checkout):
        _name_taken(spec, checkout)
    _index_collisions(spec, checkout)
    if spec.language.own_dockerfile and not spec.keeps_files:
        _dockerfile_suffix(spec, checkout)
    _pin_variable(spec, checkout)


def facts_of(checkout: Checkout, place_id: str) -> tuple[Fact, ...]:
    """The observed facts of one place."""
    return next(place for place in places() if place.id == place_id).observe(checkout)


def _language_here(spec: BackendSpec, checkout: Checkout) -> None:
    if spec.lang == "rust" and not layout_of(checkout).features["rust"]:
        raise UsageError(
            "lang-not-here", "this checkout has no backend/Dockerfile.rust, so it cannot build Rust backends"
        )
    needed = spec.language.flavour_needs_path.get(spec.flavour)
    if needed and not spec.keeps_files and not checkout.exists(needed):
        raise UsageError(
            "flavour-not-here", f"{spec.flavour} builds on a file that is not in this checkout", where=needed
        )


def _ours(spec: BackendSpec, checkout: Checkout) -> bool:
    """Whether the backend that has the name was generated here as this language."""
    return checkout.exists(answers_path(spec))


def _name_taken(spec: BackendSpec, checkout: Checkout) -> None:
    hint = f"pick another name, or see `newbackend verify {spec.name}`"
    for language in languages().values():
        directory = language.directory_of(spec.name)
        if checkout.is_dir(directory):
            raise UsageError("name-taken", f"there is a backend {spec.name!r} already", where=directory, hint=hint)
    for place in places():
        if place.id == "path-filter":
            continue  # its facts are the matrix rows' routes
        for fact in place.observe(checkout):
            if fact.backend == spec.name:
                where = f"{fact.path}:{fact.line}"
                raise UsageError("name-taken", f"the name {spec.name!r} is registered already", where=where, hint=hint)


def _index_collisions(spec: BackendSpec, checkout: Checkout) -> None:
    wanted = {entry_name(spec, variant) for variant in spec.variants}
    wanted |= {name + DEV for name in wanted} | {spec.gallery, spec.gallery + DEV}
    own = {spec.name, spec.gallery}
    for fact in facts_of(checkout, "gallery-index"):
        where = f"{INDEX}:{fact.line}"
        name = str(fact.value.get("name") or "")
        if fact.value.get("&") == spec.anchor and name != spec.gallery:
            raise UsageError(
                "anchor-taken",
                f"the YAML anchor &{spec.anchor} of {spec.name!r} is {name}'s already; a second would rebind merges",
                where=where,
            )
        if fact.backend not in own and (name in wanted or fact.value.get("alias") == spec.gallery):
            raise UsageError("entry-taken", f"the gallery name {name!r} belongs to {fact.backend}", where=where)


def _dockerfile_suffix(spec: BackendSpec, checkout: Checkout) -> None:
    """A branch tests how the Dockerfile's name ends, so no name may be the ending of another's."""
    own = spec.language.dockerfile_of(spec.name)
    suffix = own.rsplit("Dockerfile.", 1)[-1]
    for language in languages().values():
        word = language.dockerfile.rsplit("Dockerfile.", 1)[-1]
        if "{name}" not in word and own.endswith(word):
            raise UsageError(
                "dockerfile-suffix",
                f"Dockerfile.{suffix} ends with {word!r}, which the path filter reads as {language.title}",
            )
    for fact in facts_of(checkout, "matrix"):
        other = str(fact.value.get("dockerfile") or "")
        if fact.backend != spec.name and other.endswith(suffix):
            raise UsageError(
                "dockerfile-suffix",
                f"{other.rsplit('/', 1)[-1]} ends with {suffix!r}, so a branch for {spec.name!r} would take its rows",
                where=f"{MATRIX}:{fact.line}",
            )


def _pin_variable(spec: BackendSpec, checkout: Checkout) -> None:
    """The bump bot names its branches and message files after the variable, so it must be unique."""
    if spec.pin is None:
        return
    for fact in facts_of(checkout, "bump-bot"):
        if fact.value.get("variable") == spec.pin.variable and fact.backend != spec.name:
            raise UsageError(
                "pin-variable-taken",
                f"the bump bot already follows {spec.pin.variable} for {fact.backend or fact.value.get('file')}",
                where=f"{BUMP}:{fact.line}",
                hint="pass --set pin.variable=NAME",
            )
