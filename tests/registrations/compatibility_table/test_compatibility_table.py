"""One row in the table of the backend's category, in that table's own columns."""

from __future__ import annotations

from pathlib import Path

import pytest
from place_trip import edited, new_lines, round_trip
from specs import spec

from newbackend.checkout.layout import open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.registrations.compatibility_table.place import PATH, CompatibilityTable, acceleration
from newbackend.splice.outcome import AlreadyPresent, AnchorMissing

UPSTREAM = "[ds4](https://github.com/antirez/ds4)"


def test_language_models_have_six_columns(any_sample: Path) -> None:
    checkout = open_checkout(any_sample)
    after = round_trip(CompatibilityTable(), checkout, spec(modalities=["llm", "embeddings"]))
    assert new_lines(checkout, after, PATH) == [
        f"| {UPSTREAM} | DeepSeek V4 Flash inference engine | GPT, Embeddings | yes | yes | CPU, CUDA 13, Jetson L4T |"
    ]


def test_all_others_have_three(checkout: Checkout) -> None:
    after = round_trip(CompatibilityTable(), checkout, spec(modalities=["transcription"]))
    lines = after.need(PATH).splitlines()
    at = lines.index(f"| {UPSTREAM} | DeepSeek V4 Flash inference engine | CPU, CUDA 13, Jetson L4T |")
    assert lines[at - 1].startswith("| [fast-pywhistle]")
    assert lines[at + 1] == ""


def test_the_category_may_be_answered(checkout: Checkout) -> None:
    for category in ("audio", "Audio Processing"):
        after = round_trip(CompatibilityTable(), checkout, spec(docs={"category": category}))
        text = after.need(PATH)
        assert text.index("## Audio Processing") < text.index(UPSTREAM) < text.index("## Acceleration")


@pytest.mark.parametrize("description", ["a | b", "{{< x >}}", "<img onerror=x>", "l1\nl2", "`code` *bold* [x](y)"])
def test_no_description_breaks_the_table_or_the_page(checkout: Checkout, description: str) -> None:
    after = round_trip(CompatibilityTable(), checkout, spec(description=description))
    (row,) = new_lines(checkout, after, PATH)
    assert "{{" not in row
    assert "<" not in row
    assert row.replace("\\|", "").count("|") == 7


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("## Text Generation & Language Models", "## Prose"),
        ("| Embeddings | Streaming |", "| Embeddings | Price |"),
        ("| Acceleration |", "| Speed |"),
    ],
)
def test_a_table_of_another_shape_is_left_to_a_person(checkout: Checkout, old: str, new: str) -> None:
    odd = edited(checkout, PATH, (old, new))
    (change,) = CompatibilityTable().plan(odd, spec()).changes
    assert isinstance(change.outcome, AnchorMissing)
    assert UPSTREAM in change.snippet


def test_a_row_under_the_display_name_counts(checkout: Checkout) -> None:
    named = edited(
        checkout, PATH, ("| [pyecho](https://github.com/example-org/pyecho)", "| [Py Echo](https://example.org)")
    )
    facts = {fact.backend for fact in CompatibilityTable().observe(named)}
    assert "pyecho" in facts
    (change,) = CompatibilityTable().plan(named, spec(name="pyecho", lang="python", pin=None)).changes
    assert isinstance(change.outcome, AlreadyPresent)


def test_a_row_that_only_looks_alike_stays_when_the_backend_goes(checkout: Checkout) -> None:
    alike = edited(
        checkout, PATH, ("| [gotide](", "| [D.S.4](https://example.org/other) | Not it | CPU |\n| [gotide](")
    )
    after = edited(alike, PATH, ("| [gotide](", f"| {UPSTREAM} | It | CPU |\n| [gotide]("))
    (change,) = CompatibilityTable().revert(after, "ds4")
    (splice,) = change.outcome.splices  # type: ignore[union-attr]
    assert after.need(PATH)[splice.start : splice.end] == f"| {UPSTREAM} | It | CPU |\n"


@pytest.mark.parametrize(
    ("variants", "words"),
    [
        (["cpu"], "CPU"),
        (["cuda12", "cuda13"], "CUDA 12/13"),
        (["cpu", "cuda12", "metal"], "CPU, CUDA 12, Metal"),
        (["sycl-f16", "sycl-f32", "vulkan"], "Intel SYCL, Vulkan"),
        (["l4t-cuda12", "l4t-cuda13", "rocm"], "ROCm, Jetson L4T"),
    ],
)
def test_variants_in_the_tables_words(variants: list[str], words: str) -> None:
    assert acceleration(variants) == words
