"""`backend/index.yaml`: the gallery. A meta entry maps host capabilities to image entries (contract 11.4, 13.7).

Every variant needs a `latest` and a `master` entry whose uri ends in the matrix row's tag suffix.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from newbackend.catalog import modalities, variant_table
from newbackend.checkout.layout import INDEX
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.registrations.base import Change, ExpectedFact, Fact, Place, Probe, answers_for, groups, rules_of
from newbackend.registrations.matrix.place import Matrix, rows_of
from newbackend.registrations.support.yaml_files import probe_sequence, removal, sequence
from newbackend.spec import BackendSpec
from newbackend.splice.lines import Lines
from newbackend.splice.outcome import AnchorMissing, Inserted, Splice
from newbackend.splice.prove import ListEdit
from newbackend.splice.yaml_list import Item, YamlList, block_text, scalar

DEV = "-development"
_TAG = re.compile(r":(?:latest|master)(-[^:/@]*)\Z")


def capabilities_of(spec: BackendSpec, suffix: str = "") -> dict[str, str]:
    """Capability key -> image entry name, by contract 13.7; `suffix` is "" or `-development`."""
    table = variant_table()
    found: dict[str, str] = {}
    for variant_id in spec.variants:
        variant = table.variants[variant_id]
        keys = list(variant.capability_keys)
        keys += [key for key, owner in variant.fallback_for.items() if owner not in spec.variants]
        for key in keys:
            found.setdefault(key, entry_name(spec, variant_id))
    found.update((spec.overrides.get("capabilities") or {}).items())
    ordered = [key for key in table.capability_order if key in found]
    ordered += [key for key in found if key not in ordered]
    return {key: found[key] + suffix for key in ordered if found[key]}


def entry_name(spec: BackendSpec, variant_id: str) -> str:
    """Name of a variant's production image entry."""
    override = (spec.overrides.get("variants") or {}).get(variant_id) or {}
    return str(override.get("entry") or variant_table().variants[variant_id].index_name(spec.lang, spec.gallery))


def image_suffixes(spec: BackendSpec, variant_id: str) -> list[str]:
    """The distinct tag suffixes of a variant's rows: one image each."""
    return list(dict.fromkeys(row["tag-suffix"] for row in rows_of(spec, variant_id)))


def meta_tags(spec: BackendSpec) -> list[str]:
    """The gallery tags: the answer, else those of the modalities."""
    if spec.tags:
        return list(spec.tags)
    tags = [tag for modality in spec.modalities for tag in modalities()[modality].tags]
    return list(dict.fromkeys(tags))


def is_meta(item: Item) -> bool:
    """LocalAI's own test, on the entry's own keys: capabilities and no uri."""
    return "capabilities" in item.fields and "uri" not in item.fields


