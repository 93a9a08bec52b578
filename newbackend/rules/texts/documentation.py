"""REG7xx, documentation and the extra test workflow: the guide's "Documenting the backend", contract 9 and 11.1."""

from __future__ import annotations

from newbackend.findings import Confidence, Rule, Severity
from newbackend.rules.texts.checklist import DOCUMENTED, IN_HOUSE, SYNTAX, TEST_JOB


def _unreadable(id_: str, name: str, what: str, bad: str, good: str) -> Rule:
    return Rule(
        id=id_,
        name=name,
        severity=Severity.ERROR,
        what=what,
        why="What stands in it cannot be compared with the backends that exist.",
        how="Repair what the message names, or, where upstream has changed the page's shape, report it here.",
        bad=bad,
        good=good,
        checklist=SYNTAX,
    )


TABLE_UNREADABLE = _unreadable(
    "REG700",
    "compatibility-table-unreadable",
    "`docs/content/reference/compatibility-table.md` has no table with the columns Backend and Acceleration.",
    "| Name | What |",
    "| Backend | Description | Acceleration |",
)
PAGE_UNREADABLE = _unreadable(
    "REG707",
    "backends-page-unreadable",
    "`docs/content/features/backends.md` announces a list of backend types and has none.",
    "LocalAI supports various types of backends:",
    "LocalAI supports various types of backends:\n\n- **LLM Backends**: For running language models (e.g., demo)",
)
README_UNREADABLE = _unreadable(
    "REG708",
    "readme-engines-unreadable",
    "`README.md` has more than one table of the project's own engines.",
    "| Backend | What it does |   (twice)",
    "| Backend | What it does |   (once)",
)
WORKFLOW_UNREADABLE = _unreadable(
    "REG709",
    "test-workflow-unreadable",
    "`.github/workflows/test-extra.yml` is not YAML, or has no outputs and jobs.",
    'if: needs.detect-changes.outputs.demo == "true',
    "if: needs.detect-changes.outputs.demo == 'true'",
)

NOT_LISTED = Rule(
    id="REG701",
    name="docs-list-missing",
    severity=Severity.NOTE,
    what="The list of backend types in `docs/content/features/backends.md` does not name the backend.",
    why="The guide asks for it. The list gives examples, so many are not on it; the compatibility table is complete.",
    how="Add the name to the examples of its category.",
    incident="9b57dcb72 (#10376) documented every backend at once.",
    bad="- **Text-to-Speech Backends**: For speech synthesis (e.g., piper)",
    good="- **Text-to-Speech Backends**: For speech synthesis (e.g., piper, demo)",
    checklist=DOCUMENTED,
)

NOT_IN_TABLE = Rule(
    id="REG702",
    name="compatibility-row-missing",
    severity=Severity.WARNING,
    what="The compatibility table has no row for the backend.",
    why="The page promises all backends; this is where people look for what runs on their hardware.",
    how="Add a row to the table of its category.",
    incident="9b57dcb72 (#10376) added nineteen that had been forgotten, 13f59f082 (#10386) privacy-filter.",
    bad="| [piper](https://github.com/rhasspy/piper) | Fast neural TTS | CPU, Metal |",
    good="| [piper](https://github.com/rhasspy/piper) | Fast neural TTS | CPU, Metal |\n"
    "| [demo](https://github.com/example/demo) | Speech synthesis | CPU, CUDA 12/13 |",
    checklist=DOCUMENTED,
)

NOT_IN_README = Rule(
    id="REG703",
    name="in-house-engine-unlisted",
    severity=Severity.WARNING,
    confidence=Confidence.LIKELY,
    what="An engine of the LocalAI project itself is missing from the README's table of its own engines.",
    why="The guide calls it a documentation bug. An engine counts as the project's own when the gallery links to a "
    ".cpp repository of mudler or localai-org.",
    how="Add a row that links the engine's repository.",
    incident="9b57dcb72 (#10376) introduced the table.",
    bad="urls:\n  - https://github.com/mudler/demo.cpp       # and no row in README.md",
    good="| [demo.cpp](https://github.com/mudler/demo.cpp) | Speech synthesis |",
    checklist=IN_HOUSE,
)

DOCS_LEFTOVER = Rule(
    id="REG704",
    name="compatibility-row-leftover",
    severity=Severity.WARNING,
    what="The compatibility table has a row for a backend that has no directory and no gallery entry any more.",
    why="Readers try to install something that does not exist.",
    how="Delete the row.",
    confidence=Confidence.LIKELY,
    bad="| [removed](https://github.com/example/removed) | Gone since last year | CPU |",
    good="(no row)",
    checklist=DOCUMENTED,
)

TEST_JOB_BROKEN = Rule(
    id="REG710",
    name="test-job-never-runs",
    severity=Severity.ERROR,
    what="A job of test-extra.yml waits for an output that detect-changes does not have; a note for an output that "
    "no job reads.",
    why="An unknown output is empty, never 'true': the job is skipped on every pull request and looks fine.",
    how="Add the output `NAME: ${{ steps.detect.outputs.NAME }}`, or the job.",
    bad="outputs: {}\n…\ntests-demo:\n  if: needs.detect-changes.outputs.demo == 'true'",
    good="outputs:\n  demo: ${{ steps.detect.outputs.demo }}",
    checklist=TEST_JOB,
)
