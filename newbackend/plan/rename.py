"""`change --rename`: the files move, and every registration of the old name becomes one of the new name.

Rows, gallery entries and the bump bot's row are renamed in place; in the other places the old fact goes and the new one
comes. The YAML anchor and the pin's variable stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from newbackend.answers import Answers
from newbackend.answers_file import ANSWERS_NAME
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.overrides import SCAFFOLD
from newbackend.plan.build import assemble, planned, prove
from newbackend.plan.diff import of_splices, whole_file
from newbackend.plan.files import BaseOf, create, merge
from newbackend.plan.model import Edit, Plan
from newbackend.plan.registered import Registered
from newbackend.registrations import places
from newbackend.registrations.base import Altered, Change, Fact, Place
from newbackend.registrations.manual import Manual
from newbackend.registrations.model_gallery.place import ModelGallery
from newbackend.registrations.support.importers_dir import importer_of
from newbackend.scaffold.context import symbol_table
from newbackend.scaffold.generated import file_id, generated_files, recorded
from newbackend.scaffold.render import RenderedFile
from newbackend.spec import BackendSpec, make_spec
from newbackend.splice.golang import go_string
from newbackend.splice.lines import Lines
from newbackend.splice.outcome import Inserted, Splice
from newbackend.splice.yaml_fields import replace_lines

_IN_PLACE = frozenset(("matrix", "gallery-index", "model-gallery", "bump-bot"))
_DOCUMENTATION = frozenset(("compatibility-table", "docs-backends", "readme-engines"))


def renamed(answers: Answers, name: str) -> Answers:
    """The answers under another name, with the anchor and the pin's variable as they are registered."""
    old = make_spec(answers)
    word = re.compile(rf"(?<![A-Za-z0-9]){re.escape(old.name)}(?![A-Za-z0-9])")
    upper = re.compile(rf"(?<![A-Za-z0-9_]){re.escape(old.upper)}(?![A-Za-z0-9_])")
    stem = name.upper().replace("-", "_")

    def walk(value: Any) -> Any:
        if isinstance(value, str):
            return upper.sub(stem, word.sub(name, value))
        if isinstance(value, Mapping):
            return {walk(key): walk(content) for key, content in value.items()}
        return [walk(item) for item in value] if isinstance(value, list | tuple) else value

    overrides = walk({key: value for key, value in (answers.overrides or {}).items() if key != "places"})
    said = dict((answers.overrides or {}).get("places") or {})
    told = said.pop(ModelGallery.id, None)
    if said or told:
        kept = {ModelGallery.id: _models(told, old, name)} if told else {}
        overrides["places"] = {**walk(said), **kept}
    gallery = dict((overrides.get("places") or {}).get("gallery-index") or {})
    if old.gallery == old.name:
        gallery = {**gallery, "anchor": old.anchor}
        overrides["places"] = {**(overrides.get("places") or {}), "gallery-index": gallery}
    pin = replace(answers.pin, variable=old.pin.variable) if answers.pin and old.pin else answers.pin
    return replace(answers, name=name, pin=pin, overrides=overrides or None)


def _models(told: Mapping[str, Any], old: BackendSpec, name: str) -> dict[str, Any]:
    """What is said of the models: only the backend that they run on has another name, not their files."""
    backend = re.compile(rf"^( +backend: *)([\"']?){re.escape(old.name)}\2 *$", re.M)
    facts = {key: backend.sub(rf"\g<1>\g<2>{name}\2", str(text)) for key, text in (told.get("facts") or {}).items()}
    return {**told, "facts": facts} if facts else dict(told)


