"""Checks of the documentation pages and of the extra test workflow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import dropwhile, takewhile

from newbackend.findings import CheckResult, Finding, Rule, Severity, Status
from newbackend.registrations.compatibility_table import place as compatibility_table
from newbackend.registrations.docs_list import place as docs_list
from newbackend.registrations.readme_engines import place as readme_engines
from newbackend.registrations.support.display_names import squeezed
from newbackend.registrations.test_workflow import place as test_workflow
from newbackend.rules.base import Check, Result, Scope
from newbackend.rules.context import BackendInfo, Context
from newbackend.rules.texts import documentation as text

_OWN = re.compile(r"https?://(?:www\.)?github\.com/(?:mudler|localai-org)/([^/\s#]+\.cpp)(?:\.git)?/?\Z", re.I)
_INTRO = "LocalAI supports various types of backends"
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_GATE = re.compile(r"needs\.detect-changes\.outputs\.([a-z0-9-]+)")


def listed(context: Context) -> Iterable[Result]:
    """REG701: by exact display name, or by a word of the list that is the name without `cpp` or `ggml`."""
    bullets = _bullets(context)
    examples = [line for line in bullets.values() if "(e.g., " in line]
    named = {fact.backend for fact in context.facts("docs-backends")}
    words = {_bare(word) for line in bullets.values() for word in _WORD.findall(line)}
    for info in context.backends.values():
        reason = _undocumented(info) or ("" if 4 * len(examples) >= 3 * len(bullets) else "the list gives no examples")
        if reason:
            yield CheckResult(text.NOT_LISTED, Status.SKIPPED, info.name, reason)
        elif not named & {info.name, info.gallery} and not words & {_bare(info.name), _bare(info.gallery)}:
            message = f"the list of backend types does not name {info.name}"
            path, end = docs_list.PATH, max(bullets)
            yield Finding(text.NOT_LISTED, info.name, path, end, message, info.name, expected=info.gallery)


def _bullets(context: Context) -> dict[int, str]:
    """The bullets below the sentence that announces the list, by line; not empty, as the place can be read."""
    lines = enumerate((context.read(docs_list.PATH) or "").split("\n"), start=1)
    behind = dropwhile(
        lambda pair: not pair[1].startswith("- **"), dropwhile(lambda pair: _INTRO not in pair[1], lines)
    )
    return dict(takewhile(lambda pair: pair[1].startswith("- **"), behind))


def _bare(word: str) -> str:
    return re.sub(r"(?:cpp|ggml)\Z", "", squeezed(word))


def _undocumented(info: BackendInfo) -> str:
    """Why a backend belongs on no page, or "" when it does."""
    if not info.directory:
        return "it has no directory"
    return "" if info.metas else "the gallery does not offer it"


def tabled(context: Context) -> Iterable[Result]:
    """REG702."""
    facts = context.facts("compatibility-table")
    named = {fact.backend for fact in facts}
    end = max((fact.line for fact in facts), default=1)
    for info in context.backends.values():
        if reason := _undocumented(info):
            yield CheckResult(text.NOT_IN_TABLE, Status.SKIPPED, info.name, reason)
        elif not named & {info.name, info.gallery}:
            message = f"no table has a row for {info.name}"
            path, row = compatibility_table.PATH, f"| [{info.gallery}](…) | … | … |"
            yield Finding(text.NOT_IN_TABLE, info.name, path, end, message, info.name, expected=row)


def own_engines(context: Context) -> Iterable[Result]:
    """REG703."""
    facts = context.facts("readme-engines")
    named = {fact.backend for fact in facts}
    end = max((fact.line for fact in facts), default=1)
    for info in context.backends.values():
        engine = _own_engine(info)
        if not engine:
            yield CheckResult(text.NOT_IN_README, Status.SKIPPED, info.name, "its engine is not the project's own")
        elif not named & {info.name, info.gallery}:
            message = f"{engine} is an engine of the project's own, and the table of those does not have it"
            path = readme_engines.PATH
            yield Finding(text.NOT_IN_README, info.name, path, end, message, info.name, expected=engine)


def _own_engine(info: BackendInfo) -> str:
    urls = info.meta.value.get("urls") if info.meta and info.lang in ("go", "cpp") else None
    found = [match[1] for url in urls if (match := _OWN.match(str(url)))] if isinstance(urls, list) else []
    return found[0] if found else ""


def leftovers(context: Context) -> Iterable[Finding]:
    """REG704: rows that resolve to a name, and that name to nothing that can be built or installed."""
    known = {name for info in context.backends.values() for name in (info.name, info.gallery)}
    for fact in context.facts("compatibility-table"):
        if fact.backend in known:
            continue
        name = fact.key.partition(":")[2]
        message = f"the table has a row for {name}, and there is no such backend"
        yield Finding(text.DOCS_LEFTOVER, name, fact.path, fact.line, message)


def test_jobs(context: Context) -> Iterable[Finding]:
    """REG710."""
    facts = context.facts("test-workflow")
    outputs = {fact.backend: fact for fact in facts if fact.kind == "output"}
    jobs = {fact.backend: fact for fact in facts if fact.kind == "job"}
    read = set(_GATE.findall(context.read(test_workflow.PATH) or ""))
    for name in sorted(jobs.keys() - outputs.keys() - {"run-all"}):
        job = jobs[name]
        message = f"the job {job.value} waits for the output {name}, which detect-changes does not have"
        yield Finding(text.TEST_JOB_BROKEN, name, job.path, job.line, message, _known(context, name))
    for name in sorted(outputs.keys() - read):
        output = outputs[name]
        message = f"no job reads the output {name}"
        severity = Severity.NOTE
        yield Finding(
            text.TEST_JOB_BROKEN, name, output.path, output.line, message, _known(context, name), severity=severity
        )


def _known(context: Context, name: str) -> str:
    return name if name in context.backends else ""


UNREADABLE: Mapping[str, Rule] = {
    "compatibility-table": text.TABLE_UNREADABLE,
    "docs-backends": text.PAGE_UNREADABLE,
    "readme-engines": text.README_UNREADABLE,
    "test-workflow": text.WORKFLOW_UNREADABLE,
}
CHECKS = (
    Check((text.NOT_LISTED,), listed, needs=("docs-backends",)),
    Check((text.NOT_IN_TABLE,), tabled, needs=("compatibility-table",)),
    Check((text.NOT_IN_README,), own_engines, needs=("readme-engines",)),
    Check((text.DOCS_LEFTOVER,), leftovers, needs=("compatibility-table",), scope=Scope.REPO),
    Check((text.TEST_JOB_BROKEN,), test_jobs, needs=("test-workflow",), scope=Scope.REPO),
)
