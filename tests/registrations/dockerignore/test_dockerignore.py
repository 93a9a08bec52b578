"""Build output stays out of the docker context, and goes away with its backend."""

from __future__ import annotations

from pathlib import Path

from specs import spec

from newbackend.checkout.layout import open_checkout
from newbackend.registrations.dockerignore.place import PATH, Dockerignore
from newbackend.splice.outcome import Inserted, apply_splices


def edited(root: Path, **answers: object) -> str:
    checkout = open_checkout(root)
    changes = Dockerignore().plan(checkout, spec(**answers)).changes
    splices = [s for change in changes if isinstance(change.outcome, Inserted) for s in change.outcome.splices]
    return apply_splices(checkout.need(PATH), splices)


def test_the_clone_is_ignored_only_when_there_is_a_pin(sample: Path) -> None:
    assert "backend/cpp/ds4/ds4-src\n" in edited(sample)
    assert "ds4-src" not in edited(sample, pin=None)
    assert "backend/cpp/ds4/build\n" in edited(sample, pin=None)


def test_lines_already_there_are_not_repeated(sample: Path) -> None:
    file = sample / PATH
    file.write_text(file.read_text() + "backend/cpp/ds4/build\n")
    assert edited(sample).count("backend/cpp/ds4/build\n") == 1


def test_revert_takes_the_heading_too_and_leaves_the_rest(sample: Path) -> None:
    file = sample / PATH
    before = file.read_text()
    file.write_text(edited(sample))
    checkout = open_checkout(sample)
    splices = [
        splice
        for change in Dockerignore().revert(checkout, "ds4")
        if isinstance(change.outcome, Inserted)
        for splice in change.outcome.splices
    ]
    assert apply_splices(checkout.need(PATH), splices) == before
