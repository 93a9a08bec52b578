"""What a CMake project declares, read from its files without running CMake.

The commands are followed as CMake would on Linux: variables, conditions, functions, loops, `add_subdirectory` and
`include`. A condition that depends on what the user passes is followed on both sides, and what stands below it
keeps the condition's text. The parser is cmake-parser; the language is described in
https://cmake.org/cmake/help/latest/manual/cmake-language.7.html
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from cmake_parser import CMakeParseError, ast, parse_tree
from cmake_parser.lexer import Token

from newbackend.upstream.cmake_conditions import Condition, Truth
from newbackend.upstream.cmake_declarations import TOP, Declarations, Project, Scope
from newbackend.upstream.sources import Sources

STEP_LIMIT = 200_000
"""Commands that are followed. sherpa-onnx takes 5,000."""
_DEPTH_LIMIT = 40
_PLAIN = (ast.Set, ast.Unset, ast.Option, ast.Include)


class _Stop(Exception):
    """`return()`, or a limit."""


def read_cmake(sources: Sources) -> Project | None:
    """What the project's `CMakeLists.txt` declares; None when there is none."""
    folder = sources.cmake_folder
    first = posixpath.join(folder, "CMakeLists.txt")
    if not sources.exists(first):
        return None
    names = [path for path in sources.paths if path.endswith(".cmake") or path.endswith("CMakeLists.txt")]
    sources.prefetch(sorted(names, key=lambda path: path.count("/"))[:2000])
    reader = _Reader(sources)
    reader.file(first, Scope(folder, first))
    return reader.project


class _Reader(Declarations):
    def __init__(self, sources: Sources) -> None:
        super().__init__(sources)
        self._steps = 0
        self._functions: dict[str, tuple[ast.Function | ast.Macro, str]] = {}

    # Following the commands.

    def file(self, path: str, scope: Scope) -> None:
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

    def _follow(self, nodes: Sequence[ast.AstNode], scope: Scope) -> None:
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

    def _if(self, node: ast.If, scope: Scope) -> None:
        answer = Condition(node.args, self).truth()
        text = _text(node.args)
        if answer is not False:
            self._follow(node.if_true, scope if answer else _under(scope, text, self._gate(node.args, answer)))
        if answer is not True and node.if_false:
            self._follow(node.if_false, scope if answer is False else _under(scope, f"NOT ({text})", ""))

    def _gate(self, words: Sequence[Token], answer: Truth) -> str:
        """The option that a condition is about when it is about one alone."""
        return words[0].value if answer is None and len(words) == 1 and self.is_settable(words[0].value) else ""

    def _foreach(self, node: ast.ForEach, scope: Scope) -> None:
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

    def _command(self, name: str, node: Any, scope: Scope) -> None:
        self._variables["CMAKE_CURRENT_SOURCE_DIR"] = [posixpath.join(TOP, scope.folder).rstrip("/")]
        self._variables["CMAKE_CURRENT_LIST_DIR"] = [posixpath.join(TOP, posixpath.dirname(scope.file)).rstrip("/")]
        known = self._functions.get(name)
        words = self._words(node.args)
        if known:
            self._call(known, words, scope)
        elif handler := getattr(self, f"do_{name}", None):
            handler(words, f"{scope.file}:{node.line}", scope)

    def _call(self, known: tuple[ast.Function | ast.Macro, str], words: list[str], scope: Scope) -> None:
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


def _under(scope: Scope, text: str, gate: str) -> Scope:
    return Scope(scope.folder, scope.file, (*scope.when, text), gate or scope.gate, scope.depth + 1)


def _deeper(scope: Scope, file: str = "") -> Scope:
    return Scope(scope.folder, file or scope.file, scope.when, scope.gate, scope.depth + 1)


def _text(words: Sequence[Token]) -> str:
    """A condition as it is written."""
    quoted = (f'"{word.value}"' if word.kind == "QUOTED" else word.value for word in words)
    return " ".join(quoted).replace("( ", "(").replace(" )", ")")[:200]
