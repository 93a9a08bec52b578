"""GNU makefiles: their rules, and edits of a few shapes: words on a list, lines of a recipe, new lines.

Every edit comes with what it means (`MakeEdit`), which a plan proves with two readers. The tests compare with GNU make
(`make -n`, `make -p`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from newbackend.records import dataclass
from newbackend.splice.lines import Lines
from newbackend.splice.make_items import MakeEdit, MakeItem, items_of
from newbackend.splice.make_reader import Kind, Problem, Reading, Statement, logical_end, read, top_level
from newbackend.splice.operation import Operation, anchor_missing
from newbackend.splice.operation import add_lines as plain_lines
from newbackend.splice.operation import add_word as add_word_at
from newbackend.splice.outcome import AlreadyPresent, Ambiguous, Inserted, Splice

_WORDS = r"\s+"


@dataclass(frozen=True)
class Rule:
    """`targets: words` and its recipe. Lines are 0-based: the head is `first` to `last`, continued lines included;
    `end` is the last line of all, with the endif of conditions inside the recipe. `under` are the conditions around."""

    targets: tuple[str, ...]
    words: tuple[str, ...]
    first: int
    last: int
    end: int
    recipe: tuple[Statement, ...]
    under: tuple[str, ...] = ()


@dataclass(frozen=True)
class Target:
    """A target, whatever the number of its rules: its 1-based line, its prerequisites, its recipe as text."""

    line: int
    needs: tuple[str, ...]
    recipe: str


@dataclass(frozen=True)
class Makefile:
    """A parsed Makefile. `whole` is False when it includes another file; `problems` are what make would refuse."""

    targets: Mapping[str, Target]
    goal: str
    whole: bool
    problems: tuple[Problem, ...] = ()

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
    found = read(lines)
    statements = found.statements
    targets: dict[str, Target] = {}
    goal = ""
    for rule in _rules(statements):
        recipe = "\n".join(lines[number] for number in range(rule.last + 1, rule.end + 1))
        for name in rule.targets:
            earlier = targets.get(name)
            line = earlier.line if earlier and not recipe else rule.first + 1
            needs = earlier.needs + rule.words if earlier else rule.words
            targets[name] = Target(line, needs, (earlier.recipe if earlier else "") + recipe)
            if not goal and not name.startswith(".") and "%" not in name:
                goal = name
    named = [row.value for row in statements if row.name == ".DEFAULT_GOAL" and row.value]
    whole = not any(row.kind is Kind.DIRECTIVE and "include" in row.text.split()[0] for row in statements)
    problems = tuple(problem for problem in found.problems if problem.defect)
    return Makefile(targets, named[0].split()[0] if named else goal, whole, problems)


@lru_cache(maxsize=2)
def reading(lines: Lines) -> Reading:
    """A Makefile's statements and problems."""
    return read(lines)


@lru_cache(maxsize=2)
def rules(lines: Lines) -> tuple[Rule, ...]:
    """Every rule in its order."""
    return tuple(_rules(reading(lines).statements))


def conditions_at(lines: Lines, number: int) -> tuple[str, ...]:
    """The conditions around a line, the outermost first."""
    return next((row.under for row in reading(lines).statements if row.first <= number <= row.last), ())


def rules_of(lines: Lines, target: str) -> list[Rule]:
    """Every rule whose only target is `target`."""
    return [rule for rule in rules(lines) if rule.targets == (target,)]


def _rules(statements: Sequence[Statement]) -> Iterator[Rule]:
    for at, head in enumerate(statements):
        if head.kind is not Kind.RULE:
            continue
        recipe: list[Statement] = []
        end = head.last
        for row in statements[at + 1 :]:
            if row.kind is Kind.RECIPE:
                recipe.append(row)
                end = row.last
            elif row.kind is not Kind.CONDITION or not _inside(row, head):
                break
            elif len(row.under) == len(head.under) and recipe and recipe[-1].under != head.under:
                end = row.last  # the endif of a condition in the recipe
        words = tuple(" ".join(head.words).replace("|", " ").split())
        yield Rule(head.targets, words, head.first, head.last, end, tuple(recipe), head.under)


def _inside(condition: Statement, head: Statement) -> bool:
    """Whether a condition belongs to the recipe of a rule: it opens, divides or closes one that opened behind it."""
    return condition.under[: len(head.under)] == head.under and not (
        len(condition.under) == len(head.under) and condition.opens < head.first
    )


