"""BackendSpec: what is wanted, validated in one place.

Everything after this (places, scaffold, rules) trusts a spec: it was checked against the catalog and,
by `check_against`, against the checkout it goes into.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from newbackend.catalog import modalities, name_rules, variant_table
from newbackend.catalog.languages import Language, languages
from newbackend.errors import UsageError
from newbackend.overrides import KEEP, SCAFFOLD, check_overrides
from newbackend.pin import Pin, check_pin

DESCRIPTION_LIMIT = 10_240
DEFAULT_KIND = "preference"
"""How the import form gets to know a backend whose answers do not say (`import.kind`)."""
_TAG = re.compile(r"[^\x00-\x1f\x7f]{1,64}\Z")
_URL = re.compile(r"https?://[^\s\x00-\x1f\"'<>\\`]+\Z")
_LICENSE = re.compile(r"[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+)*\Z")


@dataclass(frozen=True)
class BackendSpec:
    """The whole intent of one backend. Build one with `make_spec`; keys mirror the answers file."""

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
    imports: Mapping[str, Any] = field(default_factory=dict)
    docs: Mapping[str, Any] = field(default_factory=dict)
    os_excluded: Mapping[str, str] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def language(self) -> Language:
        """The language's data."""
        return languages()[self.lang]

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
        """Its name in the gallery: its own unless the answers say otherwise."""
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
        said = (self.overrides.get("places") or {}).get("gallery-index")
        return said if isinstance(said, Mapping) else {}


def keeps_files(overrides: Mapping[str, Any]) -> bool:
    """Whether overrides say `places.scaffold: keep`: nothing is rendered, so nothing that limits a new
    name or a template applies (docs/adr/0020)."""
    return (overrides.get("places") or {}).get(SCAFFOLD) == KEEP


def check_shape(name: str) -> str:
    """The name itself, or a UsageError when it cannot be a directory, a make target and an image name."""
    rules = name_rules()
    if not name:
        raise UsageError("name-missing", "a backend needs a name: newbackend create NAME")
    if len(name) > rules.max_length:
        raise UsageError("name-too-long", f"backend name {name!r} is longer than {rules.max_length} characters")
    if not re.fullmatch(rules.pattern, name) or "--" in name:
        raise UsageError(
            "name-invalid",
            f"backend name {name!r} may only have lower-case letters, digits and single hyphens inside",
        )
    return name


def check_name(name: str) -> str:
    """The name itself, or a UsageError with the reason it would hurt (contract 11.3)."""
    check_shape(name)
    rules = name_rules()

    def refuse(reference: str, why: str) -> UsageError:
        return UsageError(reference, f"backend name {name!r} {why}")

    if name in rules.reserved:
        raise refuse("name-reserved", f"is reserved: {rules.reserved[name]}")
    for token, why in rules.tokens.items():
        if token in name:
            raise refuse("name-hardware-token", f"contains {token!r}, which LocalAI reads as hardware: {why}")
    for prefix in rules.prefixes:
        if name.startswith(prefix):
            raise refuse("name-prefix", f"starts with {prefix!r}, which LocalAI strips as a build variant")
    for suffix, why in rules.suffixes.items():
        if name.endswith(suffix):
            raise refuse("name-suffix", f"ends with {suffix!r}: {why}")
    return name


def make_spec(answers: Mapping[str, Any]) -> BackendSpec:
    """Validates complete answers (as `answers.complete` returns them) into a spec.

    Raises UsageError naming the key that will not do.
    """
    overrides = dict(answers.get("overrides") or {})
    check_overrides(overrides, "")
    kept = keeps_files(overrides)
    name = (check_shape if kept else check_name)(str(answers.get("name") or ""))
    lang = str(answers.get("lang") or "")
    if lang not in languages():
        known = ", ".join(languages())
        raise UsageError("lang-unknown", f"language {lang!r} is not one of {known}", hint="pass --lang")
    language = languages()[lang]
    if name in language.reserved_names:
        what = f"is a file or make target of every {language.title} backend"
        raise UsageError("name-reserved", f"backend name {name!r} {what}")
    flavour = str(answers.get("flavour") or language.default_flavour)
    if flavour not in language.flavours:
        raise UsageError(
            "flavour-unknown",
            f"flavour {flavour!r} is not one of {', '.join(language.flavours)} for {language.title}",
        )
    return BackendSpec(
        name=name,
        lang=lang,
        flavour=flavour,
        variants=_variants(answers.get("variants") or (), language, flavour, overrides),
        modalities=_modalities(answers.get("modalities") or (), language, flavour, overrides),
        pin=_pin_for(answers.get("pin"), language, flavour, overrides),
        description=_description(answers.get("description") or ""),
        license=_matching("license", answers.get("license") or "", _LICENSE, "an SPDX licence expression such as MIT"),
        icon=_matching("icon", answers.get("icon") or "", _URL, "an http(s) URL"),
        urls=tuple(_matching("urls", url, _URL, "an http(s) URL") for url in answers.get("urls") or ()),
        tags=tuple(_matching("tags", tag, _TAG, "a short tag") for tag in answers.get("tags") or ()),
        like=str(answers.get("like") or ""),
        imports=_imports(answers.get("import") or {}),
        docs=dict(answers.get("docs") or {}),
        os_excluded=dict(answers.get("os_excluded") or {}),
        overrides=overrides,
        options=_options(answers.get("options") or {}, language, flavour),
    )


