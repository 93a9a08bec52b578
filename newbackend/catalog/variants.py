"""Platform variants: `variants.json` has the base images, names and capabilities of each.

A row of the build matrix is merged from four parts, later ones win: fields of every row, fields of the profile (the
differences of a language or flavour), fields of the variant, and fields of the variant in that profile. A variant is
offered for the profiles that it names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from newbackend.records import dataclass

Row = Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Variant:
    """One platform variant. `rows` and `entries` are by profile; `{name}` stands for the backend.

    `words` identify it in a tag suffix or an entry name; each alternative is a set of words, each word split at `-`.
    `also` is what people call it.
    `capability_keys` are the hosts that should get it, `fallback_for` those that get it when the named variant is not
    built (docs/adr/0007), `hosts` those that can load it.
    """

    id: str
    title: str
    acceleration: str
    darwin: bool
    words: tuple[tuple[tuple[str, ...], ...], ...]
    capability_keys: tuple[str, ...]
    fallback_for: Mapping[str, str]
    hosts: frozenset[str]
    entries: Mapping[str, str]
    rows: Mapping[str, tuple[Row, ...]]
    also: tuple[str, ...] = ()

    @property
    def other_words(self) -> tuple[str, ...]:
        """What people call it: its words in tags, its build types and the hosts that should get it."""
        words = ["-".join(word) for words in self.words if len(words) == 1 for word in words]
        builds = {row.get("build-type", "") for rows in self.rows.values() for row in rows} - {""}
        return (self.title, self.acceleration, *self.also, *words, *builds, *self.capability_keys)

    def rows_for(self, profile: str) -> tuple[Row, ...]:
        """Canonical matrix rows; empty when the profile does not have this variant."""
        return self.rows.get(profile, ())

    def entry_name(self, profile: str, name: str) -> str:
        """The production entry's name in `backend/index.yaml`, e.g. `cuda12-ds4`."""
        return self.entries.get(profile, self.entries[""]).replace("{name}", name)

    def loads_on(self, capability: str) -> bool:
        """Whether a host that reports a capability can start an image of this variant."""
        return capability in self.hosts


@dataclass(frozen=True, eq=False)
class VariantTable:
    """All variants in canonical order, and the layout and quoting of matrix rows.

    `capabilities` is everything that a host can report, and `cpu`, the last fallback of a capability map.
    """

    variants: Mapping[str, Variant]
    field_order: tuple[str, ...]
    double_quoted: frozenset[str]
    capability_order: tuple[str, ...]
    capabilities: frozenset[str]
    acceleration: tuple[tuple[str, tuple[str, ...]], ...]
    uri: str
    mirror: str

    @cached_property
    def plain(self) -> str:
        """The variant for hosts without an accelerator: that of the capability `default`."""
        return next(key for key, variant in self.variants.items() if "default" in variant.capability_keys)

    @cached_property
    def darwin_capabilities(self) -> tuple[str, ...]:
        """The capability keys of macOS hosts."""
        return tuple(key for variant in self.variants.values() if variant.darwin for key in variant.capability_keys)

    @cached_property
    def build_types(self) -> frozenset[str]:
        """Every build type that a row may have."""
        return frozenset(row.get("build-type", "") for row in self._rows())

    @cached_property
    def versioned_build_types(self) -> frozenset[str]:
        """The build types whose rows name a CUDA version."""
        return frozenset(row["build-type"] for row in self._rows() if row.get("cuda-major-version"))

    def _rows(self) -> Iterable[Row]:
        return chain.from_iterable(chain.from_iterable(variant.rows.values()) for variant in self.variants.values())

    def ordered(self, ids: Iterable[str]) -> tuple[str, ...]:
        """The ids in canonical order, without repeats."""
        wanted = set(ids)
        return tuple(v for v in self.variants if v in wanted)

    def of_linux_row(self, row: Mapping[str, Any]) -> str:
        """Variant id of a Linux row by its fields, or "" when no variant matches.

        Build type and CUDA version decide. If two variants share them (CUDA on a PC and on Jetson), the words of the
        tag suffix decide.
        """
        fields = ("build-type", "cuda-major-version", "tag-suffix", "backend")
        return _linux_variant(self, *(str(row.get(field) or "") for field in fields))

    def requirement_profile(self, row: Mapping[str, Any]) -> str:
        """Which requirement files a Linux row installs, e.g. `cublas12`, as `getBuildProfile` of libbackend.sh says."""
        build, major = str(row.get("build-type") or ""), str(row.get("cuda-major-version") or "")
        return f"{build}{major}" if build in self.versioned_build_types else build or self.plain

    def of_darwin_row(self) -> str:
        """Variant id of a macOS row: macOS has only one variant, whatever the fields."""
        return next(key for key, variant in self.variants.items() if variant.darwin)


@lru_cache(maxsize=4096)
def _linux_variant(table: VariantTable, build: str, major: str, suffix: str, backend: str) -> str:
    builds = _linux_builds(table)
    ids = builds.get((build, major)) or builds.get((build, ""), ())
    if len(ids) < 2:
        return ids[0] if ids else ""
    parts = _parts(suffix, backend)
    return next((key for key, words in _by_words(table) if key in ids and _has(parts, words)), ids[0])


