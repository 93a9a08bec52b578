"""Gallery entries that are missing, as text to show and as a change to make: right behind their twin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from newbackend.catalog import variant_table
from newbackend.checkout.layout import INDEX
from newbackend.registrations.base import Change, ExpectedFact, Fact
from newbackend.registrations.gallery_index.place import GalleryIndex
from newbackend.registrations.support.yaml_files import sequence
from newbackend.rules.context import DEV, BackendInfo, Context, capabilities_of, image_of
from newbackend.rules.tokens import hardware_of
from newbackend.splice.outcome import Inserted
from newbackend.splice.prove import ListEdit
from newbackend.splice.yaml_list import insert_after

CHANNELS = {"latest": "", "master": DEV}


@dataclass(frozen=True)
class NewEntries:
    """Entries for one image, and the fact after which they go; no values when no safe name is known."""

    values: tuple[dict[str, Any], ...] = ()
    after: Fact | None = None

    @property
    def text(self) -> str:
        """What should stand in the gallery."""
        return GalleryIndex().snippet([_wanted(value) for value in self.values])


def _wanted(value: dict[str, Any]) -> ExpectedFact:
    return ExpectedFact("entry", f"entry:{value['name']}", value, "", (), "entries")


def suffix_of(entry: Fact) -> str:
    """The tag suffix of an entry's image, "" when its uri has none."""
    image = image_of(entry.value.get("uri"))
    return image.suffix if image else ""


def asked_names(info: BackendInfo, suffix: str, channels: Iterable[str]) -> list[str]:
    """Names that capability maps already give to the image of a suffix, in these channels."""
    wanted = hardware_of(suffix, info.name)
    found = []
    for meta in info.metas:
        for target in capabilities_of(meta).values():
            channel = "master" if str(target).endswith(DEV) else "latest"
            if channel in channels and hardware_of(str(target), info.gallery) == wanted:
                found.append(str(target))
    return list(dict.fromkeys(found))


def new_entries(context: Context, info: BackendInfo, suffix: str, channels: Sequence[str]) -> NewEntries:
    """The entries that offer an image in these channels.

    The name is its twin's of the other channel, else what a capability map calls it, else upstream's
    usual one; when that is taken there is nothing to propose.
    """
    anchor = str(info.meta.value.get("&") or "") if info.meta else ""
    twin = next((entry for entry in info.entries if suffix_of(entry) == suffix), None)
    taken = {str(fact.value.get("name")) for fact in context.facts("gallery-index")}
    asked = [name.removesuffix(DEV) for name in asked_names(info, suffix, channels) if name not in taken]
    variant = variant_table().variants.get(hardware_of(suffix, info.name))
    if twin:
        name = str(twin.value.get("name")).removesuffix(DEV)
    elif asked:
        name = asked[0]
    elif variant and info.lang:
        name = variant.index_name(info.lang, info.gallery)
    else:
        return NewEntries()
    names = {channel: name + CHANNELS[channel] for channel in channels}
    if not anchor or any(one in taken for one in names.values()):
        return NewEntries()
    table = variant_table()
    values = tuple(
        {
            "<<": anchor,
            "name": names[channel],
            "uri": f"{table.uri}:{channel}{suffix}",
            "mirrors": [f"{table.mirror}:{channel}{suffix}"],
        }
        for channel in channels
    )
    return NewEntries(values, twin or (info.entries or info.metas)[-1])


def change_for(context: Context, info: BackendInfo, new: NewEntries, rule: str) -> Iterable[Change]:
    """The change that puts them in, proof included; nothing when there is nothing safe to put in."""
    found = sequence(context.checkout, INDEX, ())
    if found is None or new.after is None or not new.values:
        return
    line = new.after.line
    item = next((item for item in found.items if item.line == line), None)
    if item is None or info.meta is None:
        return
    pad = " " * item.indent
    place = GalleryIndex()
    rows = [[pad + row if row else row for row in place.snippet([_wanted(value)]).split("\n")] for value in new.values]
    merged = {key: value for key, value in info.meta.value.items() if key not in ("&", "<<")}
    proof = tuple(
        (item.index + 1, {**merged, **{key: part for key, part in value.items() if key != "<<"}})
        for value in new.values
    )
    outcome = Inserted((insert_after(found, item, rows),), item.last + 2)
    reason = f"the images of {info.name}, latest and master"
    yield Change(place.id, INDEX, outcome, reason, (rule,), new.text, (ListEdit((), proof),))
