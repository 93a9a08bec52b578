"""BackendSpec: complete, valid answers about one backend.

Places, templates and rules rely on that. `plan.collisions` checks the spec against the checkout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields, replace
from functools import cached_property
from typing import Any

from newbackend.answers import (
    Answers,
    DocsAnswers,
    EngineAnswers,
    ImportAnswers,
    ModelAnswers,
    OptionAnswers,
    PinAnswers,
)
from newbackend.catalog.languages import Flavour, Language, languages
from newbackend.overrides import check_overrides, keeps_files
from newbackend.pin import DEFAULT_BRANCH, Pin, check_pin, default_variable
from newbackend.records import dataclass
from newbackend.validate import checked


@dataclass(frozen=True)
class BackendSpec:
    """Everything about one backend. Use `make_spec` to build one; its fields are those of `Answers`."""

    name: str
    lang: str
    flavour: str
    variants: tuple[str, ...]
    modalities: tuple[str, ...]
    pin: Pin | None = None
    description: str = ""
    license: str = ""
    icon: str = ""
    urls: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    like: str = ""
    imports: ImportAnswers = field(default_factory=ImportAnswers)
    docs: DocsAnswers = field(default_factory=DocsAnswers)
    os_excluded: Mapping[str, str] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)
    options: OptionAnswers = field(default_factory=OptionAnswers)
    engine: EngineAnswers = field(default_factory=EngineAnswers)
    models: tuple[ModelAnswers, ...] = ()

    @cached_property
    def language(self) -> Language:
        """The language's data."""
        return languages()[self.lang]

    @cached_property
    def its_flavour(self) -> Flavour:
        """The flavour's data."""
        return self.language.flavours[self.flavour]

    @property
    def directory(self) -> str:
        """`backend/cpp/ds4`."""
        return self.language.directory_of(self.name)

    @property
    def upper(self) -> str:
        """`MY_ENGINE`: stem of make variables."""
        return self.name.upper().replace("-", "_")

    @property
    def gallery(self) -> str:
        """Its name in the gallery: the backend's name unless the answers have another."""
        return str(self._gallery.get("name") or self.name)

    @property
    def anchor(self) -> str:
        """The YAML anchor of its gallery meta: the name without hyphens, as most of upstream's are."""
        return str(self._gallery.get("anchor") or self.gallery.replace("-", ""))

    @property
    def keeps_files(self) -> bool:
        """Whether the backend's files are there already and only its registration is wanted."""
        return keeps_files(self.overrides)

    @property
    def _gallery(self) -> Mapping[str, Any]:
        departures = (self.overrides.get("places") or {}).get("gallery-index")
        return departures if isinstance(departures, Mapping) else {}


def make_spec(answers: Answers) -> BackendSpec:
    """Complete answers as a spec. Raises UsageError naming the key that is missing or invalid."""
    done = checked(_filled(answers))
    pin = done.pin or PinAnswers()
    return BackendSpec(
        name=done.name or "",
        lang=done.lang or "",
        flavour=done.flavour or languages()[done.lang or ""].default_flavour,
        variants=done.variants or (),
        modalities=done.modalities or (),
        pin=None if pin == PinAnswers() else _pin(pin, done.name or ""),
        description=done.description or "",
        license=done.license or "",
        icon=done.icon or "",
        urls=done.urls or (),
        tags=done.tags or (),
        like=done.like or "",
        imports=done.imports or ImportAnswers(),
        docs=done.docs or DocsAnswers(),
        os_excluded=dict(done.os_excluded or {}),
        overrides=dict(done.overrides or {}),
        options=done.options or OptionAnswers(),
        engine=done.engine or EngineAnswers(),
        models=done.models or (),
    )


def with_overrides(spec: BackendSpec, overrides: Mapping[str, Any]) -> BackendSpec:
    """The spec with other overrides, which as before keep the files or do not. Raises UsageError."""
    check_overrides(overrides, "")
    return replace(spec, overrides=dict(overrides))


def _pin(pin: PinAnswers, name: str) -> Pin:
    variable = pin.variable or default_variable(name)
    return check_pin(Pin(pin.repo or "", pin.sha or "", pin.branch or DEFAULT_BRANCH, variable))


def _filled(answers: Answers) -> Answers:
    """The answers with empty values for missing ones, so that the check names the required keys."""
    language = languages().get(answers.lang or "")
    imports = answers.imports or ImportAnswers()
    return replace(
        answers,
        name=answers.name or "",
        lang=answers.lang or "",
        flavour=answers.flavour or (language.default_flavour if language else None),
        variants=answers.variants or (),
        modalities=answers.modalities or (),
        pin=answers.pin or PinAnswers(),
        imports=replace(
            imports,
            of=imports.of or "",
            extensions=imports.extensions or (),
            pipeline_tags=imports.pipeline_tags or (),
        ),
    )


def to_answers(spec: BackendSpec) -> Answers:
    """A spec as answers, without empty ones; `make_spec` gives the spec back."""
    values = {row.name: getattr(spec, row.name) for row in fields(spec)}
    empty = (ImportAnswers(), DocsAnswers(), OptionAnswers(), EngineAnswers())
    given = {name: value for name, value in values.items() if value and value not in empty}
    if spec.pin:
        given["pin"] = PinAnswers(spec.pin.repo, spec.pin.sha, spec.pin.branch, spec.pin.variable)
    return Answers(**given)
