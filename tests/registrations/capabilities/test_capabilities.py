"""What a backend can be asked for, in the file's own constants."""

from __future__ import annotations

from pathlib import Path

import pytest
from place_trip import edited, gofmt_changes, new_lines, round_trip
from specs import spec

from newbackend.checkout.layout import open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.registrations.capabilities.place import PATH, Capabilities
from newbackend.splice.outcome import AlreadyPresent, AnchorMissing, Drifted


def test_an_entry_goes_behind_the_last_of_its_usecase(any_sample: Path) -> None:
    checkout = open_checkout(any_sample)
    after = round_trip(Capabilities(), checkout, spec(modalities=["transcription", "vad"]))
    assert new_lines(checkout, after, PATH) == [
        '\t"ds4": {',
        "\t\tGRPCMethods:      []GRPCMethod{MethodAudioTranscription, MethodVAD},",
        "\t\tPossibleUsecases: []string{UsecaseTranscript, UsecaseVAD},",
        '\t\tDescription:      "DeepSeek V4 Flash inference engine",',
    ]
    text = after.need(PATH)
    assert text.index('"pywhistle": {') < text.index('"ds4": {') < text.index("// --- TTS backends")
    assert gofmt_changes(text) == ""


def test_rpcs_and_usecases_without_a_word_are_left_out(checkout: Checkout) -> None:
    known = edited(checkout, PATH, ('\tUsecaseCompletion          = "completion"\n', ""))
    after = round_trip(Capabilities(), known, spec())
    assert "\t\tPossibleUsecases: []string{UsecaseChat}," in new_lines(known, after, PATH)


def test_a_backend_that_the_table_has_no_words_for_is_not_wanted(checkout: Checkout) -> None:
    assert Capabilities().plan(checkout, spec(modalities=["vector-store"])).changes == ()


def test_more_may_be_declared_by_hand_but_nothing_may_be_missing(checkout: Checkout) -> None:
    after = round_trip(Capabilities(), checkout, spec(modalities=["llm", "embeddings"]))
    (change,) = Capabilities().plan(after, spec()).changes
    assert isinstance(change.outcome, AlreadyPresent)
    (change,) = Capabilities().plan(after, spec(modalities=["tts"])).changes
    assert isinstance(change.outcome, Drifted)


def test_a_table_of_another_shape_is_left_to_a_person(checkout: Checkout) -> None:
    odd = edited(checkout, PATH, ("var BackendCapabilities = map", "var BackendCapabilities = build(map"))
    (change,) = Capabilities().plan(odd, spec()).changes
    assert isinstance(change.outcome, AnchorMissing)
    assert "MethodPredictStream" in change.snippet


def test_a_comment_above_goes_with_its_own_backend_only(checkout: Checkout) -> None:
    (change,) = Capabilities().revert(checkout, "neo-cppanvil")
    (splice,) = change.outcome.splices  # type: ignore[union-attr]
    gone = checkout.need(PATH)[splice.start : splice.end]
    assert gone.splitlines()[0].strip().startswith("// neo-cppanvil serves")
    (change,) = Capabilities().revert(checkout, "pyecho")
    (splice,) = change.outcome.splices  # type: ignore[union-attr]
    assert checkout.need(PATH)[splice.start :].startswith('\t"pyecho": {')


@pytest.mark.parametrize("name", ["anvil", "cpp", "quill"])
def test_names_inside_other_names_are_not_confused(checkout: Checkout, name: str) -> None:
    after = round_trip(Capabilities(), checkout, spec(name=name))
    assert after.need(PATH).count('"cppanvil": {') == 1


def test_a_word_without_a_constant_is_a_plain_string(checkout: Checkout) -> None:
    facts = {"capability:ds4": {"GRPCMethods": ["Predict", "Dream"], "PossibleUsecases": ["chat", "dream"]}}
    after = round_trip(Capabilities(), checkout, spec(overrides={"places": {"backend-capabilities": {"facts": facts}}}))
    lines = new_lines(checkout, after, PATH)
    assert '\t\tGRPCMethods:      []GRPCMethod{MethodPredict, "Dream"},' in lines
    assert '\t\tPossibleUsecases: []string{UsecaseChat, "dream"},' in lines
    assert gofmt_changes(after.need(PATH)) == ""
