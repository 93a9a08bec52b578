"""Shared by places in Go files: the parsed file, probing, and edits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from newbackend.checkout.tree import Checkout, cached_by_file
from newbackend.registrations.base import Probe
from newbackend.splice.comments import own_comment
from newbackend.splice.golang import Composite, Element, GoFile
from newbackend.splice.lines import Lines
from newbackend.splice.operation import Operation, anchor_missing, drop_lines
from newbackend.splice.outcome import Inserted, Splice

_VALUE = r'"(?:[^"\\\n]|\\.)*"|\[\]\w+\{[^{}\n]*\}|[\w.]+(?:\(\))?'
"""A string, a list of words or a plain word, each on one line."""


@cached_by_file
def go_file(checkout: Checkout, path: str) -> GoFile:
    """A parsed Go file, cached."""
    return GoFile(checkout.need(path))


@cached_by_file
def composite(checkout: Checkout, path: str, name: str) -> Composite | None:
    """The composite literal of a top-level variable, cached."""
    return go_file(checkout, path).variable(name)


def probe_variable(checkout: Checkout, path: str, name: str) -> Probe:
    """Whether an existing file is Go and has the list or map with each element on lines of its own."""
    if name not in checkout.need(path):
        return Probe(absent=f"{path} has no {name}")
    line = go_file(checkout, path).broken_line
    if line is not None:
        return Probe(unrecognised="is not valid Go", line=line, defect=True)
    literal = composite(checkout, path, name)
    if literal is None:
        return Probe(unrecognised=f"{name} is not set to a plain list or map")
    if not literal.elements or not literal.spread:
        return Probe(unrecognised=f"{name} has no entries on lines of their own to go by", line=literal.opening + 1)
    return Probe()


def elements(checkout: Checkout, path: str, name: str) -> tuple[Element, ...]:
    """The elements of a list or map that the place's probe has found."""
    literal = composite(checkout, path, name)
    assert literal is not None  # probe() has seen it
    return literal.elements


def set_fields(lines: Lines, element: Element, sources: Mapping[str, str]) -> Operation:
    """Gives fields of an element other values, as Go source; each has to be there once, on one line."""
    start, end = lines.starts[element.first], lines.end(element.last)
    splices = []
    for name, source in sources.items():
        found = list(re.finditer(rf"\b{re.escape(name)}:[ \t]*({_VALUE})", lines.text[start:end]))
        if len(found) != 1:
            return anchor_missing(f"the field {name} is not there once, on one line", element.first + 1)
        splices.append(Splice(start + found[0].start(1), start + found[0].end(1), source))
    return Operation(Inserted(tuple(splices), element.first + 1))


def drop_element(lines: Lines, element: Element, words: Sequence[str]) -> Operation:
    """Removes an element and its own comment above it."""
    return drop_lines(lines, own_comment(lines, element.first, "//", words), element.last, line=element.first)
