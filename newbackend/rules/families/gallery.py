"""Checks of the gallery alone: metas, capability maps, names, merges, mirrors, channels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from newbackend.catalog import name_rules, variant_table
from newbackend.checkout.layout import INDEX
from newbackend.findings import Confidence, Finding, Fix, Location, Severity
from newbackend.places.base import Fact
from newbackend.places.matrix import variant_of_row
from newbackend.rules.base import Check
from newbackend.rules.context import DEV, BackendInfo, Context, image_of
from newbackend.rules.entries import suffix_of
from newbackend.rules.families.images import REGISTRY
from newbackend.rules.fixes import dev_meta, drop_repeat, fix_dev_meta
from newbackend.rules.texts import gallery as text
from newbackend.rules.tokens import hardware_of

CAPABILITIES_GO = "pkg/system/capabilities.go"
_KEYS = frozenset(
    [
        "default",
        "cpu",
        "nvidia",
        "nvidia-cuda-12",
        "nvidia-cuda-13",
        "nvidia-l4t",
        "nvidia-l4t-cuda-12",
        "nvidia-l4t-cuda-13",
        "amd",
        "intel",
        "vulkan",
        "metal",
        "darwin-x86",
    ]
)
"""What a host can report (pkg/system/capabilities.go), and `cpu`, the last fallback."""

_FITS: Mapping[str, frozenset[str]] = {
    "nvidia": frozenset(("cuda12", "cuda13")),
    "nvidia-cuda-12": frozenset(("cuda12",)),
    "nvidia-cuda-13": frozenset(("cuda12", "cuda13")),
    "nvidia-l4t": frozenset(("l4t-cuda12", "l4t-cuda13")),
    "nvidia-l4t-cuda-12": frozenset(("l4t-cuda12",)),
    "nvidia-l4t-cuda-13": frozenset(("l4t-cuda12", "l4t-cuda13")),
    "amd": frozenset(("rocm",)),
    "intel": frozenset(("intel", "sycl-f16", "sycl-f32")),
    "vulkan": frozenset(("vulkan",)),
    "metal": frozenset(("metal",)),
    "darwin-x86": frozenset(("metal",)),
    "default": frozenset(),
    "cpu": frozenset(),
}
"""Hardware of images that a host with the key can load; CPU and Vulkan images load on every Linux host."""
_ANYWHERE = frozenset(("cpu", "vulkan"))


def capabilities(meta: Fact) -> Mapping[str, Any]:
    """The capability map of a meta; empty when it is not a map."""
    found = meta.value.get("capabilities")
    return found if isinstance(found, dict) else {}


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
            fix = None if wanted and capabilities(meta).keys() <= _KEYS else Fix.NONE
            yield Finding(
                text.DEV_META_MISSING, info.gallery, INDEX, meta.line, message, info.name, expected=expected, fix=fix
            )
        return
    ours, theirs = capabilities(meta), capabilities(dev)
    known = {str(entry.value.get("name")): entry for entry in info.entries}

    def fine(key: str, target: Any) -> bool:
        entry = known.get(str(target))
        return entry is not None and _fits(key, hardware_of(suffix_of(entry), info.name))

    wanted_map = {key: f"{target}{DEV}" for key, target in ours.items()}
    for key in sorted(wanted_map.keys() | theirs.keys()):
        both = key in theirs and key in ours
        if wanted_map.get(key) == theirs.get(key) or (both and not (fine(key, ours[key]) and fine(key, theirs[key]))):
            continue  # equal, or the defect is the target itself: REG205, REG209
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


def _fits(key: str, hardware: str) -> bool:
    """Whether a host that reports a key can load an image for some hardware. Unknown keys are REG206's."""
    if key == "metal":
        return hardware == "metal"
    return key not in _FITS or hardware in _FITS[key] | _ANYWHERE


def keys(context: Context) -> Iterable[Finding]:
    """REG206 and REG207."""
    source = context.read(CAPABILITIES_GO) or ""
    for info in context.backends.values():
        for meta in info.metas:
            name, found = str(meta.value.get("name")), capabilities(meta)
            for key in found:
                if key in _KEYS or f'"{key}"' in source:
                    continue
                shadowed = key.startswith("metal") and "metal" in found
                yield Finding(
                    text.KEY_UNKNOWN,
                    f"{name} {key}",
                    INDEX,
                    context.capability_line(meta, key),
                    f"no host ever reports {key}, so {name} never picks {found[key]} by it",
                    info.name,
                    severity=Severity.WARNING if shadowed else None,
                    expected=f'metal: "{found[key]}"' if key.startswith("metal") and not shadowed else "",
                )
            plain = [row for row in info.rows if variant_of_row(row.value) == "cpu"]
            if found and plain and not {"default", "cpu"} & found.keys():
                message = f"{name} maps neither default nor cpu, although a CPU image is built"
                line = context.field_line(meta, "capabilities")
                related = (Location(plain[0].path, plain[0].line),)
                yield Finding(text.NO_FALLBACK, name, INDEX, line, message, info.name, related=related)


