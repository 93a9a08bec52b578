"""Reads one Makefile under given variables: assignments, conditionals, rules.

The order is GNU make's (`eval` in its read.c): a line is a directive, an assignment or a rule, and is decided when it
is reached, since what it is can depend on the variables so far. Therefore there is no syntax tree (docs/adr/0048).
"""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Mapping
from dataclasses import field

from newbackend.records import dataclass
from newbackend.trace.machine import DEPTH_LIMIT, Machine
from newbackend.trace.make.conditions import condition
from newbackend.trace.make.expand import Expander
from newbackend.trace.make.lines import Line, lines_of
from newbackend.trace.make.rules import Rule, Rules, Target
from newbackend.trace.make.syntax import MODIFIERS, RULE, UNMASK, assignment_in, before_recipe, masked, own_assignment
from newbackend.trace.make.variables import Origin, Variables
from newbackend.trace.opentext import is_open, open_part, shown, words
from newbackend.trace.paths import normal
from newbackend.trace.steps import Where

_CONDITIONALS = frozenset({"ifeq", "ifneq", "ifdef", "ifndef", "else", "endif"})


class Stopped(Exception):
    """make stops with `$(error)`."""


@dataclass
class _Open:
    """An open conditional. `active` is whether its lines are read, `done` whether a branch was taken already, `maybe`
    the text of a condition that cannot be known."""

    active: bool
    done: bool
    maybe: str = ""


