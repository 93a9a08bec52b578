"""The reading of Makefiles against GNU make: the same commands in the same order."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tracemalloc
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from newbackend.checkout.tree import Checkout
from newbackend.splice.make_text import called
from newbackend.trace.machine import Machine
from newbackend.trace.make.functions import FUNCTIONS
from newbackend.trace.make.goals import make
from newbackend.trace.opentext import shown
from newbackend.trace.steps import Where

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="needs GNU make")

CASES: dict[str, str] = {
    "assignments": """
A = one $(B)
B := two
C ?= three
D ?= not seen
D += four
E := $(A)
B := changed
F += plus
all:
	echo $(A) / $(C) / $(D) / $(E) / $(F) / $(G)
""",
    "conditionals": """
ifeq ($(BUILD_TYPE),cublas)
X=cuda
else ifeq ($(BUILD_TYPE),hipblas)
	X=hip
	ifneq (,$(findstring sycl,sycl_f16))
		Y=inner
	endif
else
X=cpu
endif
ifdef UNSET
Z=no
else ifndef X
Z=no x
else
Z=yes
endif
ifeq "$(X)" 'hip'
Q=quoted
endif
all:
	echo $(X) $(Y) $(Z) $(Q)
ifeq ($(X),hip)
	echo in recipe
else
	echo not in recipe
endif
	echo after
""",
    "functions": """
NAMES = a.c b.c dir/c.o
comma := ,
all:
	echo $(patsubst %.c,%.o,$(NAMES)) $(NAMES:.c=.h)
	echo $(NAMES:%.c=x%)
	echo $(subst a,b,banana) $(strip   x   y ) [$(filter %.c,$(NAMES))] [$(filter-out %.c,$(NAMES))]
	echo $(sort c a b a) $(word 2,$(NAMES)) $(wordlist 2,3,$(NAMES)) $(words $(NAMES)) $(firstword $(NAMES))
	echo $(lastword $(NAMES)) $(dir dir/c.o x) $(notdir dir/c.o) $(suffix $(NAMES)) $(basename $(NAMES))
	echo $(addprefix p/,a b) $(addsuffix .s,a b) $(join a b,1 2 3) $(if ,no,yes) $(if x,yes) $(or ,,z) $(and a,b)
	echo $(foreach v,1 2,<$(v)>) $(if a$(comma)b,t$(comma)u)
	echo $(abspath ./x/../y) $(origin NAMES) $(flavor comma) $(origin CC) $(origin BUILD_TYPE) $(origin nothing)
	echo $(subst $(comma),;,a$(comma)b) $(word 9,a) $(wildcard *.txt) $(wildcard nothing*) $(wildcard one.txt)
""",
    "call and define": """
define build
	mkdir -p $(1)
	cmake $(2) \\
		-DNAME=$(1)
	$(MAKE) -C sub inner
endef
reverse = $(2) $(1)
one:
	$(call build,demo,-DA=1 -DB=2)
	echo $(call reverse,x,y)
two: one
	@echo $(call reverse,$(call reverse,1,2),3)
all: two
.DEFAULT_GOAL := all
""",
    "eval": """
define template
$(1)-target: one-needed
	echo made $(1) with $$(EXTRA)
endef
EXTRA = later
one-needed:
	echo needed
$(foreach n,x y,$(eval $(call template,$(n))))
all: x-target y-target
.DEFAULT_GOAL = all
""",
    "patterns": """
OBJECTS = build/a.o build/b.o
all: $(OBJECTS) out/z.txt
build/%.o: %.src | build
	compile $< into $@ stem $* dir $(@D) file $(@F)
build:
	mkdir build
$(OBJECTS): extra
extra:
	touch extra
out/z.txt: out/%.txt: %.src
	copy $< $@ $*
""",
    "recursion": """
TOP ?= unset
export SHARED = s
LOCAL = l
all:
	$(MAKE) -C sub inner TOP=set
	TOP=env $(MAKE) -f second.mk
	cd sub && $(MAKE) other
""",
    "targets' own": """
FLAGS = plain
all: special normal
special: FLAGS = own
special: FLAGS += more
special:
	echo $(FLAGS)
