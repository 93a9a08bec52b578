"""What a build type does to a build: the rules follow the row, and do not believe words."""

from __future__ import annotations

from pathlib import Path

import pytest
from rules.found import edited, found
from specs import spec

from newbackend.catalog.switches import renamed_switches
from newbackend.checkout.tree import Checkout
from newbackend.findings import Severity
from newbackend.plan.build import plan_create, planned

GO = "backend/go/goquill"
CPP = "backend/cpp/cppanvil/Makefile"
SYCL = "else ifneq (,$(findstring sycl,$(BUILD_TYPE)))\n\tCMAKE_ARGS+=-DQUILL_SYCL=ON\n"


def subjects(checkout: Checkout, backend: str) -> set[str]:
    """The build types that REG815 says a backend ignores."""
    return {finding.subject for finding in found(checkout, "REG815") if finding.backend == backend}


def test_a_build_type_that_a_sibling_s_makefile_reads_is_not_ignored(sample: Path) -> None:
    path = "backend/cpp/neo-cppanvil/Makefile"
    assert found(edited(sample, path, ("# The server", "# sycl is not looked at here. The server")), "REG815") == []
    handed = edited(sample, path, ("BUILD_TYPE=$(BUILD_TYPE) ", ""), ("BUILD_TYPE?=\n", "unexport BUILD_TYPE\n"))
    assert found(handed, "REG815") == []  # its sibling's Makefile has the branches; only the whole build could tell


def test_a_go_backend_without_native_code_is_only_noted(sample: Path) -> None:
    native = (sample / "backend/go/gotide/Makefile").read_text(encoding="utf-8").replace("gotide", "goquill")
    noted = found(Checkout(sample, {f"{GO}/Makefile": native}), "REG815")
    assert {finding.level for finding in noted} == {Severity.NOTE}
    assert {finding.subject for finding in noted} == {"cublas", "hipblas", "sycl", "vulkan"}


@pytest.mark.parametrize(
    "branch",
    [
        "else ifneq (,$(findstring sycl,$(BUILD_TYPE)))\n",
        "else ifneq (,$(findstring sycl,$(BUILD_TYPE)))\n\t# CMAKE_ARGS+=-DQUILL_SYCL=ON\n",
        "# sycl is for later\n",
        "else ifeq ($(BUILD_TYPE),sycl)\n\tCMAKE_ARGS+=-DQUILL_SYCL=ON\n",
    ],
)
def test_a_branch_without_a_command_or_for_another_word_is_none(branch: str, sample: Path) -> None:
    assert subjects(edited(sample, f"{GO}/Makefile", (SYCL, branch)), "goquill") == {"sycl"}


@pytest.mark.parametrize(
    "branch",
    [
        "else ifneq ($(filter sycl_f16 sycl_f32,$(BUILD_TYPE)),)\n\tCMAKE_ARGS+=-DQUILL_SYCL=ON\n",
        "endif\nifeq ($(findstring sycl,$(strip $(BUILD_TYPE))),sycl)\n\tCMAKE_ARGS+=-DQUILL_SYCL=ON\n",
        "endif\nX_sycl_f16=-DSYCL=ON\nX_sycl_f32=-DSYCL=ON\nCMAKE_ARGS+=$(X_$(BUILD_TYPE))\nifeq (a,b)\n",
        "endif\nCMAKE_ARGS+=$(if $(findstring sycl,$(BUILD_TYPE)),-DQUILL_SYCL=ON)\nifeq (a,b)\n",
        "endif\nCMAKE_ARGS+=-DQUILL_BACKEND=$(BUILD_TYPE)\nifeq (a,b)\n",
    ],
)
def test_other_ways_to_look_at_the_build_type_are_understood(branch: str, sample: Path) -> None:
    assert subjects(edited(sample, f"{GO}/Makefile", (SYCL, branch)), "goquill") == set()


def test_a_dockerfile_that_hands_no_build_type_on_ignores_them_all(sample: Path) -> None:
    text = (sample / "backend/Dockerfile.golang").read_text(encoding="utf-8")
    lost = "\n".join(row for row in text.split("\n") if not row.startswith(("ARG BUILD_TYPE", "ENV BUILD_TYPE")))
    checkout = Checkout(sample, {"backend/Dockerfile.golang": lost})
    assert subjects(checkout, "goquill") == {"cublas", "hipblas", "sycl", "vulkan"}


def test_every_renamed_switch_is_known_with_its_commit() -> None:
    table = renamed_switches()
    assert len({switch.old for switch in table}) == len(table)
    assert all(len(switch.commit) == 40 and int(switch.commit, 16) for switch in table)
    assert all(switch.new != switch.old for switch in table)


@pytest.mark.parametrize(
    ("switch", "hits"),
    [
        ("-DGGML_HIPBLAS=ON", 1),
        ("-DGGML_HIPBLAS=OFF", 0),
        ("-DGGML_HIPBLAS=ON -DQUILL_HIPBLAS=ON", 0),
        ("-DGGML_HIP=ON # was -DGGML_HIPBLAS=ON", 0),
        ("-DGGML_HIP=ON", 0),
    ],
)
def test_a_renamed_switch_counts_where_a_row_reaches_it(switch: str, hits: int, sample: Path) -> None:
    assert len(found(edited(sample, f"{GO}/Makefile", ("-DQUILL_HIP=ON", switch)), "REG850")) == hits


def test_a_renamed_switch_that_no_row_reaches_is_not_reported(sample: Path) -> None:
    branch = "else ifeq ($(BUILD_TYPE),clblas)\n\tCMAKE_ARGS+=-DGGML_CLBLAST=ON\nendif\n\n.DEFAULT_GOAL"
    assert found(edited(sample, f"{GO}/Makefile", ("endif\n\n.DEFAULT_GOAL", branch)), "REG850") == []


def test_a_fork_that_keeps_the_switch_is_not_reported(sample: Path) -> None:
    fork = ("https://github.com/example-org/quill.cpp", "https://github.com/ikawrakow/ik_llama.cpp")
    assert found(edited(sample, f"{GO}/Makefile", ("-DQUILL_HIP=ON", "-DGGML_HIPBLAS=ON"), fork), "REG850") == []


ENGINE = {"target": "anvil", "switches": {"vulkan": "-DGGML_VULKAN=ON"}}


@pytest.mark.parametrize(
    ("engine", "lost", "expected"),
    [(None, "", set()), (ENGINE, "", set()), (ENGINE, "-DGGML_VULKAN=ON", {"vulkan"})],
)
def test_a_placeholder_has_nothing_to_compile_but_an_engine_beside_it_has(
    engine: dict[str, object] | None, lost: str, expected: set[str], sample: Path
) -> None:
    checkout = Checkout(sample)
    wanted = spec(name="gong", variants=["cpu", "vulkan"], engine=engine)
    after = planned(plan_create(wanted, checkout), checkout)
    path = "backend/cpp/gong/Makefile"
    text = after.need(path)
    assert lost in text
    changed = after.with_changes({path: text.replace(f"ENGINE_SWITCHES+={lost}\n", "") if lost else text})
    assert subjects(changed, "gong") == expected
