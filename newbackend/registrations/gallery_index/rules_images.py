"""Matrix against gallery, in both directions and both channels: REG101, REG104, REG203, REG204, REG205."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from newbackend.catalog import variant_table
from newbackend.checkout.layout import INDEX, MATRIX
from newbackend.findings import Finding, Fix, Location, Severity
from newbackend.registrations.base import Change, Fact
from newbackend.registrations.matrix.rules import row_name
from newbackend.rules.base import Check
from newbackend.rules.context import DEV, BackendInfo, Context, capabilities_of, image_of
from newbackend.rules.entries import CHANNELS, asked_names, change_for, new_entries, suffix_of
from newbackend.rules.fixes import align_suffix
from newbackend.rules.texts import gallery as gallery_text
from newbackend.rules.texts import matrix as matrix_text
from newbackend.rules.tokens import hardware_of

REGISTRY = "local-ai-backends:"


@dataclass
class Unmatched:
    """What is left of one backend when rows and entries are laid side by side, by tag suffix."""

    rows: dict[str, dict[str, Fact]] = field(default_factory=dict)
    entries: dict[str, list[Fact]] = field(default_factory=dict)


def unmatched(context: Context, info: BackendInfo) -> Unmatched:
    """Rows without an entry (per channel) and entries without a row. Images of other registries are
    somebody else's business."""
    left = Unmatched()
    offered: set[tuple[str, str]] = set()
    for entry in info.entries:
        image = image_of(entry.value.get("uri"))
        if image is None or REGISTRY not in str(entry.value.get("uri")):
            continue
        offered.add((image.channel, image.suffix))
        # One named for the other channel is one defect, REG215, and not a missing entry as well.
        offered.add(("master" if str(entry.value.get("name")).endswith(DEV) else "latest", image.suffix))
        if image.suffix not in context.rows_by_suffix:
            left.entries.setdefault(image.suffix, []).append(entry)
    for row in info.images:
        suffix = str(row.value.get("tag-suffix") or "")
        for channel in CHANNELS:
            if suffix and (channel, suffix) not in offered:
                left.rows.setdefault(suffix, {}).setdefault(channel, row)
    return left


def images(context: Context) -> Iterable[Finding]:
    """One finding per image: a row and an entry of the same hardware that miss each other are one defect."""
    names = {str(fact.value.get("name")) for fact in context.facts("gallery-index")}
    for info in context.backends.values():
        left = unmatched(context, info)
        explained: set[str] = set()
        for suffix in list(left.entries):
            row_suffix = _same_hardware(suffix, left, info)
            if row_suffix:
                yield _mismatch(context, info, suffix, left.entries.pop(suffix), left.rows.pop(row_suffix))
        for suffix, entries in left.entries.items():
            yield _no_row(context, info, suffix, entries)
        if info.metas or info.entries:
            for suffix, channels in left.rows.items():
                found = _no_entry(context, info, suffix, channels)
                explained.update(asked_names(info, suffix, channels))
                yield found
        yield from _dangling(context, info, names, explained)


def _same_hardware(suffix: str, left: Unmatched, info: BackendInfo) -> str:
    wanted = hardware_of(suffix, info.name)
    same = [row for row in left.rows if hardware_of(row, info.name) == wanted]
    return same[0] if len(same) == 1 else ""


def _mismatch(context: Context, info: BackendInfo, suffix: str, entries: list[Fact], rows: dict[str, Fact]) -> Finding:
    row = next(iter(rows.values()))
    right = str(row.value["tag-suffix"])
    first = entries[0]
    image = image_of(first.value["uri"])
    names = ", ".join(str(entry.value.get("name")) for entry in entries)
    uri = str(first.value["uri"])
    related = [Location(row.path, context.field_line(row, "tag-suffix"))]
    related += [Location(INDEX, context.field_line(entry, "uri")) for entry in entries[1:]]
    return Finding(
        gallery_text.SUFFIX_MISMATCH,
        suffix,
        INDEX,
        context.field_line(first, "uri"),
        f"{names} point at an image {suffix}, but the row for that hardware builds {right}",
        info.name,
        expected=f'uri: "{uri.removesuffix(suffix)}{right}"' if image else "",
        related=tuple(related),
    )


