"""Checks of gallery entries one by one: names, merges, mirrors, channels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from newbackend.catalog import name_rules, variant_table
from newbackend.checkout.layout import INDEX
from newbackend.findings import Confidence, Finding, Fix, Location, Severity
from newbackend.registrations.base import Fact
from newbackend.registrations.gallery_index.rules_images import REGISTRY
from newbackend.rules.base import Check
from newbackend.rules.context import DEV, BackendInfo, Context, image_of
from newbackend.rules.entries import suffix_of
from newbackend.rules.fixes import drop_repeat
from newbackend.rules.texts import gallery as text
from newbackend.rules.tokens import hardware_of


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


CHECKS = (
    Check(
        (text.NAME_TWICE, text.HARDWARE_NAME),
        names,
        needs=("gallery-index",),
        fixers={text.NAME_TWICE.id: drop_repeat},
    ),
    Check((text.FOREIGN_MERGE, text.MIRROR, text.CHANNEL), entries, needs=("matrix", "gallery-index")),
)
