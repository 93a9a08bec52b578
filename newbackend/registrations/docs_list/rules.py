"""Rules about the list of backend types in the documentation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import dropwhile, takewhile

from newbackend.checklist import DOCUMENTED
from newbackend.findings import Finding, Severity
from newbackend.registrations.compatibility_table.rules import undocumented
from newbackend.registrations.docs_list import place as docs_list
from newbackend.registrations.support.display_names import squeezed
from newbackend.rules.context import Context
from newbackend.rules.registry import Result, check, rule, skipped, unreadable

unreadable(
    "docs-backends",
    "REG707",
    "backends-page-unreadable",
    what="`docs/content/features/backends.md` announces a list of backend types and has none.",
    why="Its content cannot be compared with the backends that exist.",
    how="Repair what the message names, or, where upstream has changed the page's shape, report it here.",
    bad="LocalAI supports various types of backends:",
    good="LocalAI supports various types of backends:\n\n- **LLM Backends**: For running language models (e.g., demo)",
)

_INTRO = "LocalAI supports various types of backends"
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")

NOT_LISTED = rule(
    "REG701",
    "docs-list-missing",
    Severity.NOTE,
    what="The list of backend types in `docs/content/features/backends.md` does not name the backend.",
    why="The guide asks for it. The list gives examples, so many are not on it; the compatibility table is complete.",
    how="Add the name to the examples of its category.",
    incident="9b57dcb72 (#10376) documented every backend at once.",
    bad="- **Text-to-Speech Backends**: For speech synthesis (e.g., piper)",
    good="- **Text-to-Speech Backends**: For speech synthesis (e.g., piper, demo)",
    checklist=DOCUMENTED,
    when_new=Severity.WARNING,
)


@check(NOT_LISTED, needs=("docs-backends",))
def listed(context: Context) -> Iterable[Result]:
    """By exact display name, or by a word of the list that is the name without `cpp` or `ggml`."""
    bullets = _bullets(context)
    examples = [line for line in bullets.values() if "(e.g., " in line]
    named = {fact.backend for fact in context.facts("docs-backends")}
    words = {_bare(word) for line in bullets.values() for word in _WORD.findall(line)}
    for info in context.backends.values():
        reason = undocumented(info) or ("" if 4 * len(examples) >= 3 * len(bullets) else "the list gives no examples")
        if reason:
            yield skipped(NOT_LISTED, info.name, reason)
        elif not named & {info.name, info.gallery} and not words & {_bare(info.name), _bare(info.gallery)}:
            message = f"the list of backend types does not name {info.name}"
            path, end = docs_list.PATH, max(bullets)
            yield Finding(
                NOT_LISTED, info.name, path, line=end, message=message, backend=info.name, expected=info.gallery
            )


def _bullets(context: Context) -> dict[int, str]:
    """The bullets below the sentence that announces the list, by line; not empty, as the place can be read."""
    lines = enumerate((context.read(docs_list.PATH) or "").split("\n"), start=1)
    behind = dropwhile(
        lambda pair: not pair[1].startswith("- **"), dropwhile(lambda pair: _INTRO not in pair[1], lines)
    )
    return dict(takewhile(lambda pair: pair[1].startswith("- **"), behind))


def _bare(word: str) -> str:
    return re.sub(r"(?:cpp|ggml)\Z", "", squeezed(word))
