"""Simple statements of a shell script: commands, lists, pipelines, assignments, redirections."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from tree_sitter import Node

from newbackend.trace.opentext import open_part
from newbackend.trace.shell.parse import text_of
from newbackend.trace.shell.run import SKIPPED, Left, Shell, Status
from newbackend.trace.shell.tests import both, either, negated, said, test_node
from newbackend.trace.shell.words import fields_of, value_of
from newbackend.trace.steps import Where


def list_(shell: Shell, node: Node, data: bytes) -> Status:
    """`a && b` and `a || b`."""
    left, sign, right = node.children[0], node.children[1], node.children[-1]
    first = shell.statement(left, data)
    joint = text_of(sign, data)
    if joint == "&&":
        if first is False:
            return False
        if first is None:
            return both(None, _maybe(shell, right, data, text_of(left, data)))
        return shell.statement(right, data)
    if first is True:
        return True
    if first is None:
        return either(None, _maybe(shell, right, data, f"not {text_of(left, data)}"))
    return shell.statement(right, data)


def _maybe(shell: Shell, node: Node, data: bytes, condition: str) -> Status:
    """A statement that may not run: its effects on variables are open afterwards."""
    before = dict(shell.variables), shell.directory
    shell.machine.conditions.append(said(condition))
    try:
        return shell.statement(node, data)
    except Left:
        return None
    finally:
        shell.machine.conditions.pop()
        shell.merge([before[0]])
        shell.directory = before[1]


def pipeline(shell: Shell, node: Node, data: bytes) -> Status:
    """`a | b`: each in a process of its own."""
    commands = node.named_children
    status: Status = True
    piped = shell.output
    for number, child in enumerate(commands):
        inner = shell.fork()
        last = number == len(commands) - 1
        inner.output = None if not last else shell.output
        if last and piped is not None:
            inner.output = []
        try:
            status = inner.statement(child, data)
        except Left as left:
            status = left.status
    if piped is not None:
        piped.append(open_part(f"$({text_of(node, data)})"))
    return status if commands and commands[-1].type in ("test_command",) else _ran(status, commands, data)


def redirected(shell: Shell, node: Node, data: bytes) -> Status:
    """A statement with its output or input elsewhere."""
    body = node.child_by_field_name("body")
    to_file = any(
        child.type == "file_redirect" and not text_of(child, data).lstrip().startswith(("2", "<", "&>"))
        for holder in (node, *node.named_children)
        for child in holder.named_children
    )
    heredoc = next((child for child in node.named_children if child.type == "heredoc_redirect"), None)
    if body is None:
        return True
    if heredoc is not None and body.type == "command" and _is_shell(shell, body, data):
        text = next((text_of(child, data) for child in heredoc.children if child.type == "heredoc_body"), "")
        row = heredoc.start_point[0] + 1
        return _fed(shell, text, row)
    if not to_file or shell.output is None:
        return shell.statement(body, data)
    kept, shell.output = shell.output, None
    try:
        return shell.statement(body, data)
    finally:
        shell.output = kept


def _is_shell(shell: Shell, body: Node, data: bytes) -> bool:
    given = [field for child in body.named_children for field in fields(shell, child, data)]
    return bool(given) and posixpath.basename(given[0]) in ("bash", "sh")


def _fed(shell: Shell, text: str, row: int) -> Status:
    """A shell that reads a here-document as its script."""
    inner = shell.fork()
    inner.base = Where(shell.base.path, shell.base.line + row)
    return inner.run(text)


def fields(shell: Shell, node: Node, data: bytes) -> list[str]:
    """The fields of one argument; none for what is no argument."""
    if node.type == "command_name":
        return fields_of(shell, node.children[0], data)
    return [] if node.type in ("variable_assignment", *SKIPPED) else fields_of(shell, node, data)


def command(shell: Shell, node: Node, data: bytes) -> Status:
    """A simple command with its own assignments."""
    from newbackend.trace.shell.commands import run

    words: list[str] = []
    temporary: dict[str, str] = {}
    for child in node.named_children:
        if child.type == "variable_assignment":
            name, value = _assigned(shell, child, data)
            temporary[name] = value
        else:
            words += fields(shell, child, data)
    if not words:
        shell.variables.update(temporary)
        return True
    before = dict(shell.variables), set(shell.exported)
    shell.variables.update(temporary)
    shell.exported |= temporary.keys()
    try:
        return run(shell, words, shell.where(node))
    finally:
        if temporary:
            for name in temporary:
                if name in before[0]:
                    shell.variables[name] = before[0][name]
                else:
                    shell.variables.pop(name, None)
            shell.exported = before[1] | (shell.exported - temporary.keys())


def _assigned(shell: Shell, node: Node, data: bytes) -> tuple[str, str]:
    """Name and new value of an assignment."""
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    text = "" if value is None else value_of(shell, value, data)
    key = "" if name is None else text_of(name, data).partition("[")[0]
    if any(child.type == "+=" for child in node.children):
        glue = " " if value is not None and value.type == "array" and shell.variables.get(key) else ""
        text = f"{shell.variables.get(key, '')}{glue}{text}"
    return key, text


def assignment(shell: Shell, node: Node, data: bytes) -> Status:
    """`name=value`."""
    if node.type == "variable_assignments":
        return shell.statements(node, data)
    name, value = _assigned(shell, node, data)
    shell.variables[name] = value
    return True


def declaration(shell: Shell, node: Node, data: bytes) -> Status:
    """`export`, `local`, `declare`, `readonly`."""
    word = text_of(node.children[0], data)
    for child in node.named_children:
        if child.type == "variable_assignment":
            name, value = _assigned(shell, child, data)
            shell.variables[name] = value
        elif child.type == "variable_name":
            name = text_of(child, data)
            if word == "local":
                shell.variables[name] = ""
        else:
            continue
        if word == "export":
            shell.exported.add(name)
    return True


def unset(shell: Shell, node: Node, data: bytes) -> Status:
    """`unset name`."""
    for child in node.named_children:
        shell.variables.pop(text_of(child, data), None)
    return True


def subshell(shell: Shell, node: Node, data: bytes) -> Status:
    """`( … )`."""
    inner = shell.fork()
    try:
        return inner.statements(node, data)
    except Left as left:
        return left.status


def compound(shell: Shell, node: Node, data: bytes) -> Status:
    """`{ … }` and `(( … ))`."""
    if node.children and node.children[0].type == "((":
        return None
    return shell.statements(node, data)


def negation(shell: Shell, node: Node, data: bytes) -> Status:
    """`! …`."""
    from newbackend.trace.shell.control import condition

    return negated(condition(shell, node.named_children, data))


def test(shell: Shell, node: Node, data: bytes) -> Status:
    """`[ … ]` and `[[ … ]]`."""
    return test_node(shell, node, data)


def _ran(status: Status, commands: Sequence[Node], data: bytes) -> Status:
    """A pipeline that ends in a search can fail; others succeed."""
    last = text_of(commands[-1], data).split(None, 1)[:1] if commands else []
    return None if last and last[0] in ("grep", "awk", "read") else status
