"""GNU makefiles: their rules, and edits of a few shapes: words on a one-line list, lines of a recipe.

Only the shapes in LocalAI's Makefiles are supported; anything else is reported as an outcome. The tests compare with
GNU make (`make -n`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from newbackend.splice.lines import Lines
from newbackend.splice.operation import Operation, add_lines, anchor_missing
from newbackend.splice.operation import add_word as add_word_at
from newbackend.splice.outcome import AlreadyPresent, Ambiguous, Splice

_HEAD = re.compile(r"([^\s#:=][^#:=]*?)\s*::?(?![:=])(.*)\Z", re.S)
_FUNCTIONS = ("$(error", "$(warning", "$(info")
_DIRECTIVES = ("ifeq", "ifneq", "export ", "define ", "override ", "include ")
_NOT_A_RULE = ("\t", " ", *_FUNCTIONS, *_DIRECTIVES)
_VARIABLE = re.compile(r"\s*(?:(?:export|override|private)\s+)*[\w.-]+\s*(?:[+?!]|:{1,3})?=")
_GOAL = re.compile(r"^\.DEFAULT_GOAL\s*:?=\s*(\S+)", re.M)
_INCLUDE = re.compile(r"^-?include\b", re.M)
_INSIDE_RECIPE = re.compile(r"(?:ifn?eq|ifn?def|else|endif)|\s*(?:#|\Z)")
_WORDS = r"\s+"


@dataclass(frozen=True)
class Rule:
    """`targets: words` and its recipe. Lines are 0-based: the head is `first` to `last`, continued lines
    included; `recipe` are the lines that begin with a tab, `end` the last line of all."""

    targets: tuple[str, ...]
    words: tuple[str, ...]
    first: int
    last: int
    recipe: tuple[int, ...]

    @property
    def end(self) -> int:
        """The rule's last line."""
        return self.recipe[-1] if self.recipe else self.last


@dataclass(frozen=True)
class Target:
    """A target, whatever the number of its rules: its 1-based line, its prerequisites, its recipe as text."""

    line: int
    needs: tuple[str, ...]
    recipe: str


@dataclass(frozen=True)
class Makefile:
    """A parsed Makefile. `whole` is False when it includes another file."""

    targets: Mapping[str, Target]
    goal: str
    whole: bool

    @property
    def phony(self) -> frozenset[str]:
        """Targets that are no files."""
        target = self.targets.get(".PHONY")
        return frozenset(target.needs if target else ())

    def reaches(self, goal: str, word: str) -> bool:
        """Whether a target's recipe, or that of anything it needs, has `word`."""
        todo, seen = [goal], set[str]()
        while todo:
            name = todo.pop()
            target = self.targets.get(name)
            if name in seen or target is None:
                continue
            seen.add(name)
            if word in target.recipe:
                return True
            todo += target.needs
        return False


def parse(text: str) -> Makefile:
    """Targets with prerequisites and recipes."""
    lines = Lines(text)
    targets: dict[str, Target] = {}
    goal = ""
    for rule in _read(lines):
        recipe = "\n".join(lines[number] for number in range(rule.last + 1, rule.end + 1))
        for name in rule.targets:
            earlier = targets.get(name)
            line = earlier.line if earlier and not recipe else rule.first + 1
            needs = earlier.needs + rule.words if earlier else rule.words
            targets[name] = Target(line, needs, (earlier.recipe if earlier else "") + recipe)
            if not goal and not name.startswith(".") and "%" not in name:
                goal = name
    named = _GOAL.search(text)
    return Makefile(targets, named[1] if named else goal, not _INCLUDE.search(text))


@lru_cache(maxsize=2)
def rules(lines: Lines) -> tuple[Rule, ...]:
    """Every rule in its order. Lines that are no rule are passed over."""
    return tuple(_read(lines))


def rules_of(lines: Lines, target: str) -> list[Rule]:
    """Every rule whose only target is `target`."""
    return [rule for rule in rules(lines) if rule.targets == (target,)]


def _read(lines: Lines) -> Iterator[Rule]:
    number = 0
    while number < len(lines):
        first, text = number, lines[number]
        while text.endswith("\\") and number + 1 < len(lines):
            number += 1
            text = text[:-1] + " " + lines[number]
        last = number
        number += 1
        head = None if text.startswith(_NOT_A_RULE) else _HEAD.match(text)
        if not head or _VARIABLE.match(head[2]):
            continue
        recipe: list[int] = []
        while number < len(lines) and (lines[number].startswith("\t") or _goes_on(lines, number)):
            if lines[number].startswith("\t"):
                recipe.append(number)
            number += 1
        words = tuple(head[2].split("#", 1)[0].replace("|", " ").split())
        yield Rule(tuple(head[1].split()), words, first, last, tuple(recipe))


def _goes_on(lines: Lines, number: int) -> bool:
    """A conditional, a comment or a blank line with more recipe after it belongs to the rule."""
    while number < len(lines) and _INSIDE_RECIPE.match(lines[number]):
        number += 1
    return number < len(lines) and lines[number].startswith("\t")


def add_word(lines: Lines, target: str, word: str) -> Operation:
    """Appends a prerequisite to the one rule of `target`, at the end of its last line."""
    rule = _only(lines, target)
    if not isinstance(rule, Rule):
        return rule
    if word in rule.words:
        return Operation(AlreadyPresent(rule.first + 1))
    at = lines.starts[rule.last] + len(lines[rule.last].split("#", 1)[0].rstrip())
    return add_word_at(lines, at, word, glue=" ", separator=_WORDS)


def drop_word(lines: Lines, target: str, word: str) -> list[Splice]:
    """Splices that take a prerequisite, and the one space before it, off every rule of `target`."""
    splices: list[Splice] = []
    for rule in rules_of(lines, target):
        for number in range(rule.first, rule.last + 1):
            for match in re.finditer(rf"(?<=[\s:])[ \t]?(?<=\s){re.escape(word)}(?=\s|\Z)", lines[number]):
                start = lines.starts[number] + match.start()
                end = lines.starts[number] + match.end()
                if match.group().startswith(word) and lines.text[start - 1 : start] in " \t":
                    start -= 1
                splices.append(Splice(start, end, ""))
    return splices


def add_recipe_line(lines: Lines, target: str, recipe: str, after: re.Pattern[str]) -> Operation:
    """Adds a recipe line to the one rule of `target`: behind the last line that `after` matches, else last."""
    rule = _only(lines, target)
    if not isinstance(rule, Rule):
        return rule
    for number in rule.recipe:
        if lines[number].strip() == recipe:
            return Operation(AlreadyPresent(number + 1))
    if not rule.recipe:
        return anchor_missing(f"the target {target} has no recipe to add to", rule.first + 1)
    matching = [number for number in rule.recipe if after.search(lines[number])]
    return add_lines(lines, (matching or list(rule.recipe))[-1], ["\t" + recipe])


def _only(lines: Lines, target: str) -> Rule | Operation:
    candidates = rules_of(lines, target)
    if not candidates:
        return anchor_missing(f"no rule for {target} was found")
    if len(candidates) > 1:
        why = f"there are {len(candidates)} rules for {target}"
        return Operation(Ambiguous(why, candidates[1].first + 1))
    return candidates[0]
