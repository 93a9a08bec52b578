"""Break one registration line of a sound backend: the right rule fires, and nothing else does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from conftest import NEWEST

from newbackend.checkout.tree import Checkout
from newbackend.findings import Finding
from newbackend.rules.context import Context
from newbackend.rules.run import run
from newbackend.sample import materialise

from .mutations import Mutation, mutations

SAMPLE = ("cppreed", "neo-cppanvil", "goquill", "pywhistle", "rustlark")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The sample checkout."""
    return Checkout(materialise(tmp_path_factory.mktemp("mutations") / "sample"))


def _findings(checkout: Checkout) -> tuple[Finding, ...]:
    return run(Context(checkout)).findings


def _wrong(checkout: Checkout, known: Iterable[Finding], mutation: Mutation) -> str:
    """What is wrong with the verdict on a mutation, "" when it is right."""
    old = {found.fingerprint for found in known}
    broken = checkout.with_changes({mutation.path: mutation.text})
    new = {found.rule.id for found in _findings(broken) if found.fingerprint not in old}
    if mutation.must not in new:
        return f"{mutation.name}: {mutation.must} is silent, heard {sorted(new)}"
    extra = new - {mutation.must} - mutation.may
    return f"{mutation.name}: besides {mutation.must} also {sorted(extra)}" if extra else ""


@pytest.mark.parametrize("backend", SAMPLE)
def test_every_broken_line_of_the_sample_is_noticed_by_its_rule_alone(sample: Checkout, backend: str) -> None:
    known = _findings(sample)
    every = list(mutations(sample, backend))

    assert len(every) > 15
    assert [wrong for mutation in every if (wrong := _wrong(sample, known, mutation))] == []


@pytest.mark.localai
@pytest.mark.xdist_group("localai")
def test_every_broken_line_of_a_sound_real_backend_is_noticed_by_its_rule_alone(
    localai_at: Callable[[str], Path],
) -> None:
    checkout = Checkout(localai_at(NEWEST))
    known = _findings(checkout)
    marred = Counter(found.backend for found in known if found.level.value != "note")
    context = Context(checkout)
    fit = [
        (marred[name], order, name, info.lang)
        for order, (name, info) in enumerate(context.backends.items())
        if info.dev_meta and info.makefile and info.gallery == name
    ]
    picked = {lang: name for _, _, name, lang in sorted(fit, reverse=True)}  # the soundest of each language

    assert {"cpp", "go", "python"} <= picked.keys()
    wrongs = [
        f"{backend}: {wrong}"
        for backend in picked.values()
        for mutation in mutations(checkout, backend)
        if (wrong := _wrong(checkout, known, mutation))
    ]
    assert wrongs == [], picked
