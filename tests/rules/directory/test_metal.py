"""Whether the image for Metal computes on Metal: the switch that the macOS row reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from rules.found import edited, found

from newbackend.checkout.layout import MATRIX
from newbackend.checkout.tree import Checkout
from newbackend.findings import Finding, Severity

PATH = "backend/go/goquill/Makefile"
OPEN = "-DQUILL_METAL=$(if $(filter metal,$(BUILD_TYPE)),ON,OFF)"
VULKAN = "\tCMAKE_ARGS+=-DQUILL_VULKAN=ON\n"
BRANCH = "else ifeq ($(BUILD_TYPE),metal)\n\tCMAKE_ARGS+=-DQUILL_METAL=ON\n"
EITHER = (
    "else ifeq ($(UNAME_S),Darwin)\nifneq ($(BUILD_TYPE),metal)\n\tCMAKE_ARGS+=-DGGML_METAL=OFF\n"
    "else\n\tCMAKE_ARGS+=-DGGML_METAL=ON -DGGML_METAL_EMBED_LIBRARY=ON\nendif\n"
)
UNAME = ("BUILD_TYPE?=\n", "BUILD_TYPE?=\nUNAME_S := $(shell uname -s)\n")


def metal(checkout: Checkout) -> list[Finding]:
    return found(checkout, "REG855")


def changed(sample: Path, branch: str) -> Checkout:
    """goquill with other lines for Metal."""
    return edited(sample, PATH, (OPEN, ""), (VULKAN, VULKAN + branch), UNAME)


@pytest.mark.parametrize(
    "branch",
    [
        BRANCH,
        EITHER,
        "else ifeq ($(UNAME_S),Darwin)\n\tCMAKE_ARGS+=-DQUILL_METAL=ON\n",
        "else ifneq (,$(filter metal mps,$(BUILD_TYPE)))\n\tCMAKE_ARGS+=-DUSE_METAL=1\n",
    ],
)
def test_a_row_that_reads_its_switch_is_sound(branch: str, sample: Path) -> None:
    assert metal(Checkout(sample)) == []
    assert metal(changed(sample, branch)) == []


@pytest.mark.parametrize(
    ("branch", "said"),
    [
        (BRANCH.replace("metal", "metall"), "does not read -DQUILL_METAL=ON"),
        (EITHER.replace("metal)", "Metal)"), "switches Metal off"),
        (BRANCH.replace("(BUILD_TYPE),metal", "(UNAME_S),Darvin"), "does not read -DQUILL_METAL=ON"),
        (f"{BRANCH.replace('=ON', '=OFF')}else ifeq ($(BUILD_TYPE),mps)\n\tCMAKE_ARGS+=-DQUILL_METAL=ON\n", "off"),
    ],
)
def test_a_switch_that_the_row_never_reaches_is_an_error(branch: str, said: str, sample: Path) -> None:
    (finding,) = metal(changed(sample, branch))
    assert (finding.level, finding.backend, said in finding.message) == (Severity.ERROR, "goquill", True)
    assert "METAL=ON" in changed(sample, branch).need(PATH).split("\n")[finding.line - 1]
    assert [where.path for where in finding.related] == [MATRIX]


def test_a_switch_that_is_computed_is_followed(sample: Path) -> None:
    (finding,) = metal(edited(sample, PATH, (OPEN, OPEN.replace("filter metal", "filter metall"))))
    assert (finding.level, "switches Metal off" in finding.message) == (Severity.ERROR, True)


def test_ggml_s_own_default_is_on_so_a_lost_switch_is_no_error(sample: Path) -> None:
    assert metal(changed(sample, "else ifeq ($(BUILD_TYPE),metall)\n\tCMAKE_ARGS+=-DGGML_METAL=ON\n")) == []


@pytest.mark.parametrize("branch", ["", "# QUILL_METAL: -DQUILL_METAL=ON\n"])
def test_an_engine_with_switches_of_its_own_and_none_for_metal_is_a_warning(branch: str, sample: Path) -> None:
    (finding,) = metal(changed(sample, branch))
    assert (finding.level, "no such switch for Metal" in finding.message) == (Severity.WARNING, True)


def test_metal_that_is_off_for_good_is_a_note(sample: Path) -> None:
    (finding,) = metal(changed(sample, "else ifeq ($(UNAME_S),Darwin)\n\tCMAKE_ARGS+=-DGGML_METAL=OFF\n"))
    assert finding.level is Severity.NOTE


def test_the_default_of_the_shared_script_counts_for_a_row_without_a_build_type(sample: Path) -> None:
    row = '-metal-darwin-arm64-goquill"\n    build-type: "metal"\n'
    bare = edited(sample, MATRIX, (row, row.partition("\n")[0] + "\n"))
    assert metal(bare) == []
    script = "scripts/build/golang-darwin.sh"
    text = bare.need(script)
    assert ":-metal" in text
    (finding,) = metal(bare.with_changes({script: text.replace(":-metal", ":-")}))
    assert "no build type" in finding.message


@pytest.mark.parametrize(("own", "errors"), [("metal", 0), ("mps", 1)])
def test_a_makefile_that_gives_itself_a_build_type_is_believed(own: str, errors: int, sample: Path) -> None:
    row = '-metal-darwin-arm64-goquill"\n    build-type: "metal"\n'
    matrix = sample / MATRIX
    assert row in matrix.read_text()
    matrix.write_text(matrix.read_text().replace(row, row.partition("\n")[0] + "\n"))
    script = sample / "scripts/build/golang-darwin.sh"
    script.write_text(script.read_text().replace(":-metal", ":-"))
    branch = EITHER.replace("ifneq", f"ifeq ($(BUILD_TYPE),)\n\tBUILD_TYPE={own}\nendif\nifneq", 1).replace(
        "GGML", "QUILL"
    )
    assert len(metal(changed(sample, branch))) == errors
