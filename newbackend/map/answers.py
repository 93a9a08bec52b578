"""Answers files of many backends at once.

`dump_answers` lays a file out for people who keep it; for seventy-five of them that takes as long as all rules. libyaml
writes the same values in a twentieth of the time. Lists are not indented.
"""

from __future__ import annotations

from typing import Any

import yaml

from newbackend.answers import Answers, as_data
from newbackend.sanitize import has_hidden, printable

MODELS = "model-gallery"
"""The registration place whose facts are left out."""


def answers_text(answers: Answers, header: str) -> str:
    """YAML that `create --answers` reads back to the same answers, behind a comment; without the backend's models,
    which some backends have hundreds of."""
    data = as_data(answers)
    overrides = data.get("overrides", {})
    places = overrides.get("places", {})
    if MODELS in places:
        kept = {place: value for place, value in places.items() if place != MODELS}
        data["overrides"] = {**overrides, "places": kept}
        header += f"# Without its models; `newbackend describe {answers.name}` has them.\n"
    text = yaml.dump(data, Dumper=_Dumper, sort_keys=False, width=4096, allow_unicode=True)
    return printable(header + text)


class _Dumper(yaml.CSafeDumper):
    """libyaml's, with texts of several lines as literal blocks, and no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text_node(dumper: yaml.CSafeDumper, value: str) -> yaml.Node:
    style = '"' if has_hidden(value) else "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text_node)
