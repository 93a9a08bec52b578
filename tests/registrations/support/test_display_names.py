"""What a display name and its link mean."""

from __future__ import annotations

import pytest

from newbackend.checkout.tree import Checkout
from newbackend.registrations.support.display_names import backend_of

TIDE = "https://github.com/example-org/tide"  # only gotide's entry has it


@pytest.mark.parametrize(
    ("text", "link", "backend"),
    [
        ("The tide", TIDE, "gotide"),
        ("Fast PyWhistle", TIDE, "fast-pywhistle"),
        ("Neo.CppAnvil", "", "neo-cppanvil"),
        ("gotide", TIDE, "gotide"),
        ("something", "https://example.org", ""),
    ],
)
def test_a_name_says_more_than_its_link(checkout: Checkout, text: str, link: str, backend: str) -> None:
    assert backend_of(checkout, text, link) == backend


def test_a_second_backend_over_an_engine_takes_no_row_from_the_first(checkout: Checkout) -> None:
    index = checkout.need("backend/index.yaml")
    shared = checkout.with_changes({"backend/index.yaml": index.replace("example-org/pyecho", "example-org/tide")})
    assert backend_of(shared, "go-tide, fast", TIDE) == "gotide"
    assert backend_of(shared, "Echo.py", TIDE) == ""
    assert backend_of(shared, "pyec", TIDE) == "pyecho"
