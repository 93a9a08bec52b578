"""Random structs by value, called for real: C sums what arrives, Go looks at what comes back.

What purego places wrongly must be refused. Three thousand such functions ran on x86 and, emulated, on ARM.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from generated.building import run
from upstream.go_package import go_package, need

from newbackend.upstream.bindings_go import bindings
from newbackend.upstream.go_names import exported
from newbackend.upstream.header import read_header

GO = {
    "int8_t": "int8", "uint8_t": "uint8", "uint16_t": "uint16", "int32_t": "int32", "int64_t": "int64",
    "float": "float32", "double": "float64", "bool": "bool",
}  # fmt: skip
POOLS = (list(GO), ["int8_t", "uint16_t", "int32_t", "int64_t"], ["float"], ["double"], ["float", "int32_t"])
COUNT = 80
Struct = list[tuple[str, str, int]]


class Random:
    """Structs s0, s1, ... and for each `double takeN(..., struct sN, ...)` and `struct sN giveN(int)`."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.structs: dict[str, Struct] = {}
        for number in range(COUNT):
            self.structs[f"s{number}"] = self.struct()
        self.arguments = [self.takes(name) for name in self.structs]

    def struct(self) -> Struct:
        pool = self.random.choice(POOLS)
        fields: Struct = []
        for place in range(self.random.randint(1, 5)):
            nested = bool(self.structs) and self.random.random() < 0.15
            kind = self.random.choice(list(self.structs) if nested else pool)
            fields.append((f"f{place}", kind, self.random.choice([0, 0, 0, 0, 0, 0, 2, 3])))
        return fields

    def takes(self, name: str) -> list[str]:
        others = [self.random.choice([*self.structs, *GO, *GO]) for _ in range(self.random.randint(0, 5))]
        others.insert(self.random.randint(0, len(others)), name)
        return others

    def spelled(self, kind: str) -> str:
        return f"struct {kind}" if kind in self.structs else kind

    def leaves(self, kind: str, c: str, go: str) -> Iterator[tuple[str, str, str]]:
        """The numbers in a type: how C and Go reach them, and their types."""
        if kind not in self.structs:
            yield c, go, kind
            return
        for field, inner, count in self.structs[kind]:
            for place in range(count or 1):
                index = f"[{place}]" if count else ""
                yield from self.leaves(inner, f"{c}.{field}{index}", f"{go}.{exported(field)}{index}")

    def header(self) -> str:
        rows = ["#include <stdbool.h>", "#include <stdint.h>"]
        for name, fields in self.structs.items():
            inner = " ".join(
                f"{self.spelled(kind)} {field}{f'[{count}]' if count else ''};" for field, kind, count in fields
            )
            rows.append(f"struct {name} {{ {inner} }};")
        rows += [f"{self.take(number)};\nstruct s{number} give{number}(int seed);" for number in range(COUNT)]
        return "\n".join(rows) + "\n"

    def take(self, number: int) -> str:
        given = ", ".join(f"{self.spelled(kind)} a{place}" for place, kind in enumerate(self.arguments[number]))
        return f"double take{number}({given})"

    def given(self, number: int) -> list[tuple[str, str, str]]:
        kinds = enumerate(self.arguments[number])
        return [leaf for place, kind in kinds for leaf in self.leaves(kind, f"a{place}", f"a{place}")]

    def library(self) -> str:
        rows = ['#include "tone.h"']
        for number in range(COUNT):
            sums = [f"{weight}.0 * {c}" for weight, (c, _, _) in enumerate(self.given(number), start=1)]
            rows.append(f"{self.take(number)} {{ return {' + '.join(sums)}; }}")
            sets = [f"r.{c[2:]} = {value(kind, place, 'seed + ')};" for place, (c, _, kind) in self.results(number)]
            rows.append(f"struct s{number} give{number}(int seed) {{ struct s{number} r; {' '.join(sets)} return r; }}")
        return "\n".join(rows) + "\n"

    def results(self, number: int) -> Iterator[tuple[int, tuple[str, str, str]]]:
        return enumerate(self.leaves(f"s{number}", "r", "r"))

    def calls(self, bound: dict[str, str]) -> str:
        rows = [HEAD]
        for number in range(COUNT):
            take, give = bound.get(f"take{number}"), bound.get(f"give{number}")
            if take:
                kinds = self.arguments[number]
                rows.append("\tfunc() {")
                rows += [f"\t\tvar a{place} {GO.get(kind, exported(kind))}" for place, kind in enumerate(kinds)]
                rows += [f"\t\t{go} = {value(kind, place)}" for place, (_, go, kind) in enumerate(self.given(number))]
                wanted = sum((place + 1) * (1 if kind == "bool" else place % 50 + 1)
                             for place, (_, _, kind) in enumerate(self.given(number)))  # fmt: skip
                names = ", ".join(f"a{place}" for place in range(len(kinds)))
                rows.append(f'\t\tsame(t, "take{number}", {take}({names}), {wanted})\n\t}}()')
            if give:
                rows.append(f"\tfunc() {{\n\t\tr := {give}(0)")
                rows += [f'\t\tsame(t, "give{number} {go}", {go}, {value(kind, place)})'
                         for place, (_, go, kind) in self.results(number)]  # fmt: skip
                rows.append("\t}()")
        return "\n".join([*rows, "}", ""])


def value(kind: str, place: int, before: str = "") -> str:
    """What the number at this place is."""
    return "true" if kind == "bool" else f"{before}{place % 50 + 1}"


HEAD = """package main

import (
	"os"
	"testing"

	"github.com/ebitengine/purego"
)

func same[T comparable](t *testing.T, name string, got, want T) {
	if got != want {
		t.Errorf("%s: got %v, want %v", name, got, want)
	}
}

func TestCalls(t *testing.T) {
	lib, err := purego.Dlopen(os.Getenv("TONE_LIBRARY"), purego.RTLD_NOW)
	if err != nil {
		t.Fatal(err)
	}
	if err := bindLibrary(lib); err != nil {
		t.Fatal(err)
	}
"""


@pytest.mark.build
@pytest.mark.parametrize("seed", [1, 2])
def test_structs_by_value_arrive(seed: int, tmp_path: Path) -> None:
    need("go", "gcc")
    made = Random(seed)
    header = made.header()
    found = bindings(read_header(header, "tone.h"), header, package="main", library="libtone.so")
    assert COUNT // 2 < len(found.functions) < 2 * COUNT
    go_package(tmp_path / "go", found, "tone.h")
    (tmp_path / "go/calls_test.go").write_text(made.calls(dict(found.functions)), encoding="utf-8")
    (tmp_path / "tone.h").write_text(header, encoding="utf-8")
    (tmp_path / "tone.c").write_text(made.library(), encoding="utf-8")
    run("gcc", "-O2", "-shared", "-fPIC", "-o", "libtone.so", "tone.c", cwd=tmp_path)
    env = {"TONE_LIBRARY": str(tmp_path / "libtone.so"), "BINDINGS_INCLUDE": str(tmp_path)}
    printed = run("go", "test", "-v", "-count=1", ".", cwd=tmp_path / "go", env=env)
    assert "--- PASS: TestCalls" in printed
