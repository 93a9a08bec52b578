"""GAL3xx: names, aliases, and what they are taken for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newbackend.catalog.hosts import hardware_word
from newbackend.findings import Finding, Severity
from newbackend.gallery.book import Gallery, about, check, is_meant, owners_word, rule, split_image
from newbackend.gallery.document import Entry

DEV = "-development"
_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]*\Z")
_MOVING = re.compile(r"(?:^|[:._-])(?:master|main|dev|devel|development|nightly|edge|snapshot|latest)(?:$|[._-])")
BUILT_IN = {
    "go-llama": "llama-cpp",
    "llama": "llama-cpp",
    "ik_llama": "ik-llama-cpp",
    "ik-llama": "ik-llama-cpp",
    "embedded-store": "local-store",
    "valkey": "valkey-store",
    "huggingface-embeddings": "transformers",
    "transformers-musicgen": "transformers",
    "sentencetransformers": "transformers",
    "mamba": "transformers",
    "stablediffusion": "stablediffusion-ggml",
}
"""`Aliases` of pkg/model/initializers.go: names in a model's configuration that LocalAI rewrites first."""

NO_NAME = rule(
    "GAL301",
    "name-missing",
    Severity.ERROR,
    what="An entry has no name.",
    why="Nobody can install it: the name is the identity, the directory and what a model configuration says.",
    how="Give it a name.",
    bad="- uri: ghcr.io/me/demo:1.0.0",
    good="- name: demo\n  uri: ghcr.io/me/demo:1.0.0",
)
CHARACTERS = rule(
    "GAL302",
    "name-charset",
    Severity.ERROR,
    what="A name is not one path segment of lower-case letters, digits, dots, hyphens and underscores.",
    why="A `/` cannot be found and an `@` only as `gallery@na@me`; `..` is written outside of the backends directory; "
    "a model's `backend:` is made lower case before the lookup, so a name with capitals never loads.",
    how="Rename the entry, and the targets and aliases that name it.",
    bad="- name: Me/Demo",
    good="- name: demo",
)


@check(NO_NAME, CHARACTERS)
def names(gallery: Gallery) -> Iterator[Finding]:
    """Names that cannot be installed or loaded. Users meet capitals in a target only, which loads by its alias."""
    for entry in gallery.entries:
        if not entry.name:
            yield about(NO_NAME, gallery, entry, "name", f"{entry.label} has no name")
            continue
        for key in ("name", "alias"):
            text = entry.text(key)
            field = entry.fields.get(key)
            if not text or field is None or field.inherited or _PLAIN.match(text):
                continue
            trouble, severity = _trouble(gallery, entry, key, text)
            if trouble:
                message = f"{entry.label}: the {key} {text!r} {trouble}"
                yield about(CHARACTERS, gallery, entry, key, message, subject=text, severity=severity)


def _trouble(gallery: Gallery, entry: Entry, key: str, text: str) -> tuple[str, Severity | None]:
    """What LocalAI makes of a name, and how bad that is."""
    if "/" in text:
        return "has a slash, so it cannot be found by name", None
    if text.startswith("."):
        return "is no directory of its own", None
    if key == "name" and "@" in text:
        return "has an @, which separates the gallery from the name", None
    if text != text.lower():
        behind = key == "name" and (entry.name.lower() in gallery.asked_by or _lower_alias(entry))
        if behind:
            return "", None
        return "has capitals, and LocalAI looks a model's backend up in lower case", None
    return "is no plain word; write lower-case letters, digits, dots and hyphens", Severity.WARNING


def _lower_alias(entry: Entry) -> bool:
    return bool(entry.text("alias")) and entry.text("alias") == entry.text("alias").lower()


DUPLICATE = rule(
    "GAL303",
    "name-duplicate",
    Severity.WARNING,
    what="Two entries have the same name, in any case of letters.",
    why="LocalAI lists both and installs the first one that the host sees.",
    how="Rename one of them, or remove it.",
    incident="LocalAI's own index has five such pairs.",
    bad="- name: demo\n- name: Demo",
    good="- name: demo\n- name: demo-large",
)


