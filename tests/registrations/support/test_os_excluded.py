"""An operating system is left out only with a reason, and not while it is built for."""

from __future__ import annotations

import pytest
from specs import spec

from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.plan.build import plan_create


@pytest.mark.parametrize(
    ("answers", "reference"),
    [
        ({"os_excluded": {"darwin": "  "}}, "os-excluded-reason"),
        ({"os_excluded": {"linux": "needs Metal"}}, "os-excluded-chosen"),
        ({"os_excluded": {"darwin": "CUDA only"}, "variants": ["cuda13", "metal"]}, "os-excluded-chosen"),
    ],
)
def test_contradictions_are_refused(checkout: Checkout, answers: dict[str, object], reference: str) -> None:
    with pytest.raises(UsageError) as caught:
        plan_create(spec(**answers), checkout)
    assert caught.value.code == reference


def test_a_reason_is_kept_with_the_answers(checkout: Checkout) -> None:
    plan = plan_create(spec(os_excluded={"darwin": "CUDA only"}), checkout)
    assert plan.answers["os_excluded"] == {"darwin": "CUDA only"}


def test_macos_alone_is_possible(checkout: Checkout) -> None:
    plan = plan_create(spec(variants=["metal"], os_excluded={"linux": "needs Metal"}), checkout)
    assert plan.by_hand == ()
