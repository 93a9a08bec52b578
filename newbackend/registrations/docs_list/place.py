"""docs/content/features/backends.md: the list of backend types (guide, "Documenting the backend").

The list names a few backends of each category as examples. Newer revisions have no such list any more:
the page links to the compatibility table instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from newbackend.catalog.registries import Category, registries
from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Change, ExpectedFact, Fact, Place, Probe, rules_of
from newbackend.registrations.support.display_names import backend_of, speaking_of
from newbackend.spec import BackendSpec
from newbackend.splice.lines import Lines
from newbackend.splice.markdown import Bullet, bullets, shown
from newbackend.splice.outcome import Inserted, Splice
from newbackend.splice.prove import GrownLine, Proof

PATH = "docs/content/features/backends.md"
_INTRO = "LocalAI supports various types of backends"
_NAMES = r",\s*|\s*\(e\.g\.\s*|\)$"
_RULES = ("REG701",)


class DocsList(Place):
    """A name among the examples of its category."""

    id = "docs-backends"
    title = "backends page"
    order = 190

    def path(self, checkout: Checkout) -> str:
        return PATH

    def probe(self, checkout: Checkout) -> Probe:
        text = checkout.read(PATH)
        if text is None:
            return Probe(absent=f"{PATH} is not in this checkout")
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
                facts.append(
                    Fact(
                        "example", f"example:{backend or shown(name)[0]}", backend, bullet.title, PATH, bullet.line + 1
                    )
                )
        return facts

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        value = {"name": spec.name, "category": category(spec)}
        reason = f"{spec.name} on the backends page"
        return [ExpectedFact("example", f"example:{spec.name}", value, reason, _RULES, "example")]

    def same(self, wanted: Any, found: Any) -> bool:
        return True

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        lines = Lines(checkout.need(PATH))
        for wanted in missing:
            kind: Category = wanted.value["category"]
            bullet = _bullet(checkout, kind)
            proofs: tuple[Proof, ...] = ()
            if bullet is None:
                last = _bullets(checkout)[-1].line
                at, text = lines.after(last, [_new_bullet(kind, spec.name)])
                outcome = Inserted((Splice(at, at, text),), last + 2)
            else:
                at, text = _example(lines, bullet, spec.name)
                outcome = Inserted((Splice(at, at, text),), bullet.line + 1)
                proofs = (GrownLine(bullet.line + 1, _NAMES, (spec.name,)),)
            yield Change(self.id, PATH, outcome, wanted.reason, rules_of([wanted]), self.snippet([wanted]), proofs)

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        lines = Lines(checkout.need(PATH))
        for bullet in _bullets(checkout):
            mine = speaking_of(checkout, name, [(one, *shown(one)) for one in bullet.names])
            if not mine:
                continue
            line = lines[bullet.line]
            splices = [Splice(*lines.span(bullet.line, bullet.line), "")]
            if line not in {_new_bullet(kind, name) for kind in registries().bullets.values()}:
                start = lines.starts[bullet.line]
                splices = [Splice(start + a, start + b, "") for a, b in (_piece(line, bullet, one) for one in mine)]
            reason = f"{name} on the backends page"
            yield Change(self.id, PATH, Inserted(tuple(splices), bullet.line + 1), reason, _RULES)

    def snippet(self, wanted: Sequence[ExpectedFact]) -> str:
        return "\n".join(_new_bullet(one.value["category"], one.value["name"]) for one in wanted)


def category(spec: BackendSpec) -> Category:
    """The category of the backend's list entry: by the answer `docs.category`, else by its first modality."""
    data = registries()
    said = str(spec.docs.get("category") or "")
    return data.bullets.get(said) or data.bullets[data.bullet_of[spec.modalities[0]]]


def _line(text: str) -> int:
    return text.count("\n", 0, text.find(_INTRO)) + 1


def _bullets(checkout: Checkout) -> list[Bullet]:
    key = ("markdown-bullets", PATH)
    if key not in checkout.memo:
        text = checkout.need(PATH)
        checkout.memo[key] = bullets(Lines(text), _line(text)) if _INTRO in text else []
    cached = checkout.memo[key]
    assert isinstance(cached, list)
    return cached


def _bullet(checkout: Checkout, kind: Category) -> Bullet | None:
    for title in kind.titles:
        for bullet in _bullets(checkout):
            if bullet.title == title:
                return bullet
    return None


def _new_bullet(kind: Category, name: str) -> str:
    return f"- **{kind.titles[0]}**: {kind.purpose} (e.g., {name})"


def _example(lines: Lines, bullet: Bullet, name: str) -> tuple[int, str]:
    """Where one more example goes in a bullet, and its text."""
    start = lines.starts[bullet.line]
    if bullet.end == -1:
        return start + len(lines[bullet.line].rstrip()), f" (e.g., {name})"
    return start + bullet.end, f", {name}"


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
