"""The checklist of a new backend: section 5 of LocalAI's `.agents/adding-backends.md`, reworded.

Each rule names its line (`Rule.checklist`); the Markdown report ticks a line when all of its rules pass. The text of
a pull request, and `verify` of a new backend, tick a line by the registration places that the line names, unless one
of its rules fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import Enum

from newbackend.records import dataclass

DIRECTORY = "Backend directory is there, with its `Makefile` and `run.sh`"
ROWS = "Build rows in `.github/backend-matrix.yml` for every chosen platform"
OS = "Every OS considered: macOS is registered, or a reason is given"
META = "Meta definition in `backend/index.yaml`, production and development"
IMAGES = "Image entries for every variant, latest and development, with the matrix's tag suffixes"
SUFFIX = "Tag suffixes match between the matrix and the gallery"
CAPABILITIES = "Capability map reaches every image, with a fallback"
MAKE = "Root Makefile: all six edits"
SYNTAX = "No YAML or Makefile syntax errors"
FILTER = "Path filter sends changes of the backend to its jobs"
BUMP = "Upstream pin is followed by the bump bot"
IMPORTABLE = "Known to the import form"
USECASES = "Capabilities declared in `core/config/backend_capabilities.go`"
ENGINE_RANK = "Gallery variant ranking considered (`engineNamePreferenceRules`)"
DOCUMENTED = "Documented: backends page and compatibility table"
IN_HOUSE = "In-house engine: listed in `README.md`"
PATTERN = "Follows the pattern of similar backends: both architectures, tests"
MODEL = "A model in `gallery/index.yaml` to try it with"
TEST_JOB = "Job in `.github/workflows/test-extra.yml`"


@dataclass(frozen=True)
class Line:
    """A line of the checklist as it stands for one backend. `note` says what is missing."""

    text: str
    ticked: bool
    note: str = ""


class Decided(Enum):
    """What decides a line of the checklist."""

    BY_PLACES = "the registration places"
    BY_RULES = "the rules that name the line"
    BY_FILES = "the files in the backend's directory"
    BY_OS = "the variants, and the reasons for an OS that is left out"
    BY_PLACEHOLDER = "whether the template's engine is still there"
    BY_HAND = "the author"


@dataclass(frozen=True)
class Item:
    """A line of the checklist.

    `places` are ids of registration places, each with the kinds of its facts that count (none: all). When nothing is
    expected in these places, an `only_when_expected` line is omitted. Any other line is then followed by `note`, as
    is a line that a person decides.
    """

    text: str
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    only_when_expected: bool = False
    note: str = ""
    decided: Decided = Decided.BY_PLACES


NEW_BACKEND: tuple[Item, ...] = (
    Item(DIRECTORY, decided=Decided.BY_FILES),
    Item(ROWS, {"matrix": ()}),
    Item(OS, decided=Decided.BY_OS),
    Item(META, {"gallery-index": ("meta",)}),
    Item(IMAGES, {"gallery-index": ("entry",)}),
    Item(SUFFIX, decided=Decided.BY_RULES),
    Item(CAPABILITIES, decided=Decided.BY_RULES),
    Item(MAKE, {"makefile": ()}),
    Item(SYNTAX, decided=Decided.BY_RULES),
    Item(PATTERN, decided=Decided.BY_RULES),
    Item(
        "macOS build of a C++ backend: target, script, workflow step and path-filter tables",
        {"darwin-makefile": (), "darwin-workflow": (), "darwin-builders": ()},
        only_when_expected=True,
    ),
    Item(FILTER, {"path-filter": (), "path-filter-forks": ()}),
    Item(BUMP, {"bump-bot": ()}, only_when_expected=True),
    Item(
        "Upstream submodule: its section in `.gitmodules` and its commit", {"submodules": ()}, only_when_expected=True
    ),
    Item(IMPORTABLE, {"known-backends": (), "importer-registry": (), "importer-drop-in": ()}),
    Item(USECASES, {"backend-capabilities": ()}, only_when_expected=True),
    Item(ENGINE_RANK, {"engine-preference": ()}, note="no preference over another engine is claimed"),
    Item(TEST_JOB, {"test-workflow": ()}, only_when_expected=True),
    Item(MODEL, {"model-gallery": ()}, only_when_expected=True),
    Item(DOCUMENTED, {"docs-backends": (), "compatibility-table": (), "feature-pages": ()}),
    Item(IN_HOUSE, {"readme-engines": ()}, only_when_expected=True),
    Item(
        "`LoadModel` refuses models that it cannot serve",
        note="to be confirmed by the author",
        decided=Decided.BY_HAND,
    ),
    Item("The placeholder engine is replaced", decided=Decided.BY_PLACEHOLDER),
)
"""In the guide's order."""

GUIDE: Mapping[str, tuple[str, ...]] = {
    "Backend directory structure": (DIRECTORY,),
    "Build configurations": (ROWS,),
    "OS coverage considered": (OS,),
    "Meta definition": (META,),
    "Image entries": (IMAGES, CAPABILITIES),
    "Tag suffixes": (SUFFIX,),
    "Makefile updated": (MAKE,),
    "No YAML syntax errors": (SYNTAX,),
    "No Makefile syntax errors": (SYNTAX,),
    "Follows the same pattern": (PATTERN, FILTER, BUMP),
    "Gallery variant ranking": (ENGINE_RANK,),
    "Documented": (DOCUMENTED,),
    "If it is an in-house": (IN_HOUSE,),
}
"""How an item of LocalAI's own checklist begins -> our lines for it. What is not here, a person decides."""
