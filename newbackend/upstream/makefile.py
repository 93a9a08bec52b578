"""The targets of a plain Makefile, both branches of every condition read, nothing run."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import field
from functools import cached_property

from newbackend.records import dataclass
from newbackend.splice.lines import Lines
from newbackend.splice.make_reader import Kind, Statement, read
from newbackend.upstream.facts import Gap, Target
from newbackend.upstream.make_words import Words, substituted
from newbackend.upstream.sources import Sources

NAMES = ("GNUmakefile", "makefile", "Makefile")
"""What make looks for, in its order."""
_ENDINGS = {".o": "object", ".so": "shared", ".a": "static", ".dylib": "shared"}
SOURCES = (".c", ".cc", ".cpp", ".cxx", ".m", ".mm", ".cu")
_BUILT_IN = (".c", ".cc", ".cpp")
"""Sources that make compiles by itself (GNU make's manual, section 10.2)."""
_NO_BUILT_IN = re.compile(r"(?:^|\s)(?:-?[a-zA-Z]*[rR][a-zA-Z]*|--no-builtin-rules)(?=\s|$)")
_OBJECTS = 200
"""Listed objects whose sources are looked at."""
_MAIN = re.compile(r"^(?:int|auto|void)\s+main\s*\(", re.MULTILINE)


@dataclass
class Makefile:
    """Rules (`Target.sources` are the prerequisites, `links` the files named in the recipe), variables by name with
    each value and its condition, and what could not be read. `derived` are listed objects without a rule of their own:
    the source that a pattern rule, or make by itself, compiles, and where that is said. `programs` are listed objects
    with a `main`. `built_in`: make's own rules are not switched off."""

    path: str
    targets: list[Target] = field(default_factory=list)
    variables: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    phony: set[str] = field(default_factory=set)
    gaps: list[Gap] = field(default_factory=list)
    derived: dict[str, tuple[str, str]] = field(default_factory=dict)
    programs: set[str] = field(default_factory=set)
    paths: tuple[str, ...] = ()
    built_in: bool = True

    @cached_property
    def words(self) -> Words:
        """The words of its texts, with the variables that are read so far."""
        return Words(self.variables, self.paths)

    def lists(self) -> Iterator[tuple[str, tuple[str, ...], str]]:
        """Variables that hold nothing but object files and static libraries: name, words, condition."""
        for name, values in self.variables.items():
            for value, when in values:
                words = tuple(self.words.of(value))
                if words and all(word.endswith((".o", ".a")) and "$" not in word for word in words):
                    yield name, words, when

    def at_once(self) -> Iterator[tuple[Target, dict[str, str]]]:
        """Rules that compile sources into a library or a program in one step, with the objects that make would make of
        the sources by itself: object -> source."""
        files = frozenset(self.paths)
        for target in self.targets if self.built_in else ():
            if target.kind in ("shared", "static", "executable"):
                sources = [path for path in target.sources if path.endswith(SOURCES)]
                if sources and all(path.endswith(_BUILT_IN) and path in files for path in sources):
                    yield target, {f"{path.rpartition('.')[0]}.o": path for path in sources}

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
    makefile = Makefile(path, paths=sources.paths)
    reading = read(Lines(text))
    makefile.gaps += [Gap(f"{path}:{problem.line}", problem.why) for problem in reading.problems if problem.defect]
    statements = list(reading.statements)
    for at, statement in enumerate(statements):
        if statement.kind is Kind.VARIABLE:
            _assign(makefile, statement)
        elif statement.kind is Kind.RULE:
            _rule(makefile, statement, _recipe(statements, at))
    flags = [value for value, _ in makefile.variables.get("MAKEFLAGS", ())]
    makefile.built_in &= not any(map(_NO_BUILT_IN.search, flags))
    if not sources.exists("CMakeLists.txt"):
        _derive(makefile, sources)
    if makefile.words.spent:
        makefile.gaps.append(Gap(path, "has variables that are too much to expand, so not all of it was"))
    return makefile


def _assign(makefile: Makefile, statement: Statement) -> None:
    """A value under a condition is another one; what is added to one that is there goes to each."""
    values, when = makefile.variables.setdefault(statement.name, []), " AND ".join(statement.under)
    if statement.operator != "+=" or not values:
        values.append((statement.value, when))
    elif when and when not in (under for _, under in values):
        values.append((f"{values[0][0]} {statement.value}", when))
    else:
        values[:] = [(f"{value} {statement.value}" if when in ("", under) else value, under) for value, under in values]


def _derive(makefile: Makefile, sources: Sources) -> None:
    """The sources of listed objects, by pattern rules and by what make knows itself, and which of them are programs."""
    own = {target.name: target.sources for target in makefile.targets if target.kind == "object"}
    files = frozenset(makefile.paths)
    compiled: dict[str, str] = {}
    for name in dict.fromkeys(word for _, words, _ in makefile.lists() for word in words if word.endswith(".o")):
        if len(compiled) == _OBJECTS:
            break
        if name in own:
            compiled[name] = next((path for path in own[name] if path.endswith(SOURCES) and path in files), "")
        elif found := _compiled(makefile, name, files):
            makefile.derived[name] = found
            compiled[name] = found[0]
    for _, made in makefile.at_once():
        compiled.update(list(made.items())[: _OBJECTS - len(compiled)])
    sources.prefetch(path for path in compiled.values() if path)
    texts = {name: sources.text(path) or "" for name, path in compiled.items() if path}
    makefile.programs.update(name for name, text in texts.items() if _MAIN.search(text))


def _compiled(makefile: Makefile, name: str, files: Collection[str]) -> tuple[str, str] | None:
    """The file that an object without a rule of its own is made of, and where that is said."""
    for target in makefile.targets:
        if "%" in target.name and target.sources:
            source = substituted(target.name, target.sources[0], name)
            if source is not None and source.endswith(SOURCES) and source in files:
                return source, target.where
    stem = name.removesuffix(".o")
    return next(((f"{stem}{end}", makefile.path) for end in SOURCES if f"{stem}{end}" in files), None)


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
    if statement.targets[:1] == (".SUFFIXES",) and not statement.words:
        makefile.built_in = False
    where = f"{makefile.path}:{statement.first + 1}"
    words = tuple(makefile.words.of(" ".join(statement.words)))
    for name in makefile.words.of(" ".join(statement.targets)):
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
