"""Checks the answers against the catalog of languages, variants and modalities, and their syntax.

The wizard checks each new answer, `make_spec` checks all of them. Missing answers, and answers that depend on a
missing one, are not checked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from newbackend.answers import Answers, ImportAnswers, ModelAnswers, OptionAnswers, PinAnswers, as_data
from newbackend.catalog import modalities, name_rules, variant_table
from newbackend.catalog.import_kinds import DEFAULT_IMPORT, IMPORT_KINDS
from newbackend.catalog.languages import Language, languages
from newbackend.engine_words import checked_engine
from newbackend.errors import UsageError
from newbackend.model_address import FORMS as MODEL_FORMS
from newbackend.model_address import read_address
from newbackend.overrides import check_overrides, keeps_files
from newbackend.pin import check_branch, check_variable, full_commit, parse_pin
from newbackend.records import dataclass
from newbackend.suggest import unknown

DESCRIPTION_LIMIT = 10_240
_TAG = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{1,64}\Z"
_URL = r"https?://[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff\"'<>\\`]+\Z"
_SURROGATE = "[\ud800-\udfff]"
_CONTROL = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"
_LICENSE = r"[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+)*\Z"
_EXTENSION = r"\.[a-z0-9][a-z0-9._-]{0,31}\Z"
_MODEL_NAME = r"(?a)[A-Za-z0-9][\w.+-]{0,127}"
_SHA256 = r"[0-9A-Fa-f]{64}"
_PIPELINE_TAG = r"[a-z0-9][a-z0-9-]{0,63}\Z"


def checked(answers: Answers) -> Answers:
    """The answers in canonical form (known order, no repeats, no empty options). Raises UsageError naming the first
    invalid key."""
    if answers.overrides is not None:
        check_overrides(answers.overrides, "")
    kept = keeps_files(answers.overrides)
    if answers.name is not None:
        (check_shape if kept else check_name)(answers.name)
    if answers.lang is not None:
        answers = _Template.of(answers).checked(answers)
    done = replace(
        answers,
        pin=None if answers.pin is None else _pin(answers.pin),
        engine=None if answers.engine is None else checked_engine(answers.engine),
        description=None if answers.description is None else _description(answers.description),
        license=_matching("license", answers.license, _LICENSE, "an SPDX licence expression such as MIT"),
        icon=_matching("icon", answers.icon, _URL, "an http(s) URL"),
        urls=_each("urls", answers.urls, _URL, "an http(s) URL"),
        tags=_each("tags", answers.tags, _TAG, "a short tag"),
        imports=None if answers.imports is None else _imports(answers.imports, answers.name),
        models=None if answers.models is None else _models(answers.models),
        docs=None if answers.docs is None else replace(answers.docs, page=answers.docs.page or None),
    )
    _check_texts("", as_data(replace(answers, description=None, overrides=None, generated=None)))
    return done


Problem = tuple[str, str] | None
"""The code of an error and what is wrong with a name; None for a good one."""


def _check_texts(path: str, value: object) -> None:
    """Raises UsageError for a text with control characters: no file that is written could keep them."""
    if isinstance(value, str) and re.search(_CONTROL, value):
        raise UsageError("answers-control", f"{path} contains control characters")
    if isinstance(value, dict):
        for key, inner in value.items():
            _check_texts(f"{path}.{key}" if path else str(key), inner)
    elif isinstance(value, list):
        for inner in value:
            _check_texts(path, inner)


def check_shape(name: str) -> str:
    """Returns the name. Raises UsageError when it cannot be a directory, a make target and an image name."""
    if not name:
        raise UsageError("name-missing", "a backend needs a name: newbackend create NAME")
    return _without(_shape_problem(name), name)


def check_name(name: str) -> str:
    """Returns the name. Raises UsageError with the problem that it would cause in LocalAI (catalog/names.json), and
    with a name that would do."""
    return _without(_name_problem(check_shape(name)), name)


def _without(problem: Problem, name: str) -> str:
    if problem:
        instead = proposed_name(name)
        hint, choices = (f"call it {instead}, for instance", (instead,)) if instead else ("", ())
        raise UsageError(problem[0], f"backend name {name!r} {problem[1]}", hint=hint, choices=choices)
    return name


def proposed_name(text: str) -> str:
    """A valid name that is near the text: `my_engine` -> `my-engine`; "" when there is none."""
    rules = name_rules()
    slug = _slug(text)
    shorter = [slug.removeprefix(prefix) for prefix in rules.prefixes]
    shorter += [slug.removesuffix(suffix) for suffix in rules.suffixes]
    shorter += [_slug("-".join(part for part in slug.split("-") if token not in part)) for token in rules.tokens]
    candidates = (name for name in (slug, *shorter) if name and len(name) > 1)
    return next((name for name in candidates if not (_shape_problem(name) or _name_problem(name))), "")


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _shape_problem(name: str) -> Problem:
    rules = name_rules()
    if len(name) > rules.max_length:
        return "name-too-long", f"is longer than {rules.max_length} characters"
    if not re.fullmatch(rules.pattern, name) or "--" in name:
        return "name-invalid", "may only have lower-case letters, digits and single hyphens inside"
    return None


def _name_problem(name: str) -> Problem:
    rules = name_rules()
    if name in rules.reserved:
        return "name-reserved", f"is reserved: {rules.reserved[name]}"
    for token, why in rules.tokens.items():
        if token in name:
            return "name-hardware-token", f"contains {token!r}, which LocalAI reads as hardware: {why}"
    for prefix in rules.prefixes:
        if name.startswith(prefix):
            return "name-prefix", f"starts with {prefix!r}, which LocalAI strips as a build variant"
    for suffix, why in rules.suffixes.items():
        if name.endswith(suffix):
            return "name-suffix", f"ends with {suffix!r}: {why}"
    return None


@dataclass(frozen=True)
class _Template:
    """What the language and flavour allow. `sure`: the flavour is answered, or there is only one. `kept`: the backend's
    files exist already, so the template's limits do not apply."""

    language: Language
    flavour: str
    sure: bool
    kept: bool

    @classmethod
    def of(cls, answers: Answers) -> _Template:
        known, lang = languages(), answers.lang or ""
        if lang not in known:
            also = {key: language.other_words for key, language in known.items()}
            raise unknown("lang-unknown", "language", lang, known, also=also)
        language = known[lang]
        flavour = answers.flavour or language.default_flavour
        if flavour not in language.flavours:
            also = {key: (row.title,) for key, row in language.flavours.items()}
            raise unknown("flavour-unknown", f"{language.title} flavour", flavour, language.flavours, also=also)
        sure = bool(answers.flavour) or len(language.flavours) == 1
        return cls(language, flavour, sure, keeps_files(answers.overrides))

    def checked(self, answers: Answers) -> Answers:
        """The answers that depend on the template, in canonical form."""
        if answers.name in self.language.reserved_names:
            what = f"is a file or make target of every {self.language.title} backend"
            raise UsageError("name-reserved", f"backend name {answers.name!r} {what}")
        variants, served = answers.variants, answers.modalities
        variants = None if variants is None else self._variants(variants, answers)
        served = None if served is None else self._modalities(served)
        if answers.pin == PinAnswers() and self.language.flavours[self.flavour].needs_pin and not self.kept:
            message = f"flavour {self.flavour} builds an upstream, so it needs one"
            raise UsageError("pin-missing", message, hint="pass --pin OWNER/REPO")
        if answers.engine and answers.engine.pip and not self.language.takes_pip:
            message = f"{self.language.title} backends install nothing from PyPI"
            raise UsageError("pip-not-python", message, hint="leave --pip out, or pass --lang python")
        options = self._options(answers.options) if answers.options and self.sure else answers.options
        return replace(answers, variants=variants, modalities=served, options=options)

    def _variants(self, wanted: Sequence[str], answers: Answers) -> tuple[str, ...]:
        table, departures = variant_table(), (answers.overrides or {}).get("variants") or {}
        its = self.language.flavours[self.flavour]
        for variant in wanted:
            if variant not in table.variants:
                also = {key: row.other_words for key, row in table.variants.items()}
                raise unknown("variant-unknown", "variant", variant, table.variants, also=also)
            if self.kept and (departures.get(variant) or {}).get("rows"):
                continue  # the rows are given
            rows = table.variants[variant].rows_for(its.profile)
            if not self.sure and any(variant in other.variants for other in self.language.flavours.values()):
                continue  # which flavour it is follows from the engine
            if not (self.kept or variant in its.variants) or not rows:
                why = its.why_not(variant)
                message = f"{self.language.title} ({self.flavour}) cannot ship {variant}: {why}"
                raise UsageError("variant-impossible", message, choices=its.variants)
        chosen = table.ordered(wanted)
        if not chosen and not self.kept:
            message = "a backend needs at least one platform variant"
            raise UsageError("variants-missing", message, hint=f"pass --variants {table.plain}", choices=its.variants)
        return chosen

    def _modalities(self, wanted: Sequence[str]) -> tuple[str, ...]:
        known, allowed = modalities(), self.language.flavours[self.flavour].modalities
        for modality in wanted:
            if modality not in known:
                also = {key: row.other_words for key, row in known.items()}
                raise unknown("modality-unknown", "modality", modality, known, also=also)
            if modality not in allowed and not self.kept:
                why = self.language.refused_modalities.get(modality, "its template does not implement it")
                message = f"{self.language.title} cannot serve {modality}: {why}"
                raise UsageError("modality-impossible", message, choices=allowed)
        chosen = tuple(key for key in known if key in wanted)
        if not chosen:
            message = "a backend needs at least one modality"
            raise UsageError("modality-missing", message, hint="pass --modality llm", choices=allowed)
        return chosen

    def _options(self, options: OptionAnswers) -> OptionAnswers:
        """The options. Raises UsageError for a glibc floor or a CPU variant that the template cannot build."""
        if options.glibc_floor:
            from newbackend.catalog.portable import check_floor

            check_floor(options.glibc_floor, self.language, self.flavour)
        if options.cpu_variants and options.native_march:
            what = "options.native_march builds for one processor only, so there is nothing for options.cpu_variants"
            raise UsageError("cpu-variants-native", f"{what} to choose from", hint="leave one of them out")
        if options.cpu_variants is None:
            return options
        # None of them is an answer too: no default is taken then.
        return replace(options, cpu_variants=self._cpu_variants(options.cpu_variants))

    def _cpu_variants(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """The additional processor levels that the native library is built for, oldest first."""
        known = self.language.flavours[self.flavour].cpu_variants
        if wanted and not known:
            able = [f"{row.title} ({key})" for row in languages().values() for key in _with_cpu_variants(row)]
            why = f"only {', '.join(able)} can build its library once per kind of processor"
            raise UsageError(
                "cpu-variants-impossible",
                f"{self.language.title} ({self.flavour}) has no CPU variants: {why}",
                hint=" or ".join(f"pass --set flavour={key}" for key in _with_cpu_variants(self.language)),
            )
        for variant in wanted:
            if variant not in known:
                raise unknown("cpu-variant-unknown", "CPU variant", variant, known)
        return tuple(variant for variant in known if variant in wanted)


def _pin(pin: PinAnswers) -> PinAnswers:
    """The pin, its repository as OWNER/REPO; its `sha` is checked where it is resolved, and as a whole by
    `pin.check_pin`."""
    if pin.branch:
        check_branch(pin.branch)
    if pin.variable:
        check_variable(pin.variable)
    if pin == PinAnswers():
        return pin
    repo, ref = parse_pin(pin.repo or "")
    return replace(pin, repo=repo, sha=full_commit(pin.sha or ref) or None)


def _imports(imports: ImportAnswers, name: str | None) -> ImportAnswers:
    """The import answers that differ from the default."""
    kind = imports.kind or DEFAULT_IMPORT
    if kind not in IMPORT_KINDS:
        raise unknown("import-kind", "import.kind", kind, IMPORT_KINDS)
    extensions = _signals("extensions", imports.extensions, _EXTENSION, "a file extension such as .gguf")
    tags = _signals("pipeline_tags", imports.pipeline_tags, _PIPELINE_TAG, "a tag such as text-to-speech")
    if imports.modality and not re.match(_PIPELINE_TAG, imports.modality):
        raise UsageError("import-modality", f"import.modality {imports.modality!r} is not one word")
    if kind == "drop-in" and imports.of is not None and imports.of in ("", name):
        raise UsageError(
            "import-of-missing",
            "a drop-in shares another backend's importer, so it must say which",
            hint="pass --set import.of=llama-cpp, for instance",
        )
    if kind == "importer" and (extensions, tags) == ((), ()):
        raise UsageError(
            "import-no-signal",
            "an importer needs something to tell this backend's models by",
            hint="pass --set import.extensions=[.ext] or import.pipeline_tags, or leave import.kind at preference",
        )
    return ImportAnswers(
        kind=kind if kind != DEFAULT_IMPORT else None,
        of=imports.of or None,
        modality=imports.modality or None,
        description=imports.description or None,
        extensions=extensions or None,
        pipeline_tags=tags or None,
    )


def _signals(key: str, values: Sequence[str] | None, pattern: str, what: str) -> tuple[str, ...] | None:
    for value in values or ():
        if not re.match(pattern, value):
            raise UsageError(f"import-{key.replace('_', '-')}", f"import.{key} {value!r} is not {what}")
    return None if values is None else tuple(dict.fromkeys(values))


def _models(models: Sequence[ModelAnswers]) -> tuple[ModelAnswers, ...]:
    """The models, their addresses in LocalAI's form. Raises UsageError for what the gallery could not hold."""
    done = []
    for model in models:
        if not model.uri:
            raise UsageError("model-uri", "a model needs an address", hint=f"give {MODEL_FORMS}")
        address, name = read_address(model.uri), model.name
        if name is not None and not re.fullmatch(_MODEL_NAME, name):
            raise UsageError("model-name", f"models.name {name!r} may only have letters, digits and -_.+ inside")
        if model.sha256 is not None and not re.fullmatch(_SHA256, model.sha256):
            raise UsageError("model-sha256", f"models.sha256 {model.sha256!r} is not a SHA-256 in 64 hex digits")
        _matching("models.icon", model.icon, _URL, "an http(s) URL")
        _matching("models.license", model.license, _LICENSE, "an SPDX licence expression such as MIT")
        _each("models.urls", model.urls, _URL, "an http(s) URL")
        done.append(
            replace(
                model,
                uri=address.uri,
                sha256=model.sha256.lower() if model.sha256 else None,
                urls=_each("models.urls", model.urls, _URL, "an http(s) URL"),
                tags=_each("models.tags", model.tags, _TAG, "a short tag"),
                description=None if model.description is None else _description(model.description),
            )
        )
    names = [model.name or read_address(model.uri or "").stem for model in done]
    for name in names:
        if not name or names.count(name) > 1:
            raise UsageError("model-name", f"two models would be called {name!r}", hint="give each a models.name")
    return tuple(dict.fromkeys(done))


def _description(text: str) -> str:
    if re.search(_SURROGATE, text):
        raise UsageError("description-not-utf8", "the description is not valid UTF-8")
    if len(text.encode()) > DESCRIPTION_LIMIT:
        raise UsageError("description-too-long", f"the description is longer than {DESCRIPTION_LIMIT} bytes")
    if re.search(_CONTROL, text):
        raise UsageError("description-control", "the description contains control characters")
    return text.strip()


def _matching(key: str, text: str | None, pattern: str, what: str) -> str | None:
    if text and not re.match(pattern, text):
        raise UsageError(f"{key}-invalid", f"{key} {text!r} is not {what}")
    return text


def _each(key: str, texts: Sequence[str] | None, pattern: str, what: str) -> tuple[str, ...] | None:
    for text in texts or ():
        _matching(key, text, pattern, what)
    return None if texts is None else tuple(texts)


def _with_cpu_variants(language: Language) -> list[str]:
    return [key for key, flavour in language.flavours.items() if flavour.cpu_variants]
