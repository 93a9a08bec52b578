"""What GNU make cannot read in a makefile, found without running it.

Follows `eval` in make's read.c: continued lines, recipes, conditionals, `define`, assignments, rules. Both sides of a
conditional are read, since what one host skips another one needs. The tests compare with GNU make. tree-sitter-make
is not used: it reports an error in 26 of LocalAI's 77 makefiles (docs/adr/0051).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from newbackend.splice.conflicts import CONFLICT, conflict_line

_CONDITIONAL = re.compile(r"\s*(ifeq|ifneq|ifdef|ifndef|else|endif)(?=[\s(\"'#]|\Z)(.*)", re.S)
_DEFINE = re.compile(r"\s*(?:(?:override|export|private)\s+)*define(?=\s|\Z)(.*)", re.S)
_ENDEF = re.compile(r"\s*endef\s*(?:#.*)?\Z")
_DIRECTIVE = re.compile(
    r"\s*(?:export|unexport|include|-include|sinclude|vpath|override|private|undefine|load|-load)\b"
)
_ASSIGNMENT = re.compile(r"\s*(?:(?:export|override|private|unexport)\s+)*[^\s:=#+?!]+\s*(?:\?|\+|!|:{1,3})?=")
_COMMAND = re.compile(r"[\"'|&;<>`]|\s--?\w|\$[({]MAKE[)}]")
_NEXT = re.compile(r"\$.|(?<!\\)#", re.S)
_CLOSING = {"(": ")", "{": "}"}


@dataclass(frozen=True)
class SyntaxFault:
    """Where make stops reading, 1-based, and why."""

    line: int
    problem: str


@dataclass
class _State:
    """What is open: conditionals (line of each, and whether its `else` was seen), a rule, a `define`."""

    conditionals: list[tuple[int, bool]] = field(default_factory=list)
    in_rule: bool = False
    define: int = 0
    depth: int = 0


def syntax_fault(text: str) -> SyntaxFault | None:
    """The first line that GNU make cannot read, or reads as something that cannot be meant; None for a sound file."""
    at = conflict_line(text)
    if at is not None:
        return SyntaxFault(at, CONFLICT)
    if "\0" in text:
        return SyntaxFault(text.count("\n", 0, text.index("\0")) + 1, "has a NUL byte, and make ignores what follows")
    if ".RECIPEPREFIX" in text:
        return None  # recipes begin with something else than a tab
    state = _State()
    for number, line in _logical_lines(text):
        problem = _read(state, number, line)
        if problem:
            return SyntaxFault(number, problem)
    if state.define:
        return SyntaxFault(state.define, "has a `define` without its `endef`")
    if state.conditionals:
        return SyntaxFault(state.conditionals[-1][0], "has a conditional without its `endif`")
    return None


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with continued ones joined, and the 1-based number of the first."""
    rows = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    number = 0
    while number < len(rows):
        first, line = number, rows[number]
        while line.endswith("\\") and not line.endswith("\\\\") and number + 1 < len(rows):
            number += 1
            line = f"{line[:-1]} {rows[number]}"
        number += 1
        yield first + 1, line


def _read(state: _State, number: int, line: str) -> str:
    """Takes one logical line in; the problem with it, "" when there is none."""
    if state.define:
        _inside_define(state, line)
        return ""
    if line.startswith("\t") and state.in_rule:
        return ""
    stripped = line.strip()
    if not stripped or stripped[0] == "#":
        return ""
    conditional = _CONDITIONAL.match(line)
    if conditional and not _ASSIGNMENT.match(line):
        return _conditional(state, number, conditional[1], conditional[2])
    if (define := _DEFINE.match(line)) and not _ASSIGNMENT.match(line):
        state.define, state.depth, state.in_rule = number, 1, False
        return "" if define[1].strip() else "has a `define` without a name"
    if _ENDEF.match(line):
        return "has an `endef` without its `define`"
    return _statement(state, line, stripped)


