"""What a CMake project declares, read from its files without running CMake.

The commands are followed as CMake would on Linux: variables, conditions, functions, loops, `add_subdirectory` and
`include`. A condition that depends on what the user passes is followed on both sides, and what stands below it
keeps the condition's text. The parser is cmake-parser; the language is described in
https://cmake.org/cmake/help/latest/manual/cmake-language.7.html
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cmake_parser import CMakeParseError, ast, parse_tree
from cmake_parser.lexer import Token

from newbackend.upstream.cmake_conditions import Condition, Truth
from newbackend.upstream.facts import Gap, Gate, Option, Target
from newbackend.upstream.sources import Sources

TOP = "/upstream"
"""What the source folder is called while reading: paths below it are paths of the repository."""
_BUILD = "/build"
STEP_LIMIT = 200_000
"""Commands that are followed. sherpa-onnx takes 5,000."""
_DEPTH_LIMIT = 40
_VALUES_LIMIT = 8
_LENGTH_LIMIT = 10_000
_REFERENCE = re.compile(r"\$\{([A-Za-z0-9_./+-]+)\}")
_PLAIN = (ast.Set, ast.Unset, ast.Option, ast.Include)
_KINDS = {"SHARED": "shared", "STATIC": "static", "MODULE": "module", "OBJECT": "object", "INTERFACE": "interface"}


@dataclass
class Project:
    """Everything that was found, in the order of the files."""

    minimum: str = ""
    minimum_where: str = ""
    name: str = ""
    languages: tuple[str, ...] = ()
    options: dict[str, Option] = field(default_factory=dict)
    targets: list[Target] = field(default_factory=list)
    gates: list[Gate] = field(default_factory=list)
    subfolders: dict[str, str] = field(default_factory=dict)
    """Folders that are built too, with the condition."""
    headers: dict[str, str] = field(default_factory=dict)
    """Headers that are installed or set as a target's public ones: path -> where."""
    packages: dict[str, str] = field(default_factory=dict)
    """`find_package` names -> where, with the condition."""
    links: dict[str, list[str]] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)


@dataclass(frozen=True)
class _Scope:
    """Where a command stands."""

    folder: str
    file: str
    when: tuple[str, ...] = ()
    gate: str = ""
    depth: int = 0


class _Stop(Exception):
    """`return()`, or a limit."""


def read_cmake(sources: Sources) -> Project | None:
    """What `CMakeLists.txt` at the top declares; None when there is none."""
    if not sources.exists("CMakeLists.txt"):
        return None
    names = [path for path in sources.paths if path.endswith(".cmake") or path.endswith("CMakeLists.txt")]
    sources.prefetch(sorted(names, key=lambda path: path.count("/"))[:2000])
    reader = _Reader(sources)
    reader.file("CMakeLists.txt", _Scope("", "CMakeLists.txt"))
    return reader.project