@dataclass
class Evaluation:
    """One make in one container directory. `environment` is what the process got, `command_line` its variables."""

    machine: Machine
    directory: str
    environment: Mapping[str, str]
    command_line: Mapping[str, str] = field(default_factory=dict)
    level: int = 0

    def __post_init__(self) -> None:
        self.variables = Variables(self.environment, self.command_line)
        self.rules = Rules()
        self.expander = Expander(self)
        self.stopped = ""
        self._path = ""
        self._line = 1
        self._open: list[_Open] = []
        self._rule: Rule | None = None
        self._depth = 0
        self.variables.set("CURDIR", self.directory, Origin.FILE, simple=True)

    @property
    def where(self) -> Where:
        """The line that is being read."""
        return Where(self._path, self._line)

    @property
    def maybe(self) -> str:
        """The condition of the current lines that cannot be known; "" when they are read for certain."""
        return next((entry.maybe for entry in reversed(self._open) if entry.maybe), "")

    # -- reading -------------------------------------------------------------------------------------------------

    def read_file(self, path: str) -> bool:
        """Reads the Makefile at a container path; whether there is one. Raises Stopped for `$(error)`."""
        found = self.machine.read(path)
        if found is None:
            return False
        listed = self.variables.get("MAKEFILE_LIST")
        name = posixpath.relpath(path, self.directory) if path.startswith(self.directory) else path
        self.variables.set("MAKEFILE_LIST", f"{listed.value if listed else ''} {name}", Origin.FILE, simple=True)
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            self.machine.cannot(self.where, path, "Makefiles include one another without end")
            return True
        before = self._path, self._line
        self._path = found[0]
        self._lines(lines_of(found[1]))
        self._path, self._line = before
        self._depth -= 1
        return True

    def read_lines(self, text: str) -> None:
        """Reads lines that `$(eval)` made. They count as lines of the line that holds it."""
        line, rule = self._line, self._rule
        self._rule = None
        self._depth += 1
        if self._depth <= DEPTH_LIMIT:
            self._lines(lines_of(text), fixed=line)
        self._depth -= 1
        self._line, self._rule = line, rule

    def _lines(self, lines: tuple[Line, ...], fixed: int = 0) -> None:
        number, opened = 0, len(self._open)
        while number < len(lines):
            line = lines[number]
            number += 1
            self._line = fixed or line.number
            if line.raw.startswith("\t") and self._rule is not None:
                if self._reads:
                    self._rule.recipe.append((self.where, line.raw[1:]))
                continue
            first = line.first
            if not first:
                continue
            self.machine.work()
            if first in _CONDITIONALS or first.startswith(("ifeq(", "ifneq(")):
                self._conditional(first, line.joined.strip())
            elif not self._reads:
                if first == "define" or (first in MODIFIERS and "define" in line.joined.split()[:3]):
                    number = self._skip_define(lines, number)
            elif first == "define" or (first in MODIFIERS and "define" in line.joined.split()[:3]):
                number = self._define(line, lines, number)
            else:
                self._statement(line.joined)
        if len(self._open) > opened:
            self.machine.cannot(self.where, "endif", "a conditional is never closed")
            del self._open[opened:]
        if not fixed:
            self._rule = None

    @property
    def _reads(self) -> bool:
        return not self._open or self._open[-1].active

    def _conditional(self, first: str, text: str) -> None:
        if first == "endif":
            if self._open:
                self._open.pop()
            return
        if first == "else":
            rest = text[4:].strip()
            if self._open:
                self._else(rest)
            return
        outer = self._reads
        if not outer:
            self._open.append(_Open(active=False, done=True))
            return
        self._open.append(_Open(active=False, done=False))
        self._decide(self._open[-1], text)

    def _else(self, rest: str) -> None:
        entry = self._open[-1]
        if entry.done and not entry.maybe:
            entry.active = False
        elif rest:
            self._decide(entry, rest)
        else:
            entry.active, entry.done = True, True
            if not entry.maybe:
                self.machine.branch(self.where, "else", taken=True)

    def _decide(self, entry: _Open, text: str) -> None:
        verdict = condition(self, text)
        if verdict is None:
            entry.active, entry.maybe = True, text  # what it changes is open; whoever uses that says so
        else:
            entry.active = verdict
            entry.done = entry.done or verdict
            self.machine.branch(self.where, text, taken=verdict)

    def _define(self, line: Line, lines: tuple[Line, ...], number: int) -> int:
        """A `define … endef`; gives the number of the line after it."""
        start = number
        number = self._skip_define(lines, number)
        body = "\n".join(entry.collapsed for entry in lines[start : number - 1])
        header = line.joined.split()
        name = [word for word in header if word not in MODIFIERS]
        operator = name[1] if len(name) > 1 else "="
        origin = Origin.OVERRIDE if "override" in header else Origin.FILE
        if name:
            self._assign(self.expander.expand(name[0]), operator, body, origin)
            if "export" in header:
                self.variables.export(name[0], True)
        self._rule = None
        return number

    @staticmethod
    def _skip_define(lines: tuple[Line, ...], number: int) -> int:
        depth = 1
        while number < len(lines) and depth:
            first = lines[number].raw.split(None, 1)[:1]
            if not lines[number].raw.startswith("\t"):
                depth += (first == ["define"]) - (first == ["endef"])
            number += 1
        return number

    def _statement(self, text: str) -> None:
        head = text.split(None, 1)
        word = head[0]
        if word in MODIFIERS and not assignment_in(text):
            self._rule = None
            self._modified(text)
            return
        assigned = assignment_in(text)
        if assigned:
            self._rule = None
            self._assign(self.expander.expand(assigned[0]), assigned[1], assigned[2], Origin.FILE)
            return
        if word in ("include", "-include", "sinclude"):
            self._rule = None
            self._include(head[1] if len(head) > 1 else "", must=word == "include")
            return
        if word == "vpath":
            self._rule = None
            self.machine.cannot(self.where, text, "vpath is not followed")
            return
        self._rule_line(text)

    def _modified(self, text: str) -> None:
        """`export`, `unexport`, `override`, `private`, `undefine` before a name or an assignment."""
        flags, rest = [], text.strip()
        while rest.split(None, 1)[:1] and rest.split(None, 1)[0] in MODIFIERS:
            word, *rests = rest.split(None, 1)
            flags.append(word)
            rest = rests[0] if rests else ""
        match = assignment_in(rest)
        origin = Origin.OVERRIDE if "override" in flags else Origin.FILE
        if match:
            name = self.expander.expand(match[0])
            self._assign(name, match[1], match[2], origin)
            names = [name]
        else:
            names = words(self.expander.expand(rest))
        for name in names:
            if "undefine" in flags:
                self.variables.drop(name)
            elif "export" in flags or "unexport" in flags:
                self.variables.export(name, "export" in flags)
        if not names and "export" in flags:
            self.variables.export_all = True

    def _assign(self, name: str, operator: str, value: str, origin: Origin, variables: Variables | None = None) -> None:
        table = variables or self.variables
        if self.maybe:
            said = open_part(f"{self.expander.expand(value).strip() or name} (only {shown(self.maybe)})")
            operator, value = "+=" if operator == "+=" else ":=", said.replace("$", "$$")
        old = table.get(name)
        if operator == "?=":
            if old is None:
                table.set(name, value, origin, simple=False)
        elif operator == "+=" and old is not None:
            if old.origin > origin:
                return
            grown = self.expander.expand(value) if old.simple else value
            joined = f"{old.value} {grown}" if old.value else grown
            keep = max(origin, Origin.FILE)
            table.set(name, joined, keep, simple=old.simple)
        elif operator in (":=", "::=", ":::="):
            table.set(name, self.expander.expand(value), origin, simple=True)
        elif operator == "!=":
            table.set(name, self.shell_value(self.expander.expand(value)), origin, simple=True)
        else:
            table.set(name, value, origin, simple=False)

    def _include(self, names: str, *, must: bool) -> None:
        for name in words(self.expander.expand(names)):
            path = posixpath.join(self.directory, name)
            if is_open(name):
                self.machine.cannot(self.where, f"include {name}", "which file is included is not known")
            elif not self.read_file(path) and must and self.machine.exists(path) is not False:
                self.machine.cannot(self.where, f"include {name}", "the included file is not in the checkout")

    # -- rules ---------------------------------------------------------------------------------------------------

    def _rule_line(self, text: str) -> None:
        head, inline = before_recipe(text)
        own = own_assignment(head)
        if own:
            self._rule = None
            for name in words(self.expander.expand(own[0])):
                self.rules.targets.setdefault(name, Target()).own.append((self.where, own[1]))
            return
        expanded = masked(self.expander.expand(head))
        match = RULE.match(expanded)
        if not match or not expanded.strip():
            self._rule = None  # `$(info …)`, `$(eval …)`: expanding them was all
            if expanded.strip() and self.machine.depth >= 0:
                self.machine.cannot(self.where, text, "this line is neither an assignment nor a rule")
            return
        targets, needs = words(match[1].translate(UNMASK)), match[3]
        if is_open(match[1]):
            self.machine.cannot(self.where, text, "the name of the target is not known")
        pattern, colon, rest = needs.partition(":")
        before, _, order = (side.translate(UNMASK) for side in (rest if colon else needs).partition("|"))
        double = match[2].startswith("::")
        if colon:
            self._static_pattern(targets, pattern.strip(), before, order, inline)
            return
        rule = Rule(tuple(targets), tuple(words(before)), tuple(words(order)), self.where, maybe=self.maybe)
        if double:
            rule.stem = "::"
        if inline is not None:
            rule.recipe.append((self.where, inline))
        self._rule = rule
        self.rules.add(rule, double=double)

    def _static_pattern(self, targets: list[str], pattern: str, needs: str, order: str, inline: str | None) -> None:
        from newbackend.splice.make_text import stem_of

        recipe: list[tuple[Where, str]] = [] if inline is None else [(self.where, inline)]
        for name in targets:
            stem = stem_of(pattern, name)
            if stem is None:
                continue
            filled = [tuple(word.replace("%", stem, 1) for word in words(text)) for text in (needs, order)]
            self._rule = Rule((name,), filled[0], filled[1], self.where, recipe, stem=stem, maybe=self.maybe)
            self.rules.add(self._rule)

    # -- what functions ask --------------------------------------------------------------------------------------

    def stop(self, message: str) -> None:
        """`$(error)`. Raises Stopped, unless its line is not certain to be read."""
        if self.maybe:
            return
        self.stopped = " ".join(message.split())
        raise Stopped(self.stopped)

    def shell_value(self, command: str) -> str:
        """What `$(shell)` gives: the output on one line."""
        from newbackend.trace.shell.run import output_of

        text = output_of(self.machine, command, self.environment, self.directory, self.where)
        return " ".join(text.split("\n")).strip() if not is_open(text) else text

    def glob(self, pattern: str) -> list[str]:
        """The files that a `$(wildcard)` word names, sorted."""
        if is_open(pattern):
            return [open_part(f"$(wildcard {pattern})")]
        path = normal(posixpath.join(self.directory, pattern))
        head, _, tail = path.rpartition("/")
        if not any(sign in pattern for sign in "*?["):
            exists = self.machine.exists(path)
            return [pattern] if exists else [] if exists is False else [open_part(f"$(wildcard {pattern})")]
        if any(sign in head for sign in "*?["):
            return [open_part(f"$(wildcard {pattern})")]
        prefix = pattern.rpartition("/")[0]
        names = sorted(name for name in self.machine.names(head or "/") if fnmatch.fnmatchcase(name, tail))
        return [
            f"{prefix}/{name}" if prefix else name for name in names if not name.startswith(".") or tail.startswith(".")
        ]


def assign_for_target(evaluation: Evaluation, table: Variables, text: str) -> None:
    """Makes an assignment of `target: NAME = value` in the variables of that target."""
    flags = []
    while text.split(None, 1)[0] in MODIFIERS and not assignment_in(text):
        word, text = text.split(None, 1)
        flags.append(word)
    match = assignment_in(text)
    if match:
        origin = Origin.OVERRIDE if "override" in flags else Origin.FILE
        name = evaluation.expander.expand(match[0])
        evaluation._assign(name, match[1], match[2], origin, table)
        if "export" in flags:
            table.export(name, True)
