"""A change of a registered backend: what is edited, what stays, and what is proven; nothing is written."""

from __future__ import annotations

import pytest
from describe.round_trip import backends
from plan.second_day import SOURCES, attempt, changed, facts_of, there_and_back

from newbackend.answers import Answers, ImportAnswers, PinAnswers
from newbackend.checkout.layout import BUMP, INDEX, MATRIX
from newbackend.checkout.tree import Checkout
from newbackend.errors import NotFoundError, UsageError
from newbackend.plan.build import planned
from newbackend.plan.change import plan_change
from newbackend.plan.registered import registered_answers
from newbackend.plan.wish import Wish, wished

SHA = "0123456789abcdef0123456789abcdef01234567"
CAPABILITIES = "core/config/backend_capabilities.go"
TABLE = "docs/content/reference/compatibility-table.md"


def value(checkout: Checkout, name: str, place: str, key: str) -> object:
    found = facts_of(checkout, (name,)).get((place, key))
    return found[0] if found else None


def test_a_platform_is_added_in_place_and_every_other_byte_stays(checkout: Checkout) -> None:
    after, by_hand, edited = changed(checkout, "cppreed", Wish(add_variants=("l4t-cuda13",)))
    assert by_hand == ()
    meta = value(after, "cppreed", "gallery-index", "meta:cppreed")
    assert isinstance(meta, dict)
    assert meta["capabilities"]["nvidia-l4t-cuda-13"] == "cuda13-nvidia-l4t-arm64-cppreed"
    for path in edited:
        old, new = checkout.need(path).splitlines(), after.need(path).splitlines()
        gone = [row for row in old if row not in new]
        assert len(gone) <= 1, gone  # a cell of the table; everything else is added
    assert "l4t-cuda-13-arm64-cppreed" in after.need(MATRIX)


def test_a_dropped_platform_leaves_no_fact_of_it(checkout: Checkout) -> None:
    after, by_hand, _ = changed(checkout, "pywhistle", Wish(drop_variants=("cuda12",)))
    assert by_hand == ()
    left = facts_of(after, ("pywhistle",))
    assert [key for key in left if "cuda12" in key[1] or "cuda-12" in key[1]] == []
    assert "cuda12-pywhistle" not in after.need(INDEX)


@pytest.mark.parametrize("variant", ["cuda12", "metal"])
def test_dropped_and_added_again_is_the_same(checkout: Checkout, variant: str) -> None:
    for name in backends(checkout):
        shipped = registered_answers(checkout, name).answers.variants or ()
        if variant in shipped and len(shipped) > 1:
            day = attempt(there_and_back, checkout, name, variant)
            assert (day.end in ("identical", "same facts"), day.by_hand) == (True, ()), day


def test_a_new_description_reaches_every_place_that_has_the_old_one(checkout: Checkout) -> None:
    after, by_hand, _ = changed(checkout, "pyecho", Wish(Answers(description="Says it twice.", license="mit")))
    assert by_hand == ()
    meta = value(after, "pyecho", "gallery-index", "meta:pyecho")
    assert isinstance(meta, dict)
    assert (meta["description"].strip(), meta["license"]) == ("Says it twice.", "mit")


def test_modalities_change_the_calls_that_are_offered(checkout: Checkout) -> None:
    before = value(checkout, "pyecho", "backend-capabilities", "capability:pyecho")
    after, by_hand, _ = changed(checkout, "pyecho", Wish(add_modalities=("vad",)))
    assert by_hand == ()
    there = value(after, "pyecho", "backend-capabilities", "capability:pyecho")
    assert isinstance(before, dict)
    assert isinstance(there, dict)
    assert set(there["GRPCMethods"]) == {*before["GRPCMethods"], "VAD"}


