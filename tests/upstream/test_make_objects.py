"""The objects of an engine that a plain Makefile builds."""

from __future__ import annotations

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
        ("horn: horn.c\n\tcc -o horn horn.c\n", None),
        ("OBJS = $(wildcard *.o)\nhorn.o: horn.c\n\tcc -c horn.c\n", None),
    ],
)  # fmt: skip
def test_without_a_list_nothing_is_guessed(
    make: Make, makefile: str, objects: dict[str, tuple[str, ...]] | None
) -> None:
    found = engine(make, makefile)
    assert (found.objects if found else None) == objects


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
