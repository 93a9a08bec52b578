"""Languages are folders: `templates/<lang>/language.yml` has all data about one.

No other code names a language, except for rules that are about one language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field, fields
from functools import cache
from pathlib import Path
from typing import Any

from newbackend.catalog.modalities import modalities, modalities_file
from newbackend.catalog.variants import VariantTable, variant_table
from newbackend.records import dataclass

PLACEHOLDER = "NEWBACKEND-PLACEHOLDER"
"""The marker of placeholder engines in the templates."""
_FLAVOUR = re.compile(r"^  - id: (\S+)\n    title: (.+)$", re.M)
_ORDER = re.compile(r"^order: (\d+)$", re.M)


@dataclass(frozen=True, eq=False)
class Flavour:
    """One way to build a backend of a language: `title` in a few words, `about` in a sentence. Defaults come from the
    language.

    `profile` selects its rows of `variants.json`, except for refused ones. `needs_path` must be in the checkout.
    `seen_in` detects it in a backend's files: pattern of the file's name -> pattern of its text. `placeholder` is the
    file with the marker, "" when there is none. `links_engine`: its CMake build can add a pinned upstream (`engine` of
    the answers), with `links_objects` also the objects of a plain Makefile. `takes_package`:
    it takes the upstream as a package of this kind, `python` or `cargo`. `binds` are files of the directory that
    are generated from its C API; the templates have them empty. `suits` is the interface of an engine that it is the
    proposal for: `c` or `c++` (`upstream/interface.py`).
    """

    id: str
    title: str
    about: str = ""
    default: bool = False
    profile: str = ""
    variants: tuple[str, ...] = ()
    refused_variants: Mapping[str, str] = field(default_factory=dict)
    modalities: tuple[str, ...] = ()
    cpu_variants: tuple[str, ...] = ()
    needs_pin: bool = False
    links_engine: bool = False
    links_objects: bool = False
    takes_package: str = ""
    binds: tuple[str, ...] = ()
    suits: str = ""
    needs_path: str = ""
    seen_in: Mapping[str, str] = field(default_factory=dict)
    placeholder: str = ""
    dockerignore: tuple[str, ...] = ()
    no_glibc_floor: str = ""

    def why_not(self, variant: str) -> str:
        """Why it cannot ship a variant."""
        return self.refused_variants.get(variant) or f"it ships {', '.join(self.variants)}"


@dataclass(frozen=True, eq=False)
class Language:
    """One backend language, read from its template folder (`{name}` stands for the backend).

    `other_words` are what people call it, too. `upstream_files` detect it in a repository; among several languages the
    lowest `upstream_rank` wins. `darwin_lang` is the `lang` of its macOS rows, `darwin_script` builds them.
    `image_targets` and `darwin_targets` are the targets of a backend's Makefile that the two builds call; an image
    build without targets runs the default goal. `copies_directory`: the image is the directory, not what package.sh
    copies. `vendored` are the files of LocalAI (a star stands for names) that a repository of its own takes along,
    `vendored_modules` the Go modules.
    """

    id: str
    title: str
    other_words: tuple[str, ...] = ()
    root: Path = Path()
    directory: str = ""
    dockerfile: str = ""
    makefile_type: str = ""
    needs_backend_arg: bool = False
    prepare_target: str = ""
    test_target: str = "test"
    test_job: str = ""
    pin_style: str = "makefile"
    darwin_lang: str = ""
    darwin_script: str = ""
    image_targets: tuple[str, ...] = ()
    darwin_targets: tuple[str, ...] = ()
    copies_directory: bool = False
    needed_files: tuple[str, ...] = ()
    own_sources: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    customary_tests: tuple[str, ...] = ()
    in_house_engines: bool = False
    upstream_files: tuple[str, ...] = ()
    upstream_rank: int = 0
    flavours: Mapping[str, Flavour] = field(default_factory=dict)
    refused_variants: Mapping[str, str] = field(default_factory=dict)
    modalities: tuple[str, ...] = ()
    refused_modalities: Mapping[str, str] = field(default_factory=dict)
    keywords: frozenset[str] = frozenset()
    reserved_names: tuple[str, ...] = ()
    placeholder: str = ""
    extra_files: tuple[str, ...] = ()
    dockerignore: tuple[str, ...] = ()
    no_glibc_floor: str = ""
    vendored: tuple[str, ...] = ()
    vendored_modules: tuple[str, ...] = ()
    layers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def default_flavour(self) -> str:
        """The flavour of answers that name none."""
        return next((key for key, flavour in self.flavours.items() if flavour.default), next(iter(self.flavours)))

    @property
    def takes_pip(self) -> bool:
        """Whether a release on PyPI can be the engine."""
        return any(flavour.takes_package == "python" for flavour in self.flavours.values())

    @property
    def folder(self) -> str:
        """The folder of its backends: `backend/cpp`."""
        return self.directory.removesuffix("/{name}")

    @property
    def own_dockerfile(self) -> bool:
        """Whether each backend has its own Dockerfile (C++)."""
        return "{name}" in self.dockerfile

    @property
    def shared_dockerfile(self) -> str:
        """The Dockerfile that a checkout must have for this language, or ""."""
        return "" if self.own_dockerfile else self.dockerfile.removeprefix("./")

    @property
    def own_darwin_build(self) -> bool:
        """Whether each backend has its own macOS build script, target and workflow step."""
        return "{name}" in self.darwin_script

    @property
    def builds_default_goal(self) -> bool:
        """Whether the image build runs `make` without a target."""
        return bool(self.shared_dockerfile) and not self.image_targets

    def directory_of(self, name: str) -> str:
        """`backend/cpp/ds4`."""
        return self.directory.replace("{name}", name)

    def dockerfile_of(self, name: str) -> str:
        """The matrix field, e.g. `./backend/Dockerfile.ds4`."""
        return self.dockerfile.replace("{name}", name)


UNKNOWN = Language("", "")
"""The language of an unknown path, Dockerfile or id."""


@dataclass(frozen=True, eq=False)
class LanguageTable:
    """All languages in their order; `shared` has those with one Dockerfile for all, by its suffix."""

    languages: Mapping[str, Language]
    shared: Mapping[str, Language]
    own: Language

    def of_dockerfile(self, dockerfile: str) -> Language:
        """Language of a row: shared Dockerfiles name it, every other Dockerfile is a backend's own."""
        return self.shared.get(_suffix(dockerfile), self.own)

    def of_makefile_type(self, kind: str) -> Language:
        """Language of a `BACKEND_` definition's type, which is the suffix of its Dockerfile."""
        return self.shared.get(kind, self.own)

    def of_path(self, path: str) -> Language:
        """Language of a path in one of the folders that have backends, else `UNKNOWN`."""
        return next(
            (language for language in self.languages.values() if path.startswith(f"{language.folder}/")), UNKNOWN
        )


