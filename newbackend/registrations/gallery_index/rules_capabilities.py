"""Capability maps against the images that they reach, or should."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from newbackend.catalog.variants import hardware_of, variant_table
from newbackend.checklist import CAPABILITIES
from newbackend.checkout.layout import INDEX
from newbackend.findings import Finding, Location, Severity
from newbackend.registrations.base import Fact
from newbackend.registrations.gallery_index.entries import DEV
from newbackend.registrations.matrix.place import variant_of
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.gallery import capabilities_of, image_of, suffix_of
from newbackend.rules.registry import check, rule

CAPABILITIES_GO = "pkg/system/capabilities.go"


def fits(key: str, hardware: str) -> bool:
    """Whether a host that reports a key can load an image for some hardware. Unknown keys are REG206's."""
    table = variant_table()
    return key not in table.capabilities or table.variants[hardware].loads_on(key)


KEY_UNKNOWN = rule(
    "REG206",
    "capability-key-unknown",
    Severity.ERROR,
    what="A capability map has a key that no host ever reports; a warning when the right key is there too.",
    why="Nothing ever looks the key up; the hosts that were meant take the default image.",
    how="Use one of default, nvidia, nvidia-cuda-12, nvidia-cuda-13, nvidia-l4t, nvidia-l4t-cuda-12, "
    "nvidia-l4t-cuda-13, amd, intel, vulkan, metal, darwin-x86, cpu.",
    incident="metal-darwin-arm64 is in five maps; Macs report metal.",
    bad='capabilities:\n  metal-darwin-arm64: "metal-demo"',
    good='capabilities:\n  metal: "metal-demo"',
    checklist=CAPABILITIES,
)

NO_FALLBACK = rule(
    "REG207",
    "capability-fallback",
    Severity.ERROR,
    what="A capability map has neither `default` nor `cpu`, although a CPU image exists.",
    why="A host without a usable GPU, or with one that the map does not name, is told there is no backend for it.",
    how='Add `default: "cpu-NAME"`.',
    bad='capabilities:\n  nvidia: "cuda12-demo"\n- name: "cpu-demo"',
    good='capabilities:\n  default: "cpu-demo"\n  nvidia: "cuda12-demo"',
    checklist=CAPABILITIES,
)


@check(KEY_UNKNOWN, NO_FALLBACK, needs=("matrix", "gallery-index"))
def keys(context: Context) -> Iterable[Finding]:
    """The keys of each map by themselves."""
    source = context.read(CAPABILITIES_GO) or ""
    table = variant_table()
    for info in context.backends.values():
        for meta in info.metas:
            name, capabilities = str(meta.value.get("name")), capabilities_of(meta)
            for key in capabilities:
                if key in table.capabilities or f'"{key}"' in source:
                    continue
                meant = next((prefix for prefix in table.darwin_capabilities if key.startswith(prefix)), "")
                shadowed = meant in capabilities
                yield Finding(
                    KEY_UNKNOWN,
                    f"{name} {key}",
                    INDEX,
                    line=context.lines.capability(meta, key),
                    message=f"no host ever reports {key}, so {name} never picks {capabilities[key]} by it",
                    backend=info.name,
                    severity=Severity.WARNING if shadowed else None,
                    expected=f'{meant}: "{capabilities[key]}"' if meant and not shadowed else "",
                )
            plain = [row for row in info.rows if variant_of(row) == table.plain]
            if "capabilities" in meta.value and plain and not {"default", "cpu"} & capabilities.keys():
                message = f"{name} maps neither default nor cpu, although a CPU image is built"
                line = context.lines.field(meta, "capabilities")
                related = (Location(plain[0].path, plain[0].line),)
                yield Finding(NO_FALLBACK, name, INDEX, line=line, message=message, backend=info.name, related=related)


KEY_MISSING = rule(
    "REG208",
    "capability-key-missing",
    Severity.ERROR,
    what="An image is offered, and the capability map lacks the key of the hosts it is for.",
    why="There is no fallback from nvidia-cuda-13 to nvidia or the like: those hosts silently get the default image.",
    how="Add the key: cuda12 nvidia and nvidia-cuda-12, cuda13 nvidia-cuda-13, rocm amd, sycl or intel intel, "
    "vulkan vulkan, L4T nvidia-l4t and its CUDA versions, macOS metal.",
    incident="Metas with nvidia only gave CUDA 13 hosts the CPU image.",
    bad='capabilities:\n  default: "cpu-demo"\n- name: "cuda13-demo"',
    good='capabilities:\n  default: "cpu-demo"\n  nvidia-cuda-13: "cuda13-demo"\n- name: "cuda13-demo"',
    checklist=CAPABILITIES,
)

TARGET_WRONG = rule(
    "REG209",
    "capability-target-wrong",
    Severity.ERROR,
    what="A capability key points at an image that cannot run there, or at another backend or channel.",
    why="The host installs it and fails at load, or silently follows the development channel.",
    how="Point the key at the entry of the same backend, hardware and channel.",
    bad='amd: "cuda12-demo"',
    good='amd: "rocm-demo"',
    checklist=CAPABILITIES,
)


@check(KEY_MISSING, TARGET_WRONG, needs=("matrix", "gallery-index"))
def reach(context: Context) -> Iterable[Finding]:
    """Keys against the images that they reach, or should."""
    by_name = {str(fact.value.get("name")): fact for fact in context.facts("gallery-index") if fact.kind == "entry"}
    for info in context.backends.values():
        for meta in info.metas:
            yield from _targets(context, info, meta, by_name)
            yield from _unreached(context, info, meta)


def _targets(context: Context, info: BackendInfo, meta: Fact, by_name: Mapping[str, Fact]) -> Iterator[Finding]:
    name = str(meta.value.get("name"))
    has_plain = any(variant_of(row) == variant_table().plain for row in info.rows)
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
            # Without any CPU image a default that needs a GPU says at least what the backend is for.
            what = f"an image for {hardware}"
            severity = None if key not in ("default", "cpu") or has_plain else Severity.NOTE
        else:
            continue
        yield Finding(
            TARGET_WRONG,
            f"{name} {key}",
            INDEX,
            line=context.lines.capability(meta, key),
            message=f"{name} maps {key} to {target}, {what}",
            backend=info.name,
            severity=severity,
            related=(Location(INDEX, entry.line),),
        )


def _unreached(context: Context, info: BackendInfo, meta: Fact) -> Iterator[Finding]:
    capabilities = capabilities_of(meta)
    if not capabilities:
        return
    name, dev = str(meta.value.get("name")), str(meta.value.get("name")).endswith(DEV)
    if dev:
        return  # said once, of the production meta; a map that differs is REG210's
    images: dict[str, Fact] = {}
    for entry in info.entries:
        if str(entry.value.get("name")).endswith(DEV) or not suffix_of(entry):
            continue
        images.setdefault(hardware_of(suffix_of(entry), info.name), entry)
    for variant_id, entry in images.items():
        variant = variant_table().variants[variant_id]
        for key in variant.capability_keys:
            if key in capabilities or key == "default":
                continue
            if variant.darwin and any(other.startswith(key) for other in capabilities):
                continue  # misspelt: REG206 says so
            yield Finding(
                KEY_MISSING,
                f"{name} {key}",
                INDEX,
                line=context.lines.field(meta, "capabilities"),
                message=f"{name} has no key {key}, so those hosts do not get {entry.value.get('name')}",
                backend=info.name,
                expected=f'{key}: "{entry.value.get("name")}"',
                related=(Location(INDEX, entry.line),),
            )
