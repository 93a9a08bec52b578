"""The objects of an engine that a plain Makefile builds."""

from __future__ import annotations

import time

import pytest
from miniature import Make

from newbackend.upstream.inspect import inspect_remote
from newbackend.upstream.make_objects import MakeEngine, make_engine

HEADER = "typedef struct horn horn;\nhorn *horn_open(const char *path);\nvoid horn_close(horn *engine);\n"
MAKEFILE = """ARCH_FLAG ?= -march=native
CFLAGS += -DLEVEL=3
LDLIBS = -lm -pthread
ifeq ($(shell uname -s),Darwin)
OBJS = horn.o horn_metal.o
GPU_LDLIBS = $(LDLIBS) -framework Metal
else
CUDA_LDLIBS = -L/usr/local/cuda-linux/lib -lcudart
OBJS = horn.o horn_cuda.o
endif
CPU_OBJS = horn_cpu.o util.o
CLI_OBJS = cli.o $(OBJS)
horn: cli.o $(OBJS)
\t$(CC) -o $@ $^ $(LDLIBS)
horn.o: horn.c horn.h
\t$(CC) $(CFLAGS) -c -o $@ horn.c
horn_cpu.o: horn.c horn.h
\t$(CC) $(CFLAGS) -DNO_GPU -c -o $@ horn.c
util.o: util.c
\t$(CC) $(CFLAGS) -c -o $@ util.c
cli.o: cli.c
\t$(CC) $(CFLAGS) -c -o $@ cli.c
"""
FILES = {
    "Makefile": MAKEFILE,
    "horn.h": HEADER,
    "horn.c": '#include "horn.h"\n#include <stddef.h>\nint util_level(void);\n'
    "horn *horn_open(const char *path) { return path && util_level() ? (horn *)path : NULL; }\n"
    "void horn_close(horn *engine) { (void)engine; }\n",
    "util.c": "int util_level(void) { return LEVEL; }\n",
    "cli.c": "int main(void) { return 0; }\n",
}


def engine(make: Make, makefile: str, header: str = "horn.h") -> MakeEngine | None:
    found = inspect_remote("acme/horn", make("acme/horn", {**FILES, "Makefile": makefile}))
    assert found.makefile is not None
    return make_engine(found.makefile, header)


def test_lists_of_objects_are_told_apart_by_what_they_are_called(make: Make) -> None:
    found = engine(make, MAKEFILE)
    assert found is not None
    assert found.objects == {
        "metal": ("horn.o", "horn_metal.o"),
        "cublas": ("horn.o", "horn_cuda.o"),
        "cpu": ("horn_cpu.o", "util.o"),
    }
    assert found.libraries == {"metal": ("m", "-framework Metal"), "cublas": ("m", "CUDA::cudart"), "cpu": ("m",)}
    assert (found.native, found.native_everywhere, found.confidence) == ("ARCH_FLAG", False, "likely")


@pytest.mark.parametrize(
    ("makefile", "objects"),
    [
        ("OBJS = horn.o util.o\nhorn.o: horn.c\n\tcc -c horn.c\n", {"cpu": ("horn.o", "util.o")}),
        ("OBJS = util.o\nutil.o: util.c\n\tcc -c util.c\n", None),
        ("horn:\n\tcc -o horn horn.c\n", None),
        ("OBJS = $(wildcard *.o)\nhorn.o: horn.c\n\tcc -c horn.c\n", None),
    ],
)  # fmt: skip
def test_without_a_list_nothing_is_guessed(
    make: Make, makefile: str, objects: dict[str, tuple[str, ...]] | None
) -> None:
    found = engine(make, makefile)
    assert (found.objects if found else None) == objects


@pytest.mark.parametrize(
    ("makefile", "objects"),
    [
        ("libhorn.so: horn.c util.c horn.h\n\tcc -shared -o $@ horn.c util.c\n", ("horn.o", "util.o")),
        ("SRCS = horn.c util.c\nlibhorn.a: $(SRCS)\n\tcc -c $^\n\tar rcs $@ *.o\n", ("horn.o", "util.o")),
        ("horn: cli.c horn.c util.c\n\tcc -o $@ $^\n", ("horn.o", "util.o")),
        ("horn: cli.c horn.c util.c\n\tcc -o $@ $^\nlibhorn.so: horn.c\n\tcc -shared -o $@ $^\n", ("horn.o",)),
        (".SUFFIXES:\nlibhorn.so: horn.c util.c\n\tcc -shared -o $@ $^\n", None),
        ("MAKEFLAGS += -r\nlibhorn.so: horn.c util.c\n\tcc -shared -o $@ $^\n", None),
        ("MAKEFLAGS += --jobs=2\nlibhorn.so: horn.c util.c\n\tcc -shared -o $@ $^\n", ("horn.o", "util.o")),
        ("libhorn.so: horn.c kernels.cu\n\tnvcc -shared -o $@ $^\n", None),
        ("libhorn.so: util.c\n\tcc -shared -o $@ $^\n", None),
        ("check: horn.c util.c\n\tsplint $^\n", None),
    ],
)  # fmt: skip
def test_sources_that_are_compiled_in_one_step(make: Make, makefile: str, objects: tuple[str, ...] | None) -> None:
    """They become objects by make's own rules; a program's own source is left out."""
    found = engine(make, makefile)
    assert (found.objects if found else None) == ({"cpu": objects} if objects else None)
    assert found is None or (found.confidence, found.where.partition(":")[0]) == ("guess", "Makefile")


