"""A new registration place is one folder: create, describe's facts and remove know it with nothing else changed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from specs import spec

import newbackend.registrations as registrations_package
from newbackend.checkout.tree import Checkout
from newbackend.plan.build import plan_create, planned
from newbackend.plan.remove import plan_remove
from newbackend.registrations import places, registrations
from newbackend.rules.context import Context

PLACE = '''
from newbackend.registrations.base import ExpectedFact, Fact, Place
from newbackend.registrations.support.text_files import lines_of
from newbackend.splice.operation import add_lines, drop_lines


class Roster(Place):
    """One line per backend."""

    id = "roster"
    title = "roster of backends"
    order = 15
    file = "ROSTER.txt"

    def read(self, checkout):
        lines = lines_of(checkout, self.file)
        return [Fact("name", f"name:{lines[n]}", lines[n], lines[n], self.file, n + 1) for n in range(len(lines))]

    def expect(self, spec, checkout):
        return [ExpectedFact("name", f"name:{spec.name}", spec.name, f"{spec.name} on the roster", ("REG999",), "name")]

    def insert(self, checkout, spec, missing):
        lines = lines_of(checkout, self.file)
        for wanted in missing:
            yield self.added(checkout, [wanted], add_lines(lines, len(lines) - 1, self.text(wanted)))

    def revert(self, checkout, name):
        for fact in self.observe(checkout):
            if fact.backend == name:
                gone = drop_lines(lines_of(checkout, self.file), fact.line - 1, fact.line - 1)
                yield self.taken(checkout, gone, f"{name} on the roster", "REG999")

    def text(self, wanted):
        return [wanted.value]


PLACE = Roster()
'''


@pytest.fixture
def roster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The folder `roster/` with its `place.py`, found beside the others."""
    folder = tmp_path / "more" / "roster"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "place.py").write_text(PLACE)
    monkeypatch.setattr(registrations_package, "__path__", [*registrations_package.__path__, str(folder.parent)])
    _forget()
    yield
    monkeypatch.undo()
    _forget()


def _forget() -> None:
    importlib.invalidate_caches()
    registrations.cache_clear()
    places.cache_clear()
    for name in [name for name in sys.modules if name.startswith("newbackend.registrations.roster")]:
        del sys.modules[name]


@pytest.fixture
def before(checkout: Checkout) -> Checkout:
    """The sample with the file that the new place is about."""
    return checkout.with_changes({"ROSTER.txt": "goquill\npyecho\n"})


@pytest.mark.usefixtures("roster")
def test_create_adds_to_a_new_place_and_remove_takes_it_away(before: Checkout) -> None:
    plan = plan_create(spec(), before)
    edit = next(edit for edit in plan.edits if edit.place == "roster")
    assert "+ds4\n" in edit.diff
    after = planned(plan, before)
    assert after.read("ROSTER.txt") == "goquill\npyecho\nds4\n"
    assert [fact.backend for fact in Context(after).facts("roster")] == ["goquill", "pyecho", "ds4"]
    removed = planned(plan_remove("ds4", after, keep_files=True), after)
    assert removed.read("ROSTER.txt") == before.read("ROSTER.txt")


def test_everything_else_is_planned_as_without_it(before: Checkout, request: pytest.FixtureRequest) -> None:
    without = plan_create(spec(), before)
    request.getfixturevalue("roster")
    plan = plan_create(spec(), before)
    assert [edit for edit in plan.edits if edit.place != "roster"] == list(without.edits)


@pytest.mark.usefixtures("roster")
def test_a_checkout_without_the_file_says_so(checkout: Checkout) -> None:
    plan = plan_create(spec(), checkout)
    assert ("roster", "ROSTER.txt is not in this checkout") in plan.skipped
