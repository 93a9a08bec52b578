"""Pins against the bump bot's rows, in both directions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from newbackend.checkout.layout import BUMP
from newbackend.findings import Confidence, Finding, Location, Severity
from newbackend.registrations.base import Fact
from newbackend.rules.base import Check
from newbackend.rules.context import BackendInfo, Context
from newbackend.rules.texts import bump_bot as text

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
    """Commit ids in the backend's scripts that its Makefile does not have, on lines that speak of git."""
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


def pins(context: Context) -> Iterable[Finding]:
    """REG501 and REG502."""
    workflow = context.read(BUMP) or ""
    rows = {(str(f.value.get("variable")), str(f.value.get("file"))) for f in context.facts("bump-bot")}
    last = max((fact.line for fact in context.facts("bump-bot")), default=1)
    for info in context.backends.values():
        if not info.directory:
            continue
        path = f"{info.directory}/Makefile"
        source = context.read(path) or ""
        found = makefile_pins(path, source)
        for pin in found:
            if (pin.variable, path) in rows or held(source, pin.line):
                continue
            if not pin.visible:
                yield _unseen(info, pin, f"`{pin.variable}` is not written `{pin.variable}?=`")
                continue
            if re.search(rf"^\s*#.*\b{re.escape(pin.variable)}\b", workflow, re.M):
                continue  # commented out in the workflow: held there
            yield Finding(
                text.PIN_UNREGISTERED,
                pin.variable,
                BUMP,
                last,
                f"{path} pins {pin.variable}, and the bump bot has no row for it",
                info.name,
                expected=_row(source, pin),
                related=(Location(path, pin.line),),
            )
        for pin in script_pins(context, info, {pin.value for pin in found}):
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
        text.PIN_UNSEEN,
        subject,
        pin.path,
        pin.line,
        message,
        info.name,
        confidence=confidence,
        expected=expected,
    )


def repository_of(source: str, variable: str) -> str:
    """`owner/name` that a Makefile clones for a pin: the *_REPO of the same stem, else the only one."""
    found = {match[1]: match[2] for match in _REPO.finditer(source)}
    stem = re.sub(r"_(VERSION|COMMIT|SHA|REF|TAG)$", "", variable)
    for name, repository in found.items():
        if name == f"{stem}_REPO":
            return repository
    return next(iter(found.values())) if len(found) == 1 else ""


def rows(context: Context) -> Iterable[Finding]:
    """REG503 to REG507: every row against the file that it names."""
    seen: dict[str, Fact] = {}
    for fact in context.facts("bump-bot"):
        variable, path = str(fact.value.get("variable") or ""), str(fact.value.get("file") or "Makefile")
        backend = fact.backend if fact.backend in context.backends else ""
        if (first := seen.setdefault(variable, fact)) is not fact:
            message = f"the bump bot has {variable} twice, so both bumps share the branch update/{variable}"
            line = context.field_line(fact, "variable")
            related = (Location(BUMP, first.line),)
            yield Finding(text.VARIABLE_TWICE, variable, BUMP, line, message, backend, related=related)
        source = context.read(path)
        at = _set_at(source or "", variable)
        if source is None or at < 0:
            what = "does not exist" if source is None else f"has no line `{variable}?=`"
            message = f"the bump bot's {variable} is never bumped: {path} {what}"
            line = context.field_line(fact, "file" if source is None else "variable")
            yield Finding(text.ROW_DEAD, variable, BUMP, line, message, backend, related=_elsewhere(source, fact))
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
    """REG504, REG505, REG507 of one row whose pin was found."""
    variable, path = str(fact.value["variable"]), str(fact.value.get("file") or "Makefile")
    value = source[at:].partition("\n")[0].partition("?=")[2].partition("#")[0].strip()
    backend = fact.backend if fact.backend in context.backends else ""
    pin_line = _line_of(source, at)
    if not re.fullmatch(r"[0-9a-f]{40}", value):
        message = f"{variable} is {value or 'empty'}, not a full commit id"
        yield Finding(text.PIN_FORM, variable, path, pin_line, message, backend)
    followed, cloned = str(fact.value.get("repository") or ""), repository_of(source, variable)
    if cloned and followed.lower() != cloned.lower():
        same_name = followed.rpartition("/")[2].lower() == cloned.rpartition("/")[2].lower()
        message = f"the bump bot follows {followed}, but {path} clones {cloned}"
        yield Finding(
            text.OTHER_REPOSITORY,
            variable,
            BUMP,
            context.field_line(fact, "repository"),
            message,
            backend,
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
            yield Finding(text.COMMENT_OVERWRITTEN, variable, path, line, message, backend)
        other = source.find(f"{variable}?=", other + 1)


CHECKS = (
    Check((text.PIN_UNREGISTERED, text.PIN_UNSEEN), pins, needs=("bump-bot",)),
    Check(
        (
            text.ROW_DEAD,
            text.OTHER_REPOSITORY,
            text.PIN_FORM,
            text.VARIABLE_TWICE,
            text.COMMENT_OVERWRITTEN,
        ),
        rows,
        needs=("bump-bot",),
    ),
)
