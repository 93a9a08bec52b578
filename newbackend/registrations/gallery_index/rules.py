"""Checks of the metas: one for each backend, with an alias, and its development twin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from newbackend.checkout.layout import INDEX
from newbackend.findings import Finding, Fix, Location
from newbackend.registrations.gallery_index.rules_capabilities import KEYS, fits
from newbackend.rules.base import Check
from newbackend.rules.context import DEV, BackendInfo, Context, capabilities_of
from newbackend.rules.entries import suffix_of
from newbackend.rules.fixes import dev_meta, fix_dev_meta
from newbackend.rules.texts import gallery as text
from newbackend.rules.tokens import hardware_of


def metas(context: Context) -> Iterable[Finding]:
    """REG201, REG202, REG210, REG211."""
    for info in context.backends.values():
        if info.images and not info.meta:
            yield from _no_meta(context, info)
        if info.meta and not info.meta.value.get("alias"):
            name = info.meta.value.get("name")
            message = f"the meta {name} has no alias"
            expected = f'alias: "{name}"'
            yield Finding(text.ALIAS_MISSING, str(name), INDEX, info.meta.line, message, info.name, expected=expected)
        yield from _development(context, info)


def _no_meta(context: Context, info: BackendInfo) -> Iterator[Finding]:
    """An entry of the plain name with a uri serves a backend of one image; beside others it hides them."""
    plain = next((e for e in info.entries if e.value.get("name") == info.gallery and e.value.get("uri")), None)
    hidden = {
        hardware_of(suffix_of(entry), info.name): entry
        for entry in info.entries
        if suffix_of(entry) and plain is not None and suffix_of(entry) != suffix_of(plain)
    }
    if plain is None:
        line = info.entries[0].line if info.entries else _end_of_metas(context)
        message = f"{info.name} has {len(info.images)} rows and no meta entry, so nobody can install it by name"
    elif hidden:
        line = plain.line
        what = ", ".join(sorted(hidden))
        message = f"{info.gallery} is one image for every host: its images for {what} are never picked by that name"
    else:
        return
    expected = f'- &{info.gallery.replace("-", "")}\n  name: "{info.gallery}"\n  capabilities:\n    default: …'
    related = tuple(Location(INDEX, entry.line) for entry in hidden.values())
    yield Finding(text.META_MISSING, info.gallery, INDEX, line, message, info.name, expected=expected, related=related)


def _end_of_metas(context: Context) -> int:
    return max((fact.line for fact in context.facts("gallery-index") if fact.value.get("&")), default=1)


def _development(context: Context, info: BackendInfo) -> Iterator[Finding]:
    """REG202 and REG210. A map without any development entry behind it is not half a channel."""
    meta, dev = info.meta, info.dev_meta
    if meta is None:
        return
    has_images = any(str(entry.value.get("name")).endswith(DEV) for entry in info.entries)
    if dev is None:
        if has_images:
            wanted = dev_meta(info)
            message = f"there are development images of {info.gallery}, and no meta {info.gallery}{DEV}"
            expected = context.places["gallery-index"].snippet([wanted]) if wanted else ""
            # A map with a key that nobody reports is not one to copy.
            fix = None if wanted and capabilities_of(meta).keys() <= KEYS else Fix.NONE
            yield Finding(
                text.DEV_META_MISSING, info.gallery, INDEX, meta.line, message, info.name, expected=expected, fix=fix
            )
        return
    ours, theirs = capabilities_of(meta), capabilities_of(dev)
    known = {str(entry.value.get("name")): entry for entry in info.entries}

    def fine(key: str, target: Any) -> bool:
        entry = known.get(str(target))
        return entry is not None and fits(key, hardware_of(suffix_of(entry), info.name))

    wanted_map = {key: f"{target}{DEV}" for key, target in ours.items()}
    for key in sorted(wanted_map.keys() | theirs.keys()):
        both = key in theirs and key in ours
        if wanted_map.get(key) == theirs.get(key) or (both and not (fine(key, ours[key]) and fine(key, theirs[key]))):
            continue  # equal, or the defect is the target itself: REG205, REG209
        if key not in ours and str(theirs[key]).removesuffix(DEV) in known:
            continue  # the production map lacks it: REG207, REG208
        if key not in theirs:
            message = f"{dev.value.get('name')} lacks the capability {key} that {meta.value.get('name')} has"
        elif key not in ours:
            message = f"{dev.value.get('name')} has the capability {key} that {meta.value.get('name')} lacks"
        else:
            message = f"{dev.value.get('name')} maps {key} to {theirs[key]}; production maps it to {ours[key]}"
        expected = f'{key}: "{wanted_map[key]}"' if key in wanted_map else ""
        line = context.capability_line(dev, key)
        related = (Location(INDEX, context.capability_line(meta, key)),)
        yield Finding(
            text.DEV_KEYS, f"{info.gallery} {key}", INDEX, line, message, info.name, expected=expected, related=related
        )


CHECKS = (
    Check(
        (text.META_MISSING, text.DEV_META_MISSING, text.DEV_KEYS, text.ALIAS_MISSING),
        metas,
        needs=("matrix", "gallery-index"),
        fixers={text.DEV_META_MISSING.id: fix_dev_meta},
    ),
)
