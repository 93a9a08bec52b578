"""Runs goals in the imagination: which recipes make would run, in which order, with which commands.

A fresh build: files of the checkout are there, nothing else is, until a command makes it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

from newbackend.trace.machine import DEPTH_LIMIT, Machine
from newbackend.trace.make.evaluate import Evaluation, Stopped
from newbackend.trace.make.expand import Expander
from newbackend.trace.make.rules import Rule
from newbackend.trace.make.variables import Variables
from newbackend.trace.opentext import is_open, shown, words
from newbackend.trace.paths import normal
from newbackend.trace.steps import MakeCall, Where

_NAMES = ("GNUmakefile", "makefile", "Makefile")
_PIECE = re.compile(r"[^\s\"'=;:,()|&<>]+")


def make(
    machine: Machine,
    directory: str,
    goals: Sequence[str],
    environment: Mapping[str, str],
    command_line: Mapping[str, str],
    where: Where,
    *,
    file: str = "",
    level: int = 0,
    always: bool = False,
) -> bool | None:
    """Reads what `make` does in a container directory. Gives its success, or None when that cannot be known."""
    if is_open(directory):
        machine.cannot(where, directory, "the directory of this make is not known")
        return None
    inside = machine.inside(directory)
    if inside is None or level > DEPTH_LIMIT:
        return None
    names = [file] if file else _NAMES
    path = next(
        (posixpath.join(directory, name) for name in names if machine.read(posixpath.join(directory, name))), ""
    )
    if not path:
        if machine.exists(directory) is False:
            machine.cannot(where, f"make -C {directory}", "there is no such directory in the checkout")
        return None
    return _Make(machine, directory, environment, command_line, level, always).run(path, goals, where)


def has_goal(machine: Machine, directory: str, goal: str, environment: Mapping[str, str]) -> bool | None:
    """Whether `make -n GOAL` succeeds: whether there is a rule for it."""
    path = next((f"{directory}/{name}" for name in _NAMES if machine.read(f"{directory}/{name}")), "")
    if not path:
        return None if machine.inside(directory) is None else False
    evaluation = Evaluation(machine, directory, environment)
    machine.quiet += 1
    try:
        evaluation.read_file(path)
    except Stopped:
        return False
    finally:
        machine.quiet -= 1
    return goal in evaluation.rules.targets or next(evaluation.rules.matching(goal), None) is not None


class _Make:
    """One make process."""

    def __init__(
        self,
        machine: Machine,
        directory: str,
        environment: Mapping[str, str],
        command_line: Mapping[str, str],
        level: int,
        always: bool,
    ) -> None:
        self.machine, self.directory, self.level, self.always = machine, directory, level, always
        self.base = {**environment, "MAKELEVEL": str(level)}
        self.evaluation = Evaluation(machine, directory, self.base, command_line, level)
        self.command_line = command_line
        self._file = ""
        self._done: dict[str, bool] = {}
        self._environments: dict[int, dict[str, str]] = {}

    def run(self, path: str, goals: Sequence[str], where: Where) -> bool | None:
        """Reads the Makefile and runs the goals."""
        evaluation, machine = self.evaluation, self.machine
        top, start, places = self._top(), len(machine.printed), dict(machine.places)
        self._file = self.machine.inside(path) or path
        try:
            evaluation.read_file(path)
            default = evaluation.variables.get(".DEFAULT_GOAL")
            first = evaluation.expander.value(".DEFAULT_GOAL").strip() if default else evaluation.rules.goal
            wanted = list(goals) or [first]
            self._note(top, wanted)
            for goal in wanted:
                if is_open(goal):
                    self.machine.cannot(where, f"make {goal}", "the goal of this make is not known")
                elif goal:
                    self._goal(goal, ())
            if top:
                self._keep_variables()
        except Stopped as stop:
            self.machine.cannot(evaluation.where, str(stop), "make stops here")
            return False
        finally:
            if top:
                given = (tuple(goals), self.base, dict(self.command_line), places)
                machine.calls.append(MakeCall(self.directory, *given, tuple(machine.printed[start:])))
        return True

    def _top(self) -> bool:
        """Whether this is the backend's own make, which the report shows; not one that its recipes start."""
        machine = self.machine
        if machine.quiet or machine.inside(self.directory) != machine.directory:
            return False
        if machine.level is None:
            machine.level = self.level
        return machine.level == self.level

    def _note(self, top: bool, goals: Sequence[str]) -> None:
        if top:
            self.machine.goals += [goal for goal in goals if goal and goal not in self.machine.goals]

    def _keep_variables(self) -> None:
        expander = self.evaluation.expander
        for name in self.evaluation.variables.from_files():
            if name not in ("CURDIR", "MAKEFILE_LIST", ".DEFAULT_GOAL"):
                variable = self.evaluation.variables.get(name)
                if variable and "\n" not in variable.value and "$(1)" not in variable.value:
                    self.machine.variables[name] = shown(expander.value(name)).strip()

    # -- targets -------------------------------------------------------------------------------------------------

    def _goal(self, name: str, chain: tuple[str, ...]) -> bool:
        """Brings a target up to date; whether its recipe ran."""
        if name in self._done or name in chain or len(chain) > 100:
            return self._done.get(name, False)
        self.machine.work()
        rules = self.evaluation.rules
        target = rules.targets.get(name)
        recipes = rules.recipe_of(name)
        needs = list(target.needs) if target else []
        order = list(target.order) if target else []
        sequence = [*needs, *order]
        if not recipes:
            implied = self._implied(name)
            if implied:
                recipes = [implied]
                sequence = [*implied.needs, *implied.order, *sequence]
                needs = [*implied.needs, *needs]
                order = [*implied.order, *order]
        if target is None and not recipes:
            self._done[name] = False
            if not chain and self.machine.exists(self._path(name)) is False:
                self.evaluation._path, self.evaluation._line = self._file, 1
                raise Stopped(f"there is no rule to make the target {name}")
            return False
        rebuilt = False
        for need in sequence:
            if is_open(need):
                if not recipes or not self._stale(name):
                    continue  # nothing depends on it: the target is there already
                where = target.where if target and target.where else self.evaluation.where
                self.machine.cannot(where, f"{name}: {need}", "a prerequisite is not known")
                continue
            rebuilt = (self._goal(need, (*chain, name)) and need in needs) or rebuilt
        ran = False
        if recipes and (self._stale(name) or rebuilt):
            for rule in recipes:
                self._recipe(rule, name, needs, order)
            ran = True
        self._done[name] = ran or (rebuilt and not recipes)
        return self._done[name]

    def _stale(self, name: str) -> bool:
        return self.always or self.evaluation.rules.phony(name) or self.machine.exists(self._path(name)) is not True

    def _implied(self, name: str) -> Rule | None:
        """The pattern rule that makes a file, its prerequisites filled in: the first whose prerequisites can be."""
        candidates = list(self.evaluation.rules.matching(name))
        for strict in (True, False):
            for stem, rule in candidates:
                needs = tuple(word.replace("%", stem, 1) for word in rule.needs)
                if not strict or all(self._can_be(need) for need in needs):
                    order = tuple(word.replace("%", stem, 1) for word in rule.order)
                    return Rule((name,), needs, order, rule.where, rule.recipe, stem, rule.maybe)
        return None

    def _can_be(self, name: str) -> bool:
        return name in self.evaluation.rules.targets or self.machine.exists(self._path(name)) is not False

    def _path(self, name: str) -> str:
        return normal(posixpath.join(self.directory, name))

    # -- recipes -------------------------------------------------------------------------------------------------

    def _recipe(self, rule: Rule, name: str, needs: Sequence[str], order: Sequence[str]) -> None:
        from newbackend.trace.shell.run import Shell

        variables = self._own_variables(name)
        expander = Expander(self.evaluation) if variables is None else self._expander_with(variables)
        expander.automatic = {
            "@": name,
            "<": needs[0] if needs else "",
            "^": " ".join(dict.fromkeys(needs)),
            "+": " ".join(needs),
            "?": " ".join(dict.fromkeys(needs)),
            "|": " ".join(dict.fromkeys(order)),
            "*": rule.stem if rule.stem != "::" else "",
            "%": "",
        }
        environment = self._environment(expander, variables)
        said: list[str] = []
        machine = self.machine
        if rule.maybe:
            machine.conditions.append(rule.maybe)
            machine.cannot(
                rule.where, rule.maybe, "whether make has this rule depends on what only the build machine knows"
            )
        machine.depth += 1
        # GNU make expands all lines before it runs the first.
        lines = [(where, raw, self._expanded(expander, where, raw)) for where, raw in rule.recipe]
        for where, raw, command in lines:
            calls_make = "$(MAKE)" in raw or "${MAKE}" in raw
            for piece in _commands(command):
                stripped = piece.lstrip(" \t@-+")
                if not stripped.strip():
                    continue
                said.append(stripped)
                if not machine.quiet:
                    machine.printed.append(stripped)
                printed = len(machine.printed)
                shell = Shell(machine, environment, self.directory, where)
                shell.make_variables = dict(self.command_line)
                shell.make_level = self.level + 1
                shell.run(stripped)
                if not calls_make and "+" not in piece[: len(piece) - len(stripped)]:
                    del machine.printed[printed:]  # `make -n` runs no other line
        machine.depth -= 1
        if rule.maybe:
            machine.conditions.pop()
        file_like = "/" in name or "." in name[1:]
        if not self.evaluation.rules.phony(name) and (
            file_like or any(name.rstrip("/") in _pieces(text) for text in said)
        ):
            machine.made.add(self._path(name))

    def _expanded(self, expander: Expander, where: Where, raw: str) -> str:
        self.evaluation._path, self.evaluation._line = where.path, where.line
        return expander.expand(raw.replace("\\\n\t", "\\\n"))

    def _own_variables(self, name: str) -> Variables | None:
        """The variables with those of the target itself, or None when it has none."""
        target = self.evaluation.rules.targets.get(name)
        if target is None or not target.own:
            return None
        from newbackend.trace.make.evaluate import assign_for_target

        table = self.evaluation.variables.layer()
        for _, text in target.own:
            assign_for_target(self.evaluation, table, text)
        return table

    def _expander_with(self, variables: Variables) -> Expander:
        inner = Evaluation.__new__(Evaluation)
        inner.__dict__.update(self.evaluation.__dict__)
        inner.variables = variables
        inner.expander = Expander(inner)
        return inner.expander

    def _environment(self, expander: Expander, variables: Variables | None) -> dict[str, str]:
        """The environment of a recipe: what is exported, with make's own values."""
        table = variables or self.evaluation.variables
        if variables is None and 0 in self._environments:
            return self._environments[0]
        environment = dict(self.base)
        for name in table.exported():
            environment[name] = expander.value(name)
        if variables is None:
            self._environments[0] = environment
        return environment


def _commands(text: str) -> list[str]:
    """The shell commands of an expanded recipe line: one for each line that no backslash continues."""
    if "\n" not in text:
        return [text]
    found, current = [], ""
    for row in text.split("\n"):
        current += row
        if (len(row) - len(row.rstrip("\\"))) % 2:
            current += "\n"
            continue
        found.append(current)
        current = ""
    return [*found, current] if current else found


def _pieces(text: str) -> set[str]:
    """The names in a command, without quotes: `go build -o demo ./` has demo."""
    found = set(_PIECE.findall(text)) if not is_open(text) else set(words(shown(text)))
    return found | {piece.rstrip("/") for piece in found} | {piece.removeprefix("./") for piece in found}
