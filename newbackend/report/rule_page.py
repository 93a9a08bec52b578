"""A rule as text, Markdown or JSON, and all of them as docs/rules.md: one source, the registry.

`newbackend rule`, SARIF's help and the documentation are generated here, so they always agree.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator

from newbackend.checklist import NEW_BACKEND
from newbackend.findings import Fix, Rule
from newbackend.report.markdown_escape import block, code
from newbackend.sanitize import one_line, printable
from newbackend.style import wrapped

FAMILIES: tuple[tuple[str, str, str], ...] = (
    ("REG1", "REG1xx", "build matrix"),
    ("REG2", "REG2xx", "gallery index"),
    ("REG3", "REG3xx", "root Makefile"),
    ("REG4", "REG4xx", "path filter"),
    ("REG5", "REG5xx", "bump bot"),
    ("REG6", "REG6xx", "Go registries"),
    ("REG7", "REG7xx", "docs"),
    ("REG8", "REG8xx", "backend directory"),
    ("REG9", "REG9xx", "suppressions"),
    ("PKG", "PKGxxx", "packages"),
    ("GAL1", "GAL1xx", "a gallery as a file"),
    ("GAL2", "GAL2xx", "a gallery's entries"),
    ("GAL3", "GAL3xx", "names in a gallery"),
    ("GAL4", "GAL4xx", "images of a gallery"),
    ("GAL5", "GAL5xx", "hosts of a gallery"),
    ("GAL6", "GAL6xx", "a repository of its own"),
    ("GAL7", "GAL7xx", "publishing"),
    ("GAL8", "GAL8xx", "images in their registry"),
)
"""Prefix of the id, how the family is written, what it covers."""

_LEAST = 30
"""Columns for a sentence beside the names; with fewer it stands below."""
_FIX_WORDS = {
    Fix.NONE: "by hand",
    Fix.SAFE: "--fix does it (safe)",
    Fix.UNSAFE: "--unsafe-fixes does it; read the result",
}


def family_of(rule: Rule) -> tuple[str, str]:
    """(`REG4xx`, `path filter`) for a rule; raises ValueError for an id of no family."""
    for prefix, name, title in FAMILIES:
        if rule.id.startswith(prefix):
            return name, title
    raise ValueError(f"rule {rule.id} belongs to no family")


def rule_text(rule: Rule, *, width: int = 80) -> str:
    """A rule for a terminal of `width` columns."""
    parts = [f"{rule.id} {rule.name}", _wrap(_facts(rule), width)]
    for title, text in _sentences(rule):
        parts.append(f"{title}\n{_wrap(text, width, indent='  ')}")
    for title, example in _examples(rule):
        parts.append(f"{title}\n{textwrap.indent(printable(example), '    ')}")
    return "\n\n".join(parts) + "\n"


def rule_list(rules: Iterable[Rule], *, width: int) -> str:
    """Every rule with a sentence on what it checks; folded at `width` columns, 0 never folds."""
    rows = list(rules)
    names = max(len(rule.name) for rule in rows)
    lines: list[str] = []
    for rule in rows:
        head = f"{rule.id}  {rule.severity.value:<7}  "
        sentence = _first_sentence(rule.what)
        if 0 < width < len(head) + names + _LEAST:
            lines += [f"{head}{rule.name}", *(f"    {line}" for line in wrapped(sentence, max(width - 4, _LEAST)))]
            continue
        head += f"{rule.name:<{names}}  "
        first, *rest = wrapped(sentence, width - len(head)) if width else [sentence]
        lines += [head + first, *(" " * len(head) + line for line in rest)]
    return "\n".join(lines)


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.!?])\s+(?=[A-Z`])", one_line(text), maxsplit=1)[0]


def rule_markdown(rule: Rule, *, level: int = 1) -> str:
    """A rule as a Markdown section whose heading has `level` hashes."""
    parts = [f"{'#' * level} {rule.id} {rule.name}", f"*{_facts(rule)}*", rule.what]
    for title, text in _sentences(rule):
        if title != "What":
            parts.append(f"**{title}.** {printable(text)}")
    for title, example in _examples(rule):
        parts.append(f"**{title}:**\n\n{block(example)}")
    return "\n\n".join(parts) + "\n"


def rules_markdown(rules: Iterable[Rule]) -> str:
    """docs/rules.md: a table of every rule, then each rule under the heading of its family.

    Raises ValueError for a rule whose id belongs to no family.
    """
    ordered = sorted(rules, key=lambda rule: (_rank(rule), rule.id))
    parts = [_PREFACE, _checklist(ordered), _table(ordered)]
    for _, name, title in FAMILIES:
        members = [rule for rule in ordered if family_of(rule)[0] == name]
        if members:
            parts.append(f"## {name} {title}")
            parts += [rule_markdown(rule, level=3).rstrip("\n") for rule in members]
    return "\n\n".join(parts) + "\n"


def rule_json(rule: Rule) -> dict[str, object]:
    """A rule as plain values, for `newbackend rule --format json`."""
    name, title = family_of(rule)
    return {
        "id": rule.id,
        "name": rule.name,
        "family": f"{name} {title}",
        "severity": rule.severity.value,
        "confidence": rule.confidence.value,
        "fix": rule.fix.value,
        "what": rule.what,
        "why": rule.why,
        "how": rule.how,
        "incident": rule.incident,
        "bad": rule.bad,
        "good": rule.good,
        "checklist": rule.checklist,
        "when_new": rule.when_new.value if rule.when_new else None,
        "added_in": rule.added_in,
    }


_PREFACE = """\
# Rules

