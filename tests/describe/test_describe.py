"""What `describe` reads out of a checkout, on the sample."""

from __future__ import annotations

import pytest

from describe.round_trip import backends, described
from newbackend.answers import as_data
from newbackend.answers_file import dump_answers, parse_answers
from newbackend.checkout.tree import Checkout
from newbackend.describe import describe
from newbackend.errors import NotFoundError
from newbackend.plan.build import plan_create

SAMPLE = (
    "cppanvil", "cppreed", "fast-pywhistle", "goquill", "gotide", "neo-cppanvil", "pyecho", "pywhistle", "rustlark",
)  # fmt: skip


def test_the_sample_has_the_backends_that_these_tests_speak_of(checkout: Checkout) -> None:
    assert tuple(backends(checkout)) == SAMPLE


@pytest.mark.parametrize("name", SAMPLE)
def test_creating_a_described_backend_again_plans_nothing(checkout: Checkout, name: str) -> None:
    plan = plan_create(described(checkout, name), checkout)
    assert [(edit.place, edit.outcome, edit.reason) for edit in plan.edits] == []
    assert plan.by_hand == ()
    assert plan.present


@pytest.mark.parametrize("name", SAMPLE)
def test_the_answers_survive_their_own_file(checkout: Checkout, name: str) -> None:
    answers = describe(checkout, name).answers
    assert parse_answers(dump_answers(answers), "a.yml") == answers


def test_a_pin_is_what_the_bump_bot_follows_and_the_makefile_has(checkout: Checkout) -> None:
    pin = as_data(describe(checkout, "goquill").answers)["pin"]
    assert pin["variable"] == "QUILL_VERSION"
    assert f"QUILL_VERSION?={pin['sha']}\n" in checkout.need("backend/go/goquill/Makefile")
    assert "pin" not in as_data(describe(checkout, "cppreed").answers)  # pinned, but the bot does not follow it


def test_language_variants_and_modalities_come_from_their_best_witness(checkout: Checkout) -> None:
    answers = as_data(describe(checkout, "cppreed").answers)
    assert answers["lang"] == "cpp"
    assert answers["modalities"] == ["sound-classification"]
    assert {"cpu", "metal"} <= set(answers["variants"])
    assert answers["license"] == "apache-2.0"
    assert answers["overrides"]["places"]["scaffold"] == "keep"


def test_a_flavour_is_what_the_build_files_show(checkout: Checkout) -> None:
    assert as_data(describe(checkout, "goquill").answers)["flavour"] == "purego"
    assert as_data(describe(checkout, "gotide").answers)["flavour"] == "pure"
    # Most that load a library have its upstream's own build, and no CMakeLists.txt.
    without = checkout.with_changes({"backend/go/goquill/CMakeLists.txt": None})
    assert as_data(describe(without, "goquill").answers)["flavour"] == "purego"


def test_rows_that_follow_the_table_are_not_spelled_out(checkout: Checkout) -> None:
    from newbackend.checkout.layout import MATRIX

    assert "variants" not in as_data(describe(checkout, "pyecho").answers)["overrides"]
    text = checkout.need(MATRIX)
    at = text.index('"-cpu-pyecho"') if '"-cpu-pyecho"' in text else text.index("-cpu-pyecho")
    line_end = text.index("runs-on", at)
    changed = text[:line_end] + text[line_end:].replace("ubuntu-latest", "bigger-runner", 1)
    answers = as_data(describe(checkout.with_changes({MATRIX: changed}), "pyecho").answers)
    assert "bigger-runner" in str(answers["overrides"]["variants"]["cpu"])


def test_a_guess_says_that_it_is_one(checkout: Checkout) -> None:
    from newbackend.checkout.layout import INDEX
    from newbackend.registrations.capabilities.place import PATH

    index = checkout.need(INDEX).replace("- sound-classification", "- of-no-known-kind")
    server = "backend/cpp/cppreed/grpc-server.cpp"
    silent = checkout.need(server).replace("SoundDetection(", "Listen(")
    found = describe(checkout.with_changes({PATH: None, INDEX: index, server: silent}), "cppreed")
    assert as_data(found.answers)["modalities"] == ["llm"]
    assert any("llm is assumed" in note for note in found.notes)


def test_an_unknown_backend_is_not_found(checkout: Checkout) -> None:
    with pytest.raises(NotFoundError, match="knows no backend 'nobody'"):
        describe(checkout, "nobody")


def test_shared_code_is_no_backend(checkout: Checkout) -> None:
    with pytest.raises(NotFoundError, match="knows no backend 'common'"):
        describe(checkout, "common")
