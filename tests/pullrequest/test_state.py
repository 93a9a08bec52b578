"""The checklist of a pull request is ticked by what is registered, never by what was intended."""

from __future__ import annotations

from specs import spec

from newbackend.checklist import Line
from newbackend.checkout.tree import Checkout
from newbackend.plan.build import plan_create, planned
from newbackend.pullrequest.state import State, state_of
from newbackend.spec import BackendSpec


def created(checkout: Checkout, wanted: BackendSpec) -> Checkout:
    plan = plan_create(wanted, checkout)
    return planned(plan, checkout)


def line(state: State, words: str) -> Line:
    (found,) = [one for one in state.checklist if words in one.text]
    return found


def test_after_create_only_what_a_person_must_do_is_open(checkout: Checkout) -> None:
    wanted = spec(os_excluded={"darwin": "CUDA only"})
    state = state_of(wanted, created(checkout, wanted))
    assert [one.text for one in state.checklist if not one.ticked] == [
        "`LoadModel` refuses models that it cannot serve",
        "The placeholder engine is replaced",
    ]
    assert all(place.done or place.skipped for place in state.places)
    assert "4 lead to `backend/cpp/ds4/`" in state.routes
    assert "0 errors" in state.verified


def test_before_create_everything_is_missing(checkout: Checkout) -> None:
    state = state_of(spec(), checkout)
    assert not line(state, "Build rows").ticked
    assert "-cpu-ds4" in line(state, "Build rows").note
    assert not line(state, "Backend directory").ticked
    assert state.verified.startswith("could not run")


def test_an_os_is_either_built_for_or_explained(checkout: Checkout) -> None:
    silent = state_of(spec(), created(checkout, spec()))
    assert line(silent, "Every OS") == Line(
        line(silent, "Every OS").text, False, "macOS: neither registered nor a reason given"
    )
    metal = spec(variants=["cpu", "metal"])
    assert line(state_of(metal, created(checkout, metal)), "Every OS").ticked
    rust = spec(lang="rust", variants=["cpu"], pin=None)
    assert line(state_of(rust, created(checkout, rust)), "Every OS").ticked


def test_platforms_without_an_image_have_a_reason(checkout: Checkout) -> None:
    state = state_of(spec(os_excluded={"darwin": "CUDA only"}), checkout)
    left_out = dict(state.left_out)
    assert left_out["macOS"] == "CUDA only"
    assert left_out["Vulkan"] == "not in this pull request"
    assert "--set" not in "".join(left_out.values())
    assert next(title for title, _, _ in state.platforms) == "CPU"


def test_what_the_answers_leave_out_is_not_ticked(checkout: Checkout) -> None:
    wanted = spec(overrides={"places": {"backend-capabilities": {"omit": True}}})
    found = line(state_of(wanted, created(checkout, wanted)), "Capabilities declared")
    assert (found.ticked, found.note) == (False, "left out: what ds4 can be asked for")


def test_optional_lines_show_only_where_they_were_asked_for(checkout: Checkout) -> None:
    unasked = spec(pin=None, overrides={"places": {"test-workflow": {"job": False}}})
    texts_of = [one.text for one in state_of(unasked, checkout).checklist]
    assert not any("bump bot" in text or "test-extra" in text or "In-house" in text for text in texts_of)
