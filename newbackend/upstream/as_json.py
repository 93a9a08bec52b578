"""An inspection as JSON: schema `newbackend/engine/1`. Lists keep the order of the files."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from newbackend.upstream import api
from newbackend.upstream.fact_rows import build_system, facts, place
from newbackend.upstream.inspect import Inspection

SCHEMA = "newbackend/engine/1"


def as_json(found: Inspection) -> dict[str, Any]:
    """Every fact with its `where` (path:line in the upstream) and, where it is a judgement, its `confidence`."""
    return {
        "schema": SCHEMA,
        "repo": found.repo,
        "sha": found.sha,
        "build_system": build_system(found),
        "facts": [fact.as_json() for fact in facts(found)],
        "functions": _functions(found),
        "calls": _calls(found),
        "build": {
            "systems": found.systems,
            "cmake": _cmake(found),
            "make": _make(found),
            "cargo": [asdict(crate) for crate in found.manifests.crates],
            "python": asdict(found.manifests.distribution) if found.manifests.distribution else None,
            "go": asdict(found.manifests.go) if found.manifests.go else None,
        },
        "switches": [asdict(switch) for switch in found.switches],
        "submodules": [{**asdict(part), "read": part.path not in found.unread_submodules} for part in found.submodules],
        "headers": [_header(header) for header in found.headers],
        "other_headers": [{"path": header.api.path, "why": header.why} for header in found.other_headers],
        "cplusplus_headers": found.cplusplus_headers,
        "models": [asdict(part) for part in found.formats],
        "licence": asdict(found.licence) if found.licence else None,
        "description": asdict(found.description) if found.description else None,
        "languages": found.languages,
        "unknown": [{**asdict(gap), **_placed(gap.where)} for gap in found.gaps],
    }


def _placed(where: str) -> dict[str, Any]:
    path, line = place(where)
    return {"path": path, "line": line}


def _functions(found: Inspection) -> list[dict[str, Any]]:
    """Every function of the C API, with whether Go can call it."""
    why_not = {part.name: part.reason for part in found.not_bound}
    return [
        {
            "name": function.name,
            "returns": function.result,
            "parameters": [asdict(parameter) for parameter in function.parameters],
            **_placed(function.where),
            "bound": function.name not in why_not,
            "why_not": why_not.get(function.name, ""),
        }
        for header in found.headers[:1]
        for function in header.api.functions
    ]


def _calls(found: Inspection) -> dict[str, Any]:
    """What a backend may call: functions that load a model, and those of each modality."""
    return {
        "load": [
            {
                "name": one.function.name,
                **_placed(one.function.where),
                "handle": one.handle,
                "free": one.free,
                "why_not": one.why_not,
            }
            for one in found.loaders
        ],
        "modalities": {
            modality: [
                {"name": one.function.name, **_placed(one.function.where), "confidence": one.confidence} for one in rows
            ]
            for modality, rows in found.spoken().items()
        },
    }


def _cmake(found: Inspection) -> dict[str, Any] | None:
    project = found.cmake
    if project is None:
        return None
    primary = found.primary
    return {
        "name": project.name,
        "folder": found.cmake_folder,
        "minimum": project.minimum,
        "languages": list(project.languages),
        "target": {
            "name": primary.target.name,
            "kind": primary.target.kind,
            "where": primary.target.where,
            "shared_by": primary.shared_by,
            "confidence": primary.confidence,
            "reason": primary.reason,
        }
        if primary
        else None,
        "native": found.native.name if found.native else None,
        "side_options": [option.name for option in found.side],
        "options": [asdict(option) for option in project.options.values()],
        "targets": [asdict(target) for target in project.targets],
        "packages": project.packages,
    }


def _make(found: Inspection) -> dict[str, Any] | None:
    if found.makefile is None:
        return None
    return {"path": found.makefile.path, "targets": [asdict(target) for target in found.makefile.targets]}


def _header(header: api.Header) -> dict[str, Any]:
    facts = header.api
    version = api.version_function(facts)
    return {
        "path": facts.path,
        "why": header.why,
        "functions": [asdict(function) for function in facts.functions],
        "structs": [asdict(struct) for struct in facts.structs],
        "enums": [{"name": enum.name, "values": dict(enum.values), "where": enum.where} for enum in facts.enums],
        "callbacks": [asdict(callback) for callback in facts.callbacks],
        "opaque": facts.opaque,
        "aliases": facts.aliases,
        "includes": facts.includes,
        "version_function": version.name if version else None,
        "lifetimes": [asdict(lifetime) for lifetime in api.lifetimes(facts)],
    }
