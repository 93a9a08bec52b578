"""An importer's list of drop-in backends against the code that handles each."""

from __future__ import annotations

import re
from collections.abc import Iterable

from newbackend.checklist import IMPORTABLE
from newbackend.findings import Confidence, Finding, Location, Severity
from newbackend.registrations.support import importers_dir
from newbackend.registrations.support.go_files import go_file
from newbackend.rulebook import Scope
from newbackend.rules.context import Context
from newbackend.rules.registry import check, rule
from newbackend.splice.golang_lists import Spot, spots

_COMMENT = re.compile(r"//[^\n]*")
_METHODS = ("Match", "Import")

DROP_IN_REFUSED = rule(
    "REG610",
    "drop-in-not-let-through",
    Severity.ERROR,
    confidence=Confidence.LIKELY,
    what="An importer offers a drop-in backend, and its own code, which looks for the other drop-ins by name, does not "
    "know it.",
    why="The form offers the choice and the importer does not act on it: the import is refused, or the model is "
    "imported for the importer's own backend.",
    how="Add the name wherever the importer's Match and Import list the others.",
    incident="4baa36ddd (#11100) had to put vllm-cpp into llama-cpp's list and into its switch.",
    bad='AdditionalBackends: {Name: "demo", …}, {Name: "other", …}\ncase "other":',
    good='AdditionalBackends: {Name: "demo", …}, {Name: "other", …}\ncase "other", "demo":',
    checklist=IMPORTABLE,
)


@check(DROP_IN_REFUSED, needs=("importer-drop-in",), scope=Scope.REPO)
def let_through(context: Context) -> Iterable[Finding]:
    """A name that the importer offers and its own code never mentions, beside others that it does."""
    by_host: dict[str, dict[str, int]] = {}
    for fact in context.facts("importer-drop-in"):
        by_host.setdefault(fact.path, {}).setdefault(fact.backend, fact.line)
    for importer in importers_dir.importers(context.checkout):
        names = by_host.get(importer.path, {})
        source = _COMMENT.sub("", context.read(importer.path) or "")
        forgotten = [name for name in names if source.count(f'"{name}"') == 1]
        if not forgotten or len(forgotten) == len(names):
            continue  # code that tells none of them apart treats them all alike
        spot = next((spot for spot in _spots(context, importer) if set(spot.words) & names.keys()), None)
        if spot is None:
            continue
        for name in forgotten:
            listed = ", ".join(spot.words)
            message = f"{importer.type_name} offers {name}, and its code, which looks for {listed}, does not know it"
            yield Finding(
                DROP_IN_REFUSED,
                f"{importer.backend} {name}",
                importer.path,
                line=spot.line + 1,
                message=message,
                backend=context.known(name),
                expected=f'"{name}"',
                related=(Location(importer.path, names[name]),),
            )


def by_word(context: Context) -> dict[str, importers_dir.Importer]:
    """Every name that an importer with drop-ins looks for, but its own, with that importer."""
    files = {fact.path for fact in context.facts("importer-drop-in")}
    hosts = [importer for importer in importers_dir.importers(context.checkout) if importer.path in files]
    return {
        word: importer
        for importer in hosts
        for spot in _spots(context, importer)
        for word in spot.words
        if word != importer.backend
    }


def _spots(context: Context, importer: importers_dir.Importer) -> tuple[Spot, ...]:
    """The lists of names in an importer's own decisions."""
    file = go_file(context.checkout, importer.path)
    return tuple(spot for method in _METHODS for spot in spots(file, method, importer.type_name))