def reach(context: Context) -> Iterable[Finding]:
    """REG208 and REG209: keys against the images that they reach, or should."""
    by_name = {str(fact.value.get("name")): fact for fact in context.facts("gallery-index") if fact.kind == "entry"}
    for info in context.backends.values():
        for meta in info.metas:
            yield from _targets(context, info, meta, by_name)
            yield from _unreached(context, info, meta)


def _targets(context: Context, info: BackendInfo, meta: Fact, by_name: Mapping[str, Fact]) -> Iterator[Finding]:
    name = str(meta.value.get("name"))
    has_plain = any(variant_of_row(row.value) == "cpu" for row in info.rows)
    for key, target in capabilities(meta).items():
        entry = by_name.get(str(target))
        image = image_of(entry.value.get("uri")) if entry else None
        if entry is None or image is None:
            continue
        hardware = hardware_of(image.suffix, info.name)
        dev_wanted = name.endswith(DEV)
        severity: Severity | None = None
        if context.owner_of(entry) != info.name:
            what = f"an image of {context.owner_of(entry)}"
        elif str(target).endswith(DEV) != dev_wanted:
            what = f"an image of the {'production' if dev_wanted else 'development'} channel"
            severity = Severity.WARNING if dev_wanted else None
        elif not _fits(key, hardware):
            # Without any CPU image a default that needs a GPU says at least what the backend is for.
            what = f"an image for {hardware}"
            severity = None if _FITS.get(key) or has_plain else Severity.NOTE
        else:
            continue
        yield Finding(
            text.TARGET_WRONG,
            f"{name} {key}",
            INDEX,
            context.capability_line(meta, key),
            f"{name} maps {key} to {target}, {what}",
            info.name,
            severity=severity,
            related=(Location(INDEX, entry.line),),
        )


def _unreached(context: Context, info: BackendInfo, meta: Fact) -> Iterator[Finding]:
    found = capabilities(meta)
    if not found:
        return
    name, dev = str(meta.value.get("name")), str(meta.value.get("name")).endswith(DEV)
    if dev:
        return  # said once, of the production meta; a map that differs is REG210's
    variants: dict[str, Fact] = {}
    for entry in info.entries:
        if str(entry.value.get("name")).endswith(DEV) or not suffix_of(entry):
            continue
        variants.setdefault(hardware_of(suffix_of(entry), info.name), entry)
    for variant_id, entry in variants.items():
        variant = variant_table().variants.get(variant_id)
        for key in variant.capability_keys if variant else ():
            if key in found or key == "default" or (variant_id == "sycl-f32" and "sycl-f16" in variants):
                continue
            if key == "metal" and any(other.startswith("metal") for other in found):
                continue  # misspelt: REG206 says so
            yield Finding(
                text.KEY_MISSING,
                f"{name} {key}",
                INDEX,
                context.field_line(meta, "capabilities"),
                f"{name} has no key {key}, so those hosts do not get {entry.value.get('name')}",
                info.name,
                expected=f'{key}: "{entry.value.get("name")}"',
                related=(Location(INDEX, entry.line),),
            )


def names(context: Context) -> Iterable[Finding]:
    """REG212 and REG216."""
    seen: dict[str, list[Fact]] = defaultdict(list)
    for fact in context.facts("gallery-index"):
        seen[str(fact.value.get("name") or "")].append(fact)
    for name, facts in seen.items():
        for fact in facts[1:]:
            same = _meaning(fact) == _meaning(facts[0])
            message = f"the gallery has the name {name or '(none)'} twice{', saying the same' if same else ''}"
            yield Finding(
                text.NAME_TWICE,
                name,
                INDEX,
                context.field_line(fact, "name"),
                message,
                context.owner_of(fact),
                severity=Severity.WARNING if same else None,
                related=(Location(INDEX, facts[0].line),),
                fix=Fix.UNSAFE if same else Fix.NONE,
            )
    for info in context.backends.values():
        yield from _hardware_name(context, info)


