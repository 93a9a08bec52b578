"""A backend's Makefile is read as make reads it, as far as the rules need it."""

from __future__ import annotations

import pytest

from newbackend.rules.backend_makefile import make_calls
from newbackend.splice.make import parse


def test_the_first_rule_is_the_goal_unless_the_makefile_says_otherwise() -> None:
    source = "VAR?=1\n.PHONY: all\nVAR:=2\nsources/x:\n\tgit clone y\nbuild: sources/x\n\techo\n"
    assert parse(source).goal == "sources/x"
    assert parse(source + ".DEFAULT_GOAL := build\n").goal == "build"
    assert parse("%.o: %.c\n\tcc\n.SUFFIXES:\nall:\n").goal == "all"


def test_variables_of_a_target_and_assignments_are_no_rules() -> None:
    makefile = parse(
        "one: CFLAGS += -O2\nURL := https://example.org/a:b\n$(error no: colon)\nsrv: $(ALL:%=srv-%)\n\techo\n"
    )
    assert set(makefile.targets) == {"srv"}


def test_a_recipe_goes_on_behind_a_conditional() -> None:
    makefile = parse("clone:\nifneq ($(SRC),)\n\tln -s $(SRC) clone\nelse\n\tgit clone x clone\nendif\nnext:\n\techo\n")
    assert "git clone" in makefile.targets["clone"].recipe
    assert makefile.targets["next"].line == 7


def test_what_a_goal_reaches_is_found_through_its_prerequisites_even_in_a_circle() -> None:
    makefile = parse("a: b\nb: a c\nc:\n\tbash install.sh\n")
    assert makefile.reaches("a", "install")
    assert not makefile.reaches("a", "package")


@pytest.mark.parametrize(
    ("source", "calls"),
    [
        ("RUN make -C /LocalAI/backend/cpp/x BUILD_TYPE=${B} NATIVE=false a b", [("backend/cpp/x", ("a", "b"), 1)]),
        ("RUN make -BC /LocalAI/backend/cpp/x package && echo", [("backend/cpp/x", ("package",), 1)]),
        ("make --jobs=5 --output-sync=target -C backend/go/x", [("backend/go/x", (), 1)]),
        ("# make -C backend/go/x test\nmake -C backend/go/y test", [("backend/go/y", ("test",), 2)]),
        ("RUN set -e && \\\n    make -C backend/cpp/x \\\n        package", [("backend/cpp/x", ("package",), 1)]),
        ("cd backend/go/x && make build", []),
    ],
)
def test_sub_makes_are_read_with_their_targets(source: str, calls: list[tuple[str, tuple[str, ...], int]]) -> None:
    assert list(make_calls(source)) == calls
