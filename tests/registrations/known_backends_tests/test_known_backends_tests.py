"""LocalAI's own test of the import form: one call per backend that users choose by hand."""

from __future__ import annotations

import pytest
from place_trip import edited, gofmt_changes, new_lines, round_trip
from specs import spec

from newbackend.checkout.tree import Checkout
from newbackend.registrations.known_backends_tests.place import PATH, KnownBackendsTests

PLACE = KnownBackendsTests()
TESTS = """package localai_test

var _ = Describe("Backend Endpoints", func() {
\tIt("includes curated pref-only backends", func() {
\t\texpectPrefOnly("goquill", "text")
\t\texpectPrefOnly("fast-pywhistle", "asr")
\t\texpectPrefOnly("pyecho", "tts")
\t\texpectPrefOnly("gotide", "vad")
\t})

\tIt("knows words", func() {
\t\tsame("alpha", "beta")
\t})
})
"""


@pytest.fixture
def tested(checkout: Checkout) -> Checkout:
    return checkout.with_changes({PATH: TESTS})


@pytest.mark.parametrize(
    ("modality", "before"),
    [("tts", '("pyecho", "tts")'), ("llm", '("goquill", "text")'), ("rerank", '("gotide", "vad")')],
)
def test_a_call_stands_behind_those_of_its_modality(tested: Checkout, modality: str, before: str) -> None:
    after = round_trip(PLACE, tested, spec(modalities=[modality]))
    (row,) = new_lines(tested, after, PATH)
    assert row.startswith('\t\texpectPrefOnly("ds4", ')
    lines = after.need(PATH).splitlines()
    assert lines[lines.index(row) - 1].endswith(before)
    assert gofmt_changes(after.need(PATH)) == ""


def test_the_helper_is_known_by_what_it_says(tested: Checkout) -> None:
    renamed = edited(tested, PATH, ("expectPrefOnly", "isOffered"))
    (row,) = new_lines(renamed, round_trip(PLACE, renamed, spec(modalities=["tts"])), PATH)
    assert row == '\t\tisOffered("ds4", "tts")'


@pytest.mark.parametrize("kind", ["none", "importer"])
def test_only_what_is_chosen_by_hand_is_tested_so(tested: Checkout, kind: str) -> None:
    imports = {"kind": kind, **({"extensions": [".ds4"]} if kind == "importer" else {})}
    assert PLACE.plan(tested, spec(imports=imports)).changes == ()


@pytest.mark.parametrize("modality", ['"other"', '"nothing"'])
def test_calls_that_do_not_agree_with_the_form_are_about_something_else(tested: Checkout, modality: str) -> None:
    odd = edited(tested, PATH, ('"text"', modality), ('"asr"', modality), ('"tts"', modality))
    assert PLACE.plan(odd, spec()).changes == ()


def test_a_checkout_without_the_test_is_not_mentioned(checkout: Checkout) -> None:
    assert PLACE.plan(checkout, spec()).skipped == ""
    crlf = checkout.with_changes({PATH: TESTS.replace("\n", "\r\n")})
    text = round_trip(PLACE, crlf, spec()).need(PATH)
    assert text.count("\r\n") == text.count("\n")
