"""Traces as plain values: the schema `newbackend/trace/1`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from newbackend.trace import shape
from newbackend.trace.opentext import shown
from newbackend.trace.rowtrace import RowTrace
from newbackend.trace.steps import Copy, Step, Where

if TYPE_CHECKING:
    from newbackend.trace.proof import Proof

SCHEMA = "newbackend/trace/1"


def as_json(name: str, traces: Sequence[RowTrace], proofs: Mapping[str, Proof] | None = None) -> shape.TraceJson:
    """All rows of one backend, with the proofs of `--run` by tag suffix and platform."""
    rows = [_row(entry) for entry in traces]
    for row in rows:
        if proof := (proofs or {}).get(f"{row['tag_suffix']} {row['platform']}"):
            row["proof"] = _proof(proof)
    return {"schema": SCHEMA, "backend": name, "rows": rows}


def _proof(proof: Proof) -> shape.ProofJson:
    differences: list[shape.Difference] = [{"read": read, "make": said} for read, said in proof.differences]
    return {
        "status": proof.status,
        "lines": proof.lines,
        "message": proof.message,
        "stopped": proof.stopped,
        "differences": differences,
    }


def _at(where: Where | None) -> shape.At:
    return {"path": where.path, "line": where.line} if where else {"path": "", "line": 0}


def _row(entry: RowTrace) -> shape.RowJson:
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


def _dockerfile(entry: RowTrace) -> shape.DockerfileJson | shape.Empty:
    if entry.docker is None or entry.job is None:
        return {}
    return {
        "path": entry.docker.path,
        "stages": [{"name": stage.name, "base": stage.base, "line": stage.line} for stage in entry.docker.needed],
        "build_args": {name: shown(value) for name, value in entry.job.arguments.items()},
        "undeclared": list(entry.undeclared),
    }


def _step(step: Step) -> shape.StepJson:
    where = step.where
    found: shape.StepJson = {
        "kind": step.kind.value,
        "path": where.path,
        "line": where.line,
        "text": shown(step.text),
    }
    if step.condition:
        found["if"] = step.condition
    return found


def _copy_step(copy: Copy) -> shape.StepJson:
    text = f"{shown(copy.source)} -> {shown(copy.target)}"
    return {"kind": "copy", "path": copy.where.path, "line": copy.where.line, "text": text}
