"""A Makefile's statements, cut as GNU make cuts them (`eval` in its read.c), and what make would refuse.

Nothing is expanded and nothing is run: `$(...)` stays as it is written, and both branches of a conditional are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

from newbackend.records import dataclass
from newbackend.splice.lines import Lines
from newbackend.splice.make_syntax import compares, like_a_command, unclosed


class Kind(Enum):
    """What a statement is. A CALL consists of references such as `$(eval ...)`; a DIRECTIVE is include, export,
    vpath and the like; a CONDITION is ifeq, else, endif and the like."""

    RULE = "rule"
    RECIPE = "recipe"
    VARIABLE = "variable"
    DEFINE = "define"
    CONDITION = "condition"
    DIRECTIVE = "directive"
    CALL = "call"


@dataclass(frozen=True)
class Statement:
    """One statement: 0-based lines `first` to `last`, continued lines included.

    `text` is on one line and without its comment, except for a recipe's: the shell sees its continuations and comments.
    `under` holds the conditions that it is below, the outermost first. A rule has `targets`, its colon as
    `operator` and `words`, and may have a recipe behind `;` on the same line; a variable has a name, an operator and a
    value; `opens` is the line of the if that an else or endif belongs to.
    """

    kind: Kind
    first: int
    last: int
    text: str
    under: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    recipe: str = ""
    name: str = ""
    operator: str = ""
    value: str = ""
    opens: int = -1


@dataclass(frozen=True)
class Problem:
    """Why make, or an edit, cannot take the text; `line` is 1-based. `defect`: make stops there too."""

    why: str
    line: int
    defect: bool = True


@dataclass(frozen=True)
class Reading:
    """A Makefile's statements in their order, and its problems."""

    statements: tuple[Statement, ...]
    problems: tuple[Problem, ...]


_MODIFIERS = r"(?:(?:export|override|private|unexport)[ \t]+)*"
_NAME = r"(?:[^\s:#=+?!$]|[+?!](?!=)|\$\([^()]*\)|\$\{[^{}]*\})+"
_VARIABLE = re.compile(rf"{_MODIFIERS}({_NAME})[ \t]*((?:[+?!]|:{{1,3}})?=)[ \t]*(.*)\Z", re.S)
_DEFINE = re.compile(rf"{_MODIFIERS}define[ \t]+(\S+)[ \t]*((?:[+?!]|:{{1,3}})?=)?\s*\Z")
_NESTED = re.compile(rf"\s*{_MODIFIERS}(define[ \t]|endef(?:\s|#|\Z))")
_CONDITION = re.compile(r"(ifn?eq|ifn?def|else|endif)(?![\w:=-])[ \t]*(.*)\Z", re.S)
_DIRECTIVE = re.compile(r"(?:-?include|sinclude|-?load|export|unexport|override|private|vpath|undefine)(?:\s|\Z)")
_COMPARING = ("ifeq", "ifneq")
_ELSE = " else"
_STOP = re.compile(r"\$\$|\$?[({]|[)}]|\\.|[:#;]", re.S)


def read(lines: Lines) -> Reading:
    """The statements of a Makefile. Never raises: what make would refuse is a problem."""
    reader = _Reader(lines)
    statements = tuple(reader.statements())
    foreign = any(row.name == ".RECIPEPREFIX" for row in statements)  # then recipes are no defect
    problems = (problem for problem in reader.problems if not (foreign and problem.defect))
    return Reading(statements, tuple(sorted(problems, key=lambda problem: problem.line)))


def logical_end(lines: Lines, number: int) -> int:
    """The last line of what begins at a line: each one that ends with an odd number of backslashes goes on."""
    while continued(lines[number]) and number + 1 < len(lines):
        number += 1
    return number


def continued(line: str) -> bool:
    """Whether the line break behind a line is escaped."""
    return line.endswith("\\") and (len(line) - len(line.rstrip("\\"))) % 2 == 1


