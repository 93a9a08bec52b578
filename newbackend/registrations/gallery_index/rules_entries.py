"""Gallery entries, each for itself: name, merge, mirror, channel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from newbackend.catalog import name_rules
from newbackend.catalog.variants import hardware_of, variant_table
from newbackend.checklist import IMAGES, META
from newbackend.checkout.layout import INDEX
from newbackend.findings import Confidence, Finding, Fix, Location, Severity
from newbackend.registrations.base import Change, Fact
from newbackend.registrations.gallery_index.entries import DEV
from newbackend.registrations.gallery_index.place import GalleryIndex
from newbackend.registrations.gallery_index.rules_images import REGISTRY
from newbackend.registrations.support.yaml_files import sequence
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.gallery import image_of, suffix_of
from newbackend.rules.registry import check, repair, rule
from newbackend.splice.operation import drop_items

NAME_TWICE = rule(
    "REG212",
    "entry-name-twice",
    Severity.ERROR,
    what="Two gallery entries have the same name; a warning when they say the same. An entry without a name of its own "
    "has that of what it merges.",
    why="LocalAI takes the first one it finds; the other can never be installed.",
    how="Rename or delete one.",
    incident="metal-whisper, metal-crispasr and intel-rfdetr are there twice.",
    bad='- name: "metal-demo"\n- name: "metal-demo"',
    good='- name: "metal-demo"\n- name: "metal-demo-development"',
    fix=Fix.UNSAFE,
    checklist=IMAGES,
)


@check(NAME_TWICE, needs=("gallery-index",))
def names(context: Context) -> Iterable[Finding]:
    """Names that more than one entry has."""
    seen: dict[str, list[Fact]] = defaultdict(list)
    for fact in context.facts("gallery-index"):
        seen[str(fact.value.get("name") or "")].append(fact)
    for fact in seen.pop("", ()):
        message, backend = "an entry has no name of its own, only that of what it merges", context.owner_of(fact)
        yield Finding(NAME_TWICE, f"(none) {backend}", INDEX, line=fact.line, message=message, backend=backend)
    for name, facts in seen.items():
        for fact in facts[1:]:
            same = _meaning(fact) == _meaning(facts[0])
            message = f"the gallery has the name {name} twice{', saying the same' if same else ''}"
            yield Finding(
                NAME_TWICE,
                name,
                INDEX,
                line=context.lines.field(fact, "name"),
                message=message,
                backend=context.owner_of(fact),
                severity=Severity.WARNING if same else None,
                related=(Location(INDEX, facts[0].line),),
                fix=Fix.UNSAFE if same else Fix.NONE,
            )


def _meaning(fact: Fact) -> tuple[Any, ...]:
    return tuple(str(fact.value.get(key)) for key in ("uri", "<<", "capabilities", "alias"))


@repair(NAME_TWICE)
def drop_repeat(context: Context, finding: Finding) -> Iterable[Change]:
    """Deletes the later of two gallery entries that say the same."""
    rows = sequence(context.checkout, INDEX, ())
    later = [fact for fact in context.facts("gallery-index") if str(fact.value.get("name")) == finding.subject][1:]
    lines = {fact.line for fact in later if context.lines.field(fact, "name") == finding.line}
    gone = [item for item in rows.items if item.line in lines] if rows else []
    if rows and gone:
        reason = f"the second {finding.subject}"
        yield GalleryIndex().taken(context.checkout, drop_items(rows, gone), reason, finding.rule.id)


HARDWARE_NAME = rule(
    "REG216",
    "name-hardware-token",
    Severity.ERROR,
    confidence=Confidence.LIKELY,
    what="The backend's name contains a word that LocalAI reads as hardware its images are not for.",
    why="IsBackendCompatible matches names by substring: on every other host the backend is hidden.",
    how="Rename the backend, in every place.",
    incident="A name such as chipmunk contains hip, AMD's token.",
    bad='name: "chipmunk"      # contains hip',
    good='name: "munk"',
    checklist=META,
)


@check(HARDWARE_NAME, needs=("gallery-index",))
def hardware_names(context: Context) -> Iterable[Finding]:
    """Names of backends that have CPU images and are read as a GPU's."""
    for info in context.backends.values():
        if info.meta:
            yield from _hardware_name(context, info, info.meta)


