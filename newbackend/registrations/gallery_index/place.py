"""`backend/index.yaml`: the gallery. A meta entry maps host capabilities to image entries.

Every variant needs a `latest` and a `master` entry whose uri ends in the matrix row's tag suffix.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar

from newbackend.checkout.layout import INDEX
from newbackend.checkout.tree import Checkout, cached
from newbackend.registrations.base import Altered, Change, ExpectedFact, Fact, Place, Probe, groups
from newbackend.registrations.gallery_index.entries import (
    DEV,
    PLACE_ID,
    checked_entry,
    dev_meta_of,
    entry_lines,
    image_entries,
    meta_of,
)
from newbackend.registrations.matrix.place import Matrix
from newbackend.registrations.support.alter_item import alter_item, new_values
from newbackend.registrations.support.yaml_files import need_sequence, probe_sequence
from newbackend.spec import BackendSpec
from newbackend.splice.lines import Lines
from newbackend.splice.operation import add_items, anchor_missing, drop_items
from newbackend.splice.three_way import Differs
from newbackend.splice.yaml_list import Item, YamlList

_TAG = re.compile(r":(?:latest|master)(-[^:/@]*)\Z")


def is_meta(item: Item) -> bool:
    """LocalAI's own test, on the entry's own keys: capabilities and no uri."""
    return "capabilities" in item.fields and "uri" not in item.fields


class GalleryIndex(Place):
    """Metas, development metas and image entries."""

    id = PLACE_ID
    title = "gallery index"
    order = 20
    needs: ClassVar = dict.fromkeys(("REG202", "REG203"), frozenset({"REG201"}))  # they merge the meta's anchor
    override_keys = frozenset(("name", "anchor", "meta", "dev-meta"))
    file = INDEX
    takes_facts = True

    def shape(self, checkout: Checkout, text: str) -> Probe:
        return probe_sequence(checkout, INDEX, ())

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        items = need_sequence(checkout, INDEX, ()).items
        anchors = {item.anchor: str(item.get("name") or "") for item in items if item.anchor}
        facts: list[Fact] = []
        for item in items:
            name = str(item.get("name") or "")
            base = anchors.get(item.merges[0], "") if item.merges else name
            value = {**({"<<": item.merges[0]} if item.merges else {}), **item.own()}
            if item.anchor:
                value["&"] = item.anchor
            kind = "meta" if is_meta(item) else "entry"
            facts.append(Fact(kind, f"{kind}:{name}", base.removesuffix(DEV) or name, value, INDEX, item.line))
        return facts

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        reason = f"the gallery entry users install {spec.name} by"
        wanted = [ExpectedFact("meta", f"meta:{spec.gallery}", meta_of(spec), reason, ("REG201",), "meta")]
        key, reason = f"meta:{spec.gallery}{DEV}", f"the development channel of {spec.name}"
        wanted.append(ExpectedFact("meta", key, dev_meta_of(spec), reason, ("REG202",), "dev-meta"))
        for variant_id in spec.variants:
            for channel in ("latest", "master"):
                for entry in image_entries(spec, variant_id, channel):
                    reason = "the images of every variant, latest and master"
                    wanted.append(
                        ExpectedFact("entry", f"entry:{entry['name']}", entry, reason, ("REG203", "REG204"), "entries")
                    )
        return wanted

    def group_of(self, kind: str, value: Any) -> str:
        if isinstance(value, Mapping) and "&" in value:
            return "meta"
        return "dev-meta" if kind == "meta" else "entries"

    def arranged(self, wanted: list[ExpectedFact]) -> list[ExpectedFact]:
        """The entry with the anchor is inserted first: an alias must come after its anchor."""
        return sorted(wanted, key=lambda fact: ("meta", "dev-meta", "entries").index(fact.group))

    def from_answers(self, spec: BackendSpec, key: str, value: Any) -> Any:
        entry = checked_entry(key, value)
        kind = "meta" if "capabilities" in entry and "uri" not in entry else "entry"
        if key != f"{kind}:{entry.get('name')}":
            raise self.refuse_fact(key, "is not the key of its own value")
        if entry.get("<<", spec.anchor) != spec.anchor or entry.get("&", spec.anchor) != spec.anchor:
            raise self.refuse_fact(key, f"is not based on &{spec.anchor}")
        return entry

    def same(self, wanted: Any, observed: Any) -> bool:
        """Prose may differ; only fields that LocalAI uses must agree."""
        keys = [key for key in wanted if key not in ("description", "tags", "icon", "license", "urls", "alias")]
        return all(wanted[key] == observed.get(key) for key in keys)

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        return self._inserted(checkout, spec, missing, {})

    def revise(
        self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact], altered: Sequence[Altered]
    ) -> Iterable[Change]:
        """New entries merge the meta as it will be."""
        fields: dict[str, Any] = {}
        with suppress(Differs):
            for fact in altered:
                fields |= new_values(_of_one_channel(fact)) if fact.there.value.get("&") == spec.anchor else {}
        if missing:
            yield from self._inserted(checkout, spec, missing, fields)
        yield from self.alter(checkout, spec, altered)

    def alter(self, checkout: Checkout, spec: BackendSpec, altered: Sequence[Altered]) -> Iterable[Change]:
        index = need_sequence(checkout, INDEX, ())
        for fact in altered:
            item = next(item for item in index.items if item.line == fact.there.line)
            operation = alter_item(index, item, _of_one_channel(fact), lambda value: entry_lines(value, 0))
            yield self.added(checkout, [fact.new], operation)

    def remove(self, checkout: Checkout, facts: Sequence[Fact]) -> Iterable[Change]:
        index = need_sequence(checkout, INDEX, ())
        lines = {fact.line for fact in facts}
        gone = [item for item in index.items if item.line in lines]
        if gone:
            reason = f"the entries {', '.join(str(item.get('name')) for item in gone)}"
            yield self.taken(checkout, drop_items(index, gone), reason, "REG203", "REG204")

    def _inserted(
        self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact], meta_fields: Mapping[str, Any]
    ) -> Iterable[Change]:
        index = need_sequence(checkout, INDEX, ())
        own = {fact.line for fact in self.observe(checkout) if fact.backend in (spec.name, spec.gallery)}
        images = [item for item in index.items if item.line in own and not is_meta(item)]
        changed = {**_merged_meta(index, spec, missing), **meta_fields}
        merged = {key: value for key, value in changed.items() if value is not None}
        for group in groups(missing):
            kind = group[0].group
            after = images[-1] if kind == "entries" and images else _anchor_item(index, kind)
            if after is None:
                operation = anchor_missing("no meta section with anchored entries was found", index.line)
            else:
                items = [(_value(wanted, merged), entry_lines(wanted.value, after.indent)) for wanted in group]
                if kind == "entries" and not images and _section_line(index.lines, spec.name) is None:
                    items[0][1].insert(0, f"## {spec.name}")
                operation = add_items(index, after, items)
            yield self.added(checkout, group, operation)

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        index = need_sequence(checkout, INDEX, ())
        own = {fact.line for fact in self.observe(checkout) if fact.backend == name}
        gone = [item for item in index.items if item.line in own]
        if gone:
            heading = _section_line(index.lines, name)
            also = [heading] if heading is not None and _owns_section(index, heading, own) else []
            yield self.taken(checkout, drop_items(index, gone, also), f"every gallery entry of {name}", "REG201")

    def text(self, wanted: ExpectedFact) -> list[str]:
        return entry_lines(wanted.value, 0)


@cached
def owners(checkout: Checkout) -> dict[str, str]:
    """Gallery name -> backend, for names that no backend has: the backend whose rows build all of its images (matrix
    `depth-anything-cpp`, gallery `depth-anything`)."""
    builders: dict[str, set[str]] = {}
    rows = Matrix().observe(checkout)
    for row in rows:
        builders.setdefault(str(row.value.get("tag-suffix") or ""), set()).add(row.backend)
    known = {row.backend for row in rows}
    candidates: dict[str, set[str]] = {}
    for fact in GalleryIndex().observe(checkout):
        if fact.backend not in known and fact.kind == "entry":
            suffix = _TAG.search(str(fact.value.get("uri") or ""))
            candidates.setdefault(fact.backend, set()).update(builders.get(suffix[1], ()) if suffix else ())
    return {family: next(iter(who)) for family, who in candidates.items() if len(who) == 1}


def families(checkout: Checkout, name: str) -> tuple[str, ...]:
    """Gallery names of a backend beside its own."""
    return tuple(sorted(family for family, owner in owners(checkout).items() if owner == name))


def _of_one_channel(fact: Altered) -> Altered:
    """The fact with what changes in its capabilities as expected, where only the channel of an entry is another."""
    key = "capabilities"
    old, new, there = (value.get(key) or {} for value in (fact.old.value, fact.new.value, fact.there.value))
    own = {
        name: old[name] if old.get(name, "").removesuffix(DEV) == entry.removesuffix(DEV) != "" else entry
        for name, entry in there.items()
        if old.get(name) != new.get(name)
    }
    if not own:
        return fact
    return replace(fact, there=replace(fact.there, value={**fact.there.value, key: {**there, **own}}))


def _merged_meta(index: YamlList, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Mapping[str, Any]:
    """The meta behind `*anchor`: the one that is inserted now, else the existing one."""
    for wanted in missing:
        if wanted.group == "meta":
            return {key: value for key, value in wanted.value.items() if key not in ("&",)}
    for item in index.items:
        if item.anchor == spec.anchor:
            return item.own()
    return {}


def _value(wanted: ExpectedFact, meta: Mapping[str, Any]) -> dict[str, Any]:
    """The parsed value of an entry, merge key resolved: own keys win over the meta's."""
    own = {key: value for key, value in wanted.value.items() if key not in ("&", "<<")}
    return {**meta, **own} if "<<" in wanted.value else own


