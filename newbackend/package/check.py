"""`check_package`: read the package, run every rule, then the proofs that were asked for."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from newbackend.findings import BackendStatus, CheckResult, Finding, Report, Severity, Status, sort_findings
from newbackend.package.archive import open_package
from newbackend.package.cpu import parse_floor
from newbackend.package.elf import machine_name
from newbackend.package.floor import floor_of
from newbackend.package.model import Package, load_package
from newbackend.package.options import PackageOptions
from newbackend.package.proofs import Proof, as_findings, as_results, check_cpu, not_covered, run_proofs
from newbackend.package.registry import RULES_BY_ID
from newbackend.package.rules import RULES, UNASKED, Skipped, Unknown
from newbackend.package.sources import refuse_sources
from newbackend.package.suppressing import package_name, suppress

SCHEMA = "newbackend/package/1"


def check_package(path: Path, *, options: PackageOptions, today: date | None = None) -> Report:
    """The report about the package at `path` (a directory or an archive).

    Its `layout` holds the layout, the machine, the floors and the proofs; what a comment in run.sh or a
    `.newbackend.toml` silences is in `suppressed` (`today` decides what has expired). Raises NotFoundError
    when there is no such path or no reader for it, UsageError for sources, for a hostile or damaged archive and for
    options with unknown values.
    """
    if options.cpu_run:
        check_cpu(options.cpu_run)
    parse_floor(options.cpu_floor)
    refuse_sources(path)
    package = load_package(open_package(path), options)
    name = package_name(path)
    findings, results = _judge(package, name)
    proofs = run_proofs(package, path)
    findings.extend(as_findings(proofs))
    results.extend(as_results(proofs))
    kept, suppressed = suppress(package, path, name, sort_findings(findings), results, today or date.today())
    return Report(
        SCHEMA,
        str(path),
        layout=_layout(package, proofs),
        backends=(_status(name, package, kept),),
        findings=kept,
        suppressed=suppressed,
        checked=tuple(results),
    )


def kept_findings(package: Package, path: Path, today: date | None = None) -> tuple[Finding, ...]:
    """What the static rules find in a package, and no suppression accepts."""
    name = package_name(path)
    findings, results = _judge(package, name)
    return suppress(package, path, name, sort_findings(findings), results, today or date.today())[0]


def _judge(package: Package, name: str) -> tuple[list[Finding], list[CheckResult]]:
    """What the static rules found, and which of them passed or do not apply, in the order of their ids."""
    findings: list[Finding] = []
    results: list[CheckResult] = []
    for check in sorted(RULES.checks, key=lambda c: c.rules[0].id):
        (rule,) = check.rules
        outcome = check.run(package)
        if isinstance(outcome, Skipped):
            results.append(CheckResult(rule, Status.SKIPPED, reason=outcome.reason))
        elif isinstance(outcome, Unknown):
            findings.append(Finding(rule, name, "", 1, outcome.reason, status=Status.UNKNOWN))
        elif defects := list(outcome):
            findings.extend(defects)
        else:
            results.append(CheckResult(rule, Status.PASS))
    return findings, results


def missing_proofs(report: Report) -> tuple[Finding, ...]:
    """The proofs that were asked for and could not run: with any of them the caller exits 3. Nobody asked how run.sh
    starts (PKG111)."""
    asked = RULES_BY_ID.keys() - UNASKED
    return tuple(f for f in report.findings if f.status is Status.UNKNOWN and f.rule.id in asked)


def _status(name: str, package: Package, findings: tuple[Finding, ...]) -> BackendStatus:
    worst = Status.PASS
    if any(f.status is Status.UNKNOWN for f in findings):
        worst = Status.UNKNOWN
    if any(f.status is Status.FAIL and f.level is Severity.ERROR for f in findings):
        worst = Status.FAIL
    return BackendStatus(name, package.layout.value, worst)


def _start(package: Package) -> dict[str, str]:
    """How it is known what run.sh starts: `sandbox`, `text` or `unknown`, and why not better."""
    run = package.run
    if run is None:
        return {"how": "unknown", "reason": "there is no run.sh"}
    if run.recorded:
        return {"how": "sandbox", "reason": ""}
    if package.detected.doubt:
        return {"how": "unknown", "reason": f"{package.detected.doubt}; {run.unrecorded}"}
    return {"how": "text", "reason": run.unrecorded}


def _layout(package: Package, proofs: tuple[Proof, ...]) -> dict[str, object]:
    floor = floor_of(package)
    return {
        "kind": package.layout.value,
        "reason": "a package for macOS" if package.machs else package.detected.reason,
        "start": _start(package),
        "machine": machine_name(package.machine) if package.machine else "",
        "loader": package.loader,
        "library_path": list(package.search.library_path),
        "roots": [root.path for root in package.roots],
        "elf_files": len(package.elves),
        "target": package.target.name,
        "floor": floor.as_json(),
        "floor_line": floor.line(),
        "proofs": [proof.as_json() for proof in proofs],
        "not_covered": list(not_covered(package, proofs)),
    }
