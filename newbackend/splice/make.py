"""Edits of a GNU makefile: words on a one-line list, lines of a recipe, lines after a line.

Only the few shapes that LocalAI's root Makefile has are known; anything else is an outcome, not a
guess. GNU make itself is the judge in the tests (`make -n`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from newbackend.splice.lines import Lines
from newbackend.splice.outcome import AlreadyPresent, Ambiguous, AnchorMissing, Inserted, Outcome, Splice


@dataclass(frozen=True)
class RuleLine:
    """A `target: prerequisites` rule: logical line numbers (0-based) and its words."""

    target: str
    first: int
    last: int
    words: tuple[str, ...]
    recipe: tuple[int, ...]


def rules(lines: Lines, target: str) -> list[RuleLine]:
    """Every rule whose only target is `target`, continuation lines joined, with its recipe lines."""
    found: list[RuleLine] = []
    number = 0
    for head in re.finditer(rf"^{re.escape(target)}[^\S\n]*:(?![:=])", lines.text, re.M):
        first = lines.line_at(head.start())
        if first < number:
            continue  # a continued line of the rule before
        number = first
        text = lines[first][len(head[0]) :]
        while text.endswith("\\") and number + 1 < len(lines):
            number += 1
            text = text[:-1] + " " + lines[number]
        last = number
        recipe: list[int] = []
        number += 1
        while number < len(lines) and (lines[number].startswith("\t") or _between(lines, number)):
            if lines[number].startswith("\t"):
                recipe.append(number)
            number += 1
        words = tuple(text.split("#", 1)[0].split())
        found.append(RuleLine(target, first, last, words, tuple(recipe)))
    return found


def _between(lines: Lines, number: int) -> bool:
    """A comment or blank line with more recipe after it belongs to the rule."""
    if lines[number].strip() and not lines[number].lstrip().startswith("#"):
        return False
    after = number + 1
    while after < len(lines) and (not lines[after].strip() or lines[after].lstrip().startswith("#")):
        after += 1
    return after < len(lines) and lines[after].startswith("\t")


def add_word(lines: Lines, target: str, word: str) -> Outcome:
    """Appends a prerequisite to the one rule of `target`, at the end of its last line."""
    rule = _only(lines, target)
    if not isinstance(rule, RuleLine):
        return rule
    if word in rule.words:
        return AlreadyPresent(rule.first + 1)
    line = lines[rule.last]
    body = line.split("#", 1)[0].rstrip() if "#" in line else line.rstrip()
    at = lines.starts[rule.last] + len(body)
    return Inserted((Splice(at, at, f" {word}"),), rule.last + 1)


def drop_word(lines: Lines, target: str, word: str) -> list[Splice]:
    """Splices that take a prerequisite, and the one space before it, off every rule of `target`."""
    splices: list[Splice] = []
    for rule in rules(lines, target):
        for number in range(rule.first, rule.last + 1):
            for match in re.finditer(rf"(?<=[\s:])[ \t]?(?<=\s){re.escape(word)}(?=\s|\Z)", lines[number]):
                start = lines.starts[number] + match.start()
                end = lines.starts[number] + match.end()
                if match.group().startswith(word) and lines.text[start - 1 : start] in " \t":
                    start -= 1
                splices.append(Splice(start, end, ""))
    return splices


def add_recipe_line(lines: Lines, target: str, recipe: str, after: re.Pattern[str]) -> Outcome:
    """Adds a recipe line to the one rule of `target`: behind the last line that `after` matches, else last."""
    rule = _only(lines, target)
    if not isinstance(rule, RuleLine):
        return rule
    for number in rule.recipe:
        if lines[number].strip() == recipe:
            return AlreadyPresent(number + 1)
    if not rule.recipe:
        return AnchorMissing(f"the target {target} has no recipe to add to", rule.first + 1)
    matching = [number for number in rule.recipe if after.search(lines[number])]
    anchor = (matching or list(rule.recipe))[-1]
    at, text = lines.after(anchor, ["\t" + recipe])
    return Inserted((Splice(at, at, text),), anchor + 2)


def _only(lines: Lines, target: str) -> RuleLine | AnchorMissing | Ambiguous:
    found = rules(lines, target)
    if not found:
        return AnchorMissing(f"no rule for {target} was found")
    if len(found) > 1:
        return Ambiguous(f"there are {len(found)} rules for {target}", found[1].first + 1)
    return found[0]
