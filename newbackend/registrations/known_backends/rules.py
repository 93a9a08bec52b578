"""Rules about the backends that the import form offers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from newbackend.answers_file import ANSWERS_NAME, parse_answers
from newbackend.catalog import modalities
from newbackend.catalog.import_kinds import NO_IMPORT
from newbackend.checklist import IMPORTABLE
from newbackend.errors import UsageError
from newbackend.findings import Finding, Severity
from newbackend.registrations.capabilities import place as capabilities
from newbackend.registrations.importer_drop_in import rules as drop_ins
from newbackend.registrations.importer_registry.rules import registered
from newbackend.registrations.known_backends import place as known_backends
from newbackend.registrations.support import importers_dir
from newbackend.registrations.support.go_files import go_file
from newbackend.rulebook import Scope
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.registry import Result, check, rule, skipped, unreadable

unreadable(
    "known-backends",
    "REG600",
    "known-backends-unreadable",
    what="`core/http/endpoints/localai/backend.go` is not Go, or `knownPrefOnlyBackends` is not a plain list.",
    why="LocalAI does not compile, and no rule can see which backends the list names.",
    how="Repair the line that the message names; `go vet` shows the same one.",
    bad='{Name: "demo", Modality: "tts"',
    good='{Name: "demo", Modality: "tts"},',
)

ALIASES = "pkg/model/initializers.go"
_ALIAS = re.compile(r'^\t"([^"\\]+)":\s+\w+Backend,', re.M)
# What the gallery says of backends that serve no imported model: they are configured, not imported.
_NO_MODELS = frozenset({"vector-database", "audio-codec", "proxy", "quantization", "fine-tuning"})
_NO_MODELS_PROSE = ("vector store", "vector database", "vector-database", "codec", "proxy", "quantization")

NOT_IMPORTABLE = rule(
    "REG601",
    "not-importable",
    Severity.WARNING,
    what="Neither an importer nor `knownPrefOnlyBackends` names the backend.",
    why="The import form builds its choice of backends from these two alone, so nobody can import a model for it. "
    "Backends that serve no imported model (vector stores, codecs, proxies, quantization, fine-tuning) are left out.",
    how="Add a line to knownPrefOnlyBackends, an importer where models can be told apart by themselves, or the name "
    "to the AdditionalBackends of the importer whose files it reads.",
    incident="f0c92610a (#9466) made almost all backends importable at once; 2f3dd404b (#11267) mlx-audio.",
    bad="// nothing for demo",
    good='{Name: "demo", Modality: "tts", AutoDetect: false, Description: "demo speech synthesis (preference-only)"},',
    checklist=IMPORTABLE,
)


@check(NOT_IMPORTABLE, needs=("known-backends",))
def importable(context: Context) -> Iterable[Result]:
    """By the backend's name or its gallery name, in any of the three lists."""
    named = {importer.backend for importer in importers_dir.importers(context.checkout)}
    named |= {fact.backend for place in ("known-backends", "importer-drop-in") for fact in context.facts(place)}
    end = context.last_line("known-backends")
    hosts = drop_ins.by_word(context)
    for info in context.backends.values():
        reason = not_imported(info)
        if not reason and not named & {info.name, info.gallery}:
            reason = _not_wanted(context, info)
        if reason:
            yield skipped(NOT_IMPORTABLE, info.name, reason)
        elif not named & {info.name, info.gallery}:
            yield _not_importable(context, info, end, hosts)


def _not_wanted(context: Context, info: BackendInfo) -> str:
    """Why the import form is not to offer a backend, by the answers that it was created with; else ""."""
    path = f"{info.directory}/{ANSWERS_NAME}"
    text = context.read(path)
    try:
        imports = parse_answers(text, path).imports if text else None
    except UsageError:
        return ""
    return f"its answers say import.kind: {NO_IMPORT}" if imports and imports.kind == NO_IMPORT else ""


def _not_importable(
    context: Context, info: BackendInfo, end: int, hosts: Mapping[str, importers_dir.Importer]
) -> Finding:
    """Where the line belongs: the list of drop-ins of an importer that knows the name, else the known backends."""
    host = hosts.get(info.name)
    if host:
        offers = go_file(context.checkout, host.path).returned("AdditionalBackends", host.type_name)
        line = offers.closing + 1 if offers else 1
        message = f"{host.type_name} lets {info.name} through, and its list of drop-ins does not offer it"
        expected = f'{{Name: "{info.name}", Modality: "…", Description: "…"}},'
        return Finding(
            NOT_IMPORTABLE, info.name, host.path, line=line, message=message, backend=info.name, expected=expected
        )
    message = f"the import form does not offer {info.name}: no importer and no line among the known backends"
    expected = f'{{Name: "{info.gallery}", Modality: "…", AutoDetect: false, Description: "… (preference-only)"}},'
    return Finding(
        NOT_IMPORTABLE, info.name, known_backends.PATH, line=end, message=message, backend=info.name, expected=expected
    )


def not_imported(info: BackendInfo) -> str:
    """Why a backend belongs in none of the lists, or "" when it does."""
    if not info.directory or not info.metas:
        return "it has no directory" if not info.directory else "the gallery does not offer it"
    words = tags_of(info)
    reasons = sorted(
        words & (_NO_MODELS | {tag for kind in modalities().values() if not kind.usecases for tag in kind.tags})
    )
    if not words and info.meta:
        description = str(info.meta.value.get("description") or "").lower()
        reasons = [word for word in _NO_MODELS_PROSE if word in description]
    return f"it serves no imported model ({reasons[0]})" if reasons else ""


def tags_of(info: BackendInfo) -> set[str]:
    tags = info.meta.value.get("tags") if info.meta else None
    return {str(tag).lower() for tag in tags} if isinstance(tags, list) else set()


REGISTRY_LEFTOVER = rule(
    "REG606",
    "registry-leftover",
    Severity.ERROR,
    what="An importer, its drop-in list or `knownPrefOnlyBackends` offers a backend that does not exist; a note when "
    "only `BackendCapabilities` names it.",
    why="The form offers it and the import succeeds, but no such backend can be installed.",
    how="Take the entry out, with the importer and its test.",
    incident="bark was removed by 26a374b71 (#8207) and its importer still claims every suno/bark repository.",
    bad='{Name: "removed", Modality: "tts", AutoDetect: false, Description: "…"},',
    good="// no line for a backend that is gone",
    checklist=IMPORTABLE,
)


@check(REGISTRY_LEFTOVER, needs=("known-backends",), scope=Scope.REPO)
def leftovers(context: Context) -> Iterable[Finding]:
    """Names that are no backend, no gallery family and no alias of one."""
    known = {name for info in context.backends.values() for name in (info.name, info.gallery)}
    known |= set(_ALIAS.findall(context.read(ALIASES) or ""))
    asked = registered(context) or {}
    offered = [
        (importer.backend, importers_dir.REGISTRY, asked[importer.type_name])
        for importer in importers_dir.importers(context.checkout)
        if importer.type_name in asked
    ]
    for place in ("known-backends", "importer-drop-in", "backend-capabilities"):
        offered += [(fact.backend, fact.path, fact.line) for fact in context.facts(place)]
    for name, path, line in offered:
        if name and name not in known:
            inert = path == capabilities.PATH
            what = "a capability entry speaks of" if inert else "the import form offers"
            severity = Severity.NOTE if inert else None
            message = f"{what} {name}, and there is no such backend"
            yield Finding(REGISTRY_LEFTOVER, name, path, line=line, message=message, severity=severity)
