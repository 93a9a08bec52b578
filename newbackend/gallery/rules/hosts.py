"""GAL5xx: capability maps, and what each kind of host gets by them."""

from __future__ import annotations

from collections.abc import Iterator

from newbackend.catalog.hosts import FALLBACKS, HOSTS, hardware_word, is_offered, picked_key
from newbackend.catalog.variants import hardware_of, variant_table
from newbackend.findings import Finding, Rule, Severity
from newbackend.gallery.book import Gallery, about, check, is_meant, owners_word, rule, split_image
from newbackend.gallery.document import Entry

_FAMILIES = (
    ("nvidia", ("nvidia-cuda-12", "nvidia-cuda-13")),
    ("nvidia-l4t", ("nvidia-l4t-cuda-12", "nvidia-l4t-cuda-13")),
)

NO_DEFAULT = rule(
    "GAL501",
    "meta-without-default",
    Severity.ERROR,
    what="A capability map has neither `default` nor `cpu`, although the gallery has an image that such hosts see.",
    why="Hosts without a GPU, and with one that the map does not name, neither see the backend nor can install it.",
    how="Add `default`.",
    bad="capabilities:\n  nvidia: cuda12-demo",
    good="capabilities:\n  default: cpu-demo\n  nvidia: cuda12-demo",
)


@check(NO_DEFAULT)
def fallbacks(gallery: Gallery) -> Iterator[Finding]:
    """Maps without a fallback; without an image for it the note says who is left out."""
    plain = {_family(entry) for entry in gallery.images() if is_offered(entry.name, entry.uri, "default")}
    for meta in gallery.entries:
        if not meta.is_meta or set(FALLBACKS) & meta.capabilities.keys():
            continue
        has_image = bool({meta.name, meta.text("alias")} & plain - {""})
        message = f"{meta.label} has no default: hosts other than {', '.join(meta.capabilities)} do not see it"
        severity = None if has_image else Severity.NOTE
        yield about(NO_DEFAULT, gallery, meta, "capabilities", message, severity=severity)


def _family(entry: Entry) -> str:
    return entry.text("alias") or entry.name


CUDA_KEYS = rule(
    "GAL502",
    "meta-without-cuda-keys",
    Severity.WARNING,
    what="A map has a key for NVIDIA or Jetson hosts, and lacks those of their CUDA versions.",
    why="A host with CUDA 12 or 13 reports `nvidia-cuda-12` or `nvidia-cuda-13`. There is no way from there to "
    "`nvidia`: it gets `default`, which is the CPU build, or nothing.",
    how="Add the keys of every CUDA version that the build runs on.",
    bad="capabilities:\n  default: cpu-demo\n  nvidia: cuda12-demo",
    good="capabilities:\n  default: cpu-demo\n  nvidia: cuda12-demo\n  nvidia-cuda-12: cuda12-demo\n"
    "  nvidia-cuda-13: cuda12-demo",
)


@check(CUDA_KEYS)
def cuda_keys(gallery: Gallery) -> Iterator[Finding]:
    """Hosts of a vendor that get another vendor's or no build, while the vendor's own is there."""
    for meta in gallery.entries:
        if not meta.is_meta:
            continue
        for general, precise in _FAMILIES:
            if general not in meta.capabilities:
                continue
            missed = [host for host in precise if _loses(gallery, meta, general, host)]
            if missed:
                key = picked_key(meta.capabilities, missed[0])
                instead = meta.capabilities[key] if key else "nothing"
                message = f"{meta.label}: without a key for {' and '.join(missed)}, these hosts get {instead}"
                expected = "\n".join(f"{host}: {meta.capabilities[general]}" for host in missed)
                subject = f"{meta.label} {general}"
                yield about(CUDA_KEYS, gallery, meta, "capabilities", message, expected=expected, subject=subject)


def _loses(gallery: Gallery, meta: Entry, general: str, host: str) -> bool:
    """Whether a host has no key of its own and gets something for other hardware than the general key gives."""
    if host in meta.capabilities or not _runs_on(gallery, meta.capabilities[general], host):
        return False
    key = picked_key(meta.capabilities, host)
    if key is None:
        return True
    return _hardware(gallery, meta.capabilities[key]) != _hardware(gallery, meta.capabilities[general])


def _runs_on(gallery: Gallery, target: str, host: str) -> bool:
    """Whether a build runs there, as far as its name tells: one for CUDA 13 does not with CUDA 12."""
    rows = gallery.named(target)
    tag = split_image(rows[0].uri)[1] if rows else ""
    variants = {hardware_of(text.lower()) for text in (target, tag)} - {variant_table().plain}
    return all(variant_table().variants[variant].loads_on(host) for variant in variants)


def _hardware(gallery: Gallery, target: str) -> str:
    rows = gallery.named(target)
    found = hardware_word(f"{rows[0].name} {rows[0].uri}" if rows else target)
    return found[1].title if found else ""


