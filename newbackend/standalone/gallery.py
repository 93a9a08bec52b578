"""`gallery/index.yaml` of a repository of its own, and the images that it names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from newbackend.catalog.hosts import HOSTS, hardware_word
from newbackend.catalog.variants import variant_table
from newbackend.errors import UsageError
from newbackend.records import dataclass
from newbackend.registrations.gallery_index.entries import entry_lines, entry_name, meta_tags
from newbackend.registrations.matrix.place import rows_of
from newbackend.spec import BackendSpec, make_spec, to_answers

PATH = "gallery/index.yaml"
FIRST_VERSION = "0.1.0"
DEVELOPMENT = "-development"
"""How LocalAI tells a build of a branch: its catalogue hides it at first."""
BRANCH = "main"
_BASE = re.compile(
    r"(?:ghcr\.io|quay\.io|docker\.io)/[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+\Z"
)
_PLACEHOLDERS = frozenset(("owner", "repo", "your-owner", "example", "username", "your-name"))


@dataclass(frozen=True)
class Leg:
    """One architecture of an image, and the machine that builds it."""

    arch: str
    platform: str
    runner: str


@dataclass(frozen=True)
class Image:
    """One image: a variant's, with the arguments of its build."""

    id: str
    title: str
    entry: str
    legs: tuple[Leg, ...]
    arguments: Mapping[str, str]


def check_image_base(text: str) -> str:
    """The address below which images are published. Raises UsageError for one that LocalAI cannot pull from, or that
    hides every image from some hosts."""
    hint = "give ghcr.io/OWNER/REPO, quay.io/OWNER/REPO or docker.io/OWNER/REPO, in lower case and without a tag"
    if not _BASE.match(text) or _PLACEHOLDERS & set(text.split("/")):
        raise UsageError("image-base", f"{text!r} is no address that LocalAI can pull images from", hint=hint)
    word = hardware_word(text)
    if word is not None:
        message = (
            f"{text} has {word[0]!r} in it: LocalAI would show images there to {word[1].title} hosts only, whatever "
            "they are for"
        )
        raise UsageError("image-base-hardware", message, hint="publish under another owner or repository")
    return text


def refuse_macos(variants: Iterable[str]) -> None:
    """Raises UsageError for a platform that has no build outside of LocalAI's tree (docs/adr/0076)."""
    known = variant_table().variants
    macos = [key for key in variants if key in known and known[key].darwin]
    if macos:
        raise UsageError(
            "standalone-macos",
            "a repository of its own has no build for macOS: its images come from Docker",
            hint=f"leave {', '.join(macos)} out of --variants",
        )


def without_macos(spec: BackendSpec) -> tuple[BackendSpec, tuple[str, ...]]:
    """The spec without a build for macOS, and a note when it had one. Raises UsageError when nothing is left."""
    kept = tuple(key for key in spec.variants if not variant_table().variants[key].darwin)
    if kept == spec.variants:
        return spec, ()
    if not kept:
        refuse_macos(spec.variants)
    note = "its build for macOS is left out: images come from Docker here"
    return make_spec(replace(to_answers(spec), variants=kept)), (note,)


def images_of(spec: BackendSpec) -> tuple[Image, ...]:
    """The images of a backend, in canonical order."""
    table = variant_table()
    found = []
    for key in spec.variants:
        variant = table.variants[key]
        rows = rows_of(spec, key)
        legs = tuple(
            Leg(row["platforms"].rpartition("/")[2], row["platforms"], _runner(row["platforms"])) for row in rows
        )
        found.append(Image(key, variant.title, entry_name(spec, key), legs, _arguments(spec, key, rows[0])))
    return tuple(found)


def _runner(platform: str) -> str:
    """A runner of the platform's own kind: emulation takes hours."""
    return "ubuntu-24.04-arm" if platform == "linux/arm64" else "ubuntu-24.04"


def _arguments(spec: BackendSpec, variant: str, row: Mapping[str, str]) -> dict[str, str]:
    """Build arguments by name; only those with a value."""
    base = row.get("base-image", "")
    if row.get("build-type") in ("cublas", "l4t") and base.startswith("ubuntu:") and not spec.language.copies_directory:
        # LocalAI's Dockerfile installs the toolkit; here the base image brings it.
        others = variant_table().variants[variant].rows_for("cpp/self-contained")
        base = others[0]["base-image"] if others else base
    fields = {
        "BASE_IMAGE": base,
        "BUILD_TYPE": row.get("build-type", ""),
        "CUDA_MAJOR_VERSION": row.get("cuda-major-version", ""),
        "CUDA_MINOR_VERSION": row.get("cuda-minor-version", ""),
        "UBUNTU_VERSION": row.get("ubuntu-version", ""),
    }
    return {name: value for name, value in fields.items() if value}


def capabilities(spec: BackendSpec) -> dict[str, str]:
    """A key for every host that one of the builds runs on: there is no fallback from one key to a similar one."""
    table = variant_table()
    chosen = [table.variants[key] for key in spec.variants]
    plain = next((variant for variant in chosen if variant.id == table.plain), None)
    special = [variant for variant in chosen if variant.id != table.plain]
    keys: dict[str, str] = {}
    for host in HOSTS:
        exact = next((variant for variant in special if host in variant.capability_keys), None)
        able = exact or next((variant for variant in special if _runs_on(variant.hosts, host)), None)
        picked = able or (plain if host == "default" else None)
        if picked is not None:
            keys[host] = entry_name(spec, picked.id)
    return keys


def _runs_on(hosts: frozenset[str], host: str) -> bool:
    """Whether a build for some hardware runs on a host of that hardware; one for all hosts is not for any."""
    return host in hosts and "default" not in hosts


def gallery_text(spec: BackendSpec, image_base: str, version: str, *, development: bool = False) -> str:
    """The gallery file: what users install, then the images behind it; with `development` those of the branch main."""
    lines = ["# The backends of this repository. `newbackend gallery check` says what each kind of host gets."]
    lines += _backend(spec, image_base, version)
    if development:
        lines.append("# The branch main as it is, for people who test it.")
        lines += _backend(spec, image_base, "")
    return "\n".join(lines) + "\n"


def _backend(spec: BackendSpec, image_base: str, version: str) -> list[str]:
    """A map from hosts to images, and the images: of one version, or without one of the branch main."""
    end = "" if version else DEVELOPMENT
    meta: dict[str, object] = {"name": spec.gallery + end, "alias": spec.gallery + end}
    urls = list(spec.urls) or ([spec.pin.url] if spec.pin else [])
    known = {
        "license": spec.license,
        "icon": spec.icon,
        "description": spec.description and spec.description + "\n",
        "urls": urls,
        "tags": meta_tags(spec),
        "capabilities": {host: entry + end for host, entry in capabilities(spec).items()},
    }
    lines = entry_lines(meta | {key: value for key, value in known.items() if value}, 0)
    for image in images_of(spec):
        entry: dict[str, object] = {"name": image.entry + end, "alias": spec.gallery + end}
        entry |= {"license": spec.license} if spec.license else {}
        entry |= {"version": version} if version else {}  # a branch moves: LocalAI compares digests
        lines += entry_lines({**entry, "uri": f"{image_base}:{version or BRANCH}-{image.id}"}, 0)
    return lines
