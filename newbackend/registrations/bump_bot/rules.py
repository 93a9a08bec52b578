"""The bump bot's rows against the pins that they name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from newbackend.checklist import BUMP
from newbackend.checkout.layout import BUMP as WORKFLOW
from newbackend.findings import Confidence, Finding, Location, Severity
from newbackend.registrations.base import Fact
from newbackend.rules.context import Context
from newbackend.rules.registry import check, rule, unreadable

unreadable(
    "bump-bot",
    "REG500",
    "bump-bot-unreadable",
    what="`.github/workflows/bump_deps.yaml` is not YAML, or has no list of repositories.",
    how="Repair the line that the message names; a workflow that does not parse is not run at all.",
    bad='- repository: "owner/demo\n  variable: "DEMO_VERSION"',
    good='- repository: "owner/demo"\n  variable: "DEMO_VERSION"',
)

_REPO = re.compile(r"^([A-Z0-9_]*_?REPO)\s*[:?]?=\s*https?://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?\s*$", re.M)


def _line_of(source: str, offset: int) -> int:
    return source.count("\n", 0, offset) + 1


def repository_of(source: str, variable: str) -> str:
    """`owner/name` that a Makefile clones for a pin: the *_REPO of the same stem, else the only one."""
    repositories = {match[1]: match[2] for match in _REPO.finditer(source)}
    stem = re.sub(r"_(VERSION|COMMIT|SHA|REF|TAG)$", "", variable)
    for name, repository in repositories.items():
        if name == f"{stem}_REPO":
            return repository
    return next(iter(repositories.values())) if len(repositories) == 1 else ""


ROW_DEAD = rule(
    "REG503",
    "bump-row-dead",
    Severity.ERROR,
    what="The bump bot's row names a file that does not exist, or a variable that the file does not set as "
    "`VARIABLE?=`.",
    why="The job ends with `Could not find … in Makefile`, every night, and bumps nothing.",
    how="Correct the row, or the form of the pin; delete the row of a removed backend.",
    incident="Rows outlive a renamed directory.",
    bad='variable: "DEMO_VERSION"\nfile: "backend/cpp/demo/Makefile"     # which has DEMO_VERSION := …',
    good="DEMO_VERSION?=84cc882352757baf628a1776badf7cc54d584e28",
    checklist=BUMP,
)

OTHER_REPOSITORY = rule(
    "REG504",
    "bump-other-repository",
    Severity.ERROR,
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

PIN_FORM = rule(
    "REG505",
    "pin-not-full",
    Severity.WARNING,
    what="A pin that the bump bot follows is not a full commit id.",
    why="Short ids cannot be fetched by `git fetch`; a branch name is not a pin, and two builds of one day may differ.",
    how="Write all 40 hex digits.",
    bad="DEMO_VERSION?=84cc882",
    good="DEMO_VERSION?=84cc882352757baf628a1776badf7cc54d584e28",
    checklist=BUMP,
)

VARIABLE_TWICE = rule(
    "REG506",
    "bump-variable-twice",
    Severity.ERROR,
    what="Two rows of the bump bot have the same variable.",
    why="The bot's pull requests live on the branch update/VARIABLE: each one overwrites the other.",
    how="Give each backend a variable of its own.",
    incident="The branch name is `update/${{ matrix.variable }}`.",
    bad='variable: "VERSION"\nfile: "backend/go/demo/Makefile"\n…\nvariable: "VERSION"\n'
    'file: "backend/go/other/Makefile"',
    good='variable: "DEMO_VERSION"\n…\nvariable: "OTHER_VERSION"',
    checklist=BUMP,
)

COMMENT_OVERWRITTEN = rule(
    "REG507",
    "pin-in-comment",
    Severity.NOTE,
    what="A comment contains `VARIABLE?=`, or another variable ends in the same name.",
    why="The bot's sed is not anchored: it overwrites the rest of that line as well, at the first bump.",
    how="Name the variable in comments without `?=`.",
    incident="`# Upstream pin lives below as DS4_VERSION?=<commit>` was prose once; five Makefiles have it.",
    bad="# The pin is DEMO_VERSION?= below, see bump_deps.yaml",
    good="# The pin is DEMO_VERSION, below, see bump_deps.yaml",
    checklist=BUMP,
)


@check(ROW_DEAD, OTHER_REPOSITORY, PIN_FORM, VARIABLE_TWICE, COMMENT_OVERWRITTEN, needs=("bump-bot",))
def rows(context: Context) -> Iterable[Finding]:
    """Every row against the file that it names."""
    seen: dict[str, Fact] = {}
    for fact in context.facts("bump-bot"):
        variable, path = str(fact.value.get("variable") or ""), str(fact.value.get("file") or "Makefile")
        backend = context.known(fact.backend)
        if (first := seen.setdefault(variable, fact)) is not fact:
            message = f"the bump bot has {variable} twice, so both bumps share the branch update/{variable}"
            line = context.lines.field(fact, "variable")
            related = (Location(WORKFLOW, first.line),)
            yield Finding(
                VARIABLE_TWICE, variable, WORKFLOW, line=line, message=message, backend=backend, related=related
            )
        source = context.read(path)
        at = _set_at(source or "", variable)
        if source is None or at < 0:
            what = "does not exist" if source is None else f"has no line `{variable}?=`"
            message = f"the bump bot's {variable} is never bumped: {path} {what}"
            line = context.lines.field(fact, "file" if source is None else "variable")
            yield Finding(
                ROW_DEAD,
                variable,
                WORKFLOW,
                line=line,
                message=message,
                backend=backend,
                related=_elsewhere(source, fact),
            )
            continue
        yield from _pinned(context, fact, source, at)


def _elsewhere(source: str | None, fact: Fact) -> tuple[Location, ...]:
    variable, path = str(fact.value.get("variable")), str(fact.value.get("file"))
    match = re.search(rf"^{re.escape(variable)}\b", source or "", re.M)
    return (Location(path, _line_of(source, match.start())),) if source and match else ()


def _set_at(source: str, variable: str) -> int:
    """Offset of the line `VARIABLE?=`, which is what the bot greps for; -1 for none."""
    if source.startswith(f"{variable}?="):
        return 0
    before = source.find(f"\n{variable}?=")
    return before if before == -1 else before + 1


def _pinned(context: Context, fact: Fact, source: str, at: int) -> Iterator[Finding]:
    """One row whose pin was found: its form, the repository, other lines that the bump would overwrite."""
    variable, path = str(fact.value["variable"]), str(fact.value.get("file") or "Makefile")
    value = source[at:].partition("\n")[0].partition("?=")[2].partition("#")[0].strip()
    backend = context.known(fact.backend)
    pin_line = _line_of(source, at)
    if not re.fullmatch(r"[0-9a-f]{40}", value):
        message = f"{variable} is {value or 'empty'}, not a full commit id"
        yield Finding(PIN_FORM, variable, path, line=pin_line, message=message, backend=backend)
    followed, cloned = str(fact.value.get("repository") or ""), repository_of(source, variable)
    if cloned and followed.lower() != cloned.lower():
        same_name = followed.rpartition("/")[2].lower() == cloned.rpartition("/")[2].lower()
        message = f"the bump bot follows {followed}, but {path} clones {cloned}"
        yield Finding(
            OTHER_REPOSITORY,
            variable,
            WORKFLOW,
            line=context.lines.field(fact, "repository"),
            message=message,
            backend=backend,
            severity=Severity.NOTE if same_name else None,
            confidence=Confidence.POSSIBLE if same_name else None,
            expected=f'repository: "{cloned}"',
            related=(Location(path, pin_line),),
        )
    other = source.find(f"{variable}?=")
    while other != -1:
        line = _line_of(source, other)
        if line != pin_line:
            message = f"the bump of {variable} overwrites this line as well"
            yield Finding(COMMENT_OVERWRITTEN, variable, path, line=line, message=message, backend=backend)
        other = source.find(f"{variable}?=", other + 1)
