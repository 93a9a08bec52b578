"""Commits of LocalAI's history that repaired a registration, and what each healed.

`replay.json` was made by laying the findings at every commit since 2026-05-08 that touches a
registration beside those at its parent, and keeping the errors and warnings that went away:

    PYTHONPATH=tests python -m rules.replay CLONE [COMMIT...]     writes replay.json for these commits
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from newbackend.checkout.git import Git
from newbackend.checkout.revision import RevisionCheckout
from newbackend.findings import Finding, Severity, Status
from newbackend.rules.context import Context
from newbackend.rules.run import run

FILE = Path(__file__).parent / "replay.json"


def findings_at(root: Path, commit: str) -> dict[str, Finding]:
    """Failures of a commit by fingerprint, read out of the object store."""
    tree = RevisionCheckout(root, commit, Git(root))
    tree.prefetch_backends()
    found = run(Context(tree)).findings
    return {one.fingerprint: one for one in found if one.status is Status.FAIL}


def healed(root: Path, commit: str) -> list[list[str]]:
    """[rule, backend] of every error and warning that is at the parent and gone at the commit."""
    before, after = findings_at(root, f"{commit}^"), findings_at(root, commit)
    gone = [one for key, one in before.items() if key not in after and one.level is not Severity.NOTE]
    return [list(pair) for pair in sorted({(one.rule.id, one.backend) for one in gone})]


def main(argv: list[str]) -> None:
    """Writes replay.json."""
    root = Path(argv[0])
    old: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else []
    git = Git(root)
    rows = []
    for commit in argv[1:] or [row["commit"] for row in old]:
        date, subject = git.run("show", "-s", "--format=%cs%x09%s", commit).decode().strip().split("\t", 1)
        heals = healed(root, commit)
        rows.append({"commit": git.commit(commit), "date": date, "subject": subject, "heals": heals})
        sys.stdout.write(f"{commit[:9]} {len(heals)}\n")
    FILE.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