UNKNOWN_KEY = rule(
    "GAL503",
    "meta-unknown-key",
    Severity.WARNING,
    what="A map has a key that no host reports.",
    why="Nothing looks it up; the hosts that it was meant for get `default`.",
    how=f"Use one of {', '.join(HOSTS)}.",
    incident="metal-darwin-arm64 is in five maps of LocalAI's own index; Macs report metal.",
    bad="capabilities:\n  cuda: cuda12-demo",
    good="capabilities:\n  nvidia: cuda12-demo",
)


@check(UNKNOWN_KEY)
def keys(gallery: Gallery) -> Iterator[Finding]:
    """Keys that are in no host's mouth."""
    for meta in gallery.entries:
        for key, (target, line) in meta.capability_lines.items() if meta.is_meta else ():
            if key not in HOSTS and key not in FALLBACKS:
                message = f"{meta.label}: no host reports {key!r}, so nobody gets {target} by it"
                yield about(
                    UNKNOWN_KEY, gallery, meta, "capabilities", message, line=line, subject=f"{meta.label} {key}"
                )


TARGET_MISSING = rule(
    "GAL504",
    "meta-target-missing",
    Severity.ERROR,
    what="A map names an entry that the gallery does not have.",
    why="Hosts of that key see the backend, and its installation fails with `no backend found with capabilities`.",
    how="Correct the name, or add the entry.",
    bad="capabilities:\n  default: cpu-dmeo",
    good="capabilities:\n  default: cpu-demo",
)
TARGET_META = rule(
    "GAL505",
    "meta-target-is-meta",
    Severity.ERROR,
    what="A map names an entry that is a map itself.",
    why="LocalAI refuses it: `meta backends cannot be installed directly`.",
    how="Name the entry with the image.",
    bad="- name: demo\n  capabilities: {default: demo}",
    good="- name: demo\n  capabilities: {default: cpu-demo}",
)
TARGET_WRONG = rule(
    "GAL506",
    "meta-target-hidden",
    Severity.ERROR,
    what="A map gives some hosts an entry that LocalAI hides from them, by a hardware word in its name or image.",
    why="The backend is listed there and cannot be installed: `no backend found with capabilities`.",
    how="Name an entry for that hardware, or take the word out of the entry's name and tag.",
    bad="capabilities:\n  amd: cuda12-demo",
    good="capabilities:\n  amd: rocm-demo",
)
DEFAULT_HIDDEN = rule(
    "GAL507",
    "meta-default-hidden",
    Severity.ERROR,
    what="The entry for hosts without a GPU has a hardware word in its name or image.",
    why="These hosts see the backend and cannot install it: LocalAI hides the entry from them.",
    how="Take the word out, or leave `default` out where there is no build for these hosts.",
    bad="capabilities:\n  default: demo-amd64",
    good="capabilities:\n  default: demo",
)


@check(TARGET_MISSING, TARGET_META, TARGET_WRONG, DEFAULT_HIDDEN)
def targets(gallery: Gallery) -> Iterator[Finding]:
    """Each key of each map: the first thing that is wrong with its target."""
    for meta in gallery.entries:
        for key, (target, line) in meta.capability_lines.items() if meta.is_meta else ():
            found = _target(gallery, meta, key, target)
            if found is not None:
                broken, message, severity = found
                yield about(
                    broken,
                    gallery,
                    meta,
                    "capabilities",
                    f"{meta.label}: {message}",
                    line=line,
                    subject=f"{meta.label} {key}",
                    severity=severity,
                )


def _target(gallery: Gallery, meta: Entry, key: str, target: str) -> tuple[Rule, str, Severity | None] | None:
    """Rule, words and severity for a wrong target, or None."""
    rows = gallery.named(target) if target else ()
    if not rows and gallery.official and target.lower() in gallery.official.by_name:
        return TARGET_MISSING, f"{key} names {target}, which only LocalAI's own gallery has", Severity.WARNING
    if not rows:
        return TARGET_MISSING, f"{key} names {target or 'nothing'}, and the gallery has no such entry", None
    if all(row.is_meta for row in rows):
        return TARGET_META, f"{key} names {target}, which maps hosts to entries itself", None
    host = "default" if key in FALLBACKS else key
    seen = [row for row in rows if not row.is_meta and is_offered(row.name, row.uri, host)]
    if seen or host not in HOSTS or any(owners_word(row) for row in rows):
        return None  # an owner's word is said once, of the address
    word = hardware_word(f"{rows[0].name} {rows[0].uri}")
    shown = f"{word[0]!r}, so only {word[1].title} hosts see it" if word else "a word of other hardware"
    if key in FALLBACKS:
        # Without any build for such hosts, a default for one vendor at least says what the backend is for.
        plain = any(
            _family(entry) in (meta.name, meta.text("alias")) and is_offered(entry.name, entry.uri, host)
            for entry in gallery.images()
        )
        meant = word is not None and is_meant(rows[0], word[0]) and _is_hardware_only(meta, gallery) and not plain
        return DEFAULT_HIDDEN, f"{key} names {target}, which has {shown}", Severity.WARNING if meant else None
    return TARGET_WRONG, f"{key} names {target}, which has {shown}", None


def _is_hardware_only(meta: Entry, gallery: Gallery) -> bool:
    """Whether every target of a map is for some hardware."""
    return all(_hardware(gallery, target) for target in meta.capabilities.values())
