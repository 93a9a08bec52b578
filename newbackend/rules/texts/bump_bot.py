"""REG5xx, pins and `.github/workflows/bump_deps.yaml`: facts from contract 4.7 and .github/bump_deps.sh."""

from __future__ import annotations

from newbackend.findings import Confidence, Rule, Severity
from newbackend.rules.texts.checklist import BUMP

PIN_UNREGISTERED = Rule(
    id="REG501",
    name="pin-not-bumped",
    severity=Severity.WARNING,
    what="A backend's Makefile pins an upstream commit that the bump bot does not know.",
    why="Nobody is told of new upstream commits; the backend stays on the day it was merged.",
    how="Add repository, variable, branch and file to bump_deps.yaml. To hold a pin on purpose say `held` and why in "
    "the comment above it.",
    incident="ds4's pin was registered two days late (#9761); moss-tts-cpp and localvqe still are not.",
    bad="DEMO_VERSION?=84cc882352757baf628a1776badf7cc54d584e28     # and no row with that variable",
    good='- repository: "owner/demo"\n  variable: "DEMO_VERSION"\n  branch: "main"\n'
    '  file: "backend/cpp/demo/Makefile"',
    checklist=BUMP,
)

PIN_UNSEEN = Rule(
    id="REG502",
    name="pin-not-visible",
    severity=Severity.WARNING,
    what="An upstream commit is pinned where the bump bot cannot see it.",
    why="The bot greps `^VARIABLE?=` in a Makefile; a pin in a script, in CMake or written `VARIABLE ?=` does not "
    "exist for it.",
    how="Move the pin into the backend's Makefile as `NAME_VERSION?=<40 hex digits>` and register it.",
    incident="ds4 had its pin in prepare.sh; neutts has one in install.sh.",
    bad='DEMO_VERSION="${DEMO_VERSION:-84cc882352757baf628a1776badf7cc54d584e28}"   # in prepare.sh',
    good="DEMO_VERSION?=84cc882352757baf628a1776badf7cc54d584e28                  # in Makefile",
    checklist=BUMP,
)

ROW_DEAD = Rule(
    id="REG503",
    name="bump-row-dead",
    severity=Severity.ERROR,
    what="The bump bot's row names a file that does not exist, or a variable that the file does not set as "
    "`VARIABLE?=`.",
    why="The job ends with `Could not find … in Makefile`, every night, and bumps nothing.",
    how="Correct the row, or the form of the pin; delete the row of a removed backend.",
    incident="Rows outlive a renamed directory.",
    bad='variable: "DEMO_VERSION"\nfile: "backend/cpp/demo/Makefile"     # which has DEMO_VERSION := …',
    good="DEMO_VERSION?=84cc882352757baf628a1776badf7cc54d584e28",
    checklist=BUMP,
)

OTHER_REPOSITORY = Rule(
    id="REG504",
    name="bump-other-repository",
    severity=Severity.ERROR,
    confidence=Confidence.LIKELY,
    what="The bump bot follows another repository than the one that the Makefile clones: a note when only the owner "
    "differs.",
    why="It writes commits of one repository into the pin of another; the next build cannot fetch them.",
    how="Make `repository` and the Makefile's *_REPO the same.",
    incident="llama-cpp clones ggerganov/llama.cpp, which GitHub still redirects to ggml-org.",
    bad='repository: "owner/demo.cpp"\nDEMO_REPO?=https://github.com/fork/demo-turbo',
    good='repository: "fork/demo-turbo"\nDEMO_REPO?=https://github.com/fork/demo-turbo',
    checklist=BUMP,
)

PIN_FORM = Rule(
    id="REG505",
    name="pin-not-full",
    severity=Severity.WARNING,
    what="A pin that the bump bot follows is not a full commit id.",
    why="Short ids cannot be fetched by `git fetch`; a branch name is not a pin, and two builds of one day may differ.",
    how="Write all 40 hex digits.",
    bad="DEMO_VERSION?=84cc882",
    good="DEMO_VERSION?=84cc882352757baf628a1776badf7cc54d584e28",
    checklist=BUMP,
)

VARIABLE_TWICE = Rule(
    id="REG506",
    name="bump-variable-twice",
    severity=Severity.ERROR,
    what="Two rows of the bump bot have the same variable.",
    why="The bot's pull requests live on the branch update/VARIABLE: each one overwrites the other.",
    how="Give each backend a variable of its own.",
    incident="The branch name is `update/${{ matrix.variable }}`.",
    bad='variable: "VERSION"\nfile: "backend/go/demo/Makefile"\n…\nvariable: "VERSION"\n'
    'file: "backend/go/other/Makefile"',
    good='variable: "DEMO_VERSION"\n…\nvariable: "OTHER_VERSION"',
    checklist=BUMP,
)

COMMENT_OVERWRITTEN = Rule(
    id="REG507",
    name="pin-in-comment",
    severity=Severity.NOTE,
    what="A comment contains `VARIABLE?=`, or another variable ends in the same name.",
    why="The bot's sed is not anchored: it overwrites the rest of that line as well, at the first bump.",
    how="Name the variable in comments without `?=`.",
    incident="`# Upstream pin lives below as DS4_VERSION?=<commit>` was prose once; five Makefiles have it.",
    bad="# The pin is DEMO_VERSION?= below, see bump_deps.yaml",
    good="# The pin is DEMO_VERSION, below, see bump_deps.yaml",
    checklist=BUMP,
)
