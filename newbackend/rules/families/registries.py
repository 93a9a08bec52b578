"""Checks of the lists in LocalAI's Go code: importers, known backends, capabilities, engine preference."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from newbackend.catalog import modalities
from newbackend.catalog.registries import registries
from newbackend.findings import CheckResult, Finding, Location, Rule, Severity, Status
from newbackend.registrations.capabilities import place as capabilities
from newbackend.registrations.engine_preference import place as engine_preference
from newbackend.registrations.importer_drop_in import rules as drop_ins
from newbackend.registrations.known_backends import place as known_backends
from newbackend.registrations.support import importers_dir
from newbackend.registrations.support.display_names import squeezed
from newbackend.registrations.support.go_files import composite, go_file
from newbackend.rules.base import Check, Result, Scope
from newbackend.rules.context import BackendInfo, Context
from newbackend.rules.texts import registries as text

ALIASES = "pkg/model/initializers.go"
_ALIAS = re.compile(r'^\t"([^"\\]+)":\s+\w+Backend,', re.M)
_CATCH_ALL = "LlamaCPPImporter"
_COMMENT = re.compile(r"//[^\n]*")
_ENGINE = re.compile(r"engine(?=[A-Z0-9])")
# What the gallery says of backends that serve no imported model: they are configured, not imported.
_NO_MODELS = frozenset({"vector-database", "audio-codec", "proxy", "quantization", "fine-tuning"})
_NO_MODELS_PROSE = ("vector store", "vector database", "vector-database", "codec", "proxy", "quantization")


def importable(context: Context) -> Iterable[Result]:
    """REG601: by the backend's name or its gallery name, in any of the three lists."""
    named = {one.backend for one in importers_dir.importers(context.checkout)}
    named |= {fact.backend for place in ("known-backends", "importer-drop-in") for fact in context.facts(place)}
    end = max((fact.line for fact in context.facts("known-backends")), default=1)
    hosts = drop_ins.by_word(context)
    for info in context.backends.values():
        reason = _not_asked(info)
        if reason:
            yield CheckResult(text.NOT_IMPORTABLE, Status.SKIPPED, info.name, reason)
        elif not named & {info.name, info.gallery}:
            yield _not_importable(context, info, end, hosts)


def _not_importable(
    context: Context, info: BackendInfo, end: int, hosts: Mapping[str, importers_dir.Importer]
) -> Finding:
    """Where the line belongs: the list of drop-ins of an importer that knows the name, else the known backends."""
    one = hosts.get(info.name)
    if one:
        found = go_file(context.checkout, one.path).returned("AdditionalBackends", one.type_name)
        line = found.closing + 1 if found else 1
        message = f"{one.type_name} lets {info.name} through, and its list of drop-ins does not offer it"
        expected = f'{{Name: "{info.name}", Modality: "…", Description: "…"}},'
        return Finding(text.NOT_IMPORTABLE, info.name, one.path, line, message, info.name, expected=expected)
    message = f"the import form does not offer {info.name}: no importer and no line among the known backends"
    expected = f'{{Name: "{info.gallery}", Modality: "…", AutoDetect: false, Description: "… (preference-only)"}},'
    return Finding(text.NOT_IMPORTABLE, info.name, known_backends.PATH, end, message, info.name, expected=expected)


def capable(context: Context) -> Iterable[Result]:
    """REG603."""
    named = {fact.backend for fact in context.facts("backend-capabilities")}
    end = max((fact.line for fact in context.facts("backend-capabilities")), default=1)
    source = context.read(capabilities.PATH) or ""
    for info in context.backends.values():
        reason = _not_asked(info) or _without_word(info, source)
        if reason:
            yield CheckResult(text.CAPABILITY_MISSING, Status.SKIPPED, info.name, reason)
        elif not named & {info.name, info.gallery}:
            message = f"{capabilities.VARIABLE} does not say what {info.name} can be asked for"
            expected = f'"{info.gallery}": {{ … }},'
            path = capabilities.PATH
            yield Finding(text.CAPABILITY_MISSING, info.name, path, end, message, info.name, expected=expected)