@cache
def templates_root() -> Path:
    """The templates: inside the installed package, or beside it in a source tree."""
    packaged = Path(__file__).parents[1] / "_templates"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "templates"


def language_ids() -> tuple[str, ...]:
    """The names of the folders, in the order of the key `order` in their file. Parses no YAML, because `--help` and
    completion use it."""
    files = templates_root().glob("*/language.yml")
    return tuple(file.parent.name for file in sorted(files, key=_place))


def _place(file: Path) -> tuple[int, str]:
    match = _ORDER.search(file.read_text(encoding="utf-8"))
    return int(match[1]) if match else 0, file.parent.name


def flavour_titles(language: str) -> Mapping[str, str]:
    """Flavour id -> title of one language, by the first lines of each entry. Parses no YAML, for completion."""
    text = (templates_root() / language / "language.yml").read_text(encoding="utf-8")
    return dict(_FLAVOUR.findall(text.partition("\nflavours:\n")[2]))


def languages() -> Mapping[str, Language]:
    """All languages that have a template folder, by id."""
    return language_table().languages


def language_table() -> LanguageTable:
    """All languages, with lookup by Dockerfile and by path."""
    return _load(templates_root(), variant_table(), modalities_file())


@cache
def _load(root: Path, variants: VariantTable, _modalities: Path) -> LanguageTable:
    import yaml

    by_id: dict[str, Language] = {}
    for key in language_ids():
        data = yaml.load((root / key / "language.yml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        # A language supports the modalities that it has a folder for.
        there = [modality for modality in modalities() if (root / key / "modalities" / modality).is_dir()]
        by_id[key] = _language({**data, "modalities": there}, root / key, variants)
    shared = {_suffix(language.dockerfile): language for language in by_id.values() if not language.own_dockerfile}
    own = next((language for language in by_id.values() if language.own_dockerfile), UNKNOWN)
    return LanguageTable(by_id, shared, own)


def _suffix(dockerfile: str) -> str:
    return dockerfile.rsplit("Dockerfile.", 1)[-1]


def _language(data: Mapping[str, Any], root: Path, variants: VariantTable) -> Language:
    flavours = [_flavour(row, data, variants) for row in data["flavours"]]
    made = {
        "root": root,
        "keywords": frozenset(data["keywords"]),
        "flavours": {flavour.id: flavour for flavour in flavours},
    }
    return Language(**_known(Language, {**data, **made}))


_SHARED = ("modalities", "placeholder", "dockerignore")


def _flavour(row: Mapping[str, Any], language: Mapping[str, Any], variants: VariantTable) -> Flavour:
    refused = {**(language.get("refused_variants") or {}), **(row.get("refused_variants") or {})}
    profile = row.get("profile") or language["id"]
    rows = [key for key, variant in variants.variants.items() if variant.rows_for(profile) and key not in refused]
    data = {key: language[key] for key in _SHARED if key in language}
    return Flavour(
        **_known(Flavour, {**data, **row, "profile": profile, "refused_variants": refused, "variants": rows})
    )


def _known(kind: type[Flavour] | type[Language], data: Mapping[str, Any]) -> dict[str, Any]:
    """The values for a dataclass's fields; lists become tuples."""
    names = [item.name for item in fields(kind) if item.name in data]
    return {name: tuple(data[name]) if isinstance(data[name], list) else data[name] for name in names}
