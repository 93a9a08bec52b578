"""Rendering reads templates and writes text: it needs nothing from the machine."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment
from specs import spec

from newbackend.checkout.layout import open_checkout
from newbackend.scaffold.filters import Filters
from newbackend.scaffold.render import render


def test_git_is_never_started(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    plain = subprocess.Popen.__init__

    def noted(process: Any, words: Any, *rest: Any, **named: Any) -> None:
        started.append(str(words))
        plain(process, words, *rest, **named)

    monkeypatch.setattr(subprocess.Popen, "__init__", noted)
    assert render(spec(), open_checkout(sample))
    assert not [words for words in started if "git" in words]


def test_a_string_is_compiled_once_and_rendered_anew_each_time() -> None:
    environment = Environment(extensions=[Filters])
    first = environment.from_string("{{ name }}.cpp")
    assert environment.from_string("{{ name }}.cpp") is first
    assert (first.render(name="a"), first.render(name="b")) == ("a.cpp", "b.cpp")


def test_a_string_with_globals_of_its_own_is_not_shared() -> None:
    environment = Environment(extensions=[Filters])
    plain = environment.from_string("{{ who }}")
    assert environment.from_string("{{ who }}", globals={"who": "me"}).render() == "me"
    assert plain.render() == ""
