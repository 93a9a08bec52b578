"""`newbackend trace`: the whole way of a row, on the sample and on the real LocalAI."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from newbackend.checkout.layout import open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.errors import NotFoundError
from newbackend.rules.context import Context
from newbackend.style import Style
from newbackend.trace.as_json import as_json
from newbackend.trace.rowtrace import RowTrace, trace
from newbackend.trace.tree import as_text


def traced(checkout: Checkout, name: str, variant: str = "") -> tuple[RowTrace, ...]:
    """The traces of a backend."""
    return trace(Context(checkout), name, variant)


def test_a_row_from_the_change_to_the_hosts(checkout: Checkout) -> None:
    (row,) = traced(checkout, "goquill", "cuda12")
    found: dict[str, Any] = {**as_json("goquill", [row])["rows"][0]}
    assert found["route"] == "backend/go/goquill/"
    assert found["runner"] == "ubuntu-latest"
    assert found["platform"] == "linux/amd64"
    assert found["dockerfile"]["path"] == "backend/Dockerfile.golang"
    assert found["dockerfile"]["build_args"]["BUILD_TYPE"] == "cublas"
    assert found["make"]["directory"] == "backend/go/goquill"
    assert found["make"]["goals"] == ["engine", "build"]
    assert any("CUDA=ON" in flag for flag in found["make"]["flags"])
    assert found["image"]["run_sh"] is True
    assert [entry["name"] for entry in found["gallery"]] == ["cuda12-goquill", "cuda12-goquill-development"]
    assert "nvidia-cuda-12" in found["hosts"]
    assert "amd" not in found["hosts"]
    assert found["unknown"] == []


def test_every_row_of_the_sample_is_followed_to_the_end(checkout: Checkout) -> None:
    context = Context(checkout)
    rows = [row for info in context.backends.values() if info.images for row in trace(context, info.name)]
    assert len(rows) > 40
    assert [(row.suffix, row.unknown) for row in rows if row.unknown or not row.run_sh or not row.goals] == []
    assert {row.platform for row in rows} == {"linux/amd64", "linux/arm64", "darwin/arm64"}


def test_a_macos_row_packs_its_own_archive(checkout: Checkout) -> None:
    (row,) = traced(checkout, "cppanvil", "metal")
    assert row.archive == "cppanvil.tar"
    assert row.run_sh
    assert any("cppanvil-darwin.sh" in step.text for step in row.steps)


def test_rows_that_compile_the_same_name_each_other(sample: Path) -> None:
    checkout = open_checkout(sample)
    path = "backend/go/goquill/Makefile"
    text = checkout.need(path)
    changed = checkout.with_changes({path: text.replace("cublas", "cublas-no-more")})
    same = {row.variant: row.same_build_as for row in traced(changed, "goquill") if row.platform == "linux/amd64"}
    assert "-gpu-nvidia-cuda-12-goquill" in same["cpu"]
    kept = {row.variant: row.same_build_as for row in traced(checkout, "goquill") if row.platform == "linux/amd64"}
    assert kept["cpu"] == ()
    assert kept["sycl-f16"] == ("-gpu-intel-sycl-f32-goquill",)  # its Makefile looks for the word sycl alone


def test_the_tree_fits_eighty_columns(checkout: Checkout) -> None:
    text = as_text(traced(checkout, "goquill"), Style(colour=False, width=80))
    longest = max(text.splitlines(), key=len)
    assert len(longest) <= 80, longest
    assert "run.sh is in it" in text
    assert "backend/go/goquill: build" in text


def test_an_unknown_backend_or_variant_is_one_sentence(checkout: Checkout) -> None:
    with pytest.raises(NotFoundError, match="no backend 'nobody'"):
        traced(checkout, "nobody")
    with pytest.raises(NotFoundError, match="builds the variant 'rocm9'"):
        traced(checkout, "goquill", "rocm9")


def test_hostile_text_is_shown_harmlessly(sample: Path) -> None:
    makefile = sample / "backend/go/goquill/Makefile"
    makefile.write_text(makefile.read_text() + "\nCMAKE_ARGS+=\x1b[31m-DX=\u202e\ue000y\n")
    text = as_text(traced(open_checkout(sample), "goquill", "cpu"), Style(colour=False, width=80))
    assert "\x1b" not in text
    assert "\u202e" not in text
    json.dumps(as_json("goquill", traced(open_checkout(sample), "goquill", "cpu")))


@pytest.mark.parametrize("revision", ["5d0f732b1", "1a30020a8", "82c191afa"])
def test_the_rows_of_localai_are_followed_to_the_end(revision: str, localai_at: Callable[[str], Path]) -> None:
    context = Context(open_checkout(localai_at(revision)))
    rows = [row for info in context.backends.values() if info.images for row in trace(context, info.name)]
    ended = [row for row in rows if not row.unknown and row.run_sh and row.goals and row.tags]
    assert len(rows) > 300
    assert len(ended) / len(rows) >= 0.99
