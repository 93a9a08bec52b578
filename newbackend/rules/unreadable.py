"""The rules of last resort, one per place: the file itself cannot be read.

One finding per broken file; the rules that would have read it are counted as unknown, with this reason.
"""

from __future__ import annotations

from collections.abc import Mapping

from newbackend.findings import Rule, Severity
from newbackend.rules.texts.checklist import SYNTAX

_WHY = (
    "No rule can look into a file that does not parse, and neither can LocalAI's own CI: a registration "
    "that stands in it counts for nothing until the file is repaired."
)


def _rule(id_: str, name: str, what: str, how: str, bad: str, good: str, incident: str = "") -> Rule:
    return Rule(
        id=id_,
        name=name,
        severity=Severity.ERROR,
        what=what,
        why=_WHY,
        how=how,
        bad=bad,
        good=good,
        incident=incident,
        checklist=SYNTAX,
    )


MATRIX = _rule(
    "REG100",
    "matrix-unreadable",
    "`.github/backend-matrix.yml` is not YAML, or has no list `include`.",
    "Repair the line that the message names; `yamllint -d relaxed` shows the same one.",
    "include:\n  - build-type: 'cublas\n    backend: demo",
    "include:\n  - build-type: 'cublas'\n    backend: demo",
)
INDEX = _rule(
    "REG200",
    "index-unreadable",
    "`backend/index.yaml` is not YAML, has the same anchor twice, or is not a list.",
    "Repair the line that the message names. An anchor that is defined twice needs a new name: every later "
    "merge would silently take the second one.",
    "- &demo\n  name: demo\n- &demo\n  name: other",
    "- &demo\n  name: demo\n- &other\n  name: other",
)
MAKEFILE = _rule(
    "REG300",
    "makefile-unreadable",
    "The root Makefile is not text, or has no `generate-docker-build-target`.",
    "Restore the file; `make -n docker-build-backends` must run.",
    "(a Makefile with a merge conflict in it)",
    "(the same without)",
)
FILTER = _rule(
    "REG400",
    "path-filter-unreadable",
    "The path filter is not JavaScript, or its functions cannot be run.",
    "Repair the line that the message names; `make test-ci-scripts` runs the filter's own tests.",
    'if (item.dockerfile.endsWith("demo") {',
    'if (item.dockerfile.endsWith("demo")) {',
)
BUMP = _rule(
    "REG500",
    "bump-bot-unreadable",
    "`.github/workflows/bump_deps.yaml` is not YAML, or has no list of repositories.",
    "Repair the line that the message names; a workflow that does not parse is not run at all.",
    '- repository: "owner/demo\n  variable: "DEMO_VERSION"',
    '- repository: "owner/demo"\n  variable: "DEMO_VERSION"',
)

PLACE_RULES: Mapping[str, Rule] = {
    "matrix": MATRIX,
    "gallery-index": INDEX,
    "makefile": MAKEFILE,
    "path-filter": FILTER,
    "bump-bot": BUMP,
}
"""Place id -> the rule that reports it as unreadable."""
