"""docs/content/features/backends.md: the list of backend types (guide, "Documenting the backend").

The list names a few backends of each category as examples. Newer revisions have no such list: the page links to the
compatibility table instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from newbackend.catalog import modalities
from newbackend.catalog.registries import Category, registries
from newbackend.checkout.tree import Checkout, cached
from newbackend.registrations.base import Altered, Change, ExpectedFact, Fact, Place, Probe
from newbackend.registrations.support.display_names import backend_of, speaking_of
from newbackend.registrations.support.own_pages import link_to_page
from newbackend.registrations.support.text_files import lines_of
from newbackend.spec import BackendSpec
from newbackend.splice.lines import Lines
from newbackend.splice.markdown import Bullet, bullets, shown
from newbackend.splice.operation import Operation, add_lines, add_word, drop_lines
from newbackend.splice.outcome import Inserted, Splice
from newbackend.splice.prove import GrownLine

PATH = "docs/content/features/backends.md"
_INTRO = "LocalAI supports various types of backends"
_NAMES = r",\s*|\s*\(e\.g\.\s*|\)$"
_RULES = ("REG701",)


class DocsList(Place):
    """A name among the examples of its category."""

    id = "docs-backends"
    title = "backends page"
    order = 190
    file = PATH

    def shape(self, checkout: Checkout, text: str) -> Probe:
        if _INTRO not in text:
            return Probe(absent=f"{PATH} has no list of backend types any more")
        if not _bullets(checkout):
            return Probe(unrecognised="the list of backend types has no bullets", line=_line(text))
        return Probe()

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        facts = []
        for bullet in _bullets(checkout):
            for name in bullet.names:
                backend = backend_of(checkout, *shown(name))
                key = f"example:{backend or shown(name)[0]}"
                facts.append(Fact("example", key, backend, bullet.title, PATH, bullet.line + 1))
        return facts

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        shown = link_to_page(spec) if spec.docs.page else spec.name
        value = {"name": shown, "category": category(spec)}
        reason = f"{spec.name} on the backends page"
        return [ExpectedFact("example", f"example:{spec.name}", value, reason, _RULES, "example")]

    def same(self, wanted: Any, observed: Any) -> bool:
        return True

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        lines = lines_of(checkout, PATH)
        for wanted in missing:
            bullet = _bullet(checkout, wanted.value["category"])
            if bullet is None:
                operation = add_lines(lines, _bullets(checkout)[-1].line, self.text(wanted))
            else:
                operation = _add_example(lines, bullet, wanted.value["name"])
            yield self.added(checkout, [wanted], operation)

    def alter(self, checkout: Checkout, spec: BackendSpec, altered: Sequence[Altered]) -> Iterable[Change]:
        for fact in altered:
            if fact.there.value not in fact.new.value["category"].titles:
                yield from self.revert(checkout, fact.there.backend)
                yield from self.insert(checkout, spec, [fact.new])
            elif fact.old.value["name"] != fact.new.value["name"]:
                yield from self._renamed(checkout, fact)

    def _renamed(self, checkout: Checkout, fact: Altered) -> Iterable[Change]:
        """The name with or without a link to the backend's own page, where it is written as it was."""
        lines, bullet = lines_of(checkout, PATH), _at(checkout, fact.there.line - 1)
        old, new = fact.old.value["name"], fact.new.value["name"]
        if old in bullet.names:
            start, end = _piece(lines[bullet.line], bullet, old)
            at = lines.starts[bullet.line] + lines[bullet.line].index(old, start, end)
            renamed = Operation(Inserted((Splice(at, at + len(old), new),), bullet.line + 1))
            yield self.added(checkout, [fact.new], renamed)

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        lines = lines_of(checkout, PATH)
        for bullet in _bullets(checkout):
            mine = speaking_of(checkout, name, [(example, *shown(example)) for example in bullet.names])
            if not mine:
                continue
            line, start = lines[bullet.line], lines.starts[bullet.line]
            if line in {_new_bullet(kind, mine[0]) for kind in registries().bullets.values()}:
                gone = drop_lines(lines, bullet.line, bullet.line)
            else:
                pieces = (_piece(line, bullet, example) for example in mine)
                splices = tuple(Splice(start + first, start + end, "") for first, end in pieces)
                gone = Operation(Inserted(splices, bullet.line + 1))
            yield self.taken(checkout, gone, f"{name} on the backends page", *_RULES)

    def text(self, wanted: ExpectedFact) -> list[str]:
        return [_new_bullet(wanted.value["category"], wanted.value["name"])]


def category(spec: BackendSpec) -> Category:
    """The category of the backend's list entry: by the answer `docs.category`, else by its first modality."""
    data = registries()
    title = spec.docs.category or ""
    return data.bullets.get(title) or data.bullets[modalities()[spec.modalities[0]].bullet]


def _line(text: str) -> int:
    return text.count("\n", 0, text.find(_INTRO)) + 1


@cached
def _bullets(checkout: Checkout) -> list[Bullet]:
    lines = lines_of(checkout, PATH)
    return bullets(lines, _line(lines.text)) if _INTRO in lines.text else []


def _at(checkout: Checkout, line: int) -> Bullet:
    return next(bullet for bullet in _bullets(checkout) if bullet.line == line)


def _bullet(checkout: Checkout, kind: Category) -> Bullet | None:
    for title in kind.titles:
        for bullet in _bullets(checkout):
            if bullet.title == title:
                return bullet
    return None


def _new_bullet(kind: Category, name: str) -> str:
    return f"- **{kind.titles[0]}**: {kind.purpose} (e.g., {name})"


def _add_example(lines: Lines, bullet: Bullet, name: str) -> Operation:
    """Adds an example to a bullet; a bullet without examples gets the brackets too."""
    start = lines.starts[bullet.line]
    if bullet.end != -1:
        return add_word(lines, start + bullet.end, name, glue=", ", separator=_NAMES)
    at = start + len(lines[bullet.line].rstrip())
    proof = GrownLine(bullet.line + 1, _NAMES, (name,))
    return Operation(Inserted((Splice(at, at, f" (e.g., {name})"),), bullet.line + 1), (proof,))


def _piece(line: str, bullet: Bullet, name: str) -> tuple[int, int]:
    """The part of a bullet's line that names an example, with the separator that goes with it."""
    if len(bullet.names) == 1:
        at = line.rfind(" (e.g., ")
        return at, len(line.rstrip())
    first = bullet.names[0] == name
    pattern = rf"{re.escape(name)},\s*" if first else rf",\s*{re.escape(name)}(?=,|\)\s*\Z)"
    match = re.search(pattern, line)
    assert match is not None  # the name was read from this line
    return match.start(), match.end()


PLACE = DocsList()