def _no_row(context: Context, info: BackendInfo, suffix: str, entries: list[Fact]) -> Finding:
    macos = "darwin" in suffix.replace(info.name, "")
    rule = matrix_text.DARWIN_MISSING if macos else matrix_text.ROW_MISSING
    own = info.darwin if macos else info.rows
    rows = own or [fact for fact in context.facts("matrix") if (fact.kind == "darwin") == macos]
    names = ", ".join(str(entry.value.get("name")) for entry in entries)
    where = f"{MATRIX} has no {'includeDarwin ' if macos else ''}row that builds it"
    return Finding(
        rule,
        suffix,
        MATRIX,
        rows[-1].line if rows else 1,
        f"{names} point at the image {suffix}; {where}",
        info.name,
        expected=f'tag-suffix: "{suffix}"',
        related=tuple(Location(INDEX, context.field_line(entry, "uri")) for entry in entries),
    )


def _no_entry(context: Context, info: BackendInfo, suffix: str, channels: dict[str, Fact]) -> Finding:
    row = next(iter(channels.values()))
    twin = next((entry for entry in info.entries if suffix_of(entry) == suffix), None)
    where = twin or (info.entries or info.metas)[-1]
    missing = " and ".join(f"{channel}{suffix}" for channel in channels)
    what = f"no gallery entry offers {missing}, which the row {row_name(row)} builds"
    asks = [Location(INDEX, meta.line) for meta in info.metas]
    new = new_entries(context, info, suffix, list(channels))
    return Finding(
        gallery_text.ENTRY_MISSING,
        suffix if twin is None else missing,
        INDEX,
        where.line,
        what,
        info.name,
        severity=Severity.WARNING if list(channels) == ["master"] else Severity.ERROR,
        expected=new.text,
        fix=None if new.values and _complete(info, suffix, channels) else Fix.NONE,
        related=(Location(row.path, row.line), *asks[:1]),
    )


def _complete(info: BackendInfo, suffix: str, channels: dict[str, Fact]) -> bool:
    """Whether the entries are all that is missing: with them in, the maps already reach the image. Else
    putting them in would only be half of what a person has to decide."""
    variant = variant_table().variants.get(hardware_of(suffix, info.name))
    asked = set(variant.capability_keys) - {"default"} if variant else set()
    metas = {"latest": info.meta, "master": info.dev_meta}
    return all(
        meta is not None and asked <= capabilities_of(meta).keys() for meta in (metas[channel] for channel in channels)
    )


def _dangling(context: Context, info: BackendInfo, names: set[str], explained: set[str]) -> Iterator[Finding]:
    for meta in info.metas:
        for key, target in capabilities_of(meta).items():
            if str(target) in names or str(target) in explained:
                continue
            yield Finding(
                gallery_text.TARGET_MISSING,
                f"{meta.value.get('name')} {key}",
                INDEX,
                context.capability_line(meta, key),
                f"{meta.value.get('name')} maps {key} to {target}, and there is no entry of that name",
                info.name,
                expected=_nearest(info, key, str(target)),
            )


def _nearest(info: BackendInfo, key: str, target: str) -> str:
    wanted = hardware_of(target, info.gallery)
    dev = target.endswith(DEV)
    same = [
        str(entry.value.get("name"))
        for entry in info.entries
        if hardware_of(suffix_of(entry), info.name) == wanted and str(entry.value.get("name")).endswith(DEV) == dev
    ]
    return f'{key}: "{same[0]}"' if len(same) == 1 else ""


def fix_entry(context: Context, finding: Finding) -> Iterable[Change]:
    """Puts the missing entries of one image in, behind their twin or the backend's last entry."""
    info = context.backends[finding.backend]
    for suffix, channels in unmatched(context, info).rows.items():
        if _no_entry(context, info, suffix, channels).fingerprint == finding.fingerprint:
            yield from change_for(context, info, new_entries(context, info, suffix, list(channels)), finding.rule.id)


CHECKS = (
    Check(
        (
            matrix_text.ROW_MISSING,
            matrix_text.DARWIN_MISSING,
            gallery_text.ENTRY_MISSING,
            gallery_text.SUFFIX_MISMATCH,
            gallery_text.TARGET_MISSING,
        ),
        images,
        needs=("matrix", "gallery-index"),
        fixers={gallery_text.ENTRY_MISSING.id: fix_entry, gallery_text.SUFFIX_MISMATCH.id: align_suffix},
    ),
)
