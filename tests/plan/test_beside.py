"""A plan of large files is proven in a second process, and nothing else is different."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from specs import spec

from newbackend.checkout.layout import INDEX, open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.child import Beside
from newbackend.errors import UsageError
from newbackend.plan import build
from newbackend.plan.build import plan_create
from newbackend.plan.model import Plan
from newbackend.registrations.manual import Manual
from newbackend.spec import BackendSpec


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Every file is large, and there are two processors; has an item for each proof: whether a child has it."""
    proofs: list[bool] = []

    class Watched(Beside[None]):
        def result(self) -> None:
            proofs.append(self._child is not None)
            super().result()

    monkeypatch.setattr(build, "_LARGE", 0)
    monkeypatch.setattr(build, "Beside", Watched)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    return proofs


def test_the_plan_is_the_same(sample: Path, beside: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    made = plan_create(spec(), open_checkout(sample))
    assert beside == [True]
    monkeypatch.setattr(build, "_LARGE", 10**9)
    assert plan_create(spec(), open_checkout(sample)) == made
    assert beside == [True]


def test_a_proof_that_fails_is_what_is_said(sample: Path, beside: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    real = build.planned

    def spoilt(plan: Plan, checkout: Checkout) -> Checkout:
        after = real(plan, checkout)
        return after.with_changes({INDEX: after.need(INDEX) + '- name: "one too many"\n'})

    def complains(checkout: Checkout, wanted: BackendSpec) -> list[Manual]:
        raise UsageError("other", "something else is wrong, too")

    monkeypatch.setattr(build, "planned", spoilt)
    for remaining in (build.nothing, complains):
        with pytest.raises(UsageError, match="the edit was dropped") as raised:
            plan_create(spec(), open_checkout(sample), remaining=remaining)
        assert raised.value.where == INDEX
    assert beside == [True, True]
