"""Rows: canonical fields, the sibling's style, the right neighbourhood."""

from __future__ import annotations

from pathlib import Path

import pytest
from specs import spec

from newbackend.catalog import variant_table
from newbackend.catalog.languages import languages
from newbackend.checkout.layout import MATRIX, open_checkout
from newbackend.registrations.matrix.place import Matrix, rows_of
from newbackend.splice.outcome import AlreadyPresent, AnchorMissing, Inserted, apply_splices


def edited(root: Path, **answers: object) -> str:
    """The matrix text after the place's changes."""
    checkout = open_checkout(root)
    changes = Matrix().plan(checkout, spec(**answers)).changes
    splices = [s for change in changes if isinstance(change.outcome, Inserted) for s in change.outcome.splices]
    return apply_splices(checkout.need(MATRIX), splices)


@pytest.mark.parametrize("lang", ["python", "go", "cpp", "rust"])
def test_every_row_of_the_table_reads_back_as_its_own_variant(lang: str) -> None:
    language = languages()[lang]
    for key, flavour in language.flavours.items():
        answers = {} if flavour.needs_pin else {"pin": None}
        one = spec(name="oak", lang=lang, flavour=key, variants=list(flavour.variants), **answers)
        for variant in one.variants:
            if not variant_table().variants[variant].darwin:
                assert {variant_table().of_linux_row(row) for row in rows_of(one, variant)} == {variant}


def test_per_arch_rows_are_pairs_that_share_a_tag_suffix() -> None:
    amd, arm = rows_of(spec(), "cpu")
    assert (amd["platform-tag"], arm["platform-tag"]) == ("amd64", "arm64")
    assert amd["tag-suffix"] == arm["tag-suffix"] == "-cpu-ds4"
    assert (amd["runs-on"], arm["runs-on"]) == ("ubuntu-latest", "ubuntu-24.04-arm")


def test_the_builder_base_image_is_there_exactly_when_the_dockerfile_has_its_stage() -> None:
    own = rows_of(spec(), "cuda13")
    shared = rows_of(spec(flavour="shared-base"), "cuda13")
    assert all("builder-base-image" not in row for row in own)
    assert all(row["builder-base-image"].endswith("base-grpc-cuda-13-amd64") for row in shared)


def test_rows_go_behind_a_sibling_of_their_variant_and_leave_its_comments_alone(sample: Path) -> None:
    text = edited(sample, variants=["cpu"])
    lines = text.splitlines()
    at = next(number for number, line in enumerate(lines) if "-cpu-ds4" in line)
    start = max(number for number in range(at) if lines[number].startswith("  - "))
    above = "\n".join(lines[:start]).rsplit("  - ", 1)[1]
    assert "build-type: ''" in "  - " + above or above.startswith("build-type: ''")
    assert "#" not in lines[start - 1]


def test_like_puts_the_rows_beside_that_backend(sample: Path) -> None:
    text = edited(sample, variants=["cpu"], like="cppreed")
    order = [line for line in text.splitlines() if "tag-suffix" in line and ("cppreed" in line or "-ds4" in line)]
    first = next(number for number, line in enumerate(order) if "ds4" in line)
    assert "-cpu-cppreed" in order[first - 1]


def test_a_row_of_that_identity_is_present_already(sample: Path) -> None:
    (sample / MATRIX).write_text(edited(sample))
    changes = Matrix().plan(open_checkout(sample), spec()).changes
    assert changes
    assert all(isinstance(change.outcome, AlreadyPresent) for change in changes)


def test_a_missing_macos_list_is_an_outcome_not_a_guess(sample: Path) -> None:
    file = sample / MATRIX
    file.write_text(file.read_text().split("\nincludeDarwin:")[0] + "\n")
    changes = Matrix().plan(open_checkout(sample), spec(variants=["cpu", "metal"])).changes
    assert [type(change.outcome) for change in changes] == [Inserted, AnchorMissing]
    assert "metal-darwin-arm64-ds4" in changes[1].snippet


def test_revert_takes_only_rows_of_that_backend(sample: Path) -> None:
    checkout = open_checkout(sample)
    changes = list(Matrix().revert(checkout, "pywhistle"))
    splices = [s for change in changes if isinstance(change.outcome, Inserted) for s in change.outcome.splices]
    left = apply_splices(checkout.need(MATRIX), splices)
    assert 'backend: "pywhistle"' not in left
    assert left.count('backend: "fast-pywhistle"') == checkout.need(MATRIX).count('backend: "fast-pywhistle"')