def _not_asked(info: BackendInfo) -> str:
    """Why a backend belongs in none of the lists, or "" when it does."""
    if not info.directory or not info.metas:
        return "it has no directory" if not info.directory else "the gallery does not offer it"
    words = _tags(info)
    found = sorted(
        words & (_NO_MODELS | {tag for kind in modalities().values() if not kind.usecases for tag in kind.tags})
    )
    if not words and info.meta:
        said = str(info.meta.value.get("description") or "").lower()
        found = [word for word in _NO_MODELS_PROSE if word in said]
    return f"it serves no imported model ({found[0]})" if found else ""


def _without_word(info: BackendInfo, source: str) -> str:
    """Why an older table cannot have the backend: it knows no usecase of what the gallery says it does."""
    words = _tags(info)
    served = [kind for kind in modalities().values() if words & {tag.lower() for tag in kind.tags}]
    known = any(f'"{use}"' in source for kind in served for use in kind.usecases)
    return "the table has no usecase for what it does" if served and not known else ""


def _tags(info: BackendInfo) -> set[str]:
    tags = info.meta.value.get("tags") if info.meta else None
    return {str(tag).lower() for tag in tags} if isinstance(tags, list) else set()


def importers(context: Context) -> Iterable[Result]:
    """REG602, REG605, REG607, REG611: the importers that are written against the list of those that are asked."""
    lines = _registered(context)
    if lines is None:
        yield from _list_unreadable(context)
        return
    order = list(lines)
    written = importers_dir.importers(context.checkout)
    for type_name in lines.keys() - {"", *(one.type_name for one in written)}:
        if not importers_dir.declared_in(context.checkout, type_name):
            yield _undeclared(context, type_name, lines[type_name])
    for one in written:
        if one.type_name not in lines:
            yield _unregistered(context, one, max(lines.values(), default=1))
        elif (
            _CATCH_ALL in lines
            and order.index(one.type_name) > order.index(_CATCH_ALL)
            and one.type_name not in registries().generic_importers
            and "gguf" in _COMMENT.sub("", context.read(one.path) or "").lower()
        ):
            message = f"{one.type_name} looks for .gguf files, and {_CATCH_ALL} in front of it takes them all"
            related = (Location(importers_dir.REGISTRY, lines[_CATCH_ALL]),)
            line, backend = lines[one.type_name], _backend(context, one.backend)
            path = importers_dir.REGISTRY
            yield Finding(text.IMPORTER_SHADOWED, one.type_name, path, line, message, backend, related=related)


def _registered(context: Context) -> dict[str, int] | None:
    """Types of `defaultImporters` in order, with their lines; None when the list cannot be read."""
    path = importers_dir.REGISTRY
    source = context.read(path)
    if source is None or importers_dir.VARIABLE not in source or go_file(context.checkout, path).broken_line:
        return None
    found = composite(context.checkout, path, importers_dir.VARIABLE)
    return {element.type_name: element.first + 1 for element in found.elements} if found else None


def _list_unreadable(context: Context) -> Iterable[Result]:
    path = importers_dir.REGISTRY
    source = context.read(path)
    for rule in (text.IMPORTER_UNREGISTERED, text.IMPORTER_SHADOWED, text.IMPORTER_UNDECLARED):
        yield CheckResult(
            rule, Status.SKIPPED if source is None else Status.UNKNOWN, reason=f"{path} has no readable list"
        )
    if source is None:
        yield CheckResult(text.IMPORTERS_UNREADABLE, Status.SKIPPED, reason=f"{path} is not in this checkout")
        return
    line = go_file(context.checkout, path).broken_line
    problem = "is not valid Go" if line else f"has no plain list {importers_dir.VARIABLE}"
    status = Status.FAIL if line else Status.UNKNOWN
    yield Finding(text.IMPORTERS_UNREADABLE, path, path, line or 1, f"{path} {problem}", status=status)


def _unregistered(context: Context, one: importers_dir.Importer, last: int) -> Finding:
    source = context.read(one.path) or ""
    line = source.count("\n", 0, max(source.find(f"type {one.type_name} "), 0)) + 1
    return Finding(
        text.IMPORTER_UNREGISTERED,
        one.type_name,
        one.path,
        line,
        f"{one.type_name} is not in {importers_dir.VARIABLE}, so it is never asked",
        _backend(context, one.backend),
        expected=f"&{one.type_name}{{}},",
        related=(Location(importers_dir.REGISTRY, last),),
    )