def add_word(lines: Lines, target: str, word: str) -> Operation:
    """Appends a prerequisite to the one rule of `target`, behind the last one."""
    rule = _only(lines, target)
    if not isinstance(rule, Rule):
        return rule
    if word in rule.words:
        return Operation(AlreadyPresent(rule.first + 1))
    text = lines.text[lines.starts[rule.first] : lines.end(rule.last)]
    comment, recipe = top_level(text, "#"), top_level(text, ";")
    if recipe >= 0 and (comment < 0 or recipe < comment):
        return anchor_missing(f"the rule for {target} has a recipe on the same line", rule.first + 1)
    words = re.sub(r"(?:\\?\s)+\Z", "", text if comment < 0 else text[:comment])
    added = MakeItem("word", target, word, rule.under)
    operation = add_word_at(lines, lines.starts[rule.first] + len(words), word, glue=" ", separator=_WORDS)
    return _meaning(operation, MakeEdit((added,)))


def drop_word(lines: Lines, target: str, word: str) -> Operation:
    """Takes a prerequisite, and the one space before it, off every rule of `target`."""
    splices: list[Splice] = []
    gone: list[MakeItem] = []
    for rule in rules_of(lines, target):
        gone += [MakeItem("word", target, word, rule.under)] * rule.words.count(word)
        for number in range(rule.first, rule.last + 1):
            for match in re.finditer(
                rf"(?<=[\s:])[ \t]?(?<=\s){re.escape(word)}(?=\s|\Z)", _before_comment(lines[number])
            ):
                start = lines.starts[number] + match.start()
                end = lines.starts[number] + match.end()
                if match.group().startswith(word) and lines.text[start - 1 : start] in " \t":
                    start -= 1
                splices.append(Splice(start, end, ""))
    line = lines.line_at(splices[0].start) + 1 if splices else 1
    return Operation(Inserted(tuple(splices), line), (MakeEdit(removed=tuple(gone)),))


def _before_comment(line: str) -> str:
    comment = top_level(line, "#")
    return line if comment < 0 else line[:comment]


def add_recipe_line(lines: Lines, target: str, recipe: str, after: re.Pattern[str]) -> Operation:
    """Adds a recipe line to the one rule of `target`: behind the last line that `after` matches, else last.

    A line under a condition is no neighbour: the new line would be under it too.
    """
    rule = _only(lines, target)
    if not isinstance(rule, Rule):
        return rule
    for row in rule.recipe:
        if row.text.strip() == recipe:
            return Operation(AlreadyPresent(row.first + 1))
    if not rule.recipe:
        return anchor_missing(f"the target {target} has no recipe to add to", rule.first + 1)
    matching = [row.last for row in rule.recipe if row.under == rule.under and after.search(row.text)]
    added = MakeItem("recipe", target, recipe, rule.under)
    operation = plain_lines(lines, matching[-1] if matching else rule.end, ["\t" + recipe])
    return _meaning(operation, MakeEdit((added,)))


def add_lines(lines: Lines, after: int, rows: Sequence[str]) -> Operation:
    """New lines right behind the statement that ends at a line; they mean what they say."""
    under = conditions_at(lines, after)
    statements = read(Lines("\n".join(rows) + "\n")).statements
    added = tuple(MakeItem(item.kind, item.subject, item.text, under + item.under) for item in items_of(statements))
    return _meaning(plain_lines(lines, logical_end(lines, after), rows), MakeEdit(added))


def drop_statements(lines: Lines, first: int, last: int, *, line: int | None = None) -> Operation:
    """Takes out the statements that lie in lines first..last; `line` is the one to report, if it is not the first."""
    gone = [item for item, at in _located(reading(lines).statements) if first <= at <= last]
    splice = Splice(*lines.span(first, last), "")
    reported = (first if line is None else line) + 1
    return Operation(Inserted((splice,), reported), (MakeEdit(removed=tuple(gone)),))


def _located(statements: Sequence[Statement]) -> Iterator[tuple[MakeItem, int]]:
    """Every item with the line that its statement begins at."""
    head: list[Statement] = []
    for row in statements:
        head = [row] if row.kind is Kind.RULE else head
        items = items_of([*head, row] if row.kind is Kind.RECIPE else [row])
        yield from ((item, row.first) for item in (items[-1:] if row.kind is Kind.RECIPE else items))


def _meaning(operation: Operation, edit: MakeEdit) -> Operation:
    return Operation(operation.outcome, (*operation.proofs, edit))


def _only(lines: Lines, target: str) -> Rule | Operation:
    candidates = rules_of(lines, target)
    if not candidates:
        return anchor_missing(f"no rule for {target} was found")
    if len(candidates) > 1:
        why = f"there are {len(candidates)} rules for {target}"
        return Operation(Ambiguous(why, candidates[1].first + 1))
    return candidates[0]
