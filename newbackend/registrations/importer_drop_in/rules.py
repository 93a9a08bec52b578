"""Checks of drop-in backends: an importer's list of them against the places in its code that tell them apart."""

from __future__ import annotations

import re
from collections.abc import Iterable

from newbackend.findings import Finding, Location
from newbackend.registrations.support import importers_dir
from newbackend.registrations.support.go_files import go_file
from newbackend.rules.base import Check, Scope
from newbackend.rules.context import Context
from newbackend.rules.texts import registries as text
from newbackend.splice.golang import Spot

_COMMENT = re.compile(r"//[^\n]*")
_METHODS = ("Match", "Import")


def let_through(context: Context) -> Iterable[Finding]:
    """REG610: a name that the importer offers and its own code never mentions, beside others that it does."""
    by_host: dict[str, dict[str, int]] = {}
    for fact in context.facts("importer-drop-in"):
        by_host.setdefault(fact.path, {}).setdefault(fact.backend, fact.line)
    for one in importers_dir.importers(context.checkout):
        names = by_host.get(one.path, {})
        source = _COMMENT.sub("", context.read(one.path) or "")
        forgotten = [name for name in names if source.count(f'"{name}"') == 1]
        if not forgotten or len(forgotten) == len(names):
            continue  # code that tells none of them apart treats them all alike
        spot = next((spot for spot in _spots(context, one) if set(spot.words) & names.keys()), None)
        if spot is None:
            continue
        for name in forgotten:
            listed = ", ".join(spot.words)
            message = f"{one.type_name} offers {name}, and its code, which looks for {listed}, does not know it"
            yield Finding(
                text.DROP_IN_REFUSED,
                f"{one.backend} {name}",
                one.path,
                spot.line + 1,
                message,
                name if name in context.backends else "",
                expected=f'"{name}"',
                related=(Location(one.path, names[name]),),
            )


def by_word(context: Context) -> dict[str, importers_dir.Importer]:
    """Every name that an importer with drop-ins looks for, but its own, with that importer."""
    files = {fact.path for fact in context.facts("importer-drop-in")}
    hosts = [one for one in importers_dir.importers(context.checkout) if one.path in files]
    return {word: one for one in hosts for spot in _spots(context, one) for word in spot.words if word != one.backend}


def _spots(context: Context, one: importers_dir.Importer) -> tuple[Spot, ...]:
    """The lists of names in an importer's own decisions."""
    file = go_file(context.checkout, one.path)
    return tuple(spot for method in _METHODS for spot in file.spots(method, one.type_name))


CHECKS = (Check((text.DROP_IN_REFUSED,), let_through, needs=("importer-drop-in",), scope=Scope.REPO),)