def test_a_pin_moves_the_bump_bot_along(checkout: Checkout) -> None:
    pin = PinAnswers(repo="other/engine", sha=SHA)
    after, by_hand, _ = changed(checkout, "goquill", Wish(Answers(pin=pin)))
    assert by_hand == ()
    (row,) = [row for key, row in facts_of(after, ("goquill",)).items() if key[0] == "bump-bot"]
    assert (row[0]["repository"], row[0]["variable"]) == ("other/engine", "QUILL_VERSION")
    assert after.need(BUMP).count("\n") == checkout.need(BUMP).count("\n")
    makefile = after.need("backend/go/goquill/Makefile")
    assert SHA in makefile
    assert "github.com/other/engine" in makefile
    assert "example-org/quill.cpp" not in makefile


def test_what_a_person_wrote_beside_it_stays(checkout: Checkout) -> None:
    text = checkout.need(CAPABILITIES)
    here = text.index("{", text.index('"pyecho"'))
    noted = text[: here + 1] + "\n\t\t// Mine." + text[here + 1 :]
    table = checkout.need(TABLE)
    prose = table.replace("one voice | CPU, CUDA 12/13,", "one voice | CPU, FPGA, CUDA 12/13,")
    assert prose != table
    edited = checkout.with_changes({CAPABILITIES: noted, TABLE: prose})
    after, by_hand, _ = changed(edited, "pyecho", Wish(Answers(modalities=("tts", "vad")), drop_variants=("cuda12",)))
    assert by_hand == ()
    assert "// Mine." in after.need(CAPABILITIES)
    assert "CPU, FPGA, CUDA 13, ROCm" in after.need(TABLE)


def test_the_import_form_can_be_left(checkout: Checkout) -> None:
    assert value(checkout, "pyecho", "known-backends", "known:pyecho") is not None
    after, _, _ = changed(checkout, "pyecho", Wish(Answers(imports=ImportAnswers(kind="none"))))
    assert value(after, "pyecho", "known-backends", "known:pyecho") is None


def test_asking_for_what_is_there_plans_nothing(checkout: Checkout) -> None:
    plan = plan_change("pyecho", Wish(add_variants=("cpu",)), checkout, SOURCES).plan
    assert (plan.empty, plan.by_hand) == (True, ())


def test_other_backends_facts_are_proven_to_stay(checkout: Checkout) -> None:
    plan = plan_change("pywhistle", Wish(drop_variants=("cuda12",)), checkout, SOURCES).plan
    after = planned(plan, checkout)
    for name in backends(checkout):
        if name != "pywhistle":
            assert facts_of(after, (name,)) == facts_of(checkout, (name,))


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (Wish(add_variants=("cuda",)), "variant 'cuda' is not one of"),
        (Wish(drop_variants=("nope",)), "variant 'nope' is not one of"),
        (Wish(add_modalities=("sing",)), "modality 'sing' is not one of"),
        (Wish(add_variants=("rocm",), drop_variants=("rocm",)), "both added and dropped"),
        (Wish(Answers(icon="no url")), "icon"),
        (Wish(Answers(overrides={"places": {"nowhere": {"omit": True}}})), "unknown key"),
    ],
)
def test_a_wrong_wish_is_one_sentence(checkout: Checkout, wish: Wish, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        plan_change("pyecho", wish, checkout, SOURCES)


def test_an_unknown_backend_is_not_found(checkout: Checkout) -> None:
    with pytest.raises(NotFoundError, match="knows no backend 'nobody'"):
        plan_change("nobody", Wish(), checkout, SOURCES)


def test_an_added_platform_takes_what_all_rows_have_in_common() -> None:
    departures = {"cpu": {"fields": {"context": "./x"}}, "cuda12": {"fields": {"runs-on": "big", "context": "./x"}}}
    answers = Answers(
        name="new",
        lang="go",
        flavour="purego",
        modalities=("llm",),
        variants=("cpu", "cuda12"),
        overrides={"variants": departures},
    )
    after = wished(answers, Wish(add_variants=("vulkan",), drop_variants=("cuda12",)))
    assert (after.overrides or {})["variants"] == {
        "cpu": {"fields": {"context": "./x"}},
        "vulkan": {"fields": {"context": "./x"}},
    }
