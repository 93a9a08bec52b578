"""macOS rows."""

from __future__ import annotations

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
from newbackend.rules.context import Context
from newbackend.rules.gallery import image_of
from newbackend.rules.registry import Result, check, rule, skipped

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
    what="The backend has a CPU image for Linux and no macOS row.",
    why="The guide asks to cover every system or to say why not; a backend only under `include` is not offered on a "
    "Mac although its code may well run there.",
    how="Add a row to `includeDarwin` and the `metal` entries, or say in the pull request why it cannot run there.",
    bad="include:\n  - backend: \"demo\"\n    tag-suffix: '-cpu-demo'",
    good='includeDarwin:\n  - backend: "demo"\n    tag-suffix: "-metal-darwin-arm64-demo"',
    checklist=OS,
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
        plain = [fact for fact in info.rows if variant_of(fact) == table.plain]
        offered = any(table.variants[_hardware(info, entry)].darwin for entry in info.entries)
        if plain and not info.darwin and not offered and context.layout.features["darwin_matrix"]:
            message = f"{info.name} has a CPU image for Linux and no row in includeDarwin"
            yield Finding(LINUX_ONLY, info.name, MATRIX, line=plain[0].line, message=message, backend=info.name)


def _hardware(info: BackendInfo, entry: Fact) -> str:
    image = image_of(entry.value.get("uri"))
    return hardware_of(image.suffix if image else "", info.name)
