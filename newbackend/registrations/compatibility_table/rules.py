"""Rules about the compatibility table of the documentation."""

from __future__ import annotations

from collections.abc import Iterable

from newbackend.checklist import DOCUMENTED
from newbackend.findings import Confidence, Finding, Severity
from newbackend.registrations.compatibility_table import place as compatibility_table
from newbackend.registrations.support.text_files import lines_of
from newbackend.rulebook import Scope
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.registry import Result, check, rule, skipped, unreadable
from newbackend.splice.markdown import tables

unreadable(
    "compatibility-table",
    "REG700",
    "compatibility-table-unreadable",
    what="`docs/content/reference/compatibility-table.md` has no table with the columns Backend and Acceleration.",
    why="Its content cannot be compared with the backends that exist.",
    how="Repair what the message names, or, where upstream has changed the page's shape, report it here.",
    bad="| Name | What |",
    good="| Backend | Description | Acceleration |",
)


def undocumented(info: BackendInfo) -> str:
    """Why a backend belongs on no page, or "" when it does."""
    if not info.directory:
        return "it has no directory"
    return "" if info.metas else "the gallery does not offer it"


NOT_IN_TABLE = rule(
    "REG702",
    "compatibility-row-missing",
    Severity.WARNING,
    what="The compatibility table has no row for the backend.",
    why="The page promises all backends; this is where people look for what runs on their hardware.",
    how="Add a row to the table of its category.",
    incident="9b57dcb72 (#10376) added nineteen that had been forgotten, 13f59f082 (#10386) privacy-filter.",
    bad="| [piper](https://github.com/rhasspy/piper) | Fast neural TTS | CPU, Metal |",
    good="| [piper](https://github.com/rhasspy/piper) | Fast neural TTS | CPU, Metal |\n"
    "| [demo](https://github.com/example/demo) | Speech synthesis | CPU, CUDA 12/13 |",
    checklist=DOCUMENTED,
)


@check(NOT_IN_TABLE, needs=("compatibility-table",))
def tabled(context: Context) -> Iterable[Result]:
    """Backends that the gallery offers and no table has."""
    facts = context.facts("compatibility-table")
    named = {fact.backend for fact in facts}
    end = max((fact.line for fact in facts), default=1)
    for info in context.backends.values():
        if reason := undocumented(info):
            yield skipped(NOT_IN_TABLE, info.name, reason)
        elif not named & {info.name, info.gallery}:
            message = f"no table has a row for {info.name}"
            path, row = compatibility_table.PATH, f"| [{info.gallery}](…) | … | … |"
            yield Finding(NOT_IN_TABLE, info.name, path, line=end, message=message, backend=info.name, expected=row)


DOCS_LEFTOVER = rule(
    "REG704",
    "compatibility-row-leftover",
    Severity.WARNING,
    what="The compatibility table has a row for a backend that has no directory and no gallery entry any more.",
    why="Readers try to install something that does not exist.",
    how="Delete the row.",
    confidence=Confidence.LIKELY,
    bad="| [removed](https://github.com/example/removed) | Gone since last year | CPU |",
    good="(no row)",
    checklist=DOCUMENTED,
)


@check(DOCS_LEFTOVER, needs=("compatibility-table",), scope=Scope.REPO)
def leftovers(context: Context) -> Iterable[Finding]:
    """Rows that resolve to a name, and that name to nothing that can be built or installed."""
    known = {name for info in context.backends.values() for name in (info.name, info.gallery)}
    for fact in context.facts("compatibility-table"):
        if fact.backend in known:
            continue
        name = fact.key.partition(":")[2]
        message = f"the table has a row for {name}, and there is no such backend"
        yield Finding(DOCS_LEFTOVER, name, fact.path, line=fact.line, message=message)


COLUMNS = rule(
    "REG715",
    "table-columns",
    Severity.ERROR,
    what="A row of the compatibility table, or of the engines in README.md, has more or fewer cells than its table "
    "has columns.",
    why="The page shows the cells under the wrong headings and drops what is too much.",
    how="Count the columns of the heading; a `|` inside a cell is written `\\|`.",
    bad="| Backend | Description | Acceleration |\n|---|---|---|\n| demo | Speech |",
    good="| Backend | Description | Acceleration |\n|---|---|---|\n| demo | Speech | CPU |",
    checklist=DOCUMENTED,
)
_PAGES = ("compatibility-table", "readme-engines")


@check(COLUMNS, scope=Scope.REPO)
def columns(context: Context) -> Iterable[Result]:
    """The tables of both pages that name backends."""
    for place_id in _PAGES:
        owners = {fact.line: fact.backend for fact in context.facts(place_id)}
        path = context.places[place_id].path(context.checkout)
        for table in tables(lines_of(context.checkout, path)) if owners else ():
            for row in table.rows if any(row.line + 1 in owners for row in table.rows) else ():
                if len(row.cells) != len(table.columns):
                    cells, wanted = len(row.cells), len(table.columns)
                    message = f"the row of {row.text} has {cells} cells, and its table {wanted} columns"
                    backend = context.known(owners.get(row.line + 1, ""))
                    yield Finding(COLUMNS, row.text, path, line=row.line + 1, message=message, backend=backend)