def _anchor_item(index: YamlList, kind: str) -> Item | None:
    """The item after which a group goes: metas and development metas at the end of theirs in the section
    of metas, image entries at the end of the file.

    The section is the run of metas with the most anchors: upstream's file also has a few metas that
    are with their images further down.
    """
    items = index.items
    if kind == "entries":
        return items[-1]
    runs: list[list[Item]] = [[]]
    for item in items:
        if item.anchor or is_meta(item):
            runs[-1].append(item)
        elif runs[-1]:
            runs.append([])
    section = max(runs, key=lambda run: sum(bool(item.anchor) for item in run))
    metas = [number for number, item in enumerate(section) if item.anchor]
    if not metas:
        return None
    behind = section[metas[-1] + 1 :]
    if kind == "dev-meta":
        return section[-1]
    paired = len(behind) == 1 and section[metas[-1]].anchor in behind[0].merges
    return section[-1] if paired else section[metas[-1]]


def _section_line(lines: Lines, name: str) -> int | None:
    hits = [number for number in range(len(lines)) if lines[number].strip() == f"## {name}"]
    return hits[0] if len(hits) == 1 else None


def _owns_section(index: YamlList, heading: int, own: set[int]) -> bool:
    """Whether the section under a heading line holds only this backend's entries."""
    for item in index.items:
        if item.first > heading:
            return item.line in own
    return False


PLACE = GalleryIndex()
