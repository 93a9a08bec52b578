"""Pins in the backends' files that the bump bot does not follow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from newbackend.checklist import BUMP
from newbackend.checkout.layout import BUMP as WORKFLOW
from newbackend.findings import Confidence, Finding, Location, Severity
from newbackend.records import dataclass
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.registry import check, rule

_PIN = re.compile(r"^([A-Z][A-Z0-9_]*)(\s*)([:?]?=)(\s*)([0-9a-f]{7,40})\s*(?:#.*)?$", re.M)
_SHA = re.compile(r"(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])")
_GIT_WORDS = re.compile(r"\bgit\b|GIT_TAG|VERSION|COMMIT|_SHA|_REF|REVISION", re.I)
_REPO = re.compile(r"^([A-Z0-9_]*_?REPO)\s*[:?]?=\s*https?://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?\s*$", re.M)
_HELD = re.compile(
    r"\b(held|hold(?:ing)? (?:at|back|it)|frozen|do(?: not|n't) bump|not tracked|rather than tracking)\b", re.I
)
_SCRIPTS = frozenset(("prepare.sh", "install.sh", "build.sh", "CMakeLists.txt", "package.sh", "test.sh"))


@dataclass(frozen=True)
class Pin:
    """A commit id in a file: the variable ("" when there is none) and how it is written."""

    variable: str
    value: str
    path: str
    line: int
    visible: bool


def _line_of(source: str, offset: int) -> int:
    return source.count("\n", 0, offset) + 1


def makefile_pins(path: str, source: str) -> list[Pin]:
    """Pins in a Makefile; visible are those the bot's `^VAR?=` finds."""
    return [
        Pin(m[1], m[5], path, _line_of(source, m.start()), m[3] == "?=" and not m[2] and not m[4])
        for m in _PIN.finditer(source)
        if m[3] == "?=" or len(m[5]) == 40
    ]


def script_pins(context: Context, info: BackendInfo, known: set[str]) -> Iterator[Pin]:
    """Commit ids in the backend's scripts that its Makefile does not have, on lines that mention git."""
    for name in sorted(_SCRIPTS.intersection(context.checkout.children(info.directory))):
        path = f"{info.directory}/{name}"
        source = context.read(path)
        if source is None or not _SHA.search(source):
            continue
        for number, row in enumerate(source.split("\n"), start=1):
            match = _SHA.search(row)
            if match and not row.lstrip().startswith("#") and _GIT_WORDS.search(row) and match[0] not in known:
                yield Pin("", match[0], path, number, visible=False)


def held(source: str, line: int) -> bool:
    """Whether the comment right above a line says that the pin is held on purpose."""
    rows = source.split("\n")
    above: list[str] = []
    for row in reversed(rows[: line - 1]):
        if not row.startswith("#") and (above or not re.match(r"[A-Z0-9_]*REPO\b", row)):
            break
        above.append(row)
    return bool(_HELD.search(" ".join(above)))


PIN_UNREGISTERED = rule(
    "REG501",
    "pin-not-bumped",
    Severity.WARNING,
    what="A backend's Makefile pins an upstream commit that the bump bot does not know.",
    why="Nobody learns of new upstream commits; the backend stays at the commit of the day it was merged.",
    how="Add repository, variable, branch and file to bump_deps.yaml. To hold a pin on purpose say `held` and why in "
    "the comment above it.",
    incident="ds4's pin was registered two days late (#9761); moss-tts-cpp and localvqe still are not.",
    bad="DEMO_VERSION?=84cc882352757baf628a1776badf7cc54d584e28     # and no row with that variable",
    good='- repository: "owner/demo"\n  variable: "DEMO_VERSION"\n  branch: "main"\n'
    '  file: "backend/cpp/demo/Makefile"',
    checklist=BUMP,
)

PIN_UNSEEN = rule(
    "REG502",
    "pin-not-visible",
    Severity.WARNING,
    what="An upstream commit is pinned where the bump bot cannot see it.",
    why="The bot greps `^VARIABLE?=` in a Makefile; a pin in a script, in CMake or written `VARIABLE ?=` does not "
    "exist for it.",
    how="Move the pin into the backend's Makefile as `NAME_VERSION?=<40 hex digits>` and register it.",
    incident="ds4 had its pin in prepare.sh; neutts has one in install.sh.",
    bad='DEMO_VERSION="${DEMO_VERSION:-84cc882352757baf628a1776badf7cc54d584e28}"   # in prepare.sh',
    good="DEMO_VERSION?=84cc882352757baf628a1776badf7cc54d584e28                  # in Makefile",
    checklist=BUMP,
)


@check(PIN_UNREGISTERED, PIN_UNSEEN, needs=("bump-bot",))
def pins(context: Context) -> Iterable[Finding]:
    """Commit ids in Makefiles and scripts, against the bump bot's rows."""
    workflow = context.read(WORKFLOW) or ""
    rows = {(str(f.value.get("variable")), str(f.value.get("file"))) for f in context.facts("bump-bot")}
    last = context.last_line("bump-bot")
    for info in context.backends.values():
        if not info.directory:
            continue
        path = f"{info.directory}/Makefile"
        source = context.read(path) or ""
        known = makefile_pins(path, source)
        for pin in known:
            if (pin.variable, path) in rows or held(source, pin.line):
                continue
            if not pin.visible:
                yield _unseen(info, pin, f"`{pin.variable}` is not written `{pin.variable}?=`")
                continue
            if re.search(rf"^[ \t]*#.*\b{re.escape(pin.variable)}\b", workflow, re.M):
                continue  # commented out in the workflow: held there
            yield Finding(
                PIN_UNREGISTERED,
                pin.variable,
                WORKFLOW,
                line=last,
                message=f"{path} pins {pin.variable}, and the bump bot has no row for it",
                backend=info.name,
                expected=_row(source, pin),
                related=(Location(path, pin.line),),
            )
        for pin in script_pins(context, info, {pin.value for pin in known}):
            yield _unseen(info, pin, "the bot reads Makefiles only")


def _row(source: str, pin: Pin) -> str:
    repository = repository_of(source, pin.variable) or "OWNER/REPOSITORY"
    return f'- repository: "{repository}"\n  variable: "{pin.variable}"\n  branch: "…"\n  file: "{pin.path}"'


def _unseen(info: BackendInfo, pin: Pin, why: str) -> Finding:
    message = f"{pin.path} pins an upstream commit where the bump bot cannot see it: {why}"
    expected = f"{pin.variable or info.name.upper().replace('-', '_') + '_VERSION'}?={pin.value}"
    confidence = Confidence.CERTAIN if pin.variable else Confidence.LIKELY
    subject = pin.variable or pin.path
    return Finding(
        PIN_UNSEEN,
        subject,
        pin.path,
        line=pin.line,
        message=message,
        backend=info.name,
        confidence=confidence,
        expected=expected,
    )


def repository_of(source: str, variable: str) -> str:
    """`owner/name` that a Makefile clones for a pin: the *_REPO of the same stem, else the only one."""
    repositories = {match[1]: match[2] for match in _REPO.finditer(source)}
    stem = re.sub(r"_(VERSION|COMMIT|SHA|REF|TAG)$", "", variable)
    for name, repository in repositories.items():
        if name == f"{stem}_REPO":
            return repository
    return next(iter(repositories.values())) if len(repositories) == 1 else ""
