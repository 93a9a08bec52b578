"""Rules about the README's table of the project's own engines."""

from __future__ import annotations

from collections.abc import Iterable

from newbackend.checklist import IN_HOUSE
from newbackend.findings import Confidence, Finding, Severity
from newbackend.registrations.readme_engines import place as readme_engines
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.registry import Result, check, rule, skipped, unreadable

unreadable(
    "readme-engines",
    "REG708",
    "readme-engines-unreadable",
    what="`README.md` has more than one table of the project's own engines.",
    why="Its content cannot be compared with the backends that exist.",
    how="Repair what the message names, or, where upstream has changed the page's shape, report it here.",
    bad="| Backend | What it does |   (twice)",
    good="| Backend | What it does |   (once)",
)

NOT_IN_README = rule(
    "REG703",
    "in-house-engine-unlisted",
    Severity.WARNING,
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


@check(NOT_IN_README, needs=("readme-engines",))
def own_engines(context: Context) -> Iterable[Result]:
    """The project's own engines that the table does not have."""
    facts = context.facts("readme-engines")
    named = {fact.backend for fact in facts}
    end = max((fact.line for fact in facts), default=1)
    for info in context.backends.values():
        engine = _own_engine(info)
        if not engine:
            yield skipped(NOT_IN_README, info.name, "its engine is not the project's own")
        elif not named & {info.name, info.gallery}:
            message = f"{engine} is an engine of the project's own, and the table of those does not have it"
            path = readme_engines.PATH
            yield Finding(NOT_IN_README, info.name, path, line=end, message=message, backend=info.name, expected=engine)


def _own_engine(info: BackendInfo) -> str:
    urls = info.meta.value.get("urls") if info.meta and info.language.in_house_engines else None
    return readme_engines.own_engine(urls) if isinstance(urls, list) else ""
