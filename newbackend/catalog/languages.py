"""Languages are folders: `templates/<lang>/language.yml` says all that the core must know of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Language:
    """One backend language, read from its template folder (`{name}` stands for the backend)."""

    id: str
    title: str
    root: Path
    directory: str
    dockerfile: str
    makefile_type: str
    needs_backend_arg: bool
    prepare_target: str
    test_target: str
    default_flavour: str
    flavours: Mapping[str, str]
    variants: Mapping[str, tuple[str, ...]]
    refused_variants: Mapping[str, str]
    modalities: tuple[str, ...]
    refused_modalities: Mapping[str, str]
    keywords: frozenset[str]
    reserved_names: frozenset[str]
    placeholder_path: str
    placeholder_flavour_paths: Mapping[str, str]
    placeholder_marker: str
    extra_files: tuple[str, ...]
    pin_style: str
    dockerignore: tuple[str, ...]
    refused_flavour_variants: Mapping[str, Mapping[str, str]]
    cpu_variants: Mapping[str, tuple[str, ...]]
    flavour_modalities: Mapping[str, tuple[str, ...]]
    flavour_needs_pin: frozenset[str]
    flavour_needs_path: Mapping[str, str]
    flavour_without_placeholder: frozenset[str]
    flavour_dockerignore: Mapping[str, tuple[str, ...]]

    def directory_of(self, name: str) -> str:
        """`backend/cpp/ds4`."""
        return self.directory.replace("{name}", name)

    def dockerfile_of(self, name: str) -> str:
        """The matrix field, e.g. `./backend/Dockerfile.ds4`."""
        return self.dockerfile.replace("{name}", name)

    def modalities_of(self, flavour: str) -> tuple[str, ...]:
        """What a flavour's template implements."""
        return self.flavour_modalities.get(flavour, self.modalities)

    def why_not_variant(self, variant: str, flavour: str) -> str:
        """Why a flavour cannot ship a variant."""
        own = self.refused_flavour_variants.get(flavour, {}).get(variant)
        return own or self.refused_variants.get(variant) or f"it ships {', '.join(self.variants[flavour])}"

    @property
    def own_dockerfile(self) -> bool:
        """Whether each backend brings its own Dockerfile (C++)."""
        return "{name}" in self.dockerfile


def templates_root() -> Path:
    """The templates: inside the installed package, or beside it in a source tree."""
    packaged = Path(__file__).parents[1] / "_templates"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "templates"


@cache
def languages() -> Mapping[str, Language]:
    """All languages that have a template folder, by id."""
    import yaml

    found: dict[str, Language] = {}
    for file in sorted(templates_root().glob("*/language.yml")):
        data = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        language = _language(data, file.parent)
        found[language.id] = language
    order = ("python", "go", "cpp", "rust")
    return {key: found[key] for key in (*order, *sorted(set(found) - set(order))) if key in found}


def _language(data: dict[str, Any], root: Path) -> Language:
    flavours = {row["id"]: row.get("title", row["id"]) for row in data["flavours"]}
    default = next((row["id"] for row in data["flavours"] if row.get("default")), next(iter(flavours)))
    return Language(
        id=data["id"],
        title=data["title"],
        root=root,
        directory=data["directory"],
        dockerfile=data["dockerfile"],
        makefile_type=data["makefile_type"],
        needs_backend_arg=data["needs_backend_arg"],
        prepare_target=data.get("prepare_target") or "",
        test_target=data.get("test_target") or "test",
        default_flavour=default,
        flavours=flavours,
        variants={key: tuple(row) for key, row in data["variants"].items()},
        refused_variants=data.get("refused_variants") or {},
        modalities=tuple(data["modalities"]),
        refused_modalities=data.get("refused_modalities") or {},
        keywords=frozenset(str(word) for word in data.get("keywords") or ()),
        reserved_names=frozenset(str(word) for word in data.get("reserved_names") or ()),
        placeholder_path=data["placeholder"]["path"],
        placeholder_flavour_paths=data["placeholder"].get("flavour_paths") or {},
        placeholder_marker=data["placeholder"]["marker"],
        pin_style=data.get("pin_style") or "makefile",
        extra_files=tuple(data.get("extra_files") or ()),
        dockerignore=tuple(data.get("dockerignore") or ()),
        refused_flavour_variants=data.get("refused_flavour_variants") or {},
        cpu_variants={key: tuple(row) for key, row in (data.get("cpu_variants") or {}).items()},
        flavour_modalities={key: tuple(row) for key, row in (data.get("flavour_modalities") or {}).items()},
        flavour_needs_pin=frozenset(data.get("flavour_needs_pin") or ()),
        flavour_needs_path=data.get("flavour_needs_path") or {},
        flavour_without_placeholder=frozenset(data.get("flavour_without_placeholder") or ()),
        flavour_dockerignore={key: tuple(row) for key, row in (data.get("flavour_dockerignore") or {}).items()},
    )