def registered_anew(
    checkout: Checkout, names: tuple[BackendSpec, BackendSpec], whole: tuple[BackendSpec, BackendSpec]
) -> tuple[tuple[Edit, ...], tuple[Manual, ...]]:
    """The edits of every place, and what is left to be done by hand.

    `names` correspond fact by fact; `whole` is everything that is registered, under both names. Each step is planned
    on the result of the one before and proven there; the edits are the difference of the first and the last.
    """
    old, new = names
    base, checkout = checkout, checkout.with_changes(_importers(checkout, old.name, new.name))
    usable = [place for place in places() if place.probe(checkout).usable]
    others = [place for place in usable if place.id not in _IN_PLACE | _DOCUMENTATION]
    kept = [fact for place in others for fact in _unspeakable(place, checkout, whole[0])]
    others = [place for place in others if not _unspeakable(place, checkout, whole[0])]
    named = [row for place in usable for row in _documented(place, checkout, old.name, new.name)]
    after, first = _step(checkout, [*named, *(row for place in usable for row in _in_place(place, checkout, old, new))])
    after, second = _step(after, [row for place in others for row in place.revert(after, old.name)])
    after, third = _step(after, [row for place in others for row in _anew(place, after, whole[1])])
    edits = []
    plans = (first, second, third)
    touched = {edit.path: edit.place for plan in reversed(plans) for edit in plan.made}
    touched |= dict.fromkeys(_importers(base, old.name, new.name), "importer-registry")
    for path, place in touched.items():
        before, text = base.need(path), after.need(path)
        lines, rows = Lines(before), Lines(text)
        splices = replace_lines(lines, 0, len(lines) - 1, [rows[number] for number in range(len(rows))])
        if splices:
            diff = of_splices(path, before, splices)
            reason = f"{old.name} is {new.name} now"
            edits.append(Edit(path, "modify", place, reason, (), "inserted", diff, None, None, tuple(splices)))
    why = f"is called {old.name} here, by hand"
    left = (Manual(fact.path, fact.line, "", f"{fact.key} {why}", "") for fact in kept)
    return tuple(edits), (*first.manual, *second.manual, *third.manual, *left)


def _anew(place: Place, checkout: Checkout, wanted: BackendSpec) -> Iterable[Change]:
    """What a place lacks. A route that leads elsewhere is one that is missing."""
    there = {fact.key: fact for fact in place.observe(checkout)}
    expected = place.wanted(wanted, checkout)
    missing = [row for row in expected if row.key not in there or not place.same(row.value, there[row.key].value)]
    return place.insert(checkout, wanted, missing) if missing else ()


def _importers(checkout: Checkout, old: str, new: str) -> dict[str, str]:
    """The backend's own importer and its tests, which call it by its name."""
    own = importer_of(checkout, old)
    paths = (own.path, f"{own.path.removesuffix('.go')}_test.go") if own else ()
    texts = {path: checkout.read(path) or "" for path in paths}
    return {
        path: text.replace(go_string(old), go_string(new)) for path, text in texts.items() if go_string(old) in text
    }


def _documented(place: Place, checkout: Checkout, old: str, new: str) -> Iterable[Change]:
    """The name where the documentation calls the backend exactly so; what it calls otherwise keeps its name."""
    word = re.compile(rf"(?<=[\[ ,]){re.escape(old)}(?=\]| \||[,)])")
    page = re.compile(rf"(?<=features/){re.escape(old)}(?=[\"/])")
    for fact in place.observe(checkout) if place.id in _DOCUMENTATION else ():
        lines = Lines(checkout.need(fact.path))
        row = lines[fact.line - 1] if fact.backend == old else ""
        found = [match for match in (word.search(row),) if match] + list(page.finditer(row))
        if found:
            start = lines.starts[fact.line - 1]
            at = sorted((start + match.start(), start + match.end()) for match in found)
            splices = tuple(Splice(first, end, new) for first, end in at)
            yield Change(place.id, fact.path, Inserted(splices, fact.line), f"{new} in the documentation", ())


def _unspeakable(place: Place, checkout: Checkout, spec: BackendSpec) -> list[Fact]:
    """Facts that no answers can give: such a place would lose them."""
    known = {fact.key for fact in place.wanted(spec, checkout)}
    own = [fact for fact in place.observe(checkout) if fact.backend == spec.name]
    return [fact for fact in own if fact.key not in known]


