"""Properties on random specs, on the sample: what is created is created once, and goes without a trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import tree
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from specs import SHA

from describe.round_trip import after
from newbackend.answers import read_answers
from newbackend.answers_file import dump_answers
from newbackend.apply.run import ApplyOptions, apply_plan
from newbackend.apply.undo import plan_undo, run_undo
from newbackend.catalog import modalities
from newbackend.catalog.languages import languages
from newbackend.checkout.layout import open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.plan.build import plan_create
from newbackend.plan.collisions import check_collisions
from newbackend.plan.model import Plan
from newbackend.plan.remove import plan_remove
from newbackend.sample import init_git, materialise
from newbackend.scaffold.generated import record
from newbackend.scaffold.render import RenderedFile, answers_path
from newbackend.spec import BackendSpec, make_spec, to_answers

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,7}(-[a-z0-9]{1,6}){0,2}", fullmatch=True)
PROSE = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60)
DIRTY = ApplyOptions(allow_dirty=True)


@st.composite
def answers(draw: st.DrawFn) -> dict[str, Any]:
    """Answers of every language and flavour, most of them possible."""
    language = languages()[draw(st.sampled_from(list(languages())))]
    flavour = draw(st.sampled_from(list(language.flavours)))
    its = language.flavours[flavour]
    serves = [key for key in modalities() if key in its.modalities]
    wants_pin = its.needs_pin or draw(st.booleans())
    omitted = st.lists(st.sampled_from(["test-extra", "prepare-test-extra", "docker-build-backends"]), unique=True)
    found = {
        "name": draw(NAMES),
        "lang": language.id,
        "flavour": flavour,
        "variants": draw(st.lists(st.sampled_from(its.variants), min_size=1, unique=True)),
        "modalities": draw(st.lists(st.sampled_from(serves), min_size=1, max_size=3, unique=True)),
        "description": draw(PROSE),
        "license": draw(st.sampled_from(["", "mit", "Apache-2.0 OR MIT"])),
        "tags": draw(st.lists(st.from_regex(r"[A-Za-z0-9: #'\"-]{1,12}", fullmatch=True), max_size=3)),
        "import": {"kind": draw(st.sampled_from(["preference", "none"]))},
        "docs": {"in_house": draw(st.booleans())},
        "overrides": {"places": {"makefile": {"omit": draw(omitted)}}},
    }
    if wants_pin:
        found["pin"] = {"repo": "owner/engine.cpp", "sha": SHA, "branch": "main", "variable": "RANDOM_ENGINE_VERSION"}
    return found


def possible(given_answers: Mapping[str, Any], checkout: Checkout) -> BackendSpec:
    """The spec, or another example: what is refused is tested where it is refused."""
    try:
        spec = make_spec(read_answers(given_answers, "test"))
        check_collisions(spec, checkout)
    except UsageError:
        assume(False)
    return spec


def few_files(spec: BackendSpec, _: Checkout) -> dict[str, RenderedFile]:
    """A scaffold that costs nothing: what is registered does not depend on what is in the files."""
    main = {f"{spec.directory}/Makefile": "all:\n"}
    if spec.language.own_dockerfile:
        main[spec.language.dockerfile_of(spec.name).removeprefix("./")] = "FROM scratch\n"
    texts = {**main, answers_path(spec): dump_answers(replace(to_answers(spec), generated=record(main)))}
    return {path: RenderedFile(0o644, text) for path, text in texts.items()}


def created(given_answers: Mapping[str, Any], checkout: Checkout) -> tuple[BackendSpec, Plan]:
    spec = possible(given_answers, checkout)
    return spec, plan_create(spec, checkout, scaffold=few_files)


@pytest.fixture(scope="module")
def tidy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One sample for a whole module: every example leaves it as it was."""
    root = tmp_path_factory.mktemp("properties") / "checkout"
    materialise(root)
    init_git(root)
    return root


@settings(max_examples=20)
@given(answers())
def test_creating_twice_plans_nothing(tidy: Path, given_answers: dict[str, Any]) -> None:
    checkout = open_checkout(tidy)
    spec, plan = created(given_answers, checkout)
    assert {one.place for one in plan.by_hand} <= {"compatibility-table"}  # the sample has no table for some kinds
    again = plan_create(spec, after(checkout, plan), scaffold=few_files)
    assert [(edit.place, edit.reason) for edit in again.made] == []


@settings(max_examples=20)
@given(answers())
def test_removing_what_was_created_gives_back_the_same_bytes(tidy: Path, given_answers: dict[str, Any]) -> None:
    checkout = open_checkout(tidy)
    spec, plan = created(given_answers, checkout)
    there = after(checkout, plan)
    back = after(there, plan_remove(spec.name, there))
    assert {path: back.read(path) for path in plan.base} == {path: checkout.read(path) for path in plan.base}


@settings(max_examples=8)
@given(answers())
def test_undo_gives_back_the_same_tree(tidy: Path, given_answers: dict[str, Any]) -> None:
    before = tree(tidy)
    _, plan = created(given_answers, open_checkout(tidy))
    apply_plan(plan, tidy, DIRTY)
    assert tree(tidy) != before
    undo, record_ = plan_undo(tidy)
    run_undo(tidy, undo, record_, DIRTY)
    assert tree(tidy) == before