class GalleryIndex(Place):
    """Metas, development metas and image entries."""

    id = "gallery-index"
    title = "gallery index"
    order = 20
    override_keys = frozenset(("name", "anchor", "meta", "dev-meta"))
    takes_facts = True

    def path(self, checkout: Checkout) -> str:
        return INDEX

    def probe(self, checkout: Checkout) -> Probe:
        return probe_sequence(checkout, INDEX, ())

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        found = sequence(checkout, INDEX, ())
        assert found is not None  # probe() saw it
        anchors = {item.anchor: str(item.get("name") or "") for item in found.items if item.anchor}
        facts: list[Fact] = []
        for item in found.items:
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
        wanted = [ExpectedFact("meta", f"meta:{spec.gallery}", _meta(spec), reason, ("REG201",), "meta")]
        dev = {"<<": spec.anchor, "name": spec.gallery + DEV, "capabilities": capabilities_of(spec, DEV)}
        dev = _with(dev, answers_for(spec, self.id).get("dev-meta"))
        reason = f"the development channel of {spec.name}"
        wanted.append(ExpectedFact("meta", f"meta:{spec.gallery}{DEV}", dev, reason, ("REG202",), "dev-meta"))
        for variant_id in spec.variants:
            for channel in ("latest", "master"):
                for entry in _entries(spec, variant_id, channel):
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
        """What has the anchor goes in first: an alias may not stand before its anchor."""
        return sorted(wanted, key=lambda one: ("meta", "dev-meta", "entries").index(one.group))

    def from_answers(self, spec: BackendSpec, key: str, value: Any) -> Any:
        entry = checked_entry(key, value)
        kind = "meta" if "capabilities" in entry and "uri" not in entry else "entry"
        if key != f"{kind}:{entry.get('name')}":
            raise self.refuse_fact(key, "is not the key of its own value")
        if entry.get("<<", spec.anchor) != spec.anchor or entry.get("&", spec.anchor) != spec.anchor:
            raise self.refuse_fact(key, f"is not based on &{spec.anchor}")
        return entry

    def same(self, wanted: Any, found: Any) -> bool:
        """Prose may be edited by hand; what must agree is what LocalAI acts on."""
        keys = [key for key in wanted if key not in ("description", "tags", "icon", "license", "urls", "alias")]
        return all(wanted[key] == found.get(key) for key in keys)

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        found = sequence(checkout, INDEX, ())
        assert found is not None
        for group in groups(missing):
            kind = group[0].group
            after = _anchor_item(found, kind)
            if after is None:
                outcome = AnchorMissing("no meta section with anchored entries was found", found.line)
                yield Change(self.id, INDEX, outcome, group[0].reason, rules_of(group), self.snippet(group))
                continue
            rows = [row for wanted in group for row in _lines(wanted, after.indent)]
            if kind == "entries" and not _has_section(found.lines, spec.name):
                rows.insert(0, f"## {spec.name}")
            at, text = found.lines.after(after.last, rows)
            merged = _merged_meta(checkout, spec, missing)
            added = tuple((after.index + 1, _value(wanted, merged)) for wanted in group)
            outcome_ok = Inserted((Splice(at, at, text),), after.last + 2)
            proof = ListEdit((), added)
            yield Change(self.id, INDEX, outcome_ok, group[0].reason, rules_of(group), self.snippet(group), (proof,))

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        found = sequence(checkout, INDEX, ())
        if found is None:
            return
        own = {fact.line for fact in self.observe(checkout) if fact.backend == name}
        heading = _section_line(found.lines, name)
        also = [heading] if heading is not None and _owns_section(found, heading, own) else []
        gone = removal(found, lambda item: item.line in own, also)
        if not gone:
            return
        splices, proof, line = gone
        reason = f"every gallery entry of {name}"
        yield Change(self.id, INDEX, Inserted(splices, line), reason, ("REG201",), "", (proof,))

    def snippet(self, wanted: Sequence[ExpectedFact]) -> str:
        return "\n".join(row for one in wanted for row in _lines(one, 0))


_KEY = re.compile(r"[a-z][a-z0-9-]*\Z|<<\Z|&\Z")
_ANCHOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\Z")


def checked_entry(key: str, value: Any) -> dict[str, Any]:
    """A gallery entry of the answers, or a UsageError when it could not be written as one."""
    if not isinstance(value, Mapping):
        raise UsageError("overrides-fact", f"overrides.places.gallery-index.facts.{key} must be a mapping")
    for name, content in value.items():
        inner = content.items() if isinstance(content, Mapping) else ()
        texts = [content] if isinstance(content, str) else [row for row in content if isinstance(row, str)]
        bad = [part for part, _ in (*inner, (name, "")) if not _KEY.match(part)]
        bad += [text for text in texts if name in ("&", "<<") and not _ANCHOR.match(text)]
        bad += [text for _, text in inner if not isinstance(text, str)]
        if bad:
            raise UsageError("overrides-fact", f"overrides.places.gallery-index: {bad[0]!r} is not a plain name")
    return dict(value)


def _with(value: dict[str, Any], said: Any) -> dict[str, Any]:
    """An entry with the fields that the answers give it; an empty field goes."""
    merged = {**value, **checked_entry("meta", said or {})}
    return {key: content for key, content in merged.items() if content != ""}


def owners(checkout: Checkout) -> dict[str, str]:
    """Gallery name -> backend, for names that are no backend's: whose rows build all of its images (matrix
    `depth-anything-cpp`, gallery `depth-anything`)."""
    builders: dict[str, set[str]] = {}
    rows = Matrix().observe(checkout)
    for row in rows:
        builders.setdefault(str(row.value.get("tag-suffix") or ""), set()).add(row.backend)
    known = {row.backend for row in rows}
    found: dict[str, set[str]] = {}
    for fact in GalleryIndex().observe(checkout):
        if fact.backend not in known and fact.kind == "entry":
            suffix = _TAG.search(str(fact.value.get("uri") or ""))
            found.setdefault(fact.backend, set()).update(builders.get(suffix[1], ()) if suffix else ())
    return {family: next(iter(who)) for family, who in found.items() if len(who) == 1}