normal:
	echo $(FLAGS)
""",
    "lines": """
LONG = a \\
   b \\
   c   # a comment
HASH = x\\#y
all: one; @echo inline $(LONG) $(HASH)
	-echo dash
	@echo plus \\
		continued
	# a comment for the shell
one: ; echo one
""",
    "include": """
include part.mk
-include nowhere.mk
all:
	echo $(FROM_PART) $(notdir $(lastword $(MAKEFILE_LIST)))
""",
    "override": """
override A = forced
B = file
CURRENT_MAKEFILE_DIR := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
undefine C
all:
	echo $(A) $(B) $(C) $(CURRENT_MAKEFILE_DIR) $(CURDIR) $$HOME
""",
    "order": """
.PHONY: all one.txt
all: b a b one.txt two.txt
a: c
	echo a
b: c
	echo b $^ $+ $?
c:
	echo c
one.txt:
	echo phony, though it exists
two.txt:
	echo missing
""",
}
FILES = {
    "sub/Makefile": "inner:\n\techo $(TOP) $(SHARED) $(LOCAL) $(MAKELEVEL)\nother:\n\techo other $(origin TOP)\n",
    "second.mk": "second:\n\techo $(TOP) $(origin TOP)\n",
    "part.mk": "FROM_PART = part\n",
    "a.src": "",
    "b.src": "",
    "z.src": "",
    "one.txt": "",
}


class Nothing(set[str]):
    """No command makes a file, as with `make -n`."""

    def add(self, item: str) -> None:
        """Forgets it."""

    def __ior__(self, others: object) -> Nothing:  # type: ignore[override]
        return self


def read(
    root: Path,
    directory: str,
    goals: list[str],
    environment: Mapping[str, str],
    place: str,
    made: set[str] | None = None,
) -> Machine:
    """What the reading says that make does."""
    machine = Machine(Checkout(root), "Linux", os.uname().machine, made=set() if made is None else made)
    machine.put(place, "")
    make(machine, f"{place}/{directory}".rstrip("/"), goals, environment, {}, Where("Makefile", 1))
    return machine


def gnu(folder: Path, goals: list[str], environment: Mapping[str, str]) -> tuple[list[str], str]:
    """What GNU make says that it does, and its errors."""
    words = ["make", "-n", "--no-print-directory", "-C", str(folder), *goals]
    done = subprocess.run(
        words, env={"PATH": os.environ["PATH"], **environment}, capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout.splitlines(), done.stderr


@pytest.mark.parametrize("build_type", ["", "hipblas", "cublas"])
@pytest.mark.parametrize("name", CASES)
def test_the_commands_are_those_of_gnu_make(name: str, build_type: str, tmp_path: Path) -> None:
    for path, text in {"Makefile": CASES[name].lstrip(), **FILES}.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    environment = {"BUILD_TYPE": build_type, "D": "from the environment", "A": "environment"}
    goals = [] if ".DEFAULT_GOAL" in CASES[name] else ["all"]
    machine = read(tmp_path, "", goals, environment, str(tmp_path))
    said, errors = gnu(tmp_path, goals, environment)
    assert "***" not in errors
    assert "\n".join(shown(text) for text in machine.printed).splitlines() == said
    assert machine.unknown == []


def test_what_the_machine_alone_knows_stays_open(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(
        "JOBS?=$(shell nproc --ignore=1)\nUNAME_S := $(shell uname -s)\nNOTE = $(shell cat nowhere/file 2>/dev/null)\n"
        "ifeq ($(UNAME_S),Linux)\nOS=linux\nendif\n"
        "ifeq ($(JOBS),4)\nFAST=-DFAST=ON\nendif\n"
        "all:\n\tcmake -j$(JOBS) $(OS)$(NOTE)\n\tcmake $(FAST)\n"
    )
    machine = read(tmp_path, "", [], {}, "/c")
    assert [shown(text) for text in machine.printed] == [
        "cmake -j$(shell nproc --ignore=1) linux",
        "cmake -DFAST=ON (only ifeq ($(JOBS),4))",
    ]


def test_an_error_stops_the_reading(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("ifeq ($(V),)\n$(error V is empty)\nendif\nall:\n\techo never\n")
    machine = read(tmp_path, "", [], {}, "/c")
    assert machine.printed == []
    assert [(gap.where, gap.text) for gap in machine.unknown] == [(Where("Makefile", 2), "V is empty")]


def test_a_goal_without_a_rule_is_said(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("all:\n\techo\n")
    machine = read(tmp_path, "", ["nothing", "all"], {}, "/c")
    assert machine.printed == []
    assert "no rule to make the target nothing" in machine.unknown[0].text


@pytest.mark.parametrize(
    "text",
    [
        "A = $(A)$(A)x\nall:\n\techo $(A)\n",
        "A=xxxxxxxxxx\n" + "".join("A:=$(A)$(A)\n" for _ in range(40)) + "all:\n\techo $(A)\n",
        "all:\n\t$(MAKE) all\n",
        "include Makefile\nall:\n\techo\n",
        "all: all\n\techo $(call f,1)\nf = $(call f,$(1))\n",
    ],
)
def test_a_makefile_without_end_ends(text: str, tmp_path: Path) -> None:
    from newbackend.trace.machine import TooMuch

    (tmp_path / "Makefile").write_text(text)
    with suppress(TooMuch):
        read(tmp_path, "", [], {}, "/c")


@pytest.mark.parametrize(
    "call",
    [
        f"$(subst x,{'y' * 9000},$(A))",
        f"$(patsubst %,{'y' * 9000},$(L))",
        f"$(addprefix {'y' * 9000},$(L))",
        f"$(addsuffix {'y' * 9000},$(L))",
        f"$(L:%={'y' * 9000})",
    ],
)
def test_two_long_texts_are_not_multiplied(call: str, tmp_path: Path) -> None:
    from newbackend.trace.machine import TooMuch

    (tmp_path / "Makefile").write_text(f"A := {'x' * 90_000}\nL := {'x ' * 90_000}\nX := {call}\nall:\n\techo $(X)\n")
    tracemalloc.start()
    try:
        with suppress(TooMuch):
            read(tmp_path, "", [], {}, "/c")
        assert tracemalloc.get_traced_memory()[1] < 40 << 20
    finally:
        tracemalloc.stop()


GOALS = {"go": ["build"], "rust": ["build"], "python": [], "cpp": ["grpc-server", "package"]}
FETCHED = re.compile(r"No such file or directory|No rule to make target|can't cd to")


def test_every_backend_of_localai_is_read_as_gnu_make_reads_it(localai_at: Callable[[str], Path]) -> None:
    """Line by line, as far as `make -n` comes: it stops where a command would have fetched or copied a directory."""
    root = localai_at("82c191afa")
    compared = 0
    for makefile in sorted((root / "backend").glob("*/*/Makefile")):
        directory = makefile.parent.relative_to(root).as_posix()
        if not (makefile.parent / "run.sh").exists():
            continue
        goals = GOALS[directory.split("/")[1]]
        text = makefile.read_text()
        if goals and not re.search(r"^grpc-server:", text, re.M) and "cpp/" in directory:
            goals = [f"{makefile.parent.name}-fallback"]
        for build_type in ("", "cublas", "hipblas", "vulkan", "sycl_f16"):
            environment = {"BUILD_TYPE": build_type, "CUDA_MAJOR_VERSION": "13"}
            mine = "\n".join(read(root, directory, goals, environment, str(root), made=Nothing()).printed).splitlines()
            theirs, errors = gnu(makefile.parent, goals, environment)
            if FETCHED.search(errors):
                mine = mine[: len(theirs)]
            assert len(mine) == len(theirs), (directory, build_type, errors)
            for own, other in zip(mine, theirs, strict=True):
                pattern = ".*".join(re.escape(part) for part in re.split("\ue000[^\ue001]*\ue001", own))
                assert re.fullmatch(pattern, other), (directory, build_type, own, other)
            compared += 1
    assert compared > 300


def test_every_function_is_known_as_one_where_references_are_cut() -> None:
    assert [name for name in FUNCTIONS if called(f"{name} a")[0] != name] == []