def test_flags_for_this_machine_that_no_variable_holds_alone_are_said(make: Make) -> None:
    found = engine(make, "CFLAGS = -O3 -march=native\nOBJS = horn.o\nhorn.o: horn.c\n\tcc -c horn.c\n")
    assert found is not None
    assert (found.native, found.native_everywhere) == ("", True)


def test_without_a_list_the_objects_of_a_library_are_taken(make: Make) -> None:
    library = "libhorn.so: horn.o util.o\n\t$(CC) -shared -o $@ $^\nhorn.o: horn.c\nutil.o: util.c\ncli: cli.o horn.o\n"
    found = engine(make, library)
    assert found is not None
    assert found.objects == {"cpu": ("horn.o", "util.o")}
    assert engine(make, library.replace("libhorn.so", "horn")) is None


@pytest.mark.parametrize(
    "makefile",
    [
        "SRCS = horn.c util.c\nOBJS = $(SRCS:.c=.o)\nhorn: cli.o $(OBJS)\n\tcc -o $@ $^\n",
        "SRCS := $(wildcard *.c)\nOBJS := $(patsubst %.c, %.o, $(SRCS))\nhorn: $(OBJS)\n\tcc -o $@ $^\n",
        "OBJS = $(addsuffix .o,horn) util.o\nifdef CUDA\nOBJS += horn_cuda.o\nendif\n%.o: %.c\n\t$(CC) -c -o $@ $<\n",
        "SRCS = horn.c\nSRCS += util.c\nOBJS = $(filter-out cli.o,$(SRCS:%.c=%.o) cli.o)\n",
    ],
)
def test_lists_that_make_computes_are_read(make: Make, makefile: str) -> None:
    """By pattern rules, and by what make knows itself; an object with a `main` is a program, not the engine."""
    found = engine(make, makefile)
    assert found is not None
    assert found.objects["cpu"] == ("horn.o", "util.o")
    assert found.objects.get("cublas", ("horn.o", "util.o", "horn_cuda.o")) == ("horn.o", "util.o", "horn_cuda.o")


def test_objects_in_a_folder_come_from_the_sources_of_their_pattern_rule(make: Make) -> None:
    rows = ["BUILD = out", "OBJS = $(addprefix $(BUILD)/,horn.o util.o)", "$(BUILD)/%.o: %.c", "\tcc -c -o $@ $<", ""]
    found = engine(make, "\n".join(rows))
    assert found is not None
    assert (found.objects, found.where) == ({"cpu": ("out/horn.o", "out/util.o")}, "Makefile:3")


@pytest.mark.parametrize(
    "makefile",
    [
        "OBJS = $(shell ls *.o)\n",
        "OBJS = $(foreach s,horn.c,$(s:.c=.o))\n",
        "OBJS = other.o\n",
        "A = $(A:.c=.o)\nOBJS = $(A)\n",
        "OBJS = $(horn.o\n",
        "OBJS = $(patsubst %.c,%.o)\n",
    ],
)
def test_what_make_alone_can_tell_is_no_list(make: Make, makefile: str) -> None:
    assert engine(make, makefile) is None


def test_variables_that_multiply_end_soon(make: Make) -> None:
    rows = ["V0 ="] + [f"V{n + 1} = {f'$(V{n}) ' * 300}" for n in range(8)]
    before = time.process_time()
    found = inspect_remote(
        "acme/horn", make("acme/horn", {**FILES, "Makefile": "\n".join([*rows, "OBJS = $(V8)", ""])})
    )
    assert found.makefile is not None
    assert make_engine(found.makefile, "horn.h") is None
    assert "too much to expand" in found.makefile.gaps[-1].text
    assert time.process_time() - before < 5
