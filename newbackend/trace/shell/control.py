"""The shell's control structures. Where a condition cannot be known, both ways are read."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from tree_sitter import Node

from newbackend.trace.opentext import is_open, open_part, shown
from newbackend.trace.shell.globs import matches
from newbackend.trace.shell.parse import text_of
from newbackend.trace.shell.run import SKIPPED, Left, Shell, Status
from newbackend.trace.shell.simple import fields
from newbackend.trace.shell.tests import said
from newbackend.trace.shell.words import fields_of, value_of

_LOOP_LIMIT = 64


def if_(shell: Shell, node: Node, data: bytes) -> Status:
    """`if … elif … else … fi`."""
    conditions = node.children_by_field_name("condition")
    verdict = condition(shell, conditions, data)
    body = _body(node, conditions)
    others = [child for child in node.named_children if child.type in ("elif_clause", "else_clause")]
    return _branch(shell, verdict, _text(conditions, data), body, others, data)


def _branch(
    shell: Shell, verdict: Status, text: str, body: Sequence[Node], others: Sequence[Node], data: bytes
) -> Status:
    """The branch of an `if` that a verdict chooses."""
    if verdict is True:
        return _block(shell, body, data)
    if verdict is None:
        return _both_ways(shell, text, body, others, data)
    if not others:
        return True
    head = others[0]
    if head.type == "else_clause":
        return shell.statements(head, data)
    conditions = _elif_test(head)
    return _branch(
        shell, condition(shell, conditions, data), _text(conditions, data), _body(head, conditions), others[1:], data
    )


def _both_ways(shell: Shell, text: str, body: Sequence[Node], others: Sequence[Node], data: bytes) -> Status:
    """Both branches of a condition that cannot be known."""
    before, directory = dict(shell.variables), shell.directory
    start = len(shell.output or ())
    outputs: list[list[str]] = []
    shell.machine.conditions.append(said(text))
    try:
        _block(shell, body, data)
    except Left:
        shell.variables = dict(before)  # the rest of the script runs only when the branch is not taken
    shell.machine.conditions.pop()
    outputs.append(_taken_back(shell, start))
    after = shell.variables
    shell.variables, shell.directory = before, directory
    if others:
        shell.machine.conditions.append(f"not {said(text)}")
        try:
            _branch(shell, False, "", (), others, data)
        except Left:
            shell.variables = dict(after)
        shell.machine.conditions.pop()
    outputs.append(_taken_back(shell, start))
    if outputs[0] == outputs[1]:
        _say_all(shell, outputs[0])
    else:
        shell.say(open_part(f"{''.join(outputs[0]).strip()} or {''.join(outputs[1]).strip() or 'nothing'}"))
    shell.merge([after])
    return None


def _taken_back(shell: Shell, start: int) -> list[str]:
    """The output since `start`, which is taken back."""
    if shell.output is None:
        return []
    since = shell.output[start:]
    del shell.output[start:]
    return since


def _say_all(shell: Shell, texts: Sequence[str]) -> None:
    for text in texts:
        shell.say(text)


def condition(shell: Shell, nodes: Sequence[Node], data: bytes) -> Status:
    """The status of the commands of a condition."""
    status: Status = True
    kept = shell.output, shell.deciding
    shell.output, shell.deciding = None, True
    for node in nodes:
        if node.is_named:
            status = shell.statement(node, data)
            if node.type in ("command", "pipeline", "redirected_statement") and status is True:
                status = _certain(shell, node, data)
    shell.output, shell.deciding = kept
    return status


def _certain(shell: Shell, node: Node, data: bytes) -> Status:
    """The success of a plain command as a condition: known for a few, open for the rest."""
    from newbackend.trace.shell.commands import success

    while node.type == "redirected_statement":
        body = node.child_by_field_name("body")
        if body is None:
            return None
        node = body
    if node.type != "command":
        return None if node.type == "pipeline" else True
    words = [field for child in node.named_children for field in fields(shell, child, data)]
    return success(shell, words)


def _block(shell: Shell, nodes: Sequence[Node], data: bytes) -> Status:
    """Statements that are no node of their own."""
    status: Status = True
    for node in nodes:
        if node.is_named and node.type not in SKIPPED:
            status = shell.statement(node, data)
    return status


def case_(shell: Shell, node: Node, data: bytes) -> Status:
    """`case … esac`."""
    subject = node.child_by_field_name("value")
    value = "" if subject is None else value_of(shell, subject, data)
    items = [child for child in node.named_children if child.type == "case_item"]
    for item in items:
        patterns = item.children_by_field_name("value")
        body = [child for child in item.named_children if child not in patterns]
        verdict = _fits(value, [value_of(shell, pattern, data) for pattern in patterns])
        if verdict is True:
            return _block(shell, body, data)
        if verdict is None:
            return _every_case(shell, value, items, data)
    return True


def _every_case(shell: Shell, value: str, items: Sequence[Node], data: bytes) -> Status:
    """All branches of a `case` whose text cannot be known."""
    before = dict(shell.variables)
    ends = []
    for item in items:
        patterns = item.children_by_field_name("value")
        shell.variables = dict(before)
        shell.machine.conditions.append(f"{shown(value)} is {' or '.join(text_of(p, data) for p in patterns)}")
        try:
            _block(shell, [child for child in item.named_children if child not in patterns], data)
            ends.append(shell.variables)
        except Left:
            pass
        shell.machine.conditions.pop()
    shell.variables = dict(before) if not ends else ends[0]
    shell.merge(ends[1:])
    return None


def for_(shell: Shell, node: Node, data: bytes) -> Status:
    """`for name in …`."""
    variable, body = node.child_by_field_name("variable"), node.child_by_field_name("body")
    if variable is None or body is None:
        return True
    values = [field for child in node.children_by_field_name("value") for field in fields_of(shell, child, data)]
    name = text_of(variable, data)
    for value in values[:_LOOP_LIMIT]:
        if is_open(value):
            shell.variables[name] = value
            shell.machine.conditions.append(f"for each of {shown(value)}")
            try:
                shell.statements(body, data)
            finally:
                shell.machine.conditions.pop()
        else:
            shell.variables[name] = value
            shell.statements(body, data)
    return True


def while_(shell: Shell, node: Node, data: bytes) -> Status:
    """`while …`, once: how often it runs is not known."""
    conditions = node.children_by_field_name("condition")
    body = node.child_by_field_name("body")
    reads = [name for child in conditions for name in _read_names(child, data)]
    for name in reads:
        shell.variables[name] = open_part(f"${name}")
    verdict = condition(shell, [child for child in conditions if not _read_names(child, data)], data)
    if verdict is False or body is None:
        return True
    before = dict(shell.variables)
    shell.machine.conditions.append(f"for each ${reads[0]}" if reads else f"while {said(_text(conditions, data))}")
    with suppress(Left):
        shell.statements(body, data)
    shell.machine.conditions.pop()
    shell.merge([before])
    return True


def counting_for(shell: Shell, node: Node, data: bytes) -> Status:
    """`for ((…))`, once."""
    body = node.child_by_field_name("body")
    if body is None:
        return True
    before = dict(shell.variables)
    shell.machine.conditions.append("in a loop")
    with suppress(Left):
        shell.statements(body, data)
    shell.machine.conditions.pop()
    shell.merge([before])
    return True


def _fits(value: str, patterns: Sequence[str]) -> bool | None:
    if any(pattern == "*" for pattern in patterns):
        return True
    if is_open(value) or any(is_open(pattern) for pattern in patterns):
        return None
    return any(matches(pattern, value) for pattern in patterns)


def _body(node: Node, conditions: Sequence[Node]) -> list[Node]:
    then = next((at for at, child in enumerate(node.children) if child.type == "then"), 0)
    return [
        child
        for child in node.children[then + 1 :]
        if child.is_named and child.type not in ("elif_clause", "else_clause") and child not in conditions
    ]


def _elif_test(node: Node) -> list[Node]:
    then = next((at for at, child in enumerate(node.children) if child.type == "then"), len(node.children))
    return [child for child in node.children[:then] if child.is_named]


def _text(nodes: Sequence[Node], data: bytes) -> str:
    return " ".join(text_of(node, data) for node in nodes if node.is_named)


def _read_names(node: Node, data: bytes) -> list[str]:
    """The variables of `while read -r a b`."""
    words = text_of(node, data).split()
    if "read" not in words[:3]:
        return []
    return [word for word in words[words.index("read") + 1 :] if not word.startswith("-") and word.isidentifier()]
