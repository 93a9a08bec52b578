"""Rules about the feature pages of single backends."""

from __future__ import annotations

from collections.abc import Iterable

from newbackend.checklist import DOCUMENTED
from newbackend.findings import Confidence, Finding, Severity
from newbackend.registrations.own_page.place import links
from newbackend.registrations.support.own_pages import FEATURES
from newbackend.rulebook import Scope
from newbackend.rules.context import Context
from newbackend.rules.registry import Result, check, rule

PAGE_NOT_THERE = rule(
    "REG721",
    "page-not-there",
    Severity.ERROR,
    what="A feature page, or the compatibility table, leads to a feature page that does not exist.",
    why="Hugo resolves `relref` while it builds the site, and stops at the first one that leads nowhere: the whole "
    "documentation is not published.",
    how="Take the link out, or write the page that it names.",
    bad='See [demo]({{%relref "features/demo" %}}).      (and no docs/content/features/demo.md)',
    good='See [demo]({{%relref "features/demo" %}}).      (and docs/content/features/demo.md)',
    checklist=DOCUMENTED,
)


@check(PAGE_NOT_THERE, needs=("own-page",), scope=Scope.REPO)
def leads_nowhere(context: Context) -> Iterable[Result]:
    """References that Hugo cannot resolve; a plain address may be an alias of a page."""
    there = set(context.checkout.children(FEATURES))
    for link in links(context.checkout):
        if link.resolved and not there & {link.name, f"{link.name}.md", f"{link.name}.en.md"}:
            message = f"leads to {FEATURES}/{link.name}.md, which does not exist"
            yield Finding(PAGE_NOT_THERE, f"{link.path}: {link.name}", link.path, line=link.line, message=message)


PAGE_NOT_LINKED = rule(
    "REG722",
    "page-not-linked",
    Severity.NOTE,
    confidence=Confidence.LIKELY,
    what="No feature page, and no row of the compatibility table, leads to a backend's own page.",
    why="Readers who look for a task find the page about it, and nothing there tells them that there is more to read.",
    how="Link it where the backend is mentioned: on the page of what it serves, and in its row of the table.",
    bad="- **[demo.cpp](https://github.com/example/demo.cpp)**: speech synthesis",
    good="- **[demo.cpp](https://github.com/example/demo.cpp)**: speech synthesis. See the "
    '[demo.cpp backend]({{%relref "features/demo" %}}) page.',
    checklist=DOCUMENTED,
)


@check(PAGE_NOT_LINKED, needs=("own-page",))
def not_linked(context: Context) -> Iterable[Result]:
    """Own pages that nothing leads to."""
    led_to = {link.name for link in links(context.checkout)}
    for fact in context.facts("own-page"):
        if fact.backend not in led_to:
            message = f"no feature page and no row of the compatibility table leads to the page about {fact.backend}"
            backend = context.known(fact.backend)
            yield Finding(PAGE_NOT_LINKED, fact.backend, fact.path, line=1, message=message, backend=backend)