def _meaning(fact: Fact) -> tuple[Any, ...]:
    return tuple(str(fact.value.get(key)) for key in ("uri", "<<", "capabilities", "alias"))


def _hardware_name(context: Context, info: BackendInfo) -> Iterator[Finding]:
    meta = info.meta
    if meta is None:
        return
    name = str(meta.value.get("name"))
    tokens = [token for token in name_rules().tokens if token in name]
    cpu = [entry for entry in info.entries if hardware_of(suffix_of(entry), info.name) == "cpu" and suffix_of(entry)]
    if tokens and cpu:
        message = f"the name {name} contains {tokens[0]!r}: {name_rules().tokens[tokens[0]]}, but it has CPU images"
        line = context.field_line(meta, "name")
        # An engine that is called so (mlx) was named on purpose; a word inside another was not seen.
        meant = tokens[0] in name.split("-")
        severity = Severity.NOTE if meant else None
        yield Finding(text.HARDWARE_NAME, name, INDEX, line, message, info.name, severity=severity)


def entries(context: Context) -> Iterable[Finding]:
    """REG213, REG214, REG215."""
    for info in context.backends.values():
        anchors = {str(meta.value.get("&")) for meta in info.metas if meta.value.get("&")}
        for entry in info.entries:
            yield from _merge(info, entry, anchors)
            uri = str(entry.value.get("uri") or "")
            image = image_of(uri)
            if image is None or REGISTRY not in uri:
                continue
            name = str(entry.value.get("name"))
            if (image.channel == "master") != name.endswith(DEV):
                message = f"{name} is named for one channel, and its uri is {image.channel}"
                line = context.field_line(entry, "uri")
                yield Finding(text.CHANNEL, name, INDEX, line, message, info.name)
            yield from _mirror(context, info, entry, uri.rpartition(":")[2])


def _merge(info: BackendInfo, entry: Fact, anchors: set[str]) -> Iterator[Finding]:
    merged, name = entry.value.get("<<"), str(entry.value.get("name"))
    if merged and anchors and merged not in anchors:
        message = f"{name} is an image of {info.name}, but merges *{merged}, another backend's anchor"
        expected = f"- !!merge <<: *{sorted(anchors)[0]}"
        yield Finding(text.FOREIGN_MERGE, name, INDEX, entry.line, message, info.name, expected=expected)
    elif not merged and anchors and not entry.value.get("alias"):
        message = f"{name} merges no anchor, so it has no alias, licence or description"
        yield Finding(
            text.FOREIGN_MERGE,
            name,
            INDEX,
            entry.line,
            message,
            info.name,
            severity=Severity.WARNING,
            confidence=Confidence.LIKELY,
        )


def _mirror(context: Context, info: BackendInfo, entry: Fact, tag: str) -> Iterator[Finding]:
    mirrors = entry.value.get("mirrors")
    name = str(entry.value.get("name"))
    listed = [str(mirror) for mirror in mirrors] if isinstance(mirrors, list) else []
    expected = f"- {variant_table().mirror}:{tag}"
    if not listed:
        message = f"{name} has no mirror"
        yield Finding(text.MIRROR, name, INDEX, entry.line, message, info.name, expected=f"mirrors:\n  {expected}")
    for mirror in listed:
        if mirror.rpartition(":")[2] != tag:
            message = f"{name} is the image {tag}, but its mirror is {mirror}"
            line = context.field_line(entry, "mirrors") + 1
            yield Finding(text.MIRROR, name, INDEX, line, message, info.name, expected=expected)


_GALLERY = ("gallery-index",)
_BOTH = ("matrix", "gallery-index")
CHECKS = (
    Check(
        (text.META_MISSING, text.DEV_META_MISSING, text.DEV_KEYS, text.ALIAS_MISSING),
        metas,
        needs=_BOTH,
        fixers={text.DEV_META_MISSING.id: fix_dev_meta},
    ),
    Check((text.KEY_UNKNOWN, text.NO_FALLBACK), keys, needs=_BOTH),
    Check((text.KEY_MISSING, text.TARGET_WRONG), reach, needs=_BOTH),
    Check(
        (text.NAME_TWICE, text.HARDWARE_NAME),
        names,
        needs=_GALLERY,
        fixers={text.NAME_TWICE.id: drop_repeat},
    ),
    Check((text.FOREIGN_MERGE, text.MIRROR, text.CHANNEL), entries, needs=_BOTH),
)
