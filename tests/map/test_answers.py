"""The answers files of the page are read back to what `describe` says."""

from __future__ import annotations

import json
from pathlib import Path

from cli.runner import newbackend
from map.reading import read

from newbackend.answers import as_data
from newbackend.answers_file import parse_answers
from newbackend.map.answers import MODELS


def test_every_backends_answers_file_is_read_back(any_sample: Path) -> None:
    seen = read(newbackend("map", "--repo", any_sample).out)
    for section in seen.all("section", class_="backend"):
        name = section.attributes["data-name"]
        text = section.all("details")[-1].one("pre").text
        described = json.loads(newbackend("describe", name, "--repo", any_sample, "--format", "json").out)
        models = described.get("overrides", {}).get("places", {}).pop(MODELS, None)
        assert (f"`newbackend describe {name}` has them" in text) == (models is not None)
        assert as_data(parse_answers(text, name)) == described