def _imports(said: Mapping[str, Any]) -> dict[str, Any]:
    """What departs from the default: to say it is to say nothing."""
    return {key: value for key, value in said.items() if value and (key, value) != ("kind", DEFAULT_KIND)}


def _options(options: Mapping[str, Any], language: Language, flavour: str) -> dict[str, Any]:
    """The options; a glibc floor or a CPU variant that nothing can be built for is refused."""
    done = {key: value for key, value in options.items() if key != "cpu_variants"}
    floor = options.get("glibc_floor")
    if floor:
        from newbackend.catalog.portable import check_floor

        done["glibc_floor"] = check_floor(floor, language, flavour)
    processors = options.get("cpu_variants")
    if processors:
        done["cpu_variants"] = _cpu_variants(processors, language, flavour)
        if options.get("native_march"):
            what = "options.native_march builds for one processor only, so there is nothing for options.cpu_variants"
            raise UsageError("cpu-variants-native", f"{what} to choose from", hint="leave one of them out")
    return done


def _cpu_variants(wanted: Any, language: Language, flavour: str) -> list[str]:
    """The kinds of processors that the native library is built for besides, oldest first."""
    known = language.cpu_variants.get(flavour, ())
    if not known:
        can = [f"{one.title} ({key})" for one in languages().values() for key in one.cpu_variants]
        why = f"only {', '.join(can)} can build its library once per kind of processor"
        raise UsageError(
            "cpu-variants-impossible",
            f"{language.title} ({flavour}) has no CPU variants: {why}",
            hint=" or ".join(f"pass --set flavour={key}" for key in language.cpu_variants),
        )
    for one in wanted:
        if one not in known:
            raise UsageError("cpu-variant-unknown", f"CPU variant {one!r} is not one of {', '.join(known)}")
    return [one for one in known if one in wanted]


def _variants(wanted: Any, language: Language, flavour: str, overrides: Mapping[str, Any]) -> tuple[str, ...]:
    table = variant_table()
    allowed = language.variants.get(flavour, ())
    for variant in wanted:
        if variant not in table.variants:
            raise UsageError(
                "variant-unknown",
                f"variant {variant!r} is not one of {', '.join(table.variants)}",
                hint="see --variants",
            )
        kept = keeps_files(overrides)  # what a template can build is no matter then
        if kept and ((overrides.get("variants") or {}).get(variant) or {}).get("rows"):
            continue  # the rows are given
        if not (kept or variant in allowed) or not table.variants[variant].rows_for(language.id, flavour):
            why = language.why_not_variant(variant, flavour)
            raise UsageError("variant-impossible", f"{language.title} ({flavour}) cannot ship {variant}: {why}")
    chosen = table.ordered(wanted)
    if not chosen and not keeps_files(overrides):
        raise UsageError(
            "variants-missing", "a backend needs at least one platform variant", hint="pass --variants cpu"
        )
    return chosen


def _modalities(wanted: Any, language: Language, flavour: str, overrides: Mapping[str, Any]) -> tuple[str, ...]:
    known = modalities()
    for modality in wanted:
        if modality not in known:
            raise UsageError("modality-unknown", f"modality {modality!r} is not one of {', '.join(known)}")
        if modality not in language.modalities_of(flavour) and not keeps_files(overrides):
            why = language.refused_modalities.get(modality, "its template does not implement it")
            raise UsageError("modality-impossible", f"{language.title} cannot serve {modality}: {why}")
    chosen = tuple(key for key in known if key in set(wanted))
    if not chosen:
        raise UsageError("modality-missing", "a backend needs at least one modality", hint="pass --modality llm")
    return chosen


def _pin_for(data: Any, language: Language, flavour: str, overrides: Mapping[str, Any]) -> Pin | None:
    pin = _pin(data)
    if pin is None and flavour in language.flavour_needs_pin and not keeps_files(overrides):
        raise UsageError(
            "pin-missing",
            f"flavour {flavour} builds an upstream, so it needs one",
            hint="pass --pin OWNER/REPO",
        )
    return pin


def _pin(data: Any) -> Pin | None:
    if not data:
        return None
    return check_pin(
        Pin(
            repo=str(data.get("repo") or ""),
            sha=str(data.get("sha") or ""),
            branch=str(data.get("branch") or ""),
            variable=str(data.get("variable") or ""),
        )
    )


def _description(value: Any) -> str:
    text = str(value)
    if any(0xD800 <= ord(ch) <= 0xDFFF for ch in text):
        raise UsageError("description-not-utf8", "the description is not valid UTF-8")
    if len(text.encode()) > DESCRIPTION_LIMIT:
        raise UsageError("description-too-long", f"the description is longer than {DESCRIPTION_LIMIT} bytes")
    if any((ord(ch) < 32 and ch not in "\n\t") or ord(ch) == 127 for ch in text):
        raise UsageError("description-control", "the description contains control characters")
    return text.strip()


def _matching(key: str, value: Any, pattern: re.Pattern[str], what: str) -> str:
    text = str(value)
    if text and not pattern.match(text):
        raise UsageError(f"{key}-invalid", f"{key} {text!r} is not {what}")
    return text
