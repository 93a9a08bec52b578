"""The shell's tests: `[ … ]`, `[[ … ]]` and `test`. True, False, or None for what cannot be known."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tree_sitter import Node

from newbackend.trace.opentext import is_open, shown
from newbackend.trace.paths import normal
from newbackend.trace.shell.globs import matches
from newbackend.trace.shell.parse import text_of
from newbackend.trace.shell.words import value_of

if TYPE_CHECKING:
    from newbackend.trace.shell.run import Shell


def negated(value: bool | None) -> bool | None:
    """`! value`."""
    return None if value is None else not value


def both(left: bool | None, right: bool | None) -> bool | None:
    """`left && right`."""
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def either(left: bool | None, right: bool | None) -> bool | None:
    """`left || right`."""
    return negated(both(negated(left), negated(right)))


def test_node(shell: Shell, node: Node, data: bytes) -> bool | None:
    """The value of a test expression."""
    kind = node.type
    if kind in ("test_command", "parenthesized_expression"):
        inner = node.named_children
        if not inner:
            return False
        if len(inner) > 1:  # a shape that the grammar could not read
            return None
        return test_node(shell, inner[0], data)
    if kind == "unary_expression":
        operator = node.child_by_field_name("operator")
        operand = node.named_children[-1] if node.named_children else None
        if operator is None or operand is None:
            return None
        if text_of(operator, data) == "!":
            return negated(test_node(shell, operand, data))
        return unary(shell, text_of(operator, data), value_of(shell, operand, data))
    if kind == "binary_expression":
        left, operator, right = (node.child_by_field_name(name) for name in ("left", "operator", "right"))
        if left is None or operator is None or right is None:
            return None
        sign = text_of(operator, data)
        if sign == "&&":
            return both(test_node(shell, left, data), test_node(shell, right, data))
        if sign == "||":
            return either(test_node(shell, left, data), test_node(shell, right, data))
        double = data[node.start_byte - 3 : node.start_byte].strip().startswith(b"[[") or _in_double(node)
        return binary(
            value_of(shell, left, data), sign, value_of(shell, right, data), globs=double and right.type != "string"
        )
    if kind == "negated_command":
        return negated(test_node(shell, node.named_children[-1], data))
    value = value_of(shell, node, data)
    return None if is_open(value) else bool(value)


def _in_double(node: Node) -> bool:
    above: Node | None = node
    while above is not None and above.type != "test_command":
        above = above.parent
    return above is not None and above.child_count > 0 and above.children[0].type == "[["


def unary(shell: Shell, operator: str, value: str) -> bool | None:
    """`-n text`, `-f path` and their kind."""
    if operator in ("-n", "-z"):
        known = value.replace("\ue000", "").strip() if not is_open(value) else None
        filled: bool | None = bool(value) if known is not None else True if _has_fixed(value) else None
        return filled if operator == "-n" else negated(filled)
    path = normal(posixpath.join(shell.directory, value))
    if operator == "-d":
        return None if is_open(value) else shell.machine.is_dir(path)
    if operator == "-f":
        exists = None if is_open(value) else shell.machine.exists(path)
        folder = exists and shell.machine.inside(path) is not None and shell.machine.is_dir(path)
        return path in shell.machine.made if folder else exists
    if operator in ("-e", "-x", "-r", "-s", "-L", "-h"):
        if any(sign in value for sign in "*?"):
            return None
        exists = None if is_open(value) else shell.machine.exists(path)
        return exists if operator in ("-e", "-x", "-r") or exists is False else None
    return None


def _has_fixed(value: str) -> bool:
    """Whether an open text has a part that is known, so it is not empty."""
    return bool(value.partition("\ue000")[0] or value.rpartition("\ue001")[2])


def binary(left: str, operator: str, right: str, *, globs: bool) -> bool | None:
    """`left = right` and its kind."""
    if operator in ("=", "==", "!="):
        equal: bool | None
        if is_open(left) or is_open(right):
            equal = None if left != right else True
            if equal is None and not globs:
                equal = _differ(left, right)
        else:
            equal = matches(right, left) if globs else left == right
        return equal if operator != "!=" else negated(equal)
    numbers = [int(text) if text.strip().lstrip("-").isdigit() else None for text in (left, right)]
    one, two = numbers
    if one is None or two is None or is_open(left + right):
        return None
    orders = {
        "-eq": one == two,
        "-ne": one != two,
        "-lt": one < two,
        "-le": one <= two,
        "-gt": one > two,
        "-ge": one >= two,
    }
    return orders.get(operator)


def _differ(left: str, right: str) -> bool | None:
    """False when the fixed beginnings of two texts already differ."""
    short, long = sorted((left.partition("\ue000")[0], right.partition("\ue000")[0]), key=len)
    return None if long.startswith(short) else False


def test_words(shell: Shell, given: Sequence[str]) -> bool | None:
    """The command `test` with expanded words."""
    if not given:
        return False
    if given[0] == "!":
        return negated(test_words(shell, given[1:]))
    if len(given) == 1:
        return None if is_open(given[0]) else bool(given[0])
    if len(given) == 2:
        return unary(shell, given[0], given[1])
    if len(given) == 3:
        return binary(given[0], given[1], given[2], globs=False)
    for joint, combine in (("-o", either), ("-a", both)):
        if joint in given:
            at = list(given).index(joint)
            return combine(test_words(shell, given[:at]), test_words(shell, given[at + 1 :]))
    return None


def said(text: str) -> str:
    """A condition for people, on one line."""
    return " ".join(shown(text).split())