def _hardware_name(context: Context, info: BackendInfo, meta: Fact) -> Iterator[Finding]:
    name = str(meta.value.get("name"))
    tokens = [token for token in name_rules().tokens if token in name]
    plain = variant_table().plain
    cpu = [entry for entry in info.entries if suffix_of(entry) and hardware_of(suffix_of(entry), info.name) == plain]
    if tokens and cpu:
        message = f"the name {name} contains {tokens[0]!r}: {name_rules().tokens[tokens[0]]}, but it has CPU images"
        line = context.lines.field(meta, "name")
        # An engine that is called so (mlx) was named on purpose; a word inside another was not seen.
        meant = tokens[0] in name.split("-")
        severity = Severity.NOTE if meant else None
        yield Finding(HARDWARE_NAME, name, INDEX, line=line, message=message, backend=info.name, severity=severity)


FOREIGN_MERGE = rule(
    "REG213",
    "entry-merge",
    Severity.ERROR,
    what="An image entry merges another backend's anchor, or none; without any it is a warning. A `<<` with another "
    "tag than `!!merge` merges nothing.",
    why="It takes that backend's alias and licence: LocalAI then runs this image under the other's name.",
    how="`- !!merge <<: *anchor-of-this-backend`.",
    bad='- !!merge <<: *other\n  name: "cpu-demo"',
    good='- !!merge <<: *demo\n  name: "cpu-demo"',
    checklist=IMAGES,
)

_MANY = 5
"""Backends whose mirrors are in a repository, so that another one is odd."""

MIRROR = rule(
    "REG214",
    "mirror-mismatch",
    Severity.WARNING,
    what="An entry's mirror is missing, is not the same tag as its uri, or is in a repository that no other backend's "
    "mirror is in.",
    why="When quay.io fails the mirror is used: another image then, or none.",
    how="`localai/localai-backends:` and the tag of the uri.",
    bad='uri: "…:latest-cpu-demo"\nmirrors:\n  - localai/localai-backends:latest-cpu-other',
    good='uri: "…:latest-cpu-demo"\nmirrors:\n  - localai/localai-backends:latest-cpu-demo',
    checklist=IMAGES,
)

CHANNEL = rule(
    "REG215",
    "entry-channel",
    Severity.ERROR,
    what="An entry's name says one channel and its uri the other.",
    why="Production users get unreleased images, or testers get old ones.",
    how="`latest` for the plain name, `master` for the name with -development.",
    bad='name: "cpu-demo"\nuri: "…:master-cpu-demo"',
    good='name: "cpu-demo"\nuri: "…:latest-cpu-demo"',
    checklist=IMAGES,
)


@check(FOREIGN_MERGE, MIRROR, CHANNEL, needs=("matrix", "gallery-index"))
def entries(context: Context) -> Iterable[Finding]:
    """What each entry merges, its channel and its mirrors."""
    repositories = _repositories(context)
    for info in context.backends.values():
        for fact in (*info.metas, *info.entries):
            if not isinstance(fact.value.get("<<", ""), str):
                name, line = str(fact.value.get("name")), context.lines.field(fact, "<<")
                message = f"the `<<` of {name} merges nothing: its tag is not `!!merge`"
                yield Finding(FOREIGN_MERGE, name, INDEX, line=line, message=message, backend=info.name)
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
                line = context.lines.field(entry, "uri")
                yield Finding(CHANNEL, name, INDEX, line=line, message=message, backend=info.name)
            yield from _mirror(context, info, entry, uri.rpartition(":")[2], repositories)


def _repositories(context: Context) -> Mapping[str, set[str]]:
    """The repositories of mirrors, with the backends whose images are there."""
    owners: dict[str, set[str]] = defaultdict(set)
    for info in context.backends.values():
        for mirror in (mirror for entry in info.entries for mirror in _mirrors(entry)):
            owners[mirror.rpartition(":")[0]].add(info.name)
    return owners


