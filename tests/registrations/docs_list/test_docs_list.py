"""The examples on the backends page."""

from __future__ import annotations

import pytest
from place_trip import edited, new_lines, round_trip
from specs import spec

from newbackend.checkout.tree import Checkout
from newbackend.registrations.docs_list.place import PATH, DocsList
from newbackend.splice.outcome import AnchorMissing

LLM = "- **LLM Backends**: For running language models (e.g., cppanvil, neo-cppanvil, goquill)"


def test_a_name_joins_the_examples_of_its_category(checkout: Checkout) -> None:
    after = round_trip(DocsList(), checkout, spec())
    assert new_lines(checkout, after, PATH) == [LLM.replace("goquill)", "goquill, ds4)")]


def test_examples_with_links_and_commas_are_kept_whole(checkout: Checkout) -> None:
    after = round_trip(DocsList(), checkout, spec(modalities=["tts"]))
    (line,) = new_lines(checkout, after, PATH)
    assert line.endswith('(e.g., [pyecho]({{%relref "reference/compatibility-table" %}}), rustlark, ds4)')


def test_a_category_without_examples_gets_its_first(checkout: Checkout) -> None:
    older = edited(checkout, PATH, (LLM, "- **LLM Backends**: For running language models"))
    after = round_trip(DocsList(), older, spec())
    assert new_lines(older, after, PATH) == ["- **LLM Backends**: For running language models (e.g., ds4)"]


def test_a_category_that_is_not_there_is_added_at_the_end(checkout: Checkout) -> None:
    after = round_trip(DocsList(), checkout, spec(modalities=["image"]))
    assert new_lines(checkout, after, PATH) == [
        "- **Image & Video Generation Backends**: For image and video generation (e.g., ds4)"
    ]


def test_older_titles_of_a_category_count(checkout: Checkout) -> None:
    older = edited(checkout, PATH, ("**Speech-to-Text Backends**", "**Whisper Backends**"))
    after = round_trip(DocsList(), older, spec(modalities=["transcription"]))
    assert "**Whisper Backends**" in new_lines(older, after, PATH)[0]


@pytest.mark.parametrize("name", ["cppanvil", "goquill"])
def test_one_of_several_examples_is_taken_out_cleanly(checkout: Checkout, name: str) -> None:
    (change,) = DocsList().revert(checkout, name)
    text = checkout.need(PATH)
    (splice,) = change.outcome.splices  # type: ignore[union-attr]
    after = text[: splice.start] + text[splice.end :]
    expected = {"cppanvil": "(e.g., neo-cppanvil, goquill)", "goquill": "(e.g., cppanvil, neo-cppanvil)"}
    assert expected[name] in after


def test_a_page_without_the_list_wants_nothing(checkout: Checkout) -> None:
    newer = edited(checkout, PATH, ("LocalAI supports various types of backends", "See the table"))
    assert "no list of backend types" in DocsList().plan(newer, spec()).skipped


def test_a_list_of_another_shape_is_left_to_a_person(checkout: Checkout) -> None:
    odd = edited(checkout, PATH, ("- **", "* **"))
    (change,) = DocsList().plan(odd, spec()).changes
    assert isinstance(change.outcome, AnchorMissing)
    assert "(e.g., ds4)" in change.snippet