def _inside_define(state: _State, line: str) -> None:
    if line.startswith("\t"):
        return
    if _DEFINE.match(line):
        state.depth += 1
    elif _ENDEF.match(line):
        state.depth -= 1
        state.define = state.define if state.depth else 0


def _conditional(state: _State, number: int, word: str, rest: str) -> str:
    if word in ("ifeq", "ifneq", "ifdef", "ifndef"):
        state.conditionals.append((number, False))
        return _condition(word, rest)
    if not state.conditionals:
        return f"has an `{word}` without its conditional"
    if word == "endif":
        state.conditionals.pop()
        return ""
    first, other = state.conditionals[-1]
    if other:
        return "has a second `else` in one conditional"
    follows = _CONDITIONAL.match(rest)
    state.conditionals[-1] = (first, follows is None)
    return _condition(follows[1], follows[2]) if follows and follows[1] not in ("else", "endif") else ""


def _condition(word: str, rest: str) -> str:
    fine = word in ("ifdef", "ifndef") or _compares(rest.strip())
    return "" if fine else f"has an `{word}` whose condition cannot be read"


def _compares(rest: str) -> bool:
    """Whether `(a,b)`, `"a" "b"` or a mixture of quotes is there, as `conditional_line` in read.c takes it."""
    if not rest.startswith("("):
        first = _quoted(rest)
        return bool(first) and bool(_quoted(rest[first:].lstrip()))
    depth, comma = 0, False
    for letter in rest[1:]:
        if letter == "," and depth <= 0:
            comma, depth = True, 0
        elif letter == ")" and comma and depth <= 0:
            return True
        depth += (letter == "(") - (letter == ")")
    return False


def _quoted(text: str) -> int:
    """The length of the quoted word that a text begins with; 0 when there is none."""
    return text.find(text[0], 1) + 1 if text[:1] in ("'", '"') else 0


def _statement(state: _State, line: str, stripped: str) -> str:
    """An assignment, a directive, a rule, or text that expands to one."""
    outside, open_ = _outside_references(stripped)
    if open_:
        return f"has `{open_}` and nothing that closes it"
    if _ASSIGNMENT.match(line) or _DIRECTIVE.match(line):
        state.in_rule = False
        return ""
    indented = line[0] in " \t"
    if ":" in outside:
        if indented and state.in_rule and _COMMAND.search(line.split(":", 1)[0]):
            return _recipe_without_tab(line)
        state.in_rule = True
        return ""
    if not outside.strip():
        return ""  # $(eval …), $(error …): nothing is left to read, as a rule
    if stripped[0] == "$" and not (indented and state.in_rule):
        return ""  # what it expands to may have the colon
    return _recipe_without_tab(line) if indented else "has no separator: it is neither a rule nor an assignment"


def _recipe_without_tab(line: str) -> str:
    if line[0] == "\t":
        return "has a recipe line, and no rule that it could belong to"
    return "is indented with spaces: make takes only a line that begins with a tab for a recipe"


def _outside_references(text: str) -> tuple[str, str]:
    """A line without its `$(…)`, `${…}` and comment; and the first `$(` or `${` that is never closed, or ""."""
    if "$" not in text:
        return text.split("#", 1)[0], ""
    kept, at = [], 0
    while found := _NEXT.search(text, at):
        kept.append(text[at : found.start()])
        if found[0] == "#":
            return "".join(kept), ""
        at = found.end()
        if found[0][1] in _CLOSING:
            at = _end_of_reference(text, at - 1)
            if at < 0:
                return "".join(kept), found[0]
    return "".join((*kept, text[at:])), ""


def _end_of_reference(text: str, at: int) -> int:
    """Behind the bracket that closes the one at `at`; -1 when nothing does. Only brackets of that kind count."""
    opens, closes, depth = text[at], _CLOSING[text[at]], 0
    for position in range(at, len(text)):
        depth += (text[position] == opens) - (text[position] == closes)
        if depth == 0:
            return position + 1
    return -1