def _mirrors(entry: Fact) -> list[str]:
    mirrors = entry.value.get("mirrors")
    return [str(mirror) for mirror in mirrors] if isinstance(mirrors, list) else []


def _merge(info: BackendInfo, entry: Fact, anchors: set[str]) -> Iterator[Finding]:
    merged, name = entry.value.get("<<"), str(entry.value.get("name"))
    if merged and not isinstance(merged, str):
        return
    if merged and anchors and merged not in anchors:
        message = f"{name} is an image of {info.name}, but merges *{merged}, another backend's anchor"
        expected = f"- !!merge <<: *{sorted(anchors)[0]}"
        yield Finding(
            FOREIGN_MERGE, name, INDEX, line=entry.line, message=message, backend=info.name, expected=expected
        )
    elif not merged and anchors and not entry.value.get("alias"):
        message = f"{name} merges no anchor, so it has no alias, licence or description"
        yield Finding(
            FOREIGN_MERGE,
            name,
            INDEX,
            line=entry.line,
            message=message,
            backend=info.name,
            severity=Severity.WARNING,
            confidence=Confidence.LIKELY,
        )


def _mirror(
    context: Context, info: BackendInfo, entry: Fact, tag: str, repositories: Mapping[str, set[str]]
) -> Iterator[Finding]:
    name = str(entry.value.get("name"))
    listed = _mirrors(entry)
    expected = f"- {variant_table().mirror}:{tag}"
    if not listed:
        message = f"{name} has no mirror"
        yield Finding(
            MIRROR, name, INDEX, line=entry.line, message=message, backend=info.name, expected=f"mirrors:\n  {expected}"
        )
    for mirror in listed:
        repository, _, own = mirror.rpartition(":")
        alone = repositories[repository] == {info.name} and any(
            len(backends) >= _MANY for backends in repositories.values()
        )
        if own != tag or alone:
            message = f"{name} is the image {tag}, but its mirror is {mirror}"
            if own == tag:
                message = f"the mirror of {name} is in {repository}, where no other backend has one"
            line = context.lines.field(entry, "mirrors") + 1
            yield Finding(MIRROR, name, INDEX, line=line, message=message, backend=info.name, expected=expected)


OTHER_HARDWARE = rule(
    "REG232",
    "entry-hardware",
    Severity.ERROR,
    what="An image entry's name says one accelerator, and its image is for another; a note where some hosts can load "
    "both.",
    why="IsBackendCompatible reads the accelerator from the name: the entry is hidden on the hosts that it is for, and "
    "offered to those that cannot start it.",
    how="Give the entry the name of its image's hardware, here and in the capability maps.",
    bad='name: "vulkan-demo"\nuri: "…:latest-gpu-nvidia-cuda-12-demo"',
    good='name: "cuda12-demo"\nuri: "…:latest-gpu-nvidia-cuda-12-demo"',
    checklist=IMAGES,
)


@check(OTHER_HARDWARE, needs=("matrix", "gallery-index"))
def entry_hardware(context: Context) -> Iterable[Finding]:
    """The words of a name against those of its image's tag."""
    table = variant_table()
    for info in context.backends.values():
        for entry in info.entries:
            name, suffix = str(entry.value.get("name")), suffix_of(entry)
            says, does = hardware_of(name.removesuffix(DEV), info.gallery), hardware_of(suffix, info.name)
            told = says != table.plain or name.startswith(f"{table.plain}-")
            if not suffix or says == does or not told or not context.rows_by_suffix.get(suffix):
                continue
            one, other = table.variants[says], table.variants[does]
            message = f"{name} says {one.title}, and its image {suffix} is for {other.title}"
            level = Severity.NOTE if one.hosts & other.hosts and does != table.plain else None
            line = context.lines.field(entry, "name")
            yield Finding(OTHER_HARDWARE, name, INDEX, line=line, message=message, backend=info.name, severity=level)