@check(DUPLICATE)
def duplicates(gallery: Gallery) -> Iterator[Finding]:
    """Every later entry of a name."""
    first: dict[str, Entry] = {}
    for entry in gallery.entries:
        key = entry.name.lower()
        if not key:
            continue
        if key in first:
            message = f"{entry.name} is also in line {first[key].line}, which comes first"
            yield about(DUPLICATE, gallery, entry, "name", message)
        first.setdefault(key, entry)


BUILT_IN_NAME = rule(
    "GAL304",
    "name-of-built-in",
    Severity.ERROR,
    what="A name or alias is one that LocalAI rewrites to a backend of its own tree.",
    why="`backend: NAME` in a model's configuration loads the other backend, never this one.",
    how="Choose another name.",
    bad="- name: llama",
    good="- name: my-llama",
)


@check(BUILT_IN_NAME)
def built_in(gallery: Gallery) -> Iterator[Finding]:
    """Names that never reach a third party. LocalAI's own gallery may have them: they lead to its own backends."""
    if gallery.is_official:
        return
    for entry in gallery.entries:
        for key in ("name", "alias"):
            other = BUILT_IN.get(entry.text(key).lower())
            field = entry.fields.get(key)
            if other and field is not None and not field.inherited:
                message = f"{entry.label}: LocalAI rewrites `backend: {entry.text(key)}` to {other}"
                yield about(BUILT_IN_NAME, gallery, entry, key, message, subject=entry.text(key))


HARDWARE = rule(
    "GAL305",
    "hardware-token-in-name",
    Severity.ERROR,
    what="A name or a tag has a word of some hardware inside of another word, and no capability map asks for that "
    "hardware.",
    why="LocalAI looks for `amd`, `hip`, `cuda`, `intel`, `metal` and the like anywhere in name and image: `amd64` and "
    "`chip` are for AMD hosts only, `intelligence` for Intel's. All others neither see the entry nor can install it.",
    how="Rename the entry or the tag; `x86-64` and `arm64` are no such words.",
    bad="uri: ghcr.io/me/demo:1.0.0-amd64",
    good="uri: ghcr.io/me/demo:1.0.0-x86-64",
)
OWNER = rule(
    "GAL306",
    "hardware-token-in-owner",
    Severity.ERROR,
    what="The registry, owner or repository of an image has a word of some hardware.",
    why="The whole address is searched for such words. An owner `amdlab` or `chipmunk` hides every image from hosts "
    "without that hardware.",
    how="Publish under another owner or repository.",
    bad="uri: ghcr.io/chipmunk/demo:1.0.0",
    good="uri: ghcr.io/squirrel/demo:1.0.0",
)


@check(HARDWARE, OWNER)
def hardware(gallery: Gallery) -> Iterator[Finding]:
    """Words that nobody meant: of the address, and inside of other words."""
    said: set[str] = set()
    for entry in gallery.images():
        if word := owners_word(entry):
            repository = split_image(entry.uri)[0]
            if repository not in said:
                said.add(repository)
                message = f"{repository} has {word[0]!r} in it: only {word[1].title} hosts see the images there"
                yield about(OWNER, gallery, entry, "uri", message, subject=repository)
            continue
        found = hardware_word(f"{entry.name} {entry.uri}")
        if found is None or is_meant(entry, found[0]) or entry.name.lower() in gallery.asked_by:
            continue
        where = "name" if found[0] in entry.name.lower() else "uri"
        message = f"{entry.label}: {found[0]!r} in its {where} hides it from all but {found[1].title} hosts"
        yield about(HARDWARE, gallery, entry, where, message)


