"""Suppressions in comments: `# newbackend: ignore[REG412] reason`.

One rule per comment, an optional subject after a colon, and a reason. The comment covers its own line; if the line has
nothing else, also the first line below that is not such a comment.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from newbackend.findings import Location
from newbackend.records import dataclass
from newbackend.suppress.model import IgnoreComment, Malformed

_MARK = "newbackend:"
_IGNORE = re.compile(
    r"(?P<opener>\#+|//+|<!--|/\*)[ \t]*newbackend:[ \t]*ignore\b"
    r"(?P<bracket>\[(?P<selector>[^\]]*)\])?(?P<rest>[^\r\n]*)",
    re.IGNORECASE,
)
_CLOSERS = {"<!--": "-->", "/*": "*/"}
_RULE_ID = re.compile(r"(?:REG|PKG|GAL)\d{3}")

# In Markdown a `#` opens a heading, and `//` may be in a code example.
_MARKUP_SUFFIXES = (".md", ".mdx", ".markdown", ".html")


@dataclass(frozen=True, slots=True)
class Directive:
    """A suppression comment in a line, at `line[start:end]`."""

    start: int
    end: int
    opener: str
    has_brackets: bool
    selector: str
    reason: str


def parse_comments(path: str, text: str) -> tuple[IgnoreComment | Malformed, ...]:
    """Every suppression comment in `text`, valid or malformed, in line order.

    `path` is relative to the checkout. Lines are separated by LF, as everywhere in a report.
    """
    if _MARK not in text.lower():
        return ()
    lines = text.split("\n")
    comments: list[IgnoreComment | Malformed] = []
    for number, line in enumerate(lines, start=1):
        if directive := directive_in(path, line):
            covers = (number,) if line[: directive.start].strip() else _covered(lines, number, directive.opener)
            comments.append(_parse(directive, Location(path, number), covers))
    return tuple(comments)


def directive_in(path: str, line: str) -> Directive | None:
    """The suppression comment in one line of the file at `path`, or None."""
    match = _IGNORE.search(line)
    if match is None:
        return None
    opener = match["opener"]
    if path.lower().endswith(_MARKUP_SUFFIXES) and opener != "<!--":
        return None
    rest, closer, _ = match["rest"].partition(_CLOSERS.get(opener, "\n"))
    return Directive(
        start=match.start(),
        end=match.start("rest") + len(rest) + len(closer),
        opener=opener,
        has_brackets=match["bracket"] is not None,
        selector=(match["selector"] or "").strip(),
        reason=rest.strip().lstrip(":-—– \t").strip(),
    )


def is_rule_id(text: str) -> bool:
    """Whether `text` has the form of a rule id."""
    return _RULE_ID.fullmatch(text) is not None


def _covered(lines: Sequence[str], number: int, opener: str) -> tuple[int, ...]:
    """From the comment's own line to the first line below that is not a comment."""
    mark = "#" if opener.startswith("#") else opener[:2]
    below = number + 1
    while below <= len(lines) and lines[below - 1].lstrip().startswith(mark):
        below += 1
    return tuple(range(number, below + 1))


def _parse(directive: Directive, where: Location, covers: tuple[int, ...]) -> IgnoreComment | Malformed:
    rule, _, subject = directive.selector.partition(":")
    rule, subject = rule.strip(), subject.strip()
    if problem := _problem(directive, rule):
        return Malformed(problem, where, subject=directive.selector or "ignore")
    return IgnoreComment(rule, subject, directive.reason, where, covers)


def _problem(directive: Directive, rule: str) -> str:
    if not directive.has_brackets or rule in ("", "*"):
        return "names no rule; write ignore[REG401] with the id that is reported here"
    if "," in rule:
        return "names several rules; write one comment for each, on lines of their own above the thing"
    if not is_rule_id(rule):
        return f"names {rule!r}, which is not a rule id such as REG401"
    if not any(character.isalnum() for character in directive.reason):
        return f"gives no reason; write ignore[{directive.selector}] and then why"
    return ""
