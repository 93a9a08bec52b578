"""Rows of the build matrix that share a tag suffix: twins, copies and strangers (contract 11.2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from newbackend.checkout.layout import MATRIX
from newbackend.findings import Finding, Location
from newbackend.registrations.base import Fact
from newbackend.registrations.matrix.rules import row_name
from newbackend.rules.base import Check
from newbackend.rules.context import Context
from newbackend.rules.texts import matrix as text

_SAME_IN_LEGS = ("tag-latest", "build-type", "dockerfile", "cuda-major-version", "cuda-minor-version")


def _value(fact: Fact, key: str) -> str:
    return str(fact.value.get(key) or "")


def duplicates(context: Context) -> Iterable[Finding]:
    """REG102, REG109, REG119, REG106, REG108: rows that share a tag suffix."""
    for suffix, facts in context.rows_by_suffix.items():
        if not suffix:
            continue
        legs: dict[str, list[Fact]] = defaultdict(list)
        for fact in facts:
            legs[_value(fact, "platform-tag")].append(fact)
        for tag, same in legs.items():
            for fact in same[1:]:
                message = f"the row {row_name(fact)} is there twice"
                related = (Location(MATRIX, same[0].line),)
                subject = f"{suffix}|{tag}"
                yield Finding(text.ROW_DUPLICATE, subject, MATRIX, fact.line, message, fact.backend, related=related)
        yield from _legs(context, suffix, {tag: same[0] for tag, same in legs.items()})


def _legs(context: Context, suffix: str, legs: Mapping[str, Fact]) -> Iterable[Finding]:
    first, *others = legs.values()
    related = (Location(MATRIX, first.line),)
    if not others:
        if tag := _value(first, "platform-tag"):
            other = "arm64" if tag == "amd64" else "amd64"
            message = f"the row {row_name(first)} has no {other} twin"
            yield Finding(text.LEG_ALONE, suffix, MATRIX, first.line, message, first.backend)
        return
    if "" in legs:
        message = f"rows of {suffix} are partly with and partly without platform-tag"
        line = legs[""].line
        yield Finding(text.SUFFIX_SHARED, suffix, MATRIX, line, message, first.backend, related=related)
    for leg in others:
        if leg.backend != first.backend:
            message = f"{suffix} is the suffix of {first.backend} and of {leg.backend}"
            line = context.field_line(leg, "tag-suffix")
            yield Finding(text.SUFFIX_UNIQUE_IMAGE, suffix, MATRIX, line, message, leg.backend, related=related)
            continue
        for key in _SAME_IN_LEGS:
            if first.value.get(key) != leg.value.get(key):
                message = f"the legs of {suffix} disagree on {key}: {first.value.get(key)!r} and {leg.value.get(key)!r}"
                line = context.field_line(leg, key)
                subject = f"{suffix} {key}"
                yield Finding(text.LEGS_DISAGREE, subject, MATRIX, line, message, leg.backend, related=related)


CHECKS = (
    Check(
        (text.ROW_DUPLICATE, text.SUFFIX_SHARED, text.SUFFIX_UNIQUE_IMAGE, text.LEG_ALONE, text.LEGS_DISAGREE),
        duplicates,
        needs=("matrix",),
    ),
)
