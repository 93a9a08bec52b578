"""A new backend's rows have the images and toolkits that the checkout has moved to."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.runner import newbackend

from newbackend.checkout.layout import MATRIX, open_checkout
from newbackend.registrations.matrix.place import Matrix

ROCM, JETPACK = "rocm/dev-ubuntu-24.04:7.2.1", "nvcr.io/nvidia/l4t-jetpack:r36.4.0"


def create(root: Path) -> str:
    words = ("create", "flute", "--lang", "python", "--variants", "cpu,rocm,l4t-cuda12,cuda13", "--no-input", "--yes")
    done = newbackend(*words, "--allow-dirty", "--repo", root)
    assert done.status == 0, done.out + done.err
    return done.out + done.err


def rows(root: Path) -> dict[str, dict[str, str]]:
    facts = Matrix().observe(open_checkout(root))
    return {str(fact.value["tag-suffix"]): fact.value for fact in facts if fact.backend == "flute"}


def rewritten(root: Path, *pairs: tuple[str, str]) -> None:
    text = (root / MATRIX).read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    (root / MATRIX).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(("rocm", "jetpack"), [("8.0", "r36.9.0"), ("6.4.4", "r35.1.0")])
def test_a_checkout_that_moved_forward_or_backward_is_followed(sample: Path, rocm: str, jetpack: str) -> None:
    rewritten(sample, (ROCM, f"rocm/dev-ubuntu-24.04:{rocm}"), (JETPACK, f"nvcr.io/nvidia/l4t-jetpack:{jetpack}"))
    said = create(sample)
    assert f"rocm: base-image is rocm/dev-ubuntu-24.04:{rocm}" in said
    found = rows(sample)
    assert found["-gpu-rocm-hipblas-flute"]["base-image"] == f"rocm/dev-ubuntu-24.04:{rocm}"
    assert found["-nvidia-l4t-flute"]["base-image"] == f"nvcr.io/nvidia/l4t-jetpack:{jetpack}"
    assert newbackend("verify", "flute", "--repo", sample).status == 0
    again = newbackend("update", "flute", "--yes", "--allow-dirty", "--repo", sample)
    assert "nothing to do" in again.out


def test_as_long_as_one_row_has_the_catalogues_image_it_stays(sample: Path) -> None:
    assert "the catalogue has" not in create(sample)
    assert rows(sample)["-gpu-rocm-hipblas-flute"]["base-image"] == ROCM


def test_another_image_is_another_choice(sample: Path) -> None:
    rewritten(sample, (ROCM, "example/own-rocm:1"))
    create(sample)
    assert rows(sample)["-gpu-rocm-hipblas-flute"]["base-image"] == ROCM
