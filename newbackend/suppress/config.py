"""Suppressions in `.newbackend.toml`: `[[allow]]` with rule, reason and scope.

An invalid file (not TOML, an unknown key, a wrong type) is a UsageError. A valid entry that cannot suppress anything is
`Malformed` and becomes a finding (REG903).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from newbackend.errors import UsageError
from newbackend.findings import Location
from newbackend.records import dataclass
from newbackend.suppress import CONFIG_NAME
from newbackend.suppress.comments import is_rule_id
from newbackend.suppress.model import AllowEntry, Malformed

KEYS = ("rule", "subject", "path", "backend", "reason", "expires")

_HEADER = re.compile(r"[ \t]*\[\[[ \t]*[\"']?allow[\"']?[ \t]*\]\]")
_ERROR_LINE = re.compile(r" \(at line (\d+), column \d+\)")


@dataclass(frozen=True, slots=True)
class SuppressConfig:
    """The entries of `.newbackend.toml` in file order, and the malformed ones."""

    entries: tuple[AllowEntry, ...] = ()
    malformed: tuple[Malformed, ...] = ()


def parse_config(text: str, *, path: str = CONFIG_NAME) -> SuppressConfig:
    """The suppressions in the text of a config file; raises UsageError (`bad-config`) with file and line."""
    try:
        document = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(str(error), path) from None
    except RecursionError:
        raise UsageError("bad-config", "the file is nested too deeply", where=path) from None
    lines = _Lines(text, path)
    for key in document:
        if key != "allow":
            raise _refuse(f"unknown key {key!r}", lines.of_key(key), "only [[allow]] entries belong here")
    allowed = document.get("allow", [])
    if not isinstance(allowed, list) or not all(isinstance(entry, dict) for entry in allowed):
        raise _refuse("`allow` is not an array of tables", lines.of_key("allow"), "write [[allow]]")
    starts = lines.of_entries()
    if len(starts) != len(allowed):
        raise _refuse("an entry has no line of its own", lines.of_key("allow"), "write each as [[allow]]")
    entries: list[AllowEntry] = []
    malformed: list[Malformed] = []
    for raw, start in zip(allowed, starts, strict=True):
        parsed = _entry(raw, start, lines)
        if isinstance(parsed, Malformed):
            malformed.append(parsed)
        else:
            entries.append(parsed)
    return SuppressConfig(tuple(entries), tuple(malformed))


def _entry(raw: Mapping[str, object], start: Location, lines: _Lines) -> AllowEntry | Malformed:
    for key in raw:
        if key not in KEYS:
            raise _refuse(f"unknown key {key!r} in [[allow]]", lines.of_key(key, start), f"known are {', '.join(KEYS)}")
    words = {key: _text(raw, key, lines.of_key(key, start)) for key in KEYS if key != "expires"}
    if problem := _problem(words):
        return Malformed(problem, start, subject=":".join(filter(None, (words["rule"], words["subject"]))) or "allow")
    return AllowEntry(where=start, expires=_expires(raw, lines.of_key("expires", start)), **words)


def _problem(words: Mapping[str, str]) -> str:
    rule = words["rule"]
    if not rule:
        return "names no rule; add rule = with the id that is reported"
    if not is_rule_id(rule):
        return f"names {rule!r}, which is not a rule id such as REG401"
    narrowing = [words[key] for key in ("subject", "path", "backend")]
    if not any(text.strip("*/?") for text in narrowing):
        return f"covers every {rule} there is; limit it with subject =, path = or backend ="
    if not any(character.isalnum() for character in words["reason"]):
        return "gives no reason; add reason = and say why"
    return ""


def _text(raw: Mapping[str, object], key: str, where: Location) -> str:
    value = raw.get(key, "")
    if not isinstance(value, str):
        raise _refuse(f"{key!r} is not a string", where, "put it in quotes")
    return value.strip()


def _expires(raw: Mapping[str, object], where: Location) -> date | None:
    value = raw.get("expires")
    if value is None:
        return None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise _refuse("'expires' is not a date", where, "write it as 2026-06-30")


def _syntax_error(message: str, path: str) -> UsageError:
    line = _ERROR_LINE.search(message)
    where = f"{path}:{line[1]}" if line else path
    return UsageError("bad-config", f"this is not TOML: {_ERROR_LINE.sub('', message)}", where=where)


def _refuse(message: str, where: Location, hint: str) -> UsageError:
    return UsageError("bad-config", message, where=f"{where.path}:{where.line}", hint=hint)


def entry_lines(lines: Sequence[str]) -> list[int]:
    """The 1-based numbers of the lines that open an [[allow]]."""
    return [number for number, line in enumerate(lines, start=1) if _HEADER.match(line)]


class _Lines:
    """Line numbers, searched in the text because tomllib does not give them."""

    def __init__(self, text: str, path: str) -> None:
        self._lines = text.split("\n")
        self._path = path

    def of_entries(self) -> list[Location]:
        """Where each [[allow]] begins."""
        return [Location(self._path, number) for number in entry_lines(self._lines)]

    def of_key(self, key: str, start: Location | None = None) -> Location:
        """The first line at or after `start` that assigns or opens `key`; `start` if there is none."""
        first = start.line if start else 1
        pattern = re.compile(rf"[ \t]*\[{{0,2}}[ \t]*[\"']?{re.escape(key)}[\"']?[ \t]*[=.\]]")
        for number, line in enumerate(self._lines[first - 1 :], start=first):
            if pattern.match(line):
                return Location(self._path, number)
            if start and number > first and line.lstrip().startswith("["):
                break
        return Location(self._path, first)
