"""Rules about `BackendCapabilities`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from newbackend.catalog import modalities
from newbackend.checklist import USECASES
from newbackend.findings import Finding, Severity
from newbackend.registrations.capabilities import place as capabilities
from newbackend.registrations.known_backends.rules import not_imported, tags_of
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.registry import Result, check, rule, skipped, unreadable

unreadable(
    "backend-capabilities",
    "REG608",
    "capabilities-unreadable",
    what="`core/config/backend_capabilities.go` is not Go, or `BackendCapabilities` is not a plain map.",
    why="LocalAI does not compile, and no rule can see which backends the list names.",
    how="Repair the line that the message names; `go vet` shows the same one.",
    bad='"demo": {',
    good='"demo": {},',
)

CAPABILITY_MISSING = rule(
    "REG603",
    "capability-missing",
    Severity.WARNING,
    what="`BackendCapabilities` has no entry for the backend.",
    why="It is never tried for a GGUF without a backend, its models are hidden by the usecase filters unless they "
    "declare known_usecases themselves, and the UI refuses voice cloning.",
    how="Add an entry with the RPCs that it serves and the usecases that its models may have.",
    incident="1bdd3338a (#10107) registered five missing backends at once, baa11133f (#10106) parakeet-cpp, "
    "ef80a0e82 (#10110) insightface and speaker-recognition.",
    bad="// nothing for demo",
    good='"demo": {\n\tGRPCMethods:      []GRPCMethod{MethodTTS},\n\tPossibleUsecases: []string{UsecaseTTS},\n'
    "\tDefaultUsecases:  []string{UsecaseTTS},\n},",
    checklist=USECASES,
)


@check(CAPABILITY_MISSING, needs=("backend-capabilities",))
def capable(context: Context) -> Iterable[Result]:
    """Backends that models are imported for and that the map does not have."""
    named = {fact.backend for fact in context.facts("backend-capabilities")}
    end = context.last_line("backend-capabilities")
    source = context.read(capabilities.PATH) or ""
    for info in context.backends.values():
        reason = not_imported(info) or _without_word(info, source)
        if reason:
            yield skipped(CAPABILITY_MISSING, info.name, reason)
        elif not named & {info.name, info.gallery}:
            message = f"{capabilities.VARIABLE} does not say what {info.name} can be asked for"
            expected = f'"{info.gallery}": {{ … }},'
            path = capabilities.PATH
            yield Finding(
                CAPABILITY_MISSING, info.name, path, line=end, message=message, backend=info.name, expected=expected
            )


def _without_word(info: BackendInfo, source: str) -> str:
    """Why an older table cannot have the backend: it knows no usecase of what the gallery says it does."""
    words = tags_of(info)
    served = [kind for kind in modalities().values() if words & {tag.lower() for tag in kind.tags}]
    known = any(f'"{use}"' in source for kind in served for use in kind.usecases)
    return "the table has no usecase for what it does" if served and not known else ""


DEFAULT_IMPOSSIBLE = rule(
    "REG616",
    "capability-default-impossible",
    Severity.ERROR,
    what="An entry of `BackendCapabilities` has a default usecase that is not among the possible ones.",
    why="A model of the backend without known_usecases is offered for what the same table says it cannot do, and the "
    "request fails in the backend.",
    how="Add the usecase to PossibleUsecases, or take it out of DefaultUsecases.",
    bad="PossibleUsecases: []string{UsecaseTTS},\nDefaultUsecases:  []string{UsecaseChat},",
    good="PossibleUsecases: []string{UsecaseTTS},\nDefaultUsecases:  []string{UsecaseTTS},",
    checklist=USECASES,
)


@check(DEFAULT_IMPOSSIBLE, needs=("backend-capabilities",))
def defaults(context: Context) -> Iterable[Result]:
    """The lists of usecases of each entry, where both are written out."""
    for fact in context.facts("backend-capabilities"):
        default, possible = (fact.value.get(key) for key in ("DefaultUsecases", "PossibleUsecases"))
        if not isinstance(default, tuple) or not isinstance(possible, tuple):
            continue
        for usecase in sorted(set(default) - set(possible)):
            message = f"{fact.backend} is used for {usecase} by default, which is not possible for it"
            backend = context.known(fact.backend)
            yield Finding(DEFAULT_IMPOSSIBLE, usecase, fact.path, line=fact.line, message=message, backend=backend)


FIELD_MISSING = rule(
    "REG617",
    "capability-field-missing",
    Severity.WARNING,
    what="An entry of `BackendCapabilities` lacks a field that all other entries have.",
    why="Go takes it for empty: without GRPCMethods the backend answers nothing that LocalAI knows of, without "
    "PossibleUsecases its models fit no filter, without DefaultUsecases none is offered for anything.",
    how="Add the field, as the entry of a similar backend has it.",
    bad='"demo": {\n\tPossibleUsecases: []string{UsecaseTTS},\n\tDefaultUsecases:  []string{UsecaseTTS},\n},',
    good='"demo": {\n\tGRPCMethods:      []GRPCMethod{MethodTTS},\n\tPossibleUsecases: []string{UsecaseTTS},\n'
    "\tDefaultUsecases:  []string{UsecaseTTS},\n},",
    checklist=USECASES,
    added_in="0.2.0",
)
_MANY = 5
"""Other entries that show which fields all of them have."""


@check(FIELD_MISSING, needs=("backend-capabilities",))
def whole(context: Context) -> Iterable[Result]:
    """The fields of each entry beside those of all others."""
    facts = context.facts("backend-capabilities")
    having = Counter(key for fact in facts for key in fact.value)
    for fact in facts if len(facts) > _MANY else ():
        for key in sorted(key for key, count in having.items() if count == len(facts) - 1 and key not in fact.value):
            message = f"{fact.backend} has no {key}, as all other entries have"
            backend = context.known(fact.backend)
            yield Finding(
                FIELD_MISSING, key, fact.path, line=fact.line, message=message, backend=backend, expected=f"{key}: …,"
            )