def _in_place(place: Place, checkout: Checkout, old: BackendSpec, new: BackendSpec) -> Iterable[Change]:
    if place.id not in _IN_PLACE:
        return ()
    before, after = place.wanted(old, checkout), place.wanted(new, checkout)
    if len(before) != len(after):
        raise UsageError("rename-unlike", f"{place.title}: the facts of the two names do not correspond")
    pairs = {one.key: (one, two) for one, two in zip(before, after, strict=True)}
    there = [fact for fact in place.observe(checkout) if fact.key in pairs]
    return place.alter(checkout, new, [Altered(*pairs[fact.key], fact) for fact in there])


def _step(checkout: Checkout, changes: list[Change]) -> tuple[Checkout, Plan]:
    plan = assemble("", {}, checkout, changes)
    after = planned(plan, checkout)
    prove(plan, checkout, after, changes)
    return after, plan


def with_bindings(checkout: Checkout, old: BackendSpec, new: BackendSpec) -> Checkout:
    """The checkout in which the files that come from the engine's header are where the new name has them: they are
    rendered by nobody (`Flavour.binds`), and a rename does not read the engine again."""
    found = {name: checkout.read(f"{old.directory}/{name}") for name in old.its_flavour.binds}
    table, renamed = re.compile(rf"\b{symbol_table(old)}\b"), symbol_table(new)
    return checkout.with_changes(
        {f"{new.directory}/{name}": table.sub(renamed, text) for name, text in found.items() if text is not None}
    )


def moved_files(
    known: Registered,
    checkout: Checkout,
    names: tuple[BackendSpec, BackendSpec],
    files: Mapping[str, RenderedFile],
    base_of_blob: BaseOf,
) -> tuple[list[Edit], list[Manual]]:
    """Every file under its new path: a generated one as rendered for the new name, merged with what was edited."""
    old, new = names
    edits: list[Edit] = []
    manual: list[Manual] = []
    paths = generated_files(old.name, checkout)
    record = recorded(known.answers, paths)
    for path in paths:
        target = path.replace(f"/{old.name}/", f"/{new.name}/", 1) if path.startswith(f"{old.directory}/") else path
        target = _renamed_path(target, old.name, new.name)
        now = checkout.read(path)
        if now is None:
            raise UsageError("rename-link", "is a submodule or a link, so it cannot be moved", where=path)
        edits.append(Edit(path, "delete", SCAFFOLD, f"moves to {target}", (), "inserted", whole_file(path, now, None)))
        text, left = _text(path, now, record.get(path, ""), files.get(target), names, base_of_blob)
        edits.append(create(target, RenderedFile(checkout.mode(path), text), f"the files of {new.name}"))
        if left:
            manual.append(Manual(target, 1, left, "conflicts with the edits here; it says what it said", SCAFFOLD))
    return edits, manual


def _renamed_path(path: str, old: str, new: str) -> str:
    head, _, tail = path.rpartition("/")
    return f"{head}/{re.sub(rf'(?<![A-Za-z0-9]){re.escape(old)}(?![A-Za-z0-9])', new, tail)}" if head else path


def _text(
    path: str,
    now: str,
    blob: str,
    file: RenderedFile | None,
    names: tuple[BackendSpec, BackendSpec],
    base_of_blob: BaseOf,
) -> tuple[str, str]:
    """The text of a moved file, and the conflict of one that could not be merged."""
    old, new = names
    moved = now.replace(f"{old.directory}/", f"{new.directory}/")
    if file is None or path.endswith(f"/{ANSWERS_NAME}"):
        return (file.text if file else moved), ""
    if file_id(now) == blob:
        return file.text, ""
    base = base_of_blob(blob) if blob else None
    if base is None:
        return moved, ""
    text, conflict = merge(now, base, file.text)
    return (moved, text) if conflict else (text, "")
