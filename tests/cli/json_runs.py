"""How to run each verb with `--format json` on the sample: a table that every verb must be in.

A new verb gets a row. `words` may have `{files}`, a folder with what the fixture `files` puts there. `status` is the
exit status. `schema` is the name in `newbackend schema` that the output follows, "" when it has none. `--format json`
and, where the verb has it, `--repo` are added.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class JsonRun:
    """One run and what it prints."""

    words: str
    status: int = 0
    schema: str = ""


RUNS: dict[str, tuple[JsonRun, ...]] = {
    "create": (
        JsonRun("create oak --lang go --no-input --dry-run", schema="plan"),
        JsonRun("create oak --lang go --no-input --dry-run --no-diff", schema="plan"),
        JsonRun("create oak --lang go --standalone {files}/oak --image-base ghcr.io/me/oak --no-input --dry-run"),
        JsonRun("create oak --lang rust --variants metal,tpu --no-input", status=2, schema="error"),
    ),
    "apply": (JsonRun("apply {files}/plan.json"),),
    "undo": (JsonRun("undo", status=3, schema="error"),),
    "change": (JsonRun("change gotide --description Water --no-input --dry-run", schema="plan"),),
    "adopt": (JsonRun("adopt goquill --dry-run", schema="plan"),),
    "remove": (JsonRun("remove goquill --dry-run", schema="plan"),),
    "describe": (JsonRun("describe goquill", schema="answers"),),
    "update": (JsonRun("update goquill", status=3, schema="error"),),
    "pr": (JsonRun("pr goquill"), JsonRun("pr goquill --open --draft --dry-run", schema="pr-open")),
    "demo": (JsonRun("demo {files}/demo"),),
    "verify": (
        JsonRun("verify", schema="verify"),
        JsonRun("verify --summary", schema="verify-summary"),
        JsonRun("verify gotide --strict --base HEAD", schema="verify"),
        JsonRun("verify --statistics"),
        JsonRun("verify nobody", status=3, schema="error"),
    ),
    "list": (JsonRun("list"),),
    "route": (JsonRun("route README.md backend/go/gotide/main.go"),),
    "siblings": (JsonRun("siblings rustlark"),),
    "trace": (
        JsonRun("trace gotide", schema="trace"),
        JsonRun("trace goquill --diff cpu cuda12", schema="trace"),
    ),
    "rule": (JsonRun("rule REG401"), JsonRun("rule")),
    "engine inspect": (JsonRun("engine inspect --path {files}/engine"),),
    "engine bindings": (JsonRun("engine bindings --path {files}/engine --header engine.h"),),
    "engine diff": (JsonRun("engine diff @HEAD --path {files}/engine --to HEAD --header engine.h"),),
    "options": (JsonRun("options", schema="options"), JsonRun("options --lang go", schema="options")),
    "schema": (JsonRun("schema"), JsonRun("schema nothing", status=2, schema="error")),
    "map": (JsonRun("map"), JsonRun("map --out {files}/map.html")),
    "doctor": (JsonRun("doctor"),),
    "package check": (
        JsonRun("package check {files}/package", status=1, schema="package"),
        JsonRun("package check {files}/package --summary", status=1, schema="package-summary"),
    ),
    "package fix": (
        JsonRun("package fix {files}/package --dry-run", status=1, schema="package-fix"),
        JsonRun("package fix {files}/nothing", status=3, schema="error"),
    ),
    "package pack": (JsonRun("package pack {files}/package --output {files}/packed.tar --platform linux/amd64"),),
    "gallery check": (JsonRun("gallery check {files}/gallery", schema="gallery"),),
    "package floor": (JsonRun("package floor {files}/package"),),
}
