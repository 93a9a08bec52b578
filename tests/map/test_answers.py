"""The answers files of the page are read back to what `describe` says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.runner import newbackend
from map.reading import read

from newbackend.answers import as_data
from newbackend.answers_file import parse_answers
from newbackend.checkout.tree import Checkout
from newbackend.map.answers import MODELS
from newbackend.map.gather import map_of
from newbackend.map.places import Mark
from newbackend.registrations.model_gallery import place


def test_every_backends_answers_file_is_read_back(any_sample: Path) -> None:
    seen = read(newbackend("map", "--repo", any_sample).out)
    for section in seen.all("section", class_="backend"):
        name = section.attributes["data-name"]
        text = section.all("details")[-1].one("pre").text
        described = json.loads(newbackend("describe", name, "--repo", any_sample, "--format", "json").out)
        models = described.get("overrides", {}).get("places", {}).pop(MODELS, None)
        assert (f"`newbackend describe {name}` has them" in text) == (models is not None)
        assert as_data(parse_answers(text, name)) == described


def test_models_that_no_answers_file_can_hold_are_there_all_the_same(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cells() -> dict[str, Mark]:
        made = map_of(checkout)
        at = next(number for number, column in enumerate(made.columns) if column.place == MODELS)
        return {backend.name: backend.places[at].mark for backend in made.backends}

    usual = cells()
    assert Mark.THERE in usual.values()
    monkeypatch.setattr(place, "TOLD_LIMIT", 0)
    assert cells() == usual
