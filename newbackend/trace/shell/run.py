"""Reads a shell script statement by statement under known variables: which commands it runs, and in which order.

Commands that have no meaning here succeed. A test that cannot be decided lets both ways be read: commands on them carry
the condition, and variables that differ afterwards are open.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from contextlib import suppress

from tree_sitter import Node

from newbackend.trace.machine import DEPTH_LIMIT, Machine
from newbackend.trace.opentext import is_open, open_part, shown
from newbackend.trace.shell.parse import parse, text_of
from newbackend.trace.shell.words import host_variable
from newbackend.trace.steps import Where

Status = bool | None
"""Success of a statement; None when it cannot be known."""

SKIPPED = frozenset(
    {
        "comment",
        "heredoc_redirect",
        "file_redirect",
        "herestring_redirect",
        "heredoc_body",
        "heredoc_start",
        "heredoc_end",
    }
)


class Left(Exception):
    """`exit`, or `return` from a function or a sourced file."""

    def __init__(self, status: Status, *, whole: bool) -> None:
        super().__init__()
        self.status, self.whole = status, whole


class Shell:
    """One shell process. `directory` is a container path; `variables` hold its environment too."""

    def __init__(self, machine: Machine, environment: Mapping[str, str], directory: str, where: Where) -> None:
        self.machine = machine
        self.variables: dict[str, str] = dict(environment)
        self.exported: set[str] = set(environment)
        self.directory = directory
        self.stack: list[str] = []
        self.functions: dict[str, tuple[Node, bytes, Where]] = {}
        self.arguments: list[str] = []
        self.script = ""
        self.file = ""
        self.deciding = False
        self.make_variables: dict[str, str] = {}
        self.make_level = 0
        self.output: list[str] | None = None
        self.calls: list[str] = []
        self.base = where

    # -- texts ---------------------------------------------------------------------------------------------------

    def run(self, text: str) -> Status:
        """Reads statements; the status of the last one."""
        root, data = parse(text)
        try:
            return self.statements(root, data)
        except Left as left:
            return left.status

    def where(self, node: Node) -> Where:
        """The line of a node."""
        return Where(self.base.path, self.base.line + node.start_point[0])

    def fork(self) -> Shell:
        """A copy of this process, for a subshell or a substitution."""
        other = object.__new__(Shell)
        other.__dict__.update(self.__dict__)
        other.variables, other.exported = dict(self.variables), set(self.exported)
        other.functions, other.stack = dict(self.functions), list(self.stack)
        return other

    def environment(self) -> dict[str, str]:
        """The exported variables."""
        return {name: self.variables[name] for name in self.exported if name in self.variables}

    # -- parameters ----------------------------------------------------------------------------------------------

    def is_set(self, name: str) -> bool:
        """Whether a variable is set."""
        return name in self.variables or host_variable(name) or name in "0123456789@*#?$!-"

    def parameter(self, name: str) -> str:
        """The value of `$name`; "" when it is not set."""
        if name in self.variables:
            return self.variables[name]
        if name == "0":
            return self.script or "bash"
        if name.isdigit():
            return self.arguments[int(name) - 1] if int(name) <= len(self.arguments) else ""
        if name in ("@", "*"):
            return " ".join(self.arguments)
        if name == "#":
            return str(len(self.arguments))
        if name == "PWD":
            return self.directory
        if name == "BASH_SOURCE":
            return self.file or self.script
        if name in ("?", "$", "!", "-", "_") or host_variable(name):
            return open_part(f"${name}")
        return ""

    def merge(self, others: Sequence[Mapping[str, str]]) -> None:
        """Opens every variable that other ways through the script leave with another value."""
        for other in others:
            for name in self.variables.keys() | other.keys():
                if self.variables.get(name, "") != other.get(name, ""):
                    self.variables[name] = open_part(f"${name}")

    def substitute(self, node: Node, data: bytes) -> str:
        """The output of `$(…)` without the line ends at its end."""
        inner = self.fork()
        inner.output = []
        with suppress(Left):
            inner.statements(node, data)
        text = "".join(inner.output or []).rstrip("\n")
        return open_part(text_of(node, data)) if is_open(text) and shown(text) in ("", "?") else text

    def say(self, text: str) -> None:
        """Output of a command."""
        if self.output is not None:
            self.output.append(text)

    # -- statements ----------------------------------------------------------------------------------------------

    def statements(self, node: Node, data: bytes) -> Status:
        """The statements inside of a node, in their order."""
        status: Status = True
        for child in node.named_children:
            if child.type not in SKIPPED:
                status = self.statement(child, data)
        return status

    def statement(self, node: Node, data: bytes) -> Status:
        """One statement."""
        self.machine.work()
        from newbackend.trace.shell.statements import STATEMENTS

        method = STATEMENTS.get(node.type)
        if method:
            return method(self, node, data)
        if node.type in ("function_definition",):
            name = node.child_by_field_name("name")
            body = node.child_by_field_name("body")
            if name is not None and body is not None:
                self.functions[text_of(name, data)] = (body, data, self.base)
            return True
        if node.type == "ERROR":
            return self.statements(node, data)
        return True

    # -- other texts ---------------------------------------------------------------------------------------------

    def function(self, name: str, arguments: Sequence[str]) -> Status:
        """Calls a function of the script."""
        body, data, base = self.functions[name]
        if len(self.calls) > DEPTH_LIMIT or self.calls.count(name) > 2:
            return None
        kept = self.arguments, self.base
        self.arguments, self.base = list(arguments), base
        self.calls.append(name)
        try:
            return self.statement(body, data) if body.type == "compound_statement" else self.statements(body, data)
        except Left as left:
            if left.whole:
                raise
            return left.status
        finally:
            self.calls.pop()
            self.arguments, self.base = kept

    def source(self, path: str, arguments: Sequence[str]) -> Status:
        """Reads another file in this process."""
        found = self.machine.read(path)
        if found is None or len(self.calls) > DEPTH_LIMIT:
            return None
        kept = self.arguments, self.base, self.file
        self.arguments, self.base, self.file = list(arguments) or self.arguments, Where(found[0], 1), path
        self.calls.append(path)
        root, data = parse(found[1])
        try:
            return self.statements(root, data)
        except Left as left:
            if left.whole:
                raise
            return left.status
        finally:
            self.calls.pop()
            self.arguments, self.base, self.file = kept

    def start(self, path: str, arguments: Sequence[str]) -> Status:
        """Runs another script in a process of its own; its output is this one's."""
        if not self.machine.packs and posixpath.basename(path).startswith("package"):
            return True
        found = self.machine.read(path)
        if found is None or len(self.calls) > DEPTH_LIMIT:
            return None
        inner = Shell(self.machine, self.environment(), self.directory, Where(found[0], 1))
        inner.arguments, inner.script, inner.output = list(arguments), path, self.output
        inner.make_variables, inner.make_level = self.make_variables, self.make_level
        inner.calls = [*self.calls, path]
        self.machine.depth += 1
        try:
            return inner.run(found[1])
        finally:
            self.machine.depth -= 1


def output_of(machine: Machine, command: str, environment: Mapping[str, str], directory: str, where: Where) -> str:
    """The output of a command line; an open part with its text when that cannot be known."""
    shell = Shell(machine, environment, directory, where)
    shell.output = []
    machine.quiet += 1
    try:
        shell.run(command)
    finally:
        machine.quiet -= 1
    text = "".join(shell.output or []).rstrip("\n")
    return open_part(f"$(shell {command})") if is_open(text) else text