def hardware_of(text: str, backend: str = "") -> str:
    """Variant id that a tag suffix or an entry name means, ignoring the backend's own name.

    `-gpu-rocm-hipblas-ced` is rocm. The most words win: `cuda13-nvidia-l4t-arm64-ced` is l4t-cuda13 and not
    cuda13. A text without hardware words means the plain variant.
    """
    return _hardware(variant_table(), text, backend)


@lru_cache(maxsize=16384)
def _hardware(table: VariantTable, text: str, backend: str) -> str:
    parts = _parts(text, backend)
    return next((variant for variant, words in _by_words(table) if _has(parts, words)), table.plain)


def _parts(text: str, backend: str) -> tuple[str, ...]:
    """The text split at `-`, without the backend's name. Only the last occurrence is removed, so that a backend named
    `f16` does not break `sycl-f16`."""
    parts, own = tuple(text.split("-")), tuple(backend.split("-"))
    for start in range(len(parts) - len(own), -1, -1):
        if parts[start : start + len(own)] == own:
            return (*parts[:start], *parts[start + len(own) :])
    return parts


def _has(parts: Sequence[str], words: Iterable[Sequence[str]]) -> bool:
    """Whether the parts contain every word, a split word's parts next to one another."""
    return all(word[0] in parts and (len(word) == 1 or _next_to_one_another(parts, word)) for word in words)


def _next_to_one_another(parts: Sequence[str], word: Sequence[str]) -> bool:
    return any(tuple(parts[at : at + len(word)]) == tuple(word) for at in range(len(parts)))


@cache
def _by_words(table: VariantTable) -> tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]:
    """Variants with their words, the most words first."""
    rows = [(key, words) for key, variant in table.variants.items() for words in variant.words]
    return tuple(sorted(rows, key=lambda row: -sum(len(word) for word in row[1])))


@cache
def _linux_builds(table: VariantTable) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Variants by build type and CUDA version, which is "" where the build type has none."""
    builds: dict[tuple[str, str], dict[str, None]] = {}
    for key, variant in table.variants.items():
        for row in () if variant.darwin else chain.from_iterable(variant.rows.values()):
            builds.setdefault((row["build-type"], row["cuda-major-version"]), {})[key] = None
    return {build: tuple(ids) for build, ids in builds.items()}


@cache
def variants_file() -> Path:
    """Where the table is."""
    return Path(__file__).parent / "variants.json"


def variant_table() -> VariantTable:
    """The variants of `variants.json`."""
    return _load(variants_file())


@cache
def _load(file: Path) -> VariantTable:
    data = json.loads(file.read_text(encoding="utf-8"))
    keys = (key for row in data["variants"].values() for key in (*row["capabilities"], *row.get("hosts", ())))
    capabilities = frozenset((*data["capability_order"], *data["other_capabilities"], *keys))
    variants = {key: _variant(key, row, data, capabilities) for key, row in data["variants"].items()}
    return VariantTable(
        variants=variants,
        field_order=tuple(data["field_order"]),
        double_quoted=frozenset(data["double_quoted"]),
        capability_order=tuple(data["capability_order"]),
        capabilities=capabilities,
        acceleration=tuple(_acceleration(variants, data["acceleration"])),
        uri=data["registry"]["uri"],
        mirror=data["registry"]["mirror"],
    )


def _variant(key: str, row: Mapping[str, Any], data: Mapping[str, Any], capabilities: frozenset[str]) -> Variant:
    darwin = bool(row.get("darwin"))
    profiles: Mapping[str, Mapping[str, Any]] = row["profiles"]
    entries = {profile: own["entry"] for profile, own in profiles.items() if "entry" in own}
    return Variant(
        id=key,
        title=row["title"],
        acceleration=row["acceleration"],
        darwin=darwin,
        words=tuple(tuple(tuple(word.split("-")) for word in words.split()) for words in row["words"]),
        capability_keys=tuple(row["capabilities"]),
        fallback_for=row.get("fallback_for", {}),
        hosts=frozenset(row["hosts"] if "hosts" in row else capabilities - set(row["not_on"])),
        entries={"": row["entry"], **entries},
        rows={name: tuple(_rows(name, own, row, data)) for name, own in profiles.items()},
        also=tuple(row.get("also", ())),
    )


def _rows(profile: str, own: Mapping[str, Any], row: Mapping[str, Any], data: Mapping[str, Any]) -> Iterable[Row]:
    """One row for each architecture; they carry its name when there are several. macOS has a list of its own."""
    special = {key: value for key, value in own.items() if key not in ("architectures", "entry")}
    if row.get("darwin"):
        yield {**row["row"], **special}
        return
    architectures = own.get("architectures", row["architectures"])
    for architecture in architectures:
        leg = {"platform-tag": architecture} if len(architectures) > 1 else {}
        fields = {**data["row"], **data["architectures"][architecture], **leg, **data["profiles"][profile]}
        words = {"{builder}": row.get("builder", ""), "{architecture}": architecture}
        yield {key: _filled(value, words) for key, value in {**fields, **row["row"], **special}.items()}


def _filled(text: str, words: Mapping[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def _acceleration(variants: Mapping[str, Variant], data: Mapping[str, Any]) -> Iterable[tuple[str, tuple[str, ...]]]:
    """The documentation's words with the variants that each means, the wider word first."""
    words: list[tuple[str, tuple[str, ...]]] = []
    for key, variant in variants.items():
        words += [(word, tuple(ids)) for word, ids in data["several"].items() if ids[0] == key]
        words.append((variant.acceleration, (key,)))
    return sorted(words, key=lambda row: row[0] in data["last"])
