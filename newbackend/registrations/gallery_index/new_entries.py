"""Missing gallery entries, as text and as a change that inserts them after the entry of the other channel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from newbackend.catalog.variants import hardware_of, variant_table
from newbackend.checkout.layout import INDEX
from newbackend.records import dataclass
from newbackend.registrations.base import Change, ExpectedFact, Fact
from newbackend.registrations.gallery_index.entries import DEV
from newbackend.registrations.gallery_index.place import GalleryIndex
from newbackend.registrations.support.yaml_files import sequence
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.gallery import CHANNELS, capabilities_of, suffix_of
from newbackend.splice.outcome import Inserted
from newbackend.splice.prove import ListEdit
from newbackend.splice.yaml_list import insert_after


@dataclass(frozen=True)
class NewEntries:
    """Entries for one image, and the fact after which they are inserted; no values when no safe name is known."""

    values: tuple[dict[str, Any], ...] = ()
    after: Fact | None = None

    @property
    def text(self) -> str:
        """The text of the entries."""
        return GalleryIndex().snippet([_wanted(value) for value in self.values])


def _wanted(value: dict[str, Any]) -> ExpectedFact:
    return ExpectedFact("entry", f"entry:{value['name']}", value, "", (), "entries")


def asked_names(info: BackendInfo, suffix: str, channels: Iterable[str]) -> list[str]:
    """Names that capability maps already give to the image of a suffix, in these channels."""
    wanted = hardware_of(suffix, info.name)
    names = []
    for meta in info.metas:
        for target in capabilities_of(meta).values():
            channel = "master" if str(target).endswith(DEV) else "latest"
            if channel in channels and hardware_of(str(target), info.gallery) == wanted:
                names.append(str(target))
    return list(dict.fromkeys(names))


def new_entries(context: Context, info: BackendInfo, suffix: str, channels: Sequence[str]) -> NewEntries:
    """The entries that offer an image in these channels.

    The name is that of the other channel's entry, else that in a capability map, else upstream's usual one. If that is
    taken, nothing is proposed.
    """
    anchor = str(info.meta.value.get("&") or "") if info.meta else ""
    twin = next((entry for entry in info.entries if suffix_of(entry) == suffix), None)
    taken = {str(fact.value.get("name")) for fact in context.facts("gallery-index")}
    asked = [name.removesuffix(DEV) for name in asked_names(info, suffix, channels) if name not in taken]
    variant = variant_table().variants[hardware_of(suffix, info.name)]
    if twin:
        name = str(twin.value.get("name")).removesuffix(DEV)
    elif asked:
        name = asked[0]
    elif info.lang:
        name = variant.entry_name(info.language.flavours[info.language.default_flavour].profile, info.gallery)
    else:
        return NewEntries()
    names = {channel: name + CHANNELS[channel] for channel in channels}
    if not anchor or any(entry in taken for entry in names.values()):
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
    """The change that inserts them, with its proof; None when nothing safe can be inserted."""
    entries = sequence(context.checkout, INDEX, ())
    if entries is None or new.after is None or not new.values:
        return
    line = new.after.line
    item = next((item for item in entries.items if item.line == line), None)
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
    outcome = Inserted((insert_after(entries, item, rows),), item.last + 2)
    reason = f"the images of {info.name}, latest and master"
    yield Change(place.id, INDEX, outcome, reason, (rule,), new.text, (ListEdit((), proof),))
