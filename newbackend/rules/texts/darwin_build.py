"""REG121 to REG123 and REG406, how C++ backends are built on macOS: facts from contract 7.4 and 12.1."""

from __future__ import annotations

from newbackend.findings import Rule, Severity
from newbackend.rules.texts.checklist import FILTER, OS, SYNTAX

STEP_MISSING = Rule(
    id="REG121",
    name="darwin-step-missing",
    severity=Severity.ERROR,
    what="A C++ backend has a macOS row, and backend_build_darwin.yml has no step that builds it.",
    why="A C++ backend has a make target of its own; the workflow's generic step looks for its sources in backend/go, "
    "finds none, and the macOS job of the backend fails.",
    how="Add a step with `if: inputs.backend == 'NAME'` that runs `make backends/NAME-darwin`.",
    bad='- backend: "demo"                       # includeDarwin, and no step of the workflow for demo\n  lang: "go"',
    good="- name: Build demo backend (Darwin Metal)\n  if: inputs.backend == 'demo'\n  run: |\n"
    "    make backends/demo-darwin",
    checklist=OS,
)

NOT_EXCLUDED = Rule(
    id="REG122",
    name="darwin-built-twice",
    severity=Severity.ERROR,
    what="A backend has a step of its own in backend_build_darwin.yml, and the generic step does not leave it out.",
    why="After its own step the generic one runs as well: it looks for backend/go/NAME, which a C++ backend does not "
    "have, and the job fails.",
    how="Append ` && inputs.backend != 'NAME'` to the condition of the generic step.",
    bad="- if: inputs.backend == 'demo'\n…\n- if: inputs.backend != 'other'",
    good="- if: inputs.backend == 'demo'\n…\n- if: inputs.backend != 'other' && inputs.backend != 'demo'",
    checklist=OS,
)

WORKFLOW_UNREADABLE = Rule(
    id="REG123",
    name="darwin-workflow-unreadable",
    severity=Severity.ERROR,
    what="`.github/workflows/backend_build_darwin.yml` is not YAML, or has no list of build steps.",
    why="A workflow that does not parse is not run at all, and no rule can see which backends it builds.",
    how="Repair the line that the message names, or, where upstream has changed the workflow's shape, report it here.",
    bad="- if: inputs.backend == 'demo\n  run: make backends/demo-darwin",
    good="- if: inputs.backend == 'demo'\n  run: make backends/demo-darwin",
    checklist=SYNTAX,
)

SCRIPT_SHARED = Rule(
    id="REG406",
    name="darwin-script-rebuilds-all",
    severity=Severity.WARNING,
    what="A change of one backend's macOS build script starts the jobs of other backends.",
    why="A file of scripts/build that no entry of SHARED_BUILD_INPUTS claims counts as an input of every image: a line "
    "in the script of one backend rebuilds all of them, hundreds of jobs.",
    how="Add an entry for the script in front of the catch-all, with `linux: never` and the backend for `darwin`.",
    incident="6e52d0c2e (#10975) gave the scripts of that time their entries; audio-cpp's came later, without one.",
    bad='matches: file => file.startsWith("scripts/build/")      // and nothing about demo-darwin.sh before it',
    good='{\n  matches: file => file === "scripts/build/demo-darwin.sh",\n  linux: never,\n'
    '  darwin: item => item.backend === "demo",\n},',
    checklist=FILTER,
)
