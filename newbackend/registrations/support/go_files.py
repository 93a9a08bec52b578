"""What the places in Go files share: the parsed file, probing, and grown or new lines."""

from __future__ import annotations

from collections.abc import Sequence

from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Probe
from newbackend.splice.comments import own_comment
from newbackend.splice.golang import Composite, Element, GoFile
from newbackend.splice.lines import Lines
from newbackend.splice.outcome import Inserted, Splice


def go_file(checkout: Checkout, path: str) -> GoFile:
    """A parsed Go file, cached."""
    key = ("go", path)
    if key not in checkout.memo:
        checkout.memo[key] = GoFile(checkout.need(path))
    found = checkout.memo[key]
    assert isinstance(found, GoFile)
    return found


def composite(checkout: Checkout, path: str, name: str) -> Composite | None:
    """The composite literal of a top-level variable, cached."""
    key = ("go-variable", f"{path}\x1f{name}")
    if key not in checkout.memo:
        checkout.memo[key] = go_file(checkout, path).variable(name)
    found = checkout.memo[key]
    assert found is None or isinstance(found, Composite)
    return found


def probe_variable(checkout: Checkout, path: str, name: str) -> Probe:
    """Whether the file is there, is Go, and has the list or map with each element on lines of its own."""
    text = checkout.read(path)
    if text is None:
        return Probe(absent=f"{path} is not in this checkout")
    if name not in text:
        return Probe(absent=f"{path} has no {name}")
    line = go_file(checkout, path).broken_line
    if line is not None:
        return Probe(unrecognised="is not valid Go", line=line)
    found = composite(checkout, path, name)
    if found is None:
        return Probe(unrecognised=f"{name} is not set to a plain list or map")
    if not found.elements or not found.spread:
        return Probe(unrecognised=f"{name} has no entries on lines of their own to go by", line=found.opening + 1)
    return Probe()


def put_after(lines: Lines, element: Element, rows: Sequence[str]) -> Inserted:
    """Whole lines right behind an element."""
    at, text = lines.after(element.last, list(rows))
    return Inserted((Splice(at, at, text),), element.last + 2)


def without(lines: Lines, element: Element, words: Sequence[str]) -> Inserted:
    """An element taken out, with the comment above it that is its own."""
    first = own_comment(lines, element.first, "//", words)
    return Inserted((Splice(*lines.span(first, element.last), ""),), element.first + 1)
