"""Rendering reads templates and writes text: it needs nothing from the machine."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment
from specs import spec

from newbackend.checkout.layout import open_checkout
from newbackend.scaffold import copying
from newbackend.scaffold.copying import start_copier
from newbackend.scaffold.filters import Filters
from newbackend.scaffold.render import render, rendered_ahead


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


@pytest.fixture
def child() -> Iterator[None]:
    """Copier's child, as `create` has it."""
    start_copier()
    yield
    for one in copying._CHILDREN.values():
        one.end()
    copying._CHILDREN.clear()


@pytest.mark.usefixtures("child")
def test_what_is_rendered_ahead_is_what_is_asked_for(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    checkout, wanted = open_checkout(sample), spec()
    other = replace(wanted, description="Something else.")
    plain, else_ = render(wanted, checkout), render(other, checkout)
    with rendered_ahead(wanted, checkout):
        assert render(other, checkout) == else_
        assert render(wanted, checkout) == plain
        assert render(wanted, checkout) == plain
    with rendered_ahead(wanted, checkout):
        pass
    assert render(wanted, checkout) == plain
    assert not list(tmp_path.glob("newbackend-*"))


@pytest.mark.usefixtures("child")
def test_a_refusal_leaves_nothing_behind(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(KeyboardInterrupt), rendered_ahead(spec(), open_checkout(sample)):
        raise KeyboardInterrupt
    assert not list(tmp_path.glob("newbackend-*"))
    assert not copying.started()
