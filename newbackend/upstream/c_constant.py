"""The value of a C constant expression, as a compiler for Linux (int 32 bits, long 64) computes it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tree_sitter import Node

from newbackend.records import dataclass

_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)([uUlL]{0,3})")
_DEPTH = 200
_ESCAPES = {"0": 0, "n": 10, "t": 9, "r": 13, "a": 7, "b": 8, "f": 12, "v": 11, "\\": 92, "'": 39, '"': 34}


@dataclass(frozen=True)
class _Value:
    """A number with its C type."""

    number: int
    bits: int = 32
    signed: bool = True


def constant(node: Node, known: Mapping[str, int]) -> int | None:
    """The number that an expression is; None when it has parts (casts, sizeof, unknown names) that are not followed.

    `known` are the enumerators that came before.
    """
    found = _value(node, known, 0)
    return found.number if found else None


def _value(node: Node, known: Mapping[str, int], depth: int) -> _Value | None:
    text = (node.text or b"").decode("utf-8", "replace")
    inner = node.named_children
    if depth > _DEPTH:
        return None
    if node.type == "number_literal":
        return _literal(text)
    if node.type == "char_literal":
        return _character(text[1:-1])
    if node.type == "identifier":
        return _Value(known[text], 32 if -(1 << 31) <= known[text] < 1 << 31 else 64) if text in known else None
    if node.type == "parenthesized_expression" and len(inner) == 1:
        return _value(inner[0], known, depth + 1)
    if node.type == "unary_expression" and len(inner) == 1:
        operand = _value(inner[0], known, depth + 1)
        return _unary(_operator(node), operand) if operand else None
    if node.type == "binary_expression" and len(inner) == 2:
        left, right = (_value(part, known, depth + 1) for part in inner)
        return _binary(_operator(node), left, right) if left and right else None
    return None


def _operator(node: Node) -> str:
    operator = node.child_by_field_name("operator")
    return (operator.text or b"").decode() if operator else ""


def _literal(text: str) -> _Value | None:
    """The grammar takes a sign for a part of the number."""
    if text[:1] in "+-":
        operand = _literal(text[1:])
        return _unary(text[0], operand) if operand else None
    match = _NUMBER.fullmatch(text)
    if match is None or len(text) > 70:
        return None
    digits, suffix = match[1], match[2].lower()
    octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
    try:
        number = int(digits, 8 if octal else 0)
    except ValueError:
        return None
    decimal = digits[0] != "0" or digits == "0"
    for bits in (32, 64):
        for signed in (True, False):
            fits = number < 1 << (bits - signed)
            allowed = not (signed and "u" in suffix) and not (bits == 32 and "l" in suffix)
            if fits and allowed and (signed or "u" in suffix or not decimal):
                return _Value(number, bits, signed)
    return None


def _character(text: str) -> _Value | None:
    if len(text) == 1 and text.isascii():
        return _Value(ord(text))
    return _Value(_ESCAPES[text[1]]) if len(text) == 2 and text[0] == "\\" and text[1] in _ESCAPES else None


def _unary(operator: str, operand: _Value) -> _Value | None:
    results = {"-": -operand.number, "+": operand.number, "~": ~operand.number}
    if operator == "!":
        return _Value(int(not operand.number))
    return _wrapped(results[operator], operand.bits, operand.signed) if operator in results else None


def _binary(operator: str, left: _Value, right: _Value) -> _Value | None:
    if operator in ("<<", ">>"):
        if not 0 <= right.number < left.bits:
            return None
        number = left.number << right.number if operator == "<<" else left.number >> right.number
        return _wrapped(number, left.bits, left.signed)
    bits = max(left.bits, right.bits)
    signed = all(side.signed or side.bits < bits for side in (left, right))
    one, other = (_wrapped(side.number, bits, signed).number for side in (left, right))
    if operator in ("/", "%"):
        if other == 0:
            return None
        quotient = abs(one) // abs(other) * (1 if (one < 0) == (other < 0) else -1)
        return _wrapped(quotient if operator == "/" else one - other * quotient, bits, signed)
    results = {
        "+": one + other, "-": one - other, "*": one * other, "|": one | other, "&": one & other, "^": one ^ other,
    }  # fmt: skip
    return _wrapped(results[operator], bits, signed) if operator in results else None


def _wrapped(number: int, bits: int, signed: bool) -> _Value:
    number &= (1 << bits) - 1
    if signed and number >> (bits - 1):
        number -= 1 << bits
    return _Value(number, bits, signed)
