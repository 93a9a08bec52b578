"""The reading of Dockerfiles: instructions, variables, stages, and what lands in the image."""

from __future__ import annotations

from pathlib import Path

import pytest

from newbackend.checkout.tree import Checkout
from newbackend.trace.docker.build import Build, build
from newbackend.trace.docker.expand import assignments, expanded
from newbackend.trace.docker.instructions import instructions_of
from newbackend.trace.machine import Machine


def test_instructions_with_comments_continuations_and_here_documents() -> None:
    text = (
        "# syntax=docker/dockerfile:1\nARG A=1\nFROM base AS one\nRUN --mount=type=bind,source=x,target=/x \\\n"
        "    # left out\n\n    first && \\\n    second\n"
        "RUN <<EOT bash\n  inside\n# a comment of the script\nEOT\nCOPY a b\n"
    )
    found = instructions_of(text)
    assert [(entry.keyword, entry.line) for entry in found] == [
        ("ARG", 2), ("FROM", 3), ("RUN", 4), ("RUN", 9), ("COPY", 13),
    ]  # fmt: skip
    assert found[2].flags == ("--mount=type=bind,source=x,target=/x",)
    assert found[2].joined.replace("\\ ", "") == "first && second"
    assert found[3].bodies == (("  inside\n# a comment of the script", 10),)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$A/${B}", "1/two"),
        ("${C:-d}", "d"),
        ("${A:-d}", "1"),
        ("${A:+set}${C:+no}", "set"),
        ("\\$A", "$A"),
        ("${C-${B}}", "two"),
    ],
)
def test_variables(text: str, value: str) -> None:
    assert expanded(text, {"A": "1", "B": "two"}) == value


def test_env_in_both_forms() -> None:
    assert assignments('A=1 B="two words" \\\n  C=${A}') == [("A", "1"), ("B", "two words"), ("C", "${A}")]
    assert assignments("OLD the rest of it") == [("OLD", "the rest of it")]


DOCKERFILE = """\
ARG BASE_IMAGE=ubuntu:24.04
ARG BUILDER_TARGET=from-source
FROM ${BASE_IMAGE} AS from-source
ARG BUILD_TYPE
ENV BUILD_TYPE=${BUILD_TYPE}
COPY . /src
RUN make -C /src/backend/cpp/demo grpc-server package
FROM other AS prebuilt
ARG BUILD_TYPE
COPY . /src
RUN BUILD_TYPE=${BUILD_TYPE} make -C /src/backend/cpp/demo package
FROM ${BUILDER_TARGET} AS builder
FROM scratch
COPY --from=builder /src/backend/cpp/demo/package/. ./
"""
MAKEFILE = """\
ifeq ($(BUILD_TYPE),cublas)
FLAGS=-DCUDA=ON
endif
grpc-server:
	cmake $(FLAGS)
package: ; bash package.sh
"""


def read(tmp_path: Path, package: str, dockerfile: str = DOCKERFILE, **arguments: str) -> tuple[Build, Machine]:
    """A build of a small checkout."""
    files = {"Dockerfile": dockerfile, "backend/cpp/demo/Makefile": MAKEFILE, "backend/cpp/demo/package.sh": package}
    for path, text in {**files, "backend/cpp/demo/run.sh": ""}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    machine = Machine(Checkout(tmp_path), "Linux", "x86_64")
    machine.directory = "backend/cpp/demo"
    found = build(machine, "Dockerfile", arguments)
    assert found is not None
    return found, machine


PACKS = 'CURDIR=$(dirname "$(realpath "$0")")\nmkdir -p "$CURDIR/package"\ncp "$CURDIR/run.sh" "$CURDIR/package/"\n'


def test_only_the_stages_of_the_image_are_built_with_the_rows_arguments(tmp_path: Path) -> None:
    found, machine = read(tmp_path, PACKS, BUILD_TYPE="cublas", BASE_IMAGE="nvidia/cuda:13")
    assert [(stage.name, stage.base) for stage in found.needed] == [
        ("from-source", "nvidia/cuda:13"), ("builder", "from-source"), ("3", "scratch"),
    ]  # fmt: skip
    assert [step.text for step in machine.steps] == [
        "make -C /src/backend/cpp/demo grpc-server package", "cmake -DCUDA=ON", "bash package.sh",
    ]  # fmt: skip
    assert found.run_sh
    assert str(found.run_sh_where) == "backend/cpp/demo/package.sh:3"
    other, machine = read(tmp_path, PACKS, BUILD_TYPE="cublas", BUILDER_TARGET="prebuilt")
    assert [stage.name for stage in other.needed] == ["prebuilt", "builder", "3"]
    assert "grpc-server" not in machine.steps[0].text


def test_a_build_type_that_no_stage_hands_on_is_not_seen_by_make(tmp_path: Path) -> None:
    _, machine = read(tmp_path, PACKS, DOCKERFILE.replace("ENV BUILD_TYPE=${BUILD_TYPE}\n", ""), BUILD_TYPE="cublas")
    assert [step.text for step in machine.steps][1] == "cmake -DCUDA=ON"  # an ARG is in the environment of RUN
    _, machine = read(
        tmp_path, PACKS, DOCKERFILE.replace("ARG BUILD_TYPE\nENV BUILD_TYPE=${BUILD_TYPE}\n", ""), BUILD_TYPE="cublas"
    )
    assert [step.text for step in machine.steps][1] == "cmake"


@pytest.mark.parametrize(
    ("package", "has"),
    [
        (PACKS, True),
        ("mkdir -p package\ncp grpc-server package/\n", False),
        ("cp -r . package/\n", True),
        ("cp *.sh package/\n", True),
        ("cp run.sh $(mktemp -d)/\n", False),
        ('mkdir -p package\nD=$(nproc)\ncp -r . "/src/backend/cpp/demo/package$D/x"\n', None),
    ],
)
def test_whether_run_sh_is_in_the_image(package: str, has: bool | None, tmp_path: Path) -> None:
    assert read(tmp_path, package)[0].run_sh is has


def test_a_file_that_copy_cannot_find_is_said(tmp_path: Path) -> None:
    _, machine = read(
        tmp_path, PACKS, DOCKERFILE.replace("COPY . /src", "COPY scripts/gone.sh /gone.sh\nCOPY . /src", 1)
    )
    assert [gap.reason for gap in machine.unknown] == ["scripts/gone.sh is not in the checkout"]
