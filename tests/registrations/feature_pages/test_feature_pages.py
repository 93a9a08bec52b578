"""The page of each modality: an item in its list of backends."""

from __future__ import annotations

import pytest
from place_trip import edited, new_lines, round_trip
from specs import spec

from newbackend.checkout.tree import Checkout
from newbackend.plan.build import plan_create
from newbackend.registrations.feature_pages.place import FeaturePages

PAGE = "docs/content/features/audio-to-text.md"
PLACE = FeaturePages()
ASR = spec(modalities=["transcription"])


def test_a_backend_gets_an_item_in_the_form_of_its_siblings(checkout: Checkout) -> None:
    after = round_trip(PLACE, checkout, ASR)
    assert new_lines(checkout, after, PAGE) == [
        "- **[ds4](https://github.com/antirez/ds4)**: DeepSeek V4 Flash inference engine"
    ]
    assert "  runtime, which is quicker.\n- **[ds4]" in after.need(PAGE), "behind the lines of the last one"


FAST = "- **[fast-pywhistle](https://github.com/example-org/fast-pywhistle)**"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("**: ", "** - ", "- **[ds4](https://github.com/antirez/ds4)** - DeepSeek V4 Flash inference engine"),
        (
            "- **[fast-pywhistle](https://github.com/example-org/fast-pywhistle)**",
            "- `fast-pywhistle`",
            "- `ds4`: Deep",
        ),
        (
            "- **[fast-pywhistle](https://github.com/example-org/fast-pywhistle)**",
            "* **fast-pywhistle**",
            "* **ds4**: D",
        ),
    ],
)
def test_another_form_is_followed(checkout: Checkout, old: str, new: str, line: str) -> None:
    after = round_trip(PLACE, edited(checkout, PAGE, (old, new)), ASR)
    assert any(row.startswith(line) for row in new_lines(checkout, after, PAGE))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('title = "Audio to text"', 'title = "The pywhistle family"'),
        ("- **[", "### **["),
        ("](https://github.com/example-org/", "x](https://github.com/elsewhere/"),
    ],
)
def test_a_page_about_something_else_or_of_another_form_is_left_alone(checkout: Checkout, old: str, new: str) -> None:
    odd = edited(checkout, PAGE, (old, new))
    assert PLACE.plan(odd, ASR).changes == ()
    assert list(PLACE.revert(odd, "pywhistle")) == []


def test_a_modality_without_such_a_page_wants_nothing(checkout: Checkout) -> None:
    assert PLACE.plan(checkout, spec()).changes == ()
    assert PLACE.plan(checkout.with_changes({PAGE: None}), ASR).skipped == ""


def test_an_item_of_several_lines_goes_as_a_whole(checkout: Checkout) -> None:
    (change,) = PLACE.revert(checkout, "fast-pywhistle")
    start, end = change.splices[0].start, change.splices[0].end
    assert checkout.need(PAGE)[start:end].count("\n") == 2


def test_crlf_stays(checkout: Checkout) -> None:
    text = checkout.need(PAGE).replace("\n", "\r\n")
    after = round_trip(PLACE, checkout.with_changes({PAGE: text}), ASR)
    assert after.need(PAGE).count("\r\n") == after.need(PAGE).count("\n")


def test_a_whole_plan_has_it_and_is_proven(checkout: Checkout) -> None:
    plan = plan_create(spec(lang="python", variants=["cpu"], modalities=["transcription"], pin=None), checkout)
    assert [edit.path for edit in plan.made if edit.place == PLACE.id] == [PAGE]
