"""Capability maps against the images that they reach, or should (contract 11.4, 13.7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from newbackend.catalog import variant_table
from newbackend.checkout.layout import INDEX
from newbackend.findings import Finding, Location, Severity
from newbackend.registrations.base import Fact
from newbackend.registrations.matrix.place import variant_of_row
from newbackend.rules.base import Check
from newbackend.rules.context import DEV, BackendInfo, Context, capabilities_of, image_of
from newbackend.rules.entries import suffix_of
from newbackend.rules.texts import gallery as text
from newbackend.rules.tokens import hardware_of

CAPABILITIES_GO = "pkg/system/capabilities.go"
KEYS = frozenset(
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


def fits(key: str, hardware: str) -> bool:
    """Whether a host that reports a key can load an image for some hardware. Unknown keys are REG206's."""
    if key == "metal":
        return hardware == "metal"
    return key not in _FITS or hardware in _FITS[key] | _ANYWHERE


def keys(context: Context) -> Iterable[Finding]:
    """REG206 and REG207."""
    source = context.read(CAPABILITIES_GO) or ""
    for info in context.backends.values():
        for meta in info.metas:
            name, found = str(meta.value.get("name")), capabilities_of(meta)
            for key in found:
                if key in KEYS or f'"{key}"' in source:
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
            if "capabilities" in meta.value and plain and not {"default", "cpu"} & found.keys():
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
    for key, target in capabilities_of(meta).items():
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
        elif not fits(key, hardware):
            if _stands_in(key, hardware, info):
                continue
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


def _stands_in(key: str, hardware: str, info: BackendInfo) -> bool:
    """Whether an image stands in for one that the backend does not build (contract 13.7, docs/adr/0007)."""
    variant = variant_table().variants.get(hardware)
    owner = variant.fallback_for.get(key) if variant else None
    return owner is not None and all(hardware_of(suffix_of(entry), info.name) != owner for entry in info.entries)


def _unreached(context: Context, info: BackendInfo, meta: Fact) -> Iterator[Finding]:
    found = capabilities_of(meta)
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


_BOTH = ("matrix", "gallery-index")
CHECKS = (
    Check((text.KEY_UNKNOWN, text.NO_FALLBACK), keys, needs=_BOTH),
    Check((text.KEY_MISSING, text.TARGET_WRONG), reach, needs=_BOTH),
)
