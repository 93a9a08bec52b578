"""Reads a page of the map back, without a browser."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any


@dataclass
class Element:
    """An element with its attributes, text and children."""

    tag: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, tag: str, **wanted: str) -> list[Element]:
        """The elements below it with a tag and attributes; of `class`, one word is enough."""
        found = []
        for child in self.children:
            if child.tag == tag and all(
                _has(child.attributes, key.rstrip("_"), value) for key, value in wanted.items()
            ):
                found.append(child)
            found += child.all(tag, **wanted)
        return found

    def one(self, tag: str, **wanted: str) -> Element:
        """The only such element."""
        (found,) = self.all(tag, **wanted)
        return found


def _has(attributes: dict[str, str], key: str, value: str) -> bool:
    own = attributes.get(key.replace("_", "-"), "")
    return value in own.split() if key == "class" else own == value


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {key: value or "" for key, value in attrs})
        self.open[-1].children.append(made)
        if tag not in ("meta", "input", "br", "link"):
            self.open.append(made)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data


def read(html: str) -> Element:
    """The page as a tree."""
    reader = _Reader()
    reader.feed(html)
    return reader.root


def rows(root: Element, table: str) -> dict[str, Element]:
    """The rows of a table by backend."""
    body = root.one("table", id=f"g-{table}").one("tbody")
    return {row.attributes["data-name"]: row for row in body.children}


def drawings(root: Element) -> Any:
    """The data of the drawings."""
    return json.loads(root.one("script", id="ways").text)