def families(checkout: Checkout, name: str) -> tuple[str, ...]:
    """Gallery names of a backend beside its own."""
    return tuple(sorted(family for family, owner in owners(checkout).items() if owner == name))


def _meta(spec: BackendSpec) -> dict[str, Any]:
    value: dict[str, Any] = {"&": spec.anchor, "name": spec.gallery, "alias": spec.gallery}
    if spec.license:
        value["license"] = spec.license
    if spec.icon:
        value["icon"] = spec.icon
    if spec.description:
        value["description"] = spec.description + "\n"
    urls = list(spec.urls) or ([spec.pin.url] if spec.pin else [])
    if urls:
        value["urls"] = urls
    value["tags"] = meta_tags(spec)
    value["capabilities"] = capabilities_of(spec)
    return _with(value, answers_for(spec, GalleryIndex.id).get("meta"))


def _entries(spec: BackendSpec, variant_id: str, channel: str) -> list[dict[str, Any]]:
    table = variant_table()
    dev = DEV if channel == "master" else ""
    return [
        {
            "<<": spec.anchor,
            "name": entry_name(spec, variant_id) + dev,
            "uri": f"{table.uri}:{channel}{suffix}",
            "mirrors": [f"{table.mirror}:{channel}{suffix}"],
        }
        for suffix in image_suffixes(spec, variant_id)
    ]


def _merged_meta(checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Mapping[str, Any]:
    """What `*anchor` stands for: the meta that goes in now, else the one already there."""
    for wanted in missing:
        if wanted.group == "meta":
            return {key: value for key, value in wanted.value.items() if key not in ("&",)}
    found = sequence(checkout, INDEX, ())
    for item in found.items if found else ():
        if item.anchor == spec.anchor:
            return item.own()
    return {}


def _value(wanted: ExpectedFact, meta: Mapping[str, Any]) -> dict[str, Any]:
    """The parsed value of an entry, merge key resolved: own keys win over the meta's."""
    own = {key: value for key, value in wanted.value.items() if key not in ("&", "<<")}
    return {**meta, **own} if "<<" in wanted.value else own


def _anchor_item(found: YamlList, kind: str) -> Item | None:
    """The item after which a group goes: metas and development metas at the end of theirs in the section
    of metas, image entries at the end of the file.

    The section is the run of metas with the most anchors: upstream's file also has a few metas that
    stand with their images further down.
    """
    items = found.items
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


def _has_section(lines: Lines, name: str) -> bool:
    return _section_line(lines, name) is not None


def _owns_section(found: YamlList, heading: int, own: set[int]) -> bool:
    """Whether the section under a heading line holds only this backend's entries."""
    for item in found.items:
        if item.first > heading:
            return item.line in own
    return False


def _lines(wanted: ExpectedFact, indent: int) -> list[str]:
    pad = " " * indent
    value = wanted.value
    rows: list[str] = []
    if "&" in value:
        rows.append(f"{pad}- &{value['&']}")
    elif "<<" in value:
        rows.append(f"{pad}- !!merge <<: *{value['<<']}")
    for key, content in value.items():
        if key in ("&", "<<"):
            continue
        rows += _field(pad + "  ", key, content)
    if rows and not rows[0].lstrip().startswith("- "):
        rows[0] = f"{pad}- {rows[0].strip()}"
    return rows


def _field(pad: str, key: str, content: Any) -> list[str]:
    if isinstance(content, dict):
        quoted = {name: scalar(value, '"') for name, value in content.items()}
        return [f"{pad}{key}:", *(f"{pad}  {name}: {value}" for name, value in quoted.items())]
    if isinstance(content, list):
        return [f"{pad}{key}:", *(f"{pad}  - {_plain(value)}" for value in content)]
    if key == "description":
        block = block_text(content, len(pad) + 2)
        if block is not None:
            return [f"{pad}{key}: |", *block]
    style = '"' if key in ("name", "alias", "uri", "description") else None
    return [f"{pad}{key}: {_plain(content) if style is None else scalar(content, style)}"]


def _plain(value: str) -> str:
    """A plain scalar where upstream writes one (URLs, tags, image references), else double quotes."""
    if re.fullmatch(r"https?://[A-Za-z0-9/._%~?=&+-]+(?::[A-Za-z0-9/._%~?=&+-]+)*", value):
        return value
    if re.fullmatch(r"[a-z0-9]+/[a-z0-9-]+:[A-Za-z0-9._-]+", value):
        return value
    return scalar(value, None)


PLACE = GalleryIndex()
