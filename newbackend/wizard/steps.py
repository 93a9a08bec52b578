"""The questions in their order, and the one check behind each: a spec of what is known so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from newbackend.catalog.languages import languages
from newbackend.errors import UsageError
from newbackend.pin import parse_pin
from newbackend.registrations.support.import_choice import import_choice
from newbackend.spec import BackendSpec, make_spec
from newbackend.wizard.offers import hosts, siblings, takes_importer
from newbackend.wizard.protocol import Frontend, PartialAnswers

IMPORT = "import"
_STAND_IN_PIN = {"repo": "owner/repo", "sha": "0" * 40, "branch": "main", "variable": "X_VERSION"}
_STAND_IN_IMPORT = {"of": "no backend's name", "extensions": [".any"], "pipeline_tags": ["any"]}


def _has_flavours(so_far: PartialAnswers) -> bool:
    return len(languages()[str(so_far.answers["lang"])].flavours) > 1


def _has_siblings(so_far: PartialAnswers) -> bool:
    answers = so_far.answers
    return bool(siblings(so_far.checkout, str(answers["lang"]), answers["modalities"], str(answers["name"])))


def _has_import_ways(so_far: PartialAnswers) -> bool:
    """Whether the checkout can take more than a line in the list of known backends."""
    spec = possible(so_far.answers)
    return bool(hosts(spec, so_far.checkout)) or takes_importer(spec, so_far.checkout)


def _is_drop_in(so_far: PartialAnswers) -> bool:
    drop_in = so_far.answers.get("import.kind") == "drop-in"
    return drop_in and bool(hosts(possible(so_far.answers), so_far.checkout))


def _is_importer(so_far: PartialAnswers) -> bool:
    return so_far.answers.get("import.kind") == "importer"


def _always(_: PartialAnswers) -> bool:
    return True


def _never(_: PartialAnswers) -> bool:
    return False


@dataclass(frozen=True)
class Step:
    """One question: whose method answers it, whether it comes up at all, and whether a backend can do
    without an answer. It is asked again when an answer in `hangs_on` changes."""

    key: str
    title: str
    ask: Callable[[Frontend, PartialAnswers], Any]
    applies: Callable[[PartialAnswers], bool] = _always
    optional: Callable[[PartialAnswers], bool] = _never
    hangs_on: frozenset[str] = frozenset()


STEPS: tuple[Step, ...] = (
    Step("pin", "upstream", lambda front, so_far: front.pin(so_far), optional=_always),
    Step("name", "name", lambda front, so_far: front.name(so_far)),
    Step("lang", "language", lambda front, so_far: front.lang(so_far)),
    Step("flavour", "flavour", lambda front, so_far: front.flavour(so_far), _has_flavours, _always),
    Step("modalities", "serves", lambda front, so_far: front.modalities(so_far)),
    Step(
        "like",
        "beside",
        lambda front, so_far: front.like(so_far),
        _has_siblings,
        _always,
        hangs_on=frozenset({"lang"}),
    ),
    Step("variants", "platforms", lambda front, so_far: front.variants(so_far)),
    Step("description", "description", lambda front, so_far: front.description(so_far), optional=_always),
    Step("license", "licence", lambda front, so_far: front.license(so_far), optional=_always),
    Step("tags", "tags", lambda front, so_far: front.tags(so_far), optional=_always),
    Step("import.kind", "import", lambda front, so_far: front.import_kind(so_far), _has_import_ways, _always),
    Step(
        "import.of",
        "importer of",
        lambda front, so_far: front.import_of(so_far),
        _is_drop_in,
        hangs_on=frozenset({"import.kind"}),
    ),
    Step(
        "import.extensions",
        "extensions",
        lambda front, so_far: front.import_extensions(so_far),
        _is_importer,
        lambda so_far: bool(so_far.answers.get("import.pipeline_tags")),
        frozenset({"import.kind"}),
    ),
    Step(
        "import.pipeline_tags",
        "model tags",
        lambda front, so_far: front.import_pipeline_tags(so_far),
        _is_importer,
        lambda so_far: bool(so_far.answers.get("import.extensions")),
        frozenset({"import.kind"}),
    ),
)
KEYS: tuple[str, ...] = tuple(step.key for step in STEPS)


def step_of(key: str) -> Step:
    """The step of an answer's key; raises KeyError for a key that is never asked for."""
    return next(step for step in STEPS if step.key == key)


def flat(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers with each of those under `import` by its own dotted key, as they are asked for."""
    rest = {key: value for key, value in answers.items() if key != IMPORT}
    return rest | {f"{IMPORT}.{key}": value for key, value in (answers.get(IMPORT) or {}).items()}


def nested(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Flat answers as an answers file has them."""
    dotted = {key: value for key, value in flat(answers).items() if key.startswith(f"{IMPORT}.")}
    rest = {key: value for key, value in answers.items() if key not in dotted and key != IMPORT}
    return rest | ({IMPORT: {key.removeprefix(f"{IMPORT}."): dotted[key] for key in dotted}} if dotted else {})


def possible(answers: Mapping[str, Any]) -> BackendSpec:
    """Checks the answers there are, flat or not, with stand-ins for those that are missing.

    Raises UsageError for the first that will not do, in the words of `make_spec`.
    """
    known = nested(answers)
    known.setdefault("name", "stand-in")
    if known.get(IMPORT):
        known[IMPORT] = _STAND_IN_IMPORT | known[IMPORT]
    if "lang" not in known:  # nothing can be said yet about what hangs on it
        hangs = ("flavour", "variants", "modalities", "options")
        known = {key: value for key, value in known.items() if key not in hangs}
        known["lang"] = next(iter(languages()))
    language = languages().get(str(known["lang"]))
    if language is not None:
        if len(language.flavours) > 1 and "flavour" not in known:
            known.pop("options", None)  # which of them are possible hangs on the flavour
        flavour = str(known.get("flavour") or language.default_flavour)
        known.setdefault("variants", language.variants.get(flavour, ())[:1])
        known.setdefault("modalities", language.modalities_of(flavour)[:1])
    if isinstance(known.get("pin"), Mapping):
        parse_pin(str(known["pin"].get("repo") or ""))
    if any(0xD800 <= ord(ch) <= 0xDFFF for ch in str(known.get("description") or "")):
        raise UsageError("description-not-utf8", "the description is not valid UTF-8")
    known["pin"] = _STAND_IN_PIN if known.get("pin") or "pin" not in answers else None
    spec = make_spec(known)
    import_choice(spec)
    return spec
