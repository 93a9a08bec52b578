"""Rule cases: directories with a broken sample, what must be reported, and the repair.

A case stands in the folder `cases/` beside the tests of what its rule is about: `tests/registrations/matrix/cases/`
for a rule of `newbackend/registrations/matrix/`, and so on.

    cases/<ID>/bad.patch        what is broken, as a diff of the sample checkout
    cases/<ID>/expected.json    exactly what `verify` then reports beyond the sample's own notes
    cases/<ID>/fix.patch        the repair by hand, on top of bad.patch
    cases/<ID>/repository       (empty) the sample is a git repository
    cases/<ID>/new              (empty) every backend is judged as a new one
    cases/<ID>/fix              or, in place of it, the flag that repairs it: --fix or --unsafe-fixes

`PYTHONPATH=tests python -m rules.harness` writes every expected.json again; read the diff.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from newbackend.apply.run import ApplyOptions, apply_plan
from newbackend.checkout.tree import Checkout
from newbackend.findings import Finding, Fix, Report
from newbackend.plan.fixes import Fixes, plan_fixes
from newbackend.rules.context import Context
from newbackend.rules.run import verify
from newbackend.sample import init_git, materialise

_TESTS = Path(__file__).parents[1]
_FOLDERS = ("registrations/*", "rules/directory", "suppress")
CASES = {case.name: case for folder in _FOLDERS for case in sorted(_TESTS.glob(f"{folder}/cases/*"))}
"""Name of a case -> its directory."""
TODAY = date(2026, 8, 22)
_FLAGS = {"--fix": frozenset((Fix.SAFE,)), "--unsafe-fixes": frozenset((Fix.SAFE, Fix.UNSAFE))}


def checkout_of(case: Path, root: Path) -> Path:
    """The sample to break: a plain folder, or a repository where the case is about git's index."""
    materialise(root)
    if (case / "repository").exists():
        init_git(root)
    return root


def patch(root: Path, file: Path) -> None:
    """Applies a diff to a tree, and to the index where it has one."""
    index = ["--index"] if (root / ".git").exists() else []
    command = ["git", "apply", *index, "--whitespace=nowarn", str(file.resolve())]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{file} does not apply to the sample: {done.stderr}"


def check(root: Path, case: Path | None = None) -> Report:
    """`verify` on a day that the cases were written for, of all backends as new ones where the case asks for it."""
    checkout = Checkout(root)
    strict = case is not None and (case / "new").exists()
    names = tuple(Context(checkout).backends) if strict else ()
    return verify(checkout, names=names, strict=strict, today=TODAY)


def fix(root: Path, flag: str) -> Fixes:
    """What the command line does for a flag, and the plan that it made."""
    report = check(root)
    fixes = plan_fixes(Checkout(root), report, lambda tree: verify(tree, today=TODAY), allowed=_FLAGS[flag])
    if not fixes.plan.empty:
        apply_plan(fixes.plan, root, ApplyOptions(allow_dirty=True))
    return fixes


def row(found: Finding) -> dict[str, Any]:
    """What a case pins of a finding."""
    return {
        "rule": found.rule.id,
        "severity": found.level.value,
        "status": found.status.value,
        "backend": found.backend,
        "subject": found.subject,
        "path": found.path,
        "line": found.line,
    }


def beyond(report: Report, known: Report) -> list[dict[str, Any]]:
    """The findings that another report does not have, as plain rows."""
    old = {found.fingerprint for found in known.findings}
    return [row(found) for found in report.findings if found.fingerprint not in old]


def regenerate() -> None:
    """Writes every expected.json from what is reported now."""
    with tempfile.TemporaryDirectory() as folder:
        clean = check(materialise(Path(folder) / "clean"))
        for case in CASES.values():
            root = checkout_of(case, Path(folder) / case.name)
            known = check(root, case) if (case / "new").exists() else clean
            patch(root, case / "bad.patch")
            rows = beyond(check(root, case), known)
            (case / "expected.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
            sys.stdout.write(f"{case.name}: {', '.join(found['rule'] for found in rows) or 'NOTHING'}\n")


if __name__ == "__main__":
    regenerate()