def _undeclared(context: Context, type_name: str, line: int) -> Finding:
    stem = squeezed(type_name.removesuffix("Importer"))
    name = next((name for name in context.backends if squeezed(name) == stem), "")
    where = f"neither {importers_dir.FOLDER}/{name}.go nor another file there" if name else "no file beside the list"
    message = f"{importers_dir.VARIABLE} asks {type_name}, and {where} declares that type"
    return Finding(text.IMPORTER_UNDECLARED, type_name, importers_dir.REGISTRY, line, message, name)


def leftovers(context: Context) -> Iterable[Finding]:
    """REG606: names that are no backend, no gallery family and no alias of one."""
    known = {name for info in context.backends.values() for name in (info.name, info.gallery)}
    known |= set(_ALIAS.findall(context.read(ALIASES) or ""))
    registered = _registered(context) or {}
    offered = [
        (one.backend, importers_dir.REGISTRY, registered[one.type_name])
        for one in importers_dir.importers(context.checkout)
        if one.type_name in registered
    ]
    for place in ("known-backends", "importer-drop-in", "backend-capabilities"):
        offered += [(fact.backend, fact.path, fact.line) for fact in context.facts(place)]
    for name, path, line in offered:
        if name and name not in known:
            inert = path == capabilities.PATH
            what = "a capability entry speaks of" if inert else "the import form offers"
            severity = Severity.NOTE if inert else None
            message = f"{what} {name}, and there is no such backend"
            yield Finding(text.REGISTRY_LEFTOVER, name, path, line, message, severity=severity)


def engines(context: Context) -> Iterable[Finding]:
    """REG604: the table is matched as a substring of backend names. A constant that no row has ranks nobody, and
    a row's constant that nothing declares is not even Go."""
    names = [name for info in context.backends.values() for name in (info.name, info.gallery)]
    facts = context.facts("engine-preference")
    ranked = {fact.backend for fact in facts if fact.kind == "rank"}
    for fact in {(fact.kind, fact.backend): fact for fact in reversed(facts)}.values():
        if fact.kind == "engine" and not any(fact.backend in name for name in names):
            message = f"{fact.value} is {fact.backend!r}, and no backend's name contains that"
        elif fact.kind == "engine" and fact.backend not in ranked:
            message = f"{fact.value} stands in no row of {engine_preference.VARIABLE}, so nothing prefers it"
        elif fact.kind == "rank" and _ENGINE.match(fact.backend):
            message = f"{engine_preference.VARIABLE} ranks {fact.backend}, which is not declared"
        else:
            continue
        stem = squeezed(_ENGINE.sub("", fact.backend) or fact.backend)
        backend = next((name for name in context.backends if squeezed(name) == stem), "")
        yield Finding(text.ENGINE_UNKNOWN, fact.backend, fact.path, fact.line, message, backend)


def _backend(context: Context, name: str) -> str:
    return name if name in context.backends else ""


UNREADABLE: Mapping[str, Rule] = {
    "known-backends": text.KNOWN_UNREADABLE,
    "backend-capabilities": text.CAPABILITIES_UNREADABLE,
    "engine-preference": text.ENGINES_UNREADABLE,
}
CHECKS = (
    Check((text.NOT_IMPORTABLE,), importable, needs=("known-backends",)),
    Check((text.CAPABILITY_MISSING,), capable, needs=("backend-capabilities",)),
    Check(
        (text.IMPORTERS_UNREADABLE, text.IMPORTER_UNREGISTERED, text.IMPORTER_SHADOWED, text.IMPORTER_UNDECLARED),
        importers,
        scope=Scope.REPO,
    ),
    Check((text.REGISTRY_LEFTOVER,), leftovers, needs=("known-backends",), scope=Scope.REPO),
    Check((text.ENGINE_UNKNOWN,), engines, needs=("engine-preference",), scope=Scope.REPO),
)
