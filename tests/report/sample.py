"""A made-up report that has one of everything: the input of the golden files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from newbackend.findings import (
    BackendStatus,
    CheckResult,
    Confidence,
    Finding,
    Fix,
    Location,
    Report,
    Rule,
    Severity,
    Status,
    Suppressed,
    sort_findings,
)
from newbackend.report import RenderContext

ROUTE = Rule(
    id="REG401",
    name="route-missing",
    severity=Severity.ERROR,
    what="A change to the backend's sources starts no CI job.",
    why="The path filter has no branch for its Dockerfile, so a pull request is green without a build.",
    how="Add a branch to the path filter, before the generic one.",
    fix=Fix.SAFE,
    incident="the first pull request after a backend was merged started no job",
    bad='if (item.dockerfile.endsWith("golang")) {\n  return `backend/go/${item.backend}/`;\n}',
    good='if (item.dockerfile.endsWith("quartz")) {\n  return `backend/cpp/quartz/`;\n}',
    checklist="The path filter in `scripts/changed-backends.js` routes the backend's directory",
)
SUFFIX = Rule(
    id="REG201",
    name="tag-not-built",
    severity=Severity.ERROR,
    what="A gallery entry offers an image that no matrix row builds.",
    why="Users who install it get a 404 from the registry.",
    how="Make the suffix in backend/index.yaml and .github/backend-matrix.yml the same.",
    checklist="Tag suffixes match between the workflow file and `backend/index.yaml`",
)
MIRROR = Rule(
    id="REG202",
    name="mirror-missing",
    severity=Severity.WARNING,
    what="A gallery entry has no mirror.",
    why="Hosts that cannot reach the first registry cannot install it.",
    how="Add the mirrors line.",
    fix=Fix.UNSAFE,
    confidence=Confidence.LIKELY,
)
PIN = Rule(
    id="REG501",
    name="pin-unseen",
    severity=Severity.WARNING,
    what="The bump bot does not see the pin.",
    why="The backend stays at its first revision for ever.",
    how="Add a row to .github/workflows/bump_deps.yaml with the repository, variable, branch and file.",
    checklist="The upstream pin has a row in the bump workflow",
)
CAPABILITY = Rule(
    id="REG601",
    name="capability-unknown",
    severity=Severity.ERROR,
    what="A capability key is one that no host ever reports.",
    why="The image behind it is never chosen.",
    how="Use one of the keys in pkg/system/capabilities.go.",
    checklist="`BackendCapabilities` lists the backend",
)
README = Rule(
    id="REG701",
    name="docs-row-missing",
    severity=Severity.NOTE,
    what="The compatibility table has no row for the backend.",
    why="Users do not find it.",
    how="Add a row to docs/content/model-compatibility.md.",
    checklist="The compatibility table has a row for the backend",
)
PROTO = Rule(
    id="REG801",
    name="rpc-missing",
    severity=Severity.WARNING,
    what="A Rust server lacks an RPC of the checkout's proto.",
    why="It does not compile against this checkout.",
    how="Implement the method or answer unimplemented.",
    checklist="The server implements every RPC",
)

RULES = {rule.id: rule for rule in (SUFFIX, MIRROR, ROUTE, PIN, CAPABILITY, README, PROTO)}

_FINDINGS = (
    Finding(
        ROUTE,
        "backend/cpp/quartz/",
        "scripts/changed-backends.js",
        3,
        "a change under backend/cpp/quartz/ starts no job: no branch matches ./backend/Dockerfile.quartz",
        backend="quartz",
        expected='  if (item.dockerfile.endsWith("quartz")) {\n    return `backend/cpp/quartz/`;\n  }\n',
        related=(
            Location(".github/backend-matrix.yml", 1243),
            Location("backend/Dockerfile.quartz"),
        ),
    ),
    Finding(
        SUFFIX,
        "-gpu-quartz",
        "backend/index.yaml",
        7,
        'nothing builds latest-gpu-quartz, 100% sure; the nearest is "-cpu-quartz" | see `tag-suffix`',
        backend="quartz",
        expected='  uri: "quay.io/go-skynet/local-ai-backends:latest-cpu-quartz"',
    ),
    Finding(MIRROR, "quartz", "backend/index.yaml", 7, "the entry has no mirrors", backend="quartz"),
    Finding(
        PIN,
        "QUARTZ_VERSION",
        "backend/go/opal/Makefile",
        12,
        "opal pins example/opal in a form that was never seen: $(shell cat VERSION)",
        backend="opal",
        status=Status.UNKNOWN,
    ),
    Finding(README, "opal", "docs/content/model-compatibility.md", 40, "opal has no row", backend="opal"),
    Finding(
        SUFFIX,
        "leftover",
        "backend/index.yaml",
        9000,
        "an entry is left of a backend that is gone; ask @example",
        severity=Severity.WARNING,
        confidence=Confidence.POSSIBLE,
    ),
)

_SUPPRESSED = Suppressed(
    Finding(PIN, "AGATE_VERSION", "backend/cpp/agate/Makefile", 4, "no row bumps it", backend="agate"),
    "held until the upstream API settles",
    "inSource",
    Location("backend/cpp/agate/Makefile", 3),
)

_CHECKED = (
    *(CheckResult(ROUTE, Status.PASS, name) for name in ("agate", "opal")),
    *(CheckResult(MIRROR, Status.PASS, name) for name in ("agate", "opal")),
    *(CheckResult(README, Status.PASS, name) for name in ("agate", "quartz")),
    *(
        CheckResult(CAPABILITY, Status.SKIPPED, name, "this checkout has no BackendCapabilities")
        for name in ("agate", "opal", "quartz")
    ),
)

FULL = Report(
    schema="newbackend/verify/1",
    root="/src/LocalAI",
    layout={"path_filter": "scripts/changed-backends.js", "darwin_matrix": True},
    backends=(
        BackendStatus("agate", "cpp", Status.PASS),
        BackendStatus("opal", "go", Status.UNKNOWN),
        BackendStatus("quartz", "cpp", Status.FAIL),
    ),
    findings=sort_findings(_FINDINGS),
    suppressed=(_SUPPRESSED,),
    checked=_CHECKED,
)


def full_with(findings: Iterable[Finding]) -> Report:
    """The full report with other findings."""
    return replace(FULL, findings=sort_findings(findings))


CLEAN = Report(
    schema="newbackend/verify/1",
    root="/src/LocalAI",
    backends=(BackendStatus("agate", "cpp", Status.PASS),),
    checked=tuple(CheckResult(rule, Status.PASS, "agate") for rule in RULES.values()),
)

MISSING_LIBRARY = Rule(
    id="PKG101",
    name="missing-needed",
    severity=Severity.ERROR,
    what="A library that the package needs is not in it.",
    why="The backend does not start on a host that lacks it.",
    how="Copy it in package.sh.",
    checklist="Every NEEDED library is in the package",
)

PACKAGE = Report(
    schema="newbackend/package-check/1",
    root="/tmp/package",
    layout={"layout": "loader"},
    findings=(
        Finding(
            MISSING_LIBRARY,
            "libgomp.so.1",
            "lib/libquartz.so",
            1,
            "lib/libquartz.so needs libgomp.so.1, which is not in the package",
            expected='copy_lib "libgomp.so.1"',
        ),
    ),
)

_SOURCES = {
    ("scripts/changed-backends.js", 3): '  if (item.dockerfile.endsWith("golang")) {',
    ("backend/index.yaml", 7): '  uri: "quay.io/go-skynet/local-ai-backends:latest-gpu-quartz"',
    ("backend/go/opal/Makefile", 12): "OPAL_VERSION?=$(shell cat VERSION)",
}


def read_line(path: str, line: int) -> str | None:
    """The few source lines that the sample's checkout has."""
    return _SOURCES.get((path, line))


def context(*, colour: bool = False, width: int = 80, verbose: bool = False) -> RenderContext:
    """A context over the sample's sources and rules."""
    return RenderContext(
        read_line=read_line,
        rules=RULES,
        tool_version="0.1.0",
        colour=colour,
        width=width,
        verbose=verbose,
    )
