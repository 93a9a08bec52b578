"""Every language, flavour and platform on both layouts: `verify` is clean after `create`, and `remove` gives
back what was there. Planned and proved in memory: what goes to the disk is the business of tests/apply."""

from __future__ import annotations

from pathlib import Path

import pytest
from specs import PIN, spec

from newbackend.catalog.languages import languages
from newbackend.checkout.layout import open_checkout
from newbackend.findings import Severity
from newbackend.plan.build import plan_create, planned
from newbackend.plan.remove import plan_remove
from newbackend.rules.run import verify
from newbackend.spec import BackendSpec

CASES = [
    pytest.param(lang, flavour, variants, id=f"{lang}-{flavour}-{'all' if len(variants) > 1 else variants[0]}")
    for lang, language in languages().items()
    for flavour, its in language.flavours.items()
    for variants in dict.fromkeys([*((one,) for one in its.variants), its.variants])
]


# What a fork builds on; the sample has no llama.cpp.
ENGINE = {
    "backend/cpp/llama-cpp/run.sh": "#!/bin/bash\n",
    "backend/cpp/llama-cpp/Makefile": "LLAMA_VERSION?=0\n",
    "backend/cpp/llama-cpp/grpc-server.cpp": "int main() {}\n",
}


def oak(lang: str, flavour: str, variants: tuple[str, ...]) -> BackendSpec:
    """A pinned backend for these platforms, with everything else left at its default."""
    pin = {**PIN, "repo": "antirez/oak", "variable": "OAK_VERSION"}
    return spec(name="oak", lang=lang, flavour=flavour, variants=list(variants), pin=pin)


@pytest.mark.parametrize(("lang", "flavour", "variants"), CASES)
def test_create_leaves_nothing_to_find_and_remove_nothing_behind(
    any_sample: Path, lang: str, flavour: str, variants: tuple[str, ...]
) -> None:
    before = open_checkout(any_sample).with_changes(ENGINE if flavour == "llama-fork" else {})
    plan = plan_create(oak(lang, flavour, variants), before)
    assert plan.by_hand == ()

    created = planned(plan, before)
    found = verify(created, names=["oak"]).findings
    assert [one.message for one in found if one.level is not Severity.NOTE] == []

    removal = plan_remove("oak", created)
    removed = planned(removal, created)
    touched = {*plan.base, *removal.base}
    assert len(touched) > len(plan.base) // 2
    for edit in plan.made:
        assert edit.base_text(removed) == edit.base_text(before), edit.path
    for path in touched - {edit.path for edit in plan.made}:
        assert removed.read(path) == before.read(path), path
