"""The targets of a plain Makefile, both branches of every condition read, nothing expanded and nothing run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from newbackend.splice.lines import Lines
from newbackend.splice.make_reader import Kind, Statement, read
from newbackend.upstream.facts import Gap, Target
from newbackend.upstream.sources import Sources

NAMES = ("GNUmakefile", "makefile", "Makefile")
"""What make looks for, in its order."""
_ENDINGS = {".o": "object", ".so": "shared", ".a": "static", ".dylib": "shared"}
_REFERENCE = re.compile(r"\$[({](\w+)[)}]")


@dataclass
class Makefile:
    """Rules (`Target.sources` are the prerequisites, `links` the files named in the recipe), variables by name with
    each value and its condition, and what could not be read."""

    path: str
    targets: list[Target] = field(default_factory=list)
    variables: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    phony: set[str] = field(default_factory=set)
    gaps: list[Gap] = field(default_factory=list)

    def objects(self) -> dict[str, list[Target]]:
        """Object files that have a rule: name -> the rule under each condition."""
        found: dict[str, list[Target]] = {}
        for target in self.targets:
            if target.kind == "object" and "%" not in target.name:
                found.setdefault(target.name, []).append(target)
        return found


def read_makefile(sources: Sources) -> Makefile | None:
    """The Makefile at the top; None when there is none."""
    path = next((name for name in NAMES if sources.exists(name)), None)
    text = sources.text(path) if path else None
    if path is None or text is None:
        return None
    makefile = Makefile(path)
    reading = read(Lines(text))
    makefile.gaps += [Gap(f"{path}:{problem.line}", problem.why) for problem in reading.problems if problem.defect]
    statements = list(reading.statements)
    for at, statement in enumerate(statements):
        if statement.kind is Kind.VARIABLE:
            value = (statement.value, " AND ".join(statement.under))
            makefile.variables.setdefault(statement.name, []).append(value)
        elif statement.kind is Kind.RULE:
            _rule(makefile, statement, _recipe(statements, at))
    return makefile


def _recipe(statements: list[Statement], at: int) -> str:
    rows = [statements[at].recipe]
    for statement in statements[at + 1 :]:
        if statement.kind is Kind.RECIPE:
            rows.append(statement.text)
        elif statement.kind is not Kind.CONDITION:
            break
    return "\n".join(rows)


def _rule(makefile: Makefile, statement: Statement, recipe: str) -> None:
    if statement.targets[:1] == (".PHONY",):
        makefile.phony.update(statement.words)
        return
    where = f"{makefile.path}:{statement.first + 1}"
    words = tuple(word for part in statement.words for word in words_of(makefile, part, 0))
    for name in (expanded for target in statement.targets for expanded in words_of(makefile, target, 0)):
        if not name.startswith("."):
            kind = _kind(makefile, name, recipe)
            makefile.targets.append(Target(name, kind, where, words, (), " AND ".join(statement.under)))


def _kind(makefile: Makefile, name: str, recipe: str) -> str:
    for ending, kind in _ENDINGS.items():
        if name.endswith(ending):
            return kind
    if name in makefile.phony or not recipe.strip():
        return "phony"
    return "executable" if re.search(r"-o\s*(\$@|\S*" + re.escape(name) + r")(\s|$)", recipe) else "phony"


def words_of(makefile: Makefile, text: str, depth: int) -> list[str]:
    """A word as words, with references to plain variables put in; of several values the first. A function stays."""
    match = _REFERENCE.fullmatch(text)
    if match is None or depth > 8:
        return [text]
    values = makefile.variables.get(match[1], [])
    if not values:
        return [text]
    return [word for part in values[0][0].split() for word in words_of(makefile, part, depth + 1)]