<!-- Generated from the rule registry; change the rule, not this page. -->

`error`: a user or CI is broken or silently skipped. `warning`: a checklist gap. `note`: worth knowing.
How sure a rule is (`certain`, `likely`, `possible`) is a separate matter. Ids are never reused."""

_CHECKLIST = """\
## The checklist of a new backend

A third of LocalAI's backends came before its checklist, so much of it is a note for them. A backend that a change adds
(`verify --base REF`), and one that `verify --strict NAME` asks about, is judged by all of it: rules with a `*` are then
warnings. The state of each line is printed, as in the text of `newbackend pr`."""


def _table(rules: list[Rule]) -> str:
    rows = [
        f"| [{rule.id}](#{rule.id.lower()}-{rule.name}) | {rule.name} | {rule.severity.value} "
        f"| {rule.confidence.value} | {code(rule.fix.value)} |"
        for rule in rules
    ]
    return "\n".join(["| Rule | Name | Severity | Confidence | Fix |", "|---|---|---|---|---|", *rows])


def _checklist(rules: list[Rule]) -> str:
    """Which rules decide each line of the checklist."""
    rows = ["| Line of the checklist | Decided by |", "|---|---|"]
    for item in NEW_BACKEND:
        mine = [rule for rule in rules if rule.checklist == item.text]
        links = ", ".join(f"[{rule.id}](#{rule.id.lower()}-{rule.name}){'*' if rule.when_new else ''}" for rule in mine)
        rows.append(f"| {item.text} | {links or item.decided.value} |")
    return "\n".join([_CHECKLIST, "", *rows])


def _facts(rule: Rule) -> str:
    family = " ".join(family_of(rule))
    return (
        f"{rule.severity.value}, {rule.confidence.value}; {family}; fix: {_FIX_WORDS[rule.fix]}; since {rule.added_in}"
    )


def _sentences(rule: Rule) -> Iterator[tuple[str, str]]:
    named = (
        ("What", rule.what),
        ("Why", rule.why),
        ("Seen", rule.incident),
        ("How to fix", rule.how),
        ("Checklist", rule.checklist),
        ("For a new backend", rule.when_new.value if rule.when_new else ""),
    )
    return ((title, text) for title, text in named if text)


def _examples(rule: Rule) -> Iterator[tuple[str, str]]:
    return ((title, text) for title, text in (("Bad", rule.bad), ("Good", rule.good)) if text)


def _wrap(text: str, width: int, *, indent: str = "") -> str:
    paragraphs = (
        textwrap.fill(
            paragraph,
            max(width, 20),
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for paragraph in printable(text).split("\n")
    )
    return "\n".join(paragraphs)


def _rank(rule: Rule) -> int:
    return [name for _, name, _ in FAMILIES].index(family_of(rule)[0])
