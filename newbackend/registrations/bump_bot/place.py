"""`.github/workflows/bump_deps.yaml`: the bot that bumps pins every night (contract 4.7).

It greps `^VAR?=` in the Makefile named here; a backend that is not listed is never bumped, in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from newbackend.checkout.layout import BUMP
from newbackend.checkout.tree import Checkout
from newbackend.overrides import check_row
from newbackend.registrations.base import Change, ExpectedFact, Fact, Place, Probe, rules_of
from newbackend.registrations.makefile.place import backend_of_directory
from newbackend.registrations.support.yaml_files import probe_sequence, removal, sequence
from newbackend.spec import BackendSpec
from newbackend.splice.outcome import Inserted
from newbackend.splice.prove import ListEdit
from newbackend.splice.yaml_list import Item, insert_after, scalar

_FIELDS = frozenset(("repository", "variable", "branch", "file"))
KEYS = ("jobs", "bump-backends", "strategy", "matrix", "include")


class BumpBot(Place):
    """One row per pinned upstream."""

    id = "bump-bot"
    title = "bump bot"
    order = 90
    takes_facts = True

    def path(self, checkout: Checkout) -> str:
        return BUMP

    def probe(self, checkout: Checkout) -> Probe:
        return probe_sequence(checkout, BUMP, KEYS)

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        found = sequence(checkout, BUMP, KEYS)
        assert found is not None  # probe() saw it
        facts = []
        for item in found.items:
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
        found = sequence(checkout, BUMP, KEYS)
        assert found is not None
        folder = spec.directory.rsplit("/", 1)[0] + "/"
        same = [item for item in found.items if str(item.get("file") or "").startswith(folder)]
        sibling = (same or list(found.items))[-1]
        lines = [_lines(wanted, sibling) for wanted in missing]
        outcome = Inserted((insert_after(found, sibling, lines),), sibling.last + 2)
        proof = ListEdit(KEYS, tuple((sibling.index + 1, wanted.value) for wanted in missing))
        snippet = self.snippet(missing)
        yield Change(self.id, BUMP, outcome, missing[0].reason, rules_of(missing), snippet, (proof,))

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        found = sequence(checkout, BUMP, KEYS)
        own = {fact.line for fact in self.observe(checkout) if fact.backend == name}
        gone = removal(found, lambda item: item.line in own) if found else None
        if gone:
            splices, proof, line = gone
            yield Change(self.id, BUMP, Inserted(splices, line), f"the bump of {name}", ("REG501",), "", (proof,))

    def snippet(self, wanted: Sequence[ExpectedFact]) -> str:
        return "\n".join("\n".join(_lines(one, None)) for one in wanted)


def _lines(wanted: ExpectedFact, sibling: Item | None) -> list[str]:
    pad = " " * (sibling.indent if sibling else 10)
    rows = []
    for number, (key, value) in enumerate(wanted.value.items()):
        style = sibling.fields[key].style if sibling and key in sibling.fields else '"'
        rows.append(f"{pad}{'- ' if number == 0 else '  '}{key}: {scalar(value, style)}")
    return rows


PLACE = BumpBot()
