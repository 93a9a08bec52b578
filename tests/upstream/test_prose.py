"""The first prose of a README."""

from __future__ import annotations

import time

import pytest

from newbackend.upstream.prose import first_paragraph

BADGES = "[![build](https://a.example/b.svg)](https://a.example)"


def test_badges_are_no_prose() -> None:
    assert first_paragraph(f"# Oak\n\n{BADGES} {BADGES}\n\nOak <b>transcribes</b> **speech** on [ggml](x).\n") == (
        "Oak transcribes speech on ggml."
    )


def test_a_bar_of_links_is_no_prose() -> None:
    bar = "[Roadmap](https://a.example/1) / [oak.cpp](https://a.example/2) / [ggml](https://a.example/3)"
    assert first_paragraph(f"# Oak\n\n{bar}\n\nOak uses\n[ggml](x)\nalone.\n") == "Oak uses ggml alone."


@pytest.mark.parametrize("open_", ["<", "[![", "[", "![a]("])
def test_markup_that_is_never_closed_costs_no_time(open_: str) -> None:
    start = time.process_time()
    first_paragraph("a " + open_ * 200_000)
    assert time.process_time() - start < 2