SHADOWS = rule(
    "GAL307",
    "name-shadows-official",
    Severity.WARNING,
    what="A name is one that LocalAI's own gallery has.",
    why="Whose gallery comes first in the user's settings gives the image; an upgrade replaces the backend by the "
    "official one; the web interface installs by bare name, so the later one cannot be installed there.",
    how="Choose a name of your own, and of the targets too.",
    bad="- name: whisper",
    good="- name: my-whisper",
)
HIJACK = rule(
    "GAL308",
    "alias-of-official",
    Severity.WARNING,
    what="An alias is a name of LocalAI's own gallery.",
    why="Once installed, this build answers to the official backend's name, also for models that were set up for that "
    "one; and while it is installed, an install of the official one does nothing and reports success.",
    how="Use the name of your own meta as the alias.",
    bad="- name: cpu-awesome\n  alias: llama-cpp",
    good="- name: cpu-awesome\n  alias: awesome",
)


@check(SHADOWS, HIJACK)
def official(gallery: Gallery) -> Iterator[Finding]:
    """Names against the official gallery, where one is known."""
    if gallery.official is None:
        return
    known = {entry.name.lower() for entry in gallery.official.entries}
    aliases = {entry.text("alias").lower() for entry in gallery.official.entries} - {""}
    for entry in gallery.entries:
        name, alias = entry.name.lower(), entry.text("alias").lower()
        if name and name in known | aliases:
            message = f"{entry.name} is {'a name' if name in known else 'an alias'} of LocalAI's own gallery"
            yield about(SHADOWS, gallery, entry, "name", message)
        if alias and alias != name and alias in known | aliases:
            message = f"{entry.label}: its alias {entry.text('alias')} takes over a backend of LocalAI's own gallery"
            yield about(HIJACK, gallery, entry, "alias", message)


MOVING = rule(
    "GAL309",
    "development-suffix",
    Severity.NOTE,
    what=f"A name ends in `{DEV}`, and its image has a fixed version.",
    why="LocalAI's web interface hides such entries unless the user asks for development builds.",
    how="Keep the ending for images that are pushed again and again.",
    bad="- name: demo-development\n  uri: ghcr.io/me/demo:1.0.0",
    good="- name: demo-development\n  uri: ghcr.io/me/demo:main",
)


@check(MOVING)
def development(gallery: Gallery) -> Iterator[Finding]:
    """Entries that are hidden for no reason."""
    for entry in gallery.images():
        if entry.name.endswith(DEV) and not _MOVING.search(split_image(entry.uri)[1].lower()):
            message = f"{entry.name} is hidden as a development build, and {entry.uri} does not look like one"
            yield about(MOVING, gallery, entry, "name", message)


NO_ALIAS = rule(
    "GAL310",
    "target-without-alias",
    Severity.WARNING,
    what="An entry that a capability map names has no alias.",
    why="Who installs `gallery@demo` gets the meta under that literal name; `backend: demo` then finds the build by "
    "its alias alone.",
    how="Give every target the name of the meta as its alias.",
    bad="- name: demo\n  capabilities: {default: cpu-demo}\n- name: cpu-demo\n  uri: ghcr.io/me/demo:1.0.0",
    good="- name: demo\n  capabilities: {default: cpu-demo}\n"
    "- name: cpu-demo\n  alias: demo\n  uri: ghcr.io/me/demo:1.0.0",
)


@check(NO_ALIAS)
def aliases(gallery: Gallery) -> Iterator[Finding]:
    """The targets of each meta together."""
    for meta in gallery.entries:
        if not meta.is_meta:
            continue
        found = (row for target in dict.fromkeys(meta.capabilities.values()) for row in gallery.named(target))
        bare = [row for row in found if row.uri and not row.text("alias")]
        if bare:
            names = ", ".join(dict.fromkeys(row.name for row in bare))
            message = f"{names}: without an alias `backend: {meta.label}` does not find it after `gallery@{meta.label}`"
            yield about(
                NO_ALIAS, gallery, bare[0], "name", message, subject=meta.label, expected=f"alias: {meta.label}"
            )
