"""The Makefile target that builds a C++ backend on macOS."""

from __future__ import annotations

from pathlib import Path

import pytest
from place_trip import edited, new_lines, round_trip
from specs import spec

from newbackend.checkout.layout import MAKEFILE, open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.plan.build import plan_create
from newbackend.plan.remove import plan_remove
from newbackend.registrations.darwin_makefile.place import DarwinMakefile
from newbackend.splice.outcome import AnchorMissing, Inserted

METAL = ["cpu", "metal"]


def test_a_target_and_its_word_go_in_and_out(any_sample: Path) -> None:
    checkout = open_checkout(any_sample)
    after = round_trip(DarwinMakefile(), checkout, spec(variants=METAL))
    text = after.need(MAKEFILE)
    assert "backends/ds4-darwin: build\n\tbash ./scripts/build/ds4-darwin.sh\n" in text
    assert 'install "ocifile://$(abspath ./backend-images/ds4.tar)"' in text
    assert " backends/ds4-darwin" in next(line for line in text.splitlines() if line.startswith(".NOTPARALLEL:"))


@pytest.mark.parametrize("answers", [{"variants": ["cpu"]}, {"lang": "go", "variants": METAL, "pin": None}])
def test_only_cpp_backends_with_macos_images_have_one(checkout: Checkout, answers: dict[str, object]) -> None:
    assert DarwinMakefile().plan(checkout, spec(**answers)).changes == ()


def test_a_makefile_without_macos_builds_is_left_alone(checkout: Checkout) -> None:
    bare = edited(checkout, MAKEFILE, ("-darwin.sh", "-other.sh"))
    assert "builds nothing for macOS" in DarwinMakefile().plan(bare, spec(variants=METAL)).skipped


def test_targets_of_another_shape_are_not_guessed_at(checkout: Checkout) -> None:
    odd = edited(checkout, MAKEFILE, ("\tbash ./scripts/build/cpp", "\tsh -c ./scripts/build/cpp"))
    changes = {change.reason: change for change in DarwinMakefile().plan(odd, spec(variants=METAL)).changes}
    target = changes["builds ds4 on macOS"]
    assert isinstance(target.outcome, AnchorMissing)
    assert "backends/ds4-darwin: build" in target.snippet


def test_the_script_comes_and_goes_with_the_backend(checkout: Checkout) -> None:
    plan = plan_create(spec(variants=METAL), checkout)
    script = next(edit for edit in plan.made if edit.path == "scripts/build/ds4-darwin.sh")
    assert script.mode == 0o755
    assert script.content is not None
    after = checkout.with_changes(
        {c.path: c.after for c in plan.changes({path: checkout.read(path) for path in plan.base})}
    )
    gone = plan_remove("ds4", after)
    assert "scripts/build/ds4-darwin.sh" in {edit.path for edit in gone.made if edit.op == "delete"}
    assert "scripts/build/ds4-darwin.sh" not in {edit.path for edit in plan_create(spec(), checkout).made}


def test_a_longer_name_keeps_its_target(checkout: Checkout) -> None:
    after = round_trip(DarwinMakefile(), checkout, spec(name="anvil", variants=METAL))
    assert "backends/cppanvil-darwin: build" in after.need(MAKEFILE)
    assert new_lines(checkout, after, MAKEFILE)[1] == "backends/anvil-darwin: build"


def test_the_word_of_a_target_that_was_left_to_a_person_goes_with_the_backend(checkout: Checkout) -> None:
    listed = edited(checkout, MAKEFILE, (" backends/cppanvil-darwin", " backends/cppanvil-darwin backends/ds4-darwin"))
    assert list(DarwinMakefile().revert(listed, "ds4")) == [], "it may be of another language"
    listed = listed.with_changes({"backend/cpp/ds4/Makefile": "all:\n"})
    (gone,) = DarwinMakefile().revert(listed, "ds4")
    assert isinstance(gone.outcome, Inserted)
    assert listed.need(MAKEFILE).replace(" backends/ds4-darwin", "") == checkout.need(MAKEFILE)
    assert list(DarwinMakefile().revert(checkout, "ds4")) == []
