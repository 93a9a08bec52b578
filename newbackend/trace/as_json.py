"""Traces as plain values: the schema `newbackend/trace/1`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from newbackend.trace.opentext import shown
from newbackend.trace.rowtrace import RowTrace
from newbackend.trace.steps import Step, Where

if TYPE_CHECKING:
    from newbackend.trace.proof import Proof

SCHEMA = "newbackend/trace/1"


def as_json(name: str, traces: Sequence[RowTrace], proofs: Mapping[str, Proof] | None = None) -> dict[str, Any]:
    """All rows of one backend, with the proofs of `--run` by tag suffix and platform."""
    rows = []
    for entry in traces:
        proof = (proofs or {}).get(f"{entry.suffix} {entry.platform}")
        rows.append({**_row(entry), "proof": _proof(proof)} if proof else _row(entry))
    return {"schema": SCHEMA, "backend": name, "rows": rows}


def _proof(proof: Proof) -> dict[str, Any]:
    differences = [{"read": read, "make": said} for read, said in proof.differences]
    return {
        "status": proof.status,
        "lines": proof.lines,
        "message": proof.message,
        "stopped": proof.stopped,
        "differences": differences,
    }


def _at(where: Where | None) -> dict[str, Any]:
    return {"path": where.path, "line": where.line} if where else {"path": "", "line": 0}


def _row(entry: RowTrace) -> dict[str, Any]:
    job = entry.job
    return {
        "variant": entry.variant,
        "tag_suffix": entry.suffix,
        "platform": entry.platform,
        "runner": shown(job.runner) if job else "",
        "row": f"{entry.row.path}:{entry.row.line}",
        "route": entry.route,
        "bumps": [{"variable": fact.value.get("variable"), **_at(Where(fact.path, fact.line))} for fact in entry.bumps],
        "job": {"workflow": job.workflow, "name": job.caller.id, **_at(job.caller.where)} if job else {},
        "dockerfile": _dockerfile(entry),
        "steps": [_step(step) for step in entry.steps] + [_copy_step(copy) for copy in entry.image_copies],
        "make": {
            "directory": entry.directory,
            "goals": list(entry.goals),
            "variables": dict(entry.variables),
            "conditions": [
                {"text": shown(branch.text), "taken": branch.taken, **_at(branch.where)} for branch in entry.branches
            ],
            "flags": list(entry.flags),
            "commands": [shown(step.text) for step in entry.commands],
        },
        "image": {
            "run_sh": entry.run_sh,
            "archive": entry.archive,
            "copies": [
                {
                    "source": shown(copy.source),
                    "target": shown(copy.target),
                    "if": shown(copy.condition),
                    **_at(copy.where),
                }
                for copy in entry.image_copies
            ],
        },
        "tags": [*entry.tags.branch, *entry.tags.release] if entry.tags else [],
        "manifest": {"merged": bool(entry.tags and entry.tags.merged), "platforms": list(entry.legs)},
        "gallery": [{"name": name, **_at(where)} for name, where in entry.gallery.entries],
        "capabilities": [{"key": key, **_at(where)} for key, where in entry.gallery.keys],
        "hosts": list(entry.gallery.hosts),
        "same_build_as": list(entry.same_build_as),
        "unknown": [{**_at(gap.where), "text": gap.text, "reason": gap.reason} for gap in entry.unknown],
    }


def _dockerfile(entry: RowTrace) -> dict[str, Any]:
    if entry.docker is None or entry.job is None:
        return {}
    return {
        "path": entry.docker.path,
        "stages": [{"name": stage.name, "base": stage.base, "line": stage.line} for stage in entry.docker.needed],
        "build_args": {name: shown(value) for name, value in entry.job.arguments.items()},
        "undeclared": list(entry.undeclared),
    }


def _step(step: Step) -> dict[str, Any]:
    found = {"kind": step.kind.value, **_at(step.where), "text": shown(step.text)}
    return {**found, "if": step.condition} if step.condition else found


def _copy_step(copy: Any) -> dict[str, Any]:
    return {"kind": "copy", **_at(copy.where), "text": f"{shown(copy.source)} -> {shown(copy.target)}"}
