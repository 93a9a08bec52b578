"""macOS rows."""

from __future__ import annotations

import re
from collections.abc import Iterable

from newbackend.catalog.variants import hardware_of, variant_table
from newbackend.checklist import OS
from newbackend.checkout.layout import MAKEFILE, MATRIX
from newbackend.findings import Confidence, Finding, Severity
from newbackend.registrations.base import Fact
from newbackend.registrations.matrix.place import DARWIN_LANG as DEFAULT_LANG
from newbackend.registrations.matrix.place import variant_of
from newbackend.registrations.matrix.rows import text_of
from newbackend.rules.backend import BackendInfo
from newbackend.rules.backend_answers import answers_of
from newbackend.rules.context import Context
from newbackend.rules.gallery import image_of
from newbackend.rules.registry import Result, check, rule, skipped

_COMMENT = re.compile(r"#[^\n]*")
_MAC_BRANCH = re.compile(r"^[^\t\n]*\bif\w*\b[^\n]*\b(?:Darwin|metal)\b", re.M)

DARWIN_LANG = rule(
    "REG116",
    "darwin-row-lang",
    Severity.ERROR,
    what="A macOS row's lang names a make target that does not exist, or another language than the backend's.",
    why="The workflow runs `make build-darwin-<lang>-backend`; without lang it takes python.",
    how='lang: "go" for Go and for C++ with its own build; no lang for Python.',
    bad='- backend: "demo"\n  lang: "golang"',
    good='- backend: "demo"\n  lang: "go"',
    checklist=OS,
)

LINUX_ONLY = rule(
    "REG117",
    "linux-only",
    Severity.NOTE,
    confidence=Confidence.POSSIBLE,
    what="The backend has a CPU image for Linux and no macOS row; a warning when it is a new one, or when its Makefile "
    "has a branch for macOS or Metal, or requirements-mps.txt is there.",
    why="The guide asks to cover every system or to say why not; a backend only under `include` is not offered on a "
    "Mac although its code may well run there.",
    how="Add a row to `includeDarwin` and the `metal` entries, or say in the pull request why it cannot run there.",
    bad="include:\n  - backend: \"demo\"\n    tag-suffix: '-cpu-demo'",
    good='includeDarwin:\n  - backend: "demo"\n    tag-suffix: "-metal-darwin-arm64-demo"',
    checklist=OS,
    when_new=Severity.WARNING,
)


@check(DARWIN_LANG, LINUX_ONLY, needs=("matrix",))
def darwin(context: Context) -> Iterable[Result]:
    """How macOS rows are built, and which backends have none."""
    table = variant_table()
    makefile = context.read(MAKEFILE) or ""
    for info in context.backends.values():
        for fact in info.darwin:
            lang = text_of(fact, "lang") or DEFAULT_LANG
            line = context.lines.field(fact, "lang")
            if f"\nbuild-darwin-{lang}-backend:" not in makefile:
                message = f"the macOS row of {info.name} has lang {lang!r}, but there is no build-darwin-{lang}-backend"
                yield Finding(DARWIN_LANG, info.name, MATRIX, line=line, message=message, backend=info.name)
            elif info.lang and (lang == DEFAULT_LANG) != (info.language.darwin_lang == DEFAULT_LANG):
                message = f"the macOS row of {info.name} builds it as {lang}, but the sources are in {info.directory}"
                yield Finding(DARWIN_LANG, info.name, MATRIX, line=line, message=message, backend=info.name)
        if info.lang and not info.language.darwin_lang and f"\nbuild-darwin-{info.lang}-backend:" not in makefile:
            yield skipped(LINUX_ONLY, info.name, f"this checkout builds no {info.language.title} for macOS")
            continue
        answers = answers_of(context, info)
        if answers and (answers.os_excluded or {}).get("darwin"):
            yield skipped(LINUX_ONLY, info.name, "its answers file says why it is not built for macOS")
            continue
        prepared = _prepared(context, info)
        plain = [fact for fact in info.rows if variant_of(fact) == table.plain or prepared]
        offered = any(table.variants[_hardware(info, entry)].darwin for entry in info.entries)
        if plain and not info.darwin and not offered and context.layout.features["darwin_matrix"]:
            has = f"{prepared} of {info.name} is there for macOS, and there is" if prepared else ""
            message = f"{has or f'{info.name} has a CPU image for Linux and'} no row in includeDarwin"
            level = Severity.WARNING if prepared and not answers else None  # our templates have a branch for macOS
            line = plain[0].line
            yield Finding(LINUX_ONLY, info.name, MATRIX, line=line, message=message, backend=info.name, severity=level)


def _prepared(context: Context, info: BackendInfo) -> str:
    """What of the backend is written for macOS: its requirements for Metal, or a branch of its Makefile."""
    if info.darwin or not info.directory:
        return ""
    if context.checkout.exists(f"{info.directory}/requirements-mps.txt"):
        return "requirements-mps.txt"
    source = _COMMENT.sub("", context.read(f"{info.directory}/Makefile") or "")
    return "a branch of the Makefile" if _MAC_BRANCH.search(source) else ""


def _hardware(info: BackendInfo, entry: Fact) -> str:
    image = image_of(entry.value.get("uri"))
    return hardware_of(image.suffix if image else "", info.name)
