"""The rules of one make: targets, prerequisites, recipes, and patterns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from newbackend.records import dataclass
from newbackend.splice.make_text import stem_of
from newbackend.trace.steps import Where


@dataclass
class Rule:
    """One rule as it is written. `order` are prerequisites after `|`; `maybe` is a condition that cannot be known."""

    targets: tuple[str, ...]
    needs: tuple[str, ...]
    order: tuple[str, ...]
    where: Where
    recipe: list[tuple[Where, str]] = field(default_factory=list)
    stem: str = ""
    maybe: str = ""


@dataclass
class Target:
    """Everything that the rules say of one target. `own` are assignments for it alone, unexpanded lines."""

    needs: list[str] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    own: list[tuple[Where, str]] = field(default_factory=list)
    where: Where | None = None


class Rules:
    """All rules of a Makefile, in their order."""

    def __init__(self) -> None:
        self.targets: dict[str, Target] = {}
        self.patterns: list[Rule] = []
        self.goal = ""

    def add(self, rule: Rule, *, double: bool = False) -> None:
        """Adds a rule. The last recipe of a target counts, except with `::`."""
        for name in rule.targets:
            if "%" in name:
                self.patterns.append(rule)
                continue
            target = self.targets.setdefault(name, Target())
            target.where = target.where or rule.where
            target.needs += [need for need in rule.needs if need not in target.needs]
            target.order += [need for need in rule.order if need not in target.order]
            if double or not target.rules or not target.rules[-1].recipe:
                target.rules = [*target.rules, rule] if double else [rule]
            else:
                target.rules.append(rule)
            if not self.goal and (not name.startswith(".") or "/" in name):
                self.goal = name

    def recipe_of(self, name: str) -> list[Rule]:
        """The rules whose recipes make a target; none when it has prerequisites only."""
        target = self.targets.get(name)
        if target is None:
            return []
        with_recipe = [rule for rule in target.rules if rule.recipe]
        return with_recipe if len(with_recipe) < 2 or _double(with_recipe) else with_recipe[-1:]

    def phony(self, name: str) -> bool:
        """Whether a target is no file."""
        target = self.targets.get(".PHONY")
        return bool(target and name in target.needs)

    def matching(self, name: str) -> Iterator[tuple[str, Rule]]:
        """Pattern rules with a recipe that could make a file, with the stem: the shortest stem first."""
        found = []
        for at, rule in enumerate(self.patterns):
            for pattern in rule.targets:
                stem = stem_of(pattern, name) if "%" in pattern else None
                if stem and rule.recipe:
                    found.append((len(stem), at, stem, rule))
        yield from ((stem, rule) for _, _, stem, rule in sorted(found, key=lambda item: item[:2]))


def _double(rules: list[Rule]) -> bool:
    return all(rule.stem == "::" for rule in rules)
