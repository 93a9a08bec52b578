"""GAL2xx: what an entry says about itself."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from newbackend.findings import Finding, Severity
from newbackend.gallery.book import Gallery, about, check, rule

_NUMBERS = ("tag:yaml.org,2002:float", "tag:yaml.org,2002:int")

NO_SOURCE = rule(
    "GAL201",
    "entry-without-source",
    Severity.ERROR,
    what="An entry has neither an image (`uri`) nor a capability map.",
    why="LocalAI lists it, and its installation fails and leaves a partial file.",
    how="Give it a `uri`, or `capabilities` that name other entries.",
    bad="- name: demo\n  description: a demo",
    good="- name: demo\n  uri: ghcr.io/me/demo:1.0.0",
)


@check(NO_SOURCE)
def sources(gallery: Gallery) -> Iterator[Finding]:
    """Entries that cannot be installed, whatever the host."""
    for entry in gallery.entries:
        if not entry.uri and not entry.capabilities:
            message = f"{entry.label} has neither uri nor capabilities, so nothing can be installed by it"
            yield about(NO_SOURCE, gallery, entry, "name", message)


BOTH = rule(
    "GAL202",
    "entry-with-uri-and-capabilities",
    Severity.WARNING,
    what="An entry has both an image and a capability map of its own.",
    why="LocalAI then takes the image on every host and ignores the map.",
    how="Make two entries: one with the image, one with the map.",
    bad="- name: demo\n  uri: ghcr.io/me/demo:1.0.0\n  capabilities: {nvidia: cuda12-demo}",
    good="- name: demo\n  capabilities: {default: cpu-demo}\n- name: cpu-demo\n  uri: ghcr.io/me/demo:1.0.0",
)


@check(BOTH)
def both(gallery: Gallery) -> Iterator[Finding]:
    """Maps that are never looked at; one that came with a merge is an image's usual form."""
    for entry in gallery.images():
        field = entry.fields.get("capabilities")
        if field is not None and not field.inherited and entry.capabilities:
            message = f"{entry.label} has a uri, so LocalAI ignores its capabilities"
            yield about(BOTH, gallery, entry, "capabilities", message)


VERSION_ON_META = rule(
    "GAL203",
    "version-on-meta",
    Severity.WARNING,
    what="An entry with a capability map has a version, its own or from a merge.",
    why="An upgrade never writes it into what is installed: after the first new version the notice stays for ever, and "
    "with automatic upgrades the image is fetched again every six hours.",
    how="Put `version` on the entries with an image only.",
    bad="- name: demo\n  version: '1.0.0'\n  capabilities: {default: cpu-demo}",
    good="- name: cpu-demo\n  version: '1.0.0'\n  uri: ghcr.io/me/demo:1.0.0",
)
VERSION_NUMBER = rule(
    "GAL204",
    "version-unquoted",
    Severity.NOTE,
    what="A version is a number in YAML, not a text.",
    why="LocalAI keeps its letters; other readers of the file take `1.10` for 1.1.",
    how="Put it in quotes.",
    bad="version: 1.10",
    good='version: "1.10"',
)
VERSION_V = rule(
    "GAL205",
    "version-with-v",
    Severity.NOTE,
    what="A version begins with a `v`.",
    why="LocalAI shows it as `vv1.0.0`.",
    how="Leave the letter out; it may stay in the image's tag.",
    bad='version: "v1.0.0"',
    good='version: "1.0.0"',
)


@check(VERSION_ON_META, VERSION_NUMBER, VERSION_V)
def versions(gallery: Gallery) -> Iterator[Finding]:
    """Versions where they do harm, and how they are written."""
    for entry in gallery.entries:
        field = entry.fields.get("version")
        if field is None or not field.text:
            continue
        if entry.is_meta:
            message = f"{entry.label} maps hosts to other entries and has a version: its upgrade notice never goes away"
            yield about(VERSION_ON_META, gallery, entry, "version", message)
        if field.inherited:
            continue
        if isinstance(field.node, yaml.ScalarNode) and field.node.tag in _NUMBERS:
            message = f"{entry.label}: the version {field.text} is a number"
            yield about(VERSION_NUMBER, gallery, entry, "version", message, expected=f'version: "{field.text}"')
        if field.text[:1] in "vV" and field.text[1:2].isdigit():
            message = f"{entry.label}: LocalAI shows the version {field.text} as v{field.text}"
            yield about(VERSION_V, gallery, entry, "version", message, expected=f'version: "{field.text[1:]}"')


SHA256 = rule(
    "GAL206",
    "sha256-without-effect",
    Severity.NOTE,
    what="An entry with an image of a registry has a `sha256`.",
    why="LocalAI checks it for plain downloads only, which cannot be installed as backends: it protects nothing.",
    how="Pin the image by digest: `ghcr.io/me/demo@sha256:…`.",
    bad="uri: ghcr.io/me/demo:1.0.0\n  sha256: 2c26b4…",
    good="uri: ghcr.io/me/demo@sha256:2c26b4…",
)


@check(SHA256)
def checksums(gallery: Gallery) -> Iterator[Finding]:
    """Checksums that nobody compares."""
    for entry in gallery.images():
        if entry.text("sha256"):
            yield about(SHA256, gallery, entry, "sha256", f"{entry.label}: LocalAI does not check sha256 of an image")


LICENSE = rule(
    "GAL207",
    "license-missing",
    Severity.NOTE,
    what="An entry that users see has no licence.",
    why="LocalAI shows it and sorts by it; who packages somebody's engine owes its users that word.",
    how="Add `license` with the SPDX id of the engine and the server together.",
    bad="- name: demo",
    good="- name: demo\n  license: mit",
)


@check(LICENSE)
def licenses(gallery: Gallery) -> Iterator[Finding]:
    """Entries that no other one stands in front of."""
    for entry in gallery.entries:
        if not entry.text("license") and entry.name.lower() not in gallery.asked_by:
            yield about(LICENSE, gallery, entry, "name", f"{entry.label} names no licence")
