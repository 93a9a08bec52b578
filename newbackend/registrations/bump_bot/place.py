"""`.github/workflows/bump_deps.yaml`: the bot that bumps pins every night.

It greps `^VAR?=` in the Makefile named here; a backend that is not listed is silently never bumped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from newbackend.checkout.layout import BUMP
from newbackend.checkout.tree import Checkout
from newbackend.overrides import check_row
from newbackend.registrations.base import Altered, Change, ExpectedFact, Fact, Place, Probe
from newbackend.registrations.makefile.place import backend_of_directory
from newbackend.registrations.support.alter_item import alter_item
from newbackend.registrations.support.yaml_files import need_sequence, probe_sequence
from newbackend.spec import BackendSpec
from newbackend.splice.operation import add_items, drop_items
from newbackend.splice.yaml_list import Item
from newbackend.splice.yaml_text import scalar

_FIELDS = frozenset(("repository", "variable", "branch", "file"))
KEYS = ("jobs", "bump-backends", "strategy", "matrix", "include")


class BumpBot(Place):
    """One row per pinned upstream."""

    id = "bump-bot"
    title = "bump bot"
    order = 90
    file = BUMP
    takes_facts = True

    def shape(self, checkout: Checkout, text: str) -> Probe:
        return probe_sequence(checkout, BUMP, KEYS)

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        facts = []
        for item in need_sequence(checkout, BUMP, KEYS).items:
            value = item.own()
            key = f"bump:{value.get('variable')}@{value.get('file')}"
            backend = backend_of_directory(str(value.get("file") or ""))
            facts.append(Fact("bump", key, backend, value, BUMP, item.line))
        return facts

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        if spec.pin is None or spec.language.pin_style != "makefile":
            return ()
        file = f"{spec.directory}/Makefile"
        value = {
            "repository": spec.pin.repo,
            "variable": spec.pin.variable,
            "branch": spec.pin.branch,
            "file": file,
        }
        reason = f"the nightly bump of {spec.pin.variable}"
        return [ExpectedFact("bump", f"bump:{spec.pin.variable}@{file}", value, reason, ("REG501",), "bump")]

    def from_answers(self, spec: BackendSpec, key: str, value: Any) -> Any:
        check_row(f"overrides.places.{self.id}.facts.{key}", value, "")
        if set(value) != _FIELDS or key != f"bump:{value['variable']}@{value['file']}":
            raise self.refuse_fact(key, f"is not the key of a row with {', '.join(sorted(_FIELDS))}")
        if backend_of_directory(value["file"]) != spec.name:
            raise self.refuse_fact(key, f"is not about {spec.directory}")
        return dict(value)

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        rows = need_sequence(checkout, BUMP, KEYS)
        folder = spec.directory.rsplit("/", 1)[0] + "/"
        same = [item for item in rows.items if str(item.get("file") or "").startswith(folder)]
        sibling = (same or list(rows.items))[-1]
        items = [(wanted.value, _lines(wanted, sibling)) for wanted in missing]
        yield self.added(checkout, missing, add_items(rows, sibling, items))

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        rows = need_sequence(checkout, BUMP, KEYS)
        own = {fact.line for fact in self.observe(checkout) if fact.backend == name}
        gone = [item for item in rows.items if item.line in own]
        if gone:
            yield self.taken(checkout, drop_items(rows, gone), f"the bump of {name}", "REG501")

    def alter(self, checkout: Checkout, spec: BackendSpec, altered: Sequence[Altered]) -> Iterable[Change]:
        rows = need_sequence(checkout, BUMP, KEYS)
        for fact in altered:
            item = next(item for item in rows.items if item.line == fact.there.line)
            operation = alter_item(rows, item, fact, partial(_field_lines, sibling=item))
            yield self.added(checkout, [fact.new], operation)

    def text(self, wanted: ExpectedFact) -> list[str]:
        return _lines(wanted, None)


def _lines(wanted: ExpectedFact, sibling: Item | None) -> list[str]:
    return _field_lines(wanted.value, sibling)


def _field_lines(fields: Mapping[str, Any], sibling: Item | None) -> list[str]:
    pad = " " * (sibling.indent if sibling else 10)
    rows = []
    for number, (key, value) in enumerate(fields.items()):
        style = sibling.fields[key].style if sibling and key in sibling.fields else '"'
        rows.append(f"{pad}{'- ' if number == 0 else '  '}{key}: {scalar(value, style)}")
    return rows


PLACE = BumpBot()
