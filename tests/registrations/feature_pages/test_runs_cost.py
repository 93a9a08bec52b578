"""What a page of a stranger may cost."""

from __future__ import annotations

import time

import pytest

from newbackend.registrations.feature_pages.pages import runs_of
from newbackend.splice.lines import Lines


@pytest.mark.parametrize("piece", ["## a\n", "- a (a ( ", "## #", "| a | b |\n|---|---|\n", "- **[a"])
def test_a_page_costs_no_square_of_its_size(piece: str) -> None:
    text = piece * (200_000 // len(piece)) + "x"
    start = time.process_time()
    runs_of(Lines(text))
    assert time.process_time() - start < 3
