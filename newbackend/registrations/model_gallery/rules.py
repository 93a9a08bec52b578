"""Rules about the models of the gallery and the backends that they run on."""

from __future__ import annotations

import re
from collections.abc import Iterable

from newbackend.checklist import MODEL
from newbackend.findings import Confidence, Finding, Severity
from newbackend.registrations.capabilities import place as capabilities
from newbackend.registrations.known_backends.rules import ALIASES, not_imported
from newbackend.registrations.model_gallery.index import MODELS, Model, models
from newbackend.registrations.support.go_files import elements, probe_variable
from newbackend.rulebook import Scope
from newbackend.rules.context import Context
from newbackend.rules.registry import Result, check, rule, skipped, unreadable
from newbackend.splice.yaml_blocks import item_value
from newbackend.splice.yaml_nodes import YamlBroken

unreadable(
    "model-gallery",
    "REG260",
    "model-gallery-unreadable",
    what="`gallery/index.yaml` has a conflict marker, or is no list with a dash in the first column.",
    how="Repair the line that the message names.",
    bad="<<<<<<< HEAD\n- name: demo-q4",
    good="- name: demo-q4",
)

UNKNOWN_BACKEND = rule(
    "REG261",
    "model-without-backend",
    Severity.WARNING,
    confidence=Confidence.LIKELY,
    what="A model of the gallery runs on a backend that LocalAI does not have.",
    why="It is offered, downloaded, and then fails to load. What counts: directories, matrix rows and gallery names of "
    "backends, and the names that LocalAI rewrites (`Aliases` in pkg/model/initializers.go). An entry that loads "
    "nothing is left out.",
    how="Name a backend that exists, or take the entry out.",
    incident="parler-tts went with 318225f63 (#4672); its model is still offered.",
    bad="overrides:\n  backend: demoo",
    good="overrides:\n  backend: demo",
    checklist=MODEL,
)


@check(UNKNOWN_BACKEND, needs=("model-gallery", "matrix", "gallery-index"), scope=Scope.REPO)
def backends_of_models(context: Context) -> Iterable[Finding]:
    """One finding for each model; its backend by the entry, by what it merges or by the configuration of its url."""
    known = set(context.backends) | {info.gallery for info in context.backends.values()} | _aliases(context)
    known |= {str(fact.value.get(key)) for fact in context.facts("gallery-index") for key in ("name", "alias")}
    for model in models(context.checkout):
        if model.backend and model.backend not in known and _loads(model):
            message = f"{model.name} runs on {model.backend}, which is no backend of this checkout"
            yield Finding(UNKNOWN_BACKEND, model.name, MODELS, line=model.line, message=message)


def _aliases(context: Context) -> set[str]:
    """Names that LocalAI takes for another backend's."""
    there = context.checkout.exists(ALIASES) and probe_variable(context.checkout, ALIASES, "Aliases").usable
    return {element.key for element in elements(context.checkout, ALIASES, "Aliases")} if there else set()


def _loads(model: Model) -> bool:
    """Whether there is something to load: a filter of patterns, for instance, is LocalAI's own and needs no backend."""
    return bool(model.config != "virtual.yaml" or "\n    parameters:" in model.text or "\n  files:" in model.text)


NO_MODEL = rule(
    "REG262",
    "backend-without-model",
    Severity.NOTE,
    when_new=Severity.WARNING,
    what="No model of the gallery runs on the backend.",
    why="Users try a backend by installing a model that names it; without one they have to write a configuration. "
    "Backends that serve no model of their own (stores, codecs, proxies, fine-tuning, quantization) are left out.",
    how="`newbackend change NAME --model huggingface://OWNER/REPO/FILE`, or an entry in gallery/index.yaml.",
    incident="20 of the 24 pull requests that added a backend between May and August 2026 added a model too.",
    bad="# no entry with `backend: demo`",
    good="- name: demo-q4\n  overrides:\n    backend: demo",
    checklist=MODEL,
)


@check(NO_MODEL, needs=("model-gallery", "matrix"))
def models_of_backends(context: Context) -> Iterable[Result]:
    """By its own name or its name in the gallery."""
    served = {model.backend for model in models(context.checkout)}
    end = max((model.line for model in models(context.checkout)), default=1)
    for info in context.backends.values():
        reason = not_imported(info)
        if reason:
            yield skipped(NO_MODEL, info.name, reason)
        elif info.images and not served & {info.name, info.gallery}:
            message = f"no model of the gallery runs on {info.name}, so nobody can try it by installing one"
            yield Finding(NO_MODEL, info.name, MODELS, line=end, message=message, backend=info.name)


_LISTED = re.compile(r"\n    known_usecases:[ \t]*((?:\n +- [A-Za-z0-9_]+[ \t]*)+)(?:\n {0,4}\S|\Z)")
_WORD = re.compile(r"\w+")
UNSERVED = rule(
    "REG264",
    "model-use-unserved",
    Severity.WARNING,
    confidence=Confidence.LIKELY,
    what="A model declares a use case that its backend cannot serve, by BackendCapabilities.",
    why="LocalAI offers the model for it, and the call fails; or the table lacks what the backend can do, and filters "
    "hide it.",
    how="Take the use case out of `known_usecases`, or add it to the backend's PossibleUsecases.",
    bad='known_usecases:\n  - vad          # PossibleUsecases: []string{"tts"}',
    good="known_usecases:\n  - tts",
    checklist=MODEL,
)


@check(UNSERVED, needs=("model-gallery", "backend-capabilities"), scope=Scope.REPO)
def use_cases(context: Context) -> Iterable[Finding]:
    """Only of backends that the table has."""
    possible = {
        fact.backend: set(fact.value.get("PossibleUsecases") or ())
        for fact in context.facts(capabilities.Capabilities.id)
    }
    for model in models(context.checkout):
        if model.backend not in possible or "\n    known_usecases:" not in model.text:
            continue
        for use in _uses(model.text):
            if use not in possible[model.backend]:
                message = f"{model.name} is for {use}, which {model.backend} cannot serve by {capabilities.PATH}"
                backend = context.known(model.backend)
                yield Finding(
                    UNSERVED, f"{model.name}: {use}", MODELS, line=model.line, message=message, backend=backend
                )


def _uses(text: str) -> list[str]:
    """The use cases of an entry, as the table writes them: `FLAG_TTS` is `tts`."""
    listed = _LISTED.search(text)
    words = _WORD.findall(listed[1]) if listed else _parsed_uses(text)
    return [word.lower().removeprefix("flag_") for word in words]


def _parsed_uses(text: str) -> list[str]:
    """As `_uses`, for a list that is written otherwise than LocalAI's own are."""
    try:
        value = item_value(text)
    except YamlBroken:
        return []
    own = value.get("overrides") if isinstance(value, dict) else None
    uses = own.get("known_usecases") if isinstance(own, dict) else None
    return [str(use) for use in uses] if isinstance(uses, list) else []