def top_level(text: str, characters: str) -> int:
    """The offset of the first of some characters (of `:#;`) that is neither escaped nor in a reference; -1 if none."""
    depth = 0
    for match in _STOP.finditer(text):
        found = match[0]
        if found in ("$(", "${") or (found in "({" and depth):
            depth += 1
        elif found in ")}":
            depth = max(0, depth - 1)
        elif depth == 0 and found in characters:
            return match.start()
    return -1


def one_space(text: str) -> str:
    """A text with continuations and runs of white space as one space each."""
    return " ".join(text.replace("\\\n", " ").split())


class _Reader:
    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.problems: list[Problem] = []
        self._open: list[tuple[int, str]] = []
        self._in_rule = False

    def statements(self) -> Iterator[Statement]:
        number = 0
        while number < len(self.lines):
            first, last = number, logical_end(self.lines, number)
            number = last + 1
            self._check_characters(first, last)
            line = self.lines[first]
            if line.startswith("\t") and self._in_rule:
                yield self._made(Kind.RECIPE, first, last, "\n".join(self._rows(first, last))[1:])
                continue
            text = self._joined(first, last)
            if not text:
                continue
            if define := _DEFINE.match(text):
                number = self._past_define(last)
                body = "\n".join([text, *self._rows(last + 1, number - 1)])
                self._in_rule = False
                yield self._made(Kind.DEFINE, first, number - 1, body, name=define[1], operator=define[2] or "=")
            elif (statement := self._statement(text, first, last)) is not None:
                yield statement
        for at, text in self._open:
            self._refuse(f"has `{text}` without its endif", at)
        if len(self.lines) and continued(self.lines[len(self.lines) - 1]):
            self._refuse("ends with a backslash, so that nothing can go behind it", len(self.lines) - 1, defect=False)

    def _statement(self, text: str, first: int, last: int) -> Statement | None:
        """The statement in a line that is neither a recipe's nor a definition's; None when it is a problem."""
        if (condition := _CONDITION.match(text)) and not _VARIABLE.match(text):
            return self._condition(condition[1], condition[2], first, last)
        if "$" in text and (bracket := unclosed(text)):
            self._refuse(f"has `{bracket}` and nothing that closes it", first)
            return None
        variable = _VARIABLE.match(text)
        if variable:
            self._in_rule = False
            name, operator, value = variable.groups()
            if name == ".RECIPEPREFIX":
                self._refuse(
                    "sets .RECIPEPREFIX, and newbackend only knows recipes that begin with a tab", first, False
                )
            return self._made(Kind.VARIABLE, first, last, text, name=name, operator=operator, value=value)
        if _DIRECTIVE.match(text):
            self._in_rule = False
            return self._made(Kind.DIRECTIVE, first, last, text)
        if self.lines[first].startswith("\t"):
            self._refuse("has a recipe line before any target", first)
            return None
        colon = top_level(text, ":")
        if colon > 0 and self._in_rule and self.lines[first].startswith(" ") and like_a_command(text[:colon]):
            self._refuse(self._without_separator(first), first)  # make takes it for a rule, which is never meant
            return None
        if colon > 0:
            return self._rule(text, colon, first, last)
        if colon == 0 or not _only_references(text):
            self._refuse(self._without_separator(first), first)
            return None
        self._in_rule = False
        return self._made(Kind.CALL, first, last, text)

    def _rule(self, text: str, colon: int, first: int, last: int) -> Statement:
        """A rule's first line, or a variable of some targets alone (`target: NAME = value`)."""
        head, rest = text[:colon], text[colon:].lstrip(":").strip()
        targets = tuple(head.removesuffix("&").split())
        operator = ("&" if head.endswith("&") else "") + ("::" if text.startswith("::", colon) else ":")
        if variable := _VARIABLE.match(rest):
            self._in_rule = False
            name, sign, value = variable.groups()
            parts = {"targets": targets, "name": name, "operator": sign, "value": value}
            return self._made(Kind.VARIABLE, first, last, text, **parts)
        self._in_rule = True
        recipe = top_level(rest, ";")
        words, inline = (rest, "") if recipe < 0 else (rest[:recipe], rest[recipe + 1 :].strip())
        parts = {"targets": targets, "operator": operator, "recipe": inline}
        return self._made(Kind.RULE, first, last, text, words=tuple(words.split()), **parts)

    def _condition(self, word: str, rest: str, first: int, last: int) -> Statement | None:
        if word in ("else", "endif"):
            if not self._open:
                self._refuse(f"has an `{word}` without its if", first)
                return None
            at, opened = self._open.pop()
            made = self._made(Kind.CONDITION, first, last, f"{word} {rest}".rstrip(), opens=at)
            if word == "else":
                follows = _CONDITION.match(rest)
                if opened.endswith(_ELSE):
                    self._refuse("has a second `else` for one if", first)
                elif follows and follows[1] in _COMPARING and not compares(follows[2]):
                    self._refuse(f"has an `{follows[1]}` whose condition cannot be read", first)
                self._open.append((at, f"{opened} else {rest}".rstrip()))
            return made
        if not rest:
            self._refuse(f"has `{word}` without anything to compare", first)
            return None
        if word in _COMPARING and not compares(rest):
            self._refuse(f"has an `{word}` whose condition cannot be read", first)
        made = self._made(Kind.CONDITION, first, last, f"{word} {rest}", opens=first)
        self._open.append((first, made.text))
        return made

    def _past_define(self, head: int) -> int:
        """The line behind the endef of a definition whose first line ends at `head`."""
        depth, number = 1, head + 1
        while number < len(self.lines):
            last = logical_end(self.lines, number)
            match = None if self.lines[number].startswith("\t") else _NESTED.match(self.lines[number])
            if match:
                depth += 1 if match[1].startswith("define") else -1
            self._check_characters(number, last)
            number = last + 1
            if depth == 0:
                return number
        self._refuse("has a `define` without its endef", head)
        return number

    def _without_separator(self, number: int) -> str:
        if re.match(r"(<{7}|>{7}|\|{7}|={7}\s*\Z)", self.lines[number]):
            return "has a conflict marker"
        if self._in_rule and self.lines[number].startswith(" "):
            return "has a recipe line that begins with spaces, not with a tab"
        return "has a line that is neither a rule, an assignment nor a directive"

    def _check_characters(self, first: int, last: int) -> None:
        for number in range(first, last + 1):
            if "\0" in self.lines[number]:
                self._refuse("has a NUL character", number)

    def _refuse(self, why: str, number: int, defect: bool = True) -> None:
        self.problems.append(Problem(why, number + 1, defect))

    def _rows(self, first: int, last: int) -> list[str]:
        return [self.lines[number] for number in range(first, last + 1)]

    def _joined(self, first: int, last: int) -> str:
        """A logical line as make reads it: continuations are one space, the comment is gone."""
        rows = self._rows(first, last)
        text = rows[0].removeprefix("\ufeff") if first == 0 else rows[0]
        if text.startswith("#"):
            return ""
        for row in rows[1:]:
            text = f"{text[:-1].rstrip()} {row.lstrip()}"
        comment = top_level(text, "#") if "#" in text else -1
        return (text if comment < 0 else text[:comment]).strip()

    def _made(self, kind: Kind, first: int, last: int, text: str, **parts: object) -> Statement:
        under = tuple(text for _, text in self._open)
        return Statement(kind, first, last, text, under, **parts)  # type: ignore[arg-type]


def _only_references(text: str) -> bool:
    """Whether nothing is left of a line without its `$(...)`: what those expand to is not known here."""
    depth, at = 0, 0
    left = ""
    for match in _STOP.finditer(text):
        if depth == 0:
            left += text[at : match.start()]
        found = match[0]
        if found in ("$(", "${") or (found in "({" and depth):
            depth += 1
        elif found in ")}" and depth:
            depth -= 1
        elif depth == 0:
            left += found
        at = match.end()
    return depth == 0 and not (left + text[at:]).strip()