class _Reader:
    def __init__(self, sources: Sources) -> None:
        self.project = Project()
        self._sources = sources
        self._steps = 0
        self._functions: dict[str, tuple[ast.Function | ast.Macro, str]] = {}
        self._variables: dict[str, list[str]] = {
            "CMAKE_SOURCE_DIR": [TOP], "CMAKE_BINARY_DIR": [_BUILD], "CMAKE_SYSTEM_NAME": ["Linux"],
            "CMAKE_HOST_SYSTEM_NAME": ["Linux"], "PROJECT_SOURCE_DIR": [TOP], "CMAKE_CURRENT_SOURCE_DIR": [TOP],
        }  # fmt: skip

    # What conditions ask (cmake_conditions.Known).

    def values(self, name: str) -> Sequence[str]:
        return self._variables.get(name, ())

    def is_settable(self, name: str) -> bool:
        return name in self.project.options

    def exists(self, path: str) -> bool:
        inside = self._inside(path, "")
        return inside is not None and self._sources.exists(inside)

    def has_target(self, name: str) -> bool:
        return any(target.name == name for target in self.project.targets)

    def expand(self, text: str) -> str:
        for _ in range(8):
            wider = _REFERENCE.sub(self._value, text)
            if wider == text or len(wider) > _LENGTH_LIMIT:
                return text
            text = wider
        return text

    def _value(self, match: re.Match[str]) -> str:
        values = self._variables.get(match[1])
        return values[0] if values else match[0]

    # Following the commands.

    def file(self, path: str, scope: _Scope) -> None:
        text = self._sources.text(path)
        if text is None:
            return
        try:
            nodes = list(parse_tree(text, skip_comments=True))
        except (CMakeParseError, RecursionError) as error:
            self._gap(f"{path}:{getattr(error, 'line', 1) or 1}", "is not CMake that could be parsed")
            return
        try:
            self._follow(nodes, scope)
        except _Stop:
            return

    def _follow(self, nodes: Sequence[ast.AstNode], scope: _Scope) -> None:
        for node in nodes:
            self._steps += 1
            if self._steps > STEP_LIMIT or scope.depth > _DEPTH_LIMIT:
                if self._steps <= STEP_LIMIT + 1:
                    self._gap(scope.file, "goes on for longer than is followed")
                raise _Stop
            if isinstance(node, ast.If):
                self._if(node, scope)
            elif isinstance(node, ast.ForEach):
                self._foreach(node, scope)
            elif isinstance(node, (ast.Function, ast.Macro)):
                self._functions[node.args[0].value.lower() if node.args else ""] = (node, scope.file)
            elif isinstance(node, (ast.While, ast.Block)):
                self._follow(node.body, scope)
            elif isinstance(node, ast.Return):
                if not scope.when:
                    raise _Stop
            elif isinstance(node, ast.Command):
                self._command(node.identifier.lower(), node, scope)
            elif isinstance(node, _PLAIN):
                self._command(type(node).__name__.lower(), node, scope)

    def _if(self, node: ast.If, scope: _Scope) -> None:
        answer = Condition(node.args, self).truth()
        text = _text(node.args)
        if answer is not False:
            self._follow(node.if_true, scope if answer else _under(scope, text, self._gate(node.args, answer)))
        if answer is not True and node.if_false:
            self._follow(node.if_false, scope if answer is False else _under(scope, f"NOT ({text})", ""))

    def _gate(self, words: Sequence[Token], answer: Truth) -> str:
        """The option that a condition is about when it is about one alone."""
        return words[0].value if answer is None and len(words) == 1 and self.is_settable(words[0].value) else ""

    def _foreach(self, node: ast.ForEach, scope: _Scope) -> None:
        name, *items = self._words(node.args) or [""]
        if items[:1] == ["IN"]:
            items = self._items(items[1:])
        with self._bound({name: None}):
            for item in items[:64] if items[:1] != ["RANGE"] else [f"${{{name}}}"]:
                self._variables[name] = [item]
                self._follow(node.body, _deeper(scope))

    def _items(self, words: list[str]) -> list[str]:
        found: list[str] = []
        lists = False
        for word in words:
            if word in ("LISTS", "ITEMS", "ZIP_LISTS"):
                lists = word != "ITEMS"
            else:
                found += self.expand(f"${{{word}}}").split(";") if lists else [word]
        return [item for item in found if item and "${" not in item]

    def _command(self, name: str, node: Any, scope: _Scope) -> None:
        self._variables["CMAKE_CURRENT_SOURCE_DIR"] = [posixpath.join(TOP, scope.folder).rstrip("/")]
        self._variables["CMAKE_CURRENT_LIST_DIR"] = [posixpath.join(TOP, posixpath.dirname(scope.file)).rstrip("/")]
        known = self._functions.get(name)
        words = self._words(node.args)
        if known:
            self._call(known, words, scope)
        elif handler := getattr(self, f"_do_{name}", None):
            handler(words, f"{scope.file}:{node.line}", scope)

    def _call(self, known: tuple[ast.Function | ast.Macro, str], words: list[str], scope: _Scope) -> None:
        node, file = known
        names = [token.value for token in node.args[1:]]
        rest = words[len(names) :]
        given: dict[str, list[str] | None] = {name: [word] for name, word in zip(names, words, strict=False)}
        given |= {"ARGN": [";".join(rest)], "ARGV": [";".join(words)], "ARGC": [str(len(words))]}
        try:
            with self._bound(given):
                self._follow(node.body, _deeper(scope, file))
        except _Stop:
            if self._steps > STEP_LIMIT:
                raise

    @contextmanager
    def _bound(self, given: dict[str, list[str] | None]) -> Iterator[None]:
        """Variables for the time of a call or loop."""
        before = {name: self._variables.get(name) for name in given}
        self._variables |= {name: value for name, value in given.items() if value is not None}
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    self._variables.pop(name, None)
                else:
                    self._variables[name] = value

    def _words(self, tokens: Sequence[Token]) -> list[str]:
        """Arguments as CMake passes them: an unquoted list becomes several."""
        words: list[str] = []
        for token in tokens:
            if token.kind in ("QUOTED", "BRACKETED"):
                words.append(self.expand(token.value) if token.kind == "QUOTED" else token.value)
            elif token.kind == "RAW":
                words += [part for part in self.expand(token.value).split(";") if part]
        return words

    # The commands that say something.

    def _do_cmake_minimum_required(self, words: list[str], where: str, _scope: _Scope) -> None:
        if "VERSION" in words[:-1] and not self.project.minimum:
            self.project.minimum = words[words.index("VERSION") + 1].partition("...")[0]
            self.project.minimum_where = where

    def _do_project(self, words: list[str], _where: str, scope: _Scope) -> None:
        if not words:
            return
        here = posixpath.join(TOP, scope.folder).rstrip("/")
        self._variables |= {"PROJECT_NAME": [words[0]], "PROJECT_SOURCE_DIR": [here], f"{words[0]}_SOURCE_DIR": [here]}
        if not self.project.name and not scope.folder:
            self.project.name = words[0]
            self._variables["CMAKE_PROJECT_NAME"] = [words[0]]
            rest = words[1:]
            if "LANGUAGES" in rest:
                rest = rest[rest.index("LANGUAGES") + 1 :]
            self.project.languages = tuple(word for word in rest if word in ("C", "CXX", "CUDA", "OBJC", "ASM", "HIP"))

    def _do_enable_language(self, words: list[str], where: str, scope: _Scope) -> None:
        for word in words[:1]:
            self.project.packages.setdefault(f"language {word}", _about(where, scope))

    def _do_option(self, words: list[str], where: str, scope: _Scope) -> None:
        if words:
            self._option(words[0], "BOOL", words[2] if len(words) > 2 else "OFF", (words[1:2] or [""])[0], where, scope)

    def _do_cmake_dependent_option(self, words: list[str], where: str, scope: _Scope) -> None:
        if len(words) > 2:
            self._option(words[0], "BOOL", words[2], words[1], where, scope)

    def _option(self, name: str, kind: str, default: str, about: str, where: str, scope: _Scope) -> None:
        path = where.rpartition(":")[0]
        fact = Option(name, kind, default, about, where, " AND ".join(scope.when), self._sources.vendored(path))
        self.project.options.setdefault(name, fact)

    def _do_set(self, words: list[str], where: str, scope: _Scope) -> None:
        if not words:
            return
        name, *rest = words
        if "CACHE" in rest:
            at = rest.index("CACHE")
            kind, about = [*rest[at + 1 :], "", ""][:2]
            if kind not in ("INTERNAL", "") and "FORCE" not in rest[at:]:
                self._option(name, kind, ";".join(rest[:at]), about, where, scope)
            rest = rest[:at]
        value = ";".join(word for word in rest if word != "PARENT_SCOPE")
        if scope.gate and value.upper() in ("ON", "1", "TRUE") and name != scope.gate:
            self.project.gates.append(Gate(scope.gate, name, where))
        values = self._variables.get(name, []) if scope.when else []
        if value not in values and len(values) < _VALUES_LIMIT:
            self._variables[name] = [*values, value[:_LENGTH_LIMIT]]

    def _do_unset(self, words: list[str], _where: str, scope: _Scope) -> None:
        if words and not scope.when:
            self._variables.pop(words[0], None)

    def _do_list(self, words: list[str], _where: str, _scope: _Scope) -> None:
        if len(words) > 2 and words[0] in ("APPEND", "PREPEND"):
            before = (self._variables.get(words[1]) or [""])[0]
            joined = ";".join(part for part in (before, *words[2:]) if part)
            if len(joined) <= _LENGTH_LIMIT:
                self._variables[words[1]] = [joined]

    def _do_add_subdirectory(self, words: list[str], where: str, scope: _Scope) -> None:
        folder = self._inside(words[0], scope.folder) if words else None
        if folder is None or folder in self.project.subfolders:
            return
        self.project.subfolders[folder] = _about(where, scope)
        path = posixpath.join(folder, "CMakeLists.txt")
        if not self._sources.exists(path):
            if folder not in self._sources.commit.gitlinks:
                self._gap(where, f"adds the folder {folder}, which has no CMakeLists.txt in this commit")
            return
        self.file(path, _Scope(folder, path, scope.when, scope.gate, scope.depth + 1))

    def _do_include(self, words: list[str], _where: str, scope: _Scope) -> None:
        modules = (self._variables.get("CMAKE_MODULE_PATH") or [""])[0].split(";")
        for candidate in (*words[:1], *(f"{folder}/{words[0]}.cmake" for folder in modules if words)):
            path = self._inside(candidate, scope.folder)
            if path and path.endswith(".cmake") and self._sources.exists(path):
                self.file(path, _Scope(scope.folder, path, scope.when, scope.gate, scope.depth + 1))
                return

    def _do_add_library(self, words: list[str], where: str, scope: _Scope) -> None:
        if len(words) > 1 and not {"ALIAS", "IMPORTED"}.intersection(words[1:3]):
            kind = _KINDS.get(words[1], "library")
            self._target(words[0], kind, words[1 if kind == "library" else 2 :], where, scope)

    def _do_add_executable(self, words: list[str], where: str, scope: _Scope) -> None:
        if words and not {"ALIAS", "IMPORTED"}.intersection(words[1:2]):
            self._target(words[0], "executable", words[1:], where, scope)

    def _target(self, name: str, kind: str, sources: list[str], where: str, scope: _Scope) -> None:
        path = where.rpartition(":")[0]
        if "${" in name:
            self._gap(where, f"defines a target whose name {name} could not be resolved")
            return
        inside = (self._inside(source, scope.folder) for source in sources if "${" not in source)
        listed = tuple(source for source in inside if source and self._sources.exists(source))
        when = " AND ".join(scope.when)
        vendored, aside = self._sources.vendored(path), self._sources.aside(path)
        links = self.project.links.setdefault(name, [])
        self.project.targets.append(Target(name, kind, where, listed, tuple(links), when, vendored, aside))

    def _do_target_link_libraries(self, words: list[str], _where: str, _scope: _Scope) -> None:
        for word in words[1:]:
            if word not in ("PUBLIC", "PRIVATE", "INTERFACE") and word not in self.project.links.setdefault(
                words[0], []
            ):
                self.project.links[words[0]].append(word)

    def _do_find_package(self, words: list[str], where: str, scope: _Scope) -> None:
        for word in words[:1]:
            required = " REQUIRED" if "REQUIRED" in words else ""
            self.project.packages.setdefault(word, _about(where, scope) + required)

    def _do_install(self, words: list[str], where: str, scope: _Scope) -> None:
        if words[:1] == ["FILES"]:
            self._headers(words[1:], where, scope)

    def _do_set_target_properties(self, words: list[str], where: str, scope: _Scope) -> None:
        if "PUBLIC_HEADER" in words:
            self._headers(words[words.index("PUBLIC_HEADER") + 1 :], where, scope)

    def _do_target_sources(self, words: list[str], where: str, scope: _Scope) -> None:
        if "HEADERS" in words or "FILE_SET" in words:
            self._headers(words[1:], where, scope)

    def _headers(self, words: list[str], where: str, scope: _Scope) -> None:
        for word in words:
            path = self._inside(word, scope.folder)
            if path and path.endswith((".h", ".hpp")) and self._sources.exists(path):
                self.project.headers.setdefault(path, where)

    def _inside(self, path: str, folder: str) -> str | None:
        """A path of the repository; None for one outside, in the build folder, or not resolved."""
        if "${" in path or "$<" in path:
            return None
        absolute = posixpath.normpath(posixpath.join(TOP, folder, path))
        if absolute == TOP:
            return ""
        return absolute[len(TOP) + 1 :] if absolute.startswith(f"{TOP}/") else None

    def _gap(self, where: str, text: str) -> None:
        self.project.gaps.append(Gap(where, text))


def _under(scope: _Scope, text: str, gate: str) -> _Scope:
    return _Scope(scope.folder, scope.file, (*scope.when, text), gate or scope.gate, scope.depth + 1)


def _deeper(scope: _Scope, file: str = "") -> _Scope:
    return _Scope(scope.folder, file or scope.file, scope.when, scope.gate, scope.depth + 1)


def _text(words: Sequence[Token]) -> str:
    """A condition as it is written."""
    quoted = (f'"{word.value}"' if word.kind == "QUOTED" else word.value for word in words)
    return " ".join(quoted).replace("( ", "(").replace(" )", ")")[:200]


def _about(where: str, scope: _Scope) -> str:
    return f"{where} if {' AND '.join(scope.when)}" if scope.when else where
