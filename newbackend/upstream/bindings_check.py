"""Files that prove bindings on the machine that builds: symbols in the library, layout as the compiler has it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from newbackend.upstream.bindings_go import Bindings
from newbackend.upstream.go_names import is_c_identifier
from newbackend.upstream.go_types import BoundStruct


def layout_c(bound: Bindings, include: str) -> str:
    """A C program that prints sizes, offsets and constants as the compiler has them; `include` is the header's name.

    Lines: `struct NAME SIZE ALIGNMENT`, `field NAME.FIELD OFFSET SIZE`, `constant NAME VALUE`.
    """
    rows = [row for struct in _comparable(bound) for row in _c_struct(struct)]
    rows += [f'\tprintf("constant {c} %lld\\n", (long long)({c}));' for c, _ in bound.constants]
    head = [
        "// Prints the layout of the header's structs, for the test of bindings.go.",
        "#include <stddef.h>", "#include <stdio.h>", f"#include {_quoted(include)}", "",
        "int main(void) {",
    ]  # fmt: skip
    return "\n".join([*head, *rows, "\treturn 0;", "}", ""])


def layout_go(bound: Bindings, package: str) -> str:
    """A Go test file with `bindingsLayout`, the same lines as Go has them, and a spec that compares the two.

    The spec needs a C compiler and BINDINGS_INCLUDE, the folder of the header; it reads `testdata/layout.c`.
    """
    rows = [row for struct in _comparable(bound) for row in _go_struct(struct)]
    rows += [f'\t\tfmt.Sprintf("constant {c} %d", {go}),' for c, go in bound.constants]
    body = ["\treturn []string{", *rows, "\t}"] if rows else ["\treturn nil"]
    imports = ["os", "os/exec", "path/filepath", "strings", *(["fmt"] if rows else [])]
    imports += ["unsafe"] if any("unsafe." in row for row in rows) else []
    return _LAYOUT.format(
        package=package,
        imports="\n".join(f'\t"{name}"' for name in sorted(imports)),
        body="\n".join(body),
    )


def symbols_go(package: str, variable: str) -> str:
    """A Go test file: every function is in the library that the environment variable names."""
    return _SYMBOLS.format(package=package, variable=json.dumps(variable))


def _comparable(bound: Bindings) -> Iterator[BoundStruct]:
    """Structs that a C program can name."""
    for struct in bound.structs:
        if is_c_identifier(struct.c) and all(is_c_identifier(c) or not c for c, _ in struct.fields):
            yield struct


def _c_struct(struct: BoundStruct) -> Iterator[str]:
    kind = f"struct {struct.c}" if struct.tagged else struct.c
    yield f'\tprintf("struct {struct.c} %zu %zu\\n", sizeof({kind}), _Alignof({kind}));'
    for c, _ in struct.fields:
        if c:
            numbers = f"offsetof({kind}, {c}), sizeof((({kind} *)0)->{c})"
            yield f'\tprintf("field {struct.c}.{c} %zu %zu\\n", {numbers});'


def _go_struct(struct: BoundStruct) -> Iterator[str]:
    value = f"{struct.go}{{}}"
    yield f'\t\tfmt.Sprintf("struct {struct.c} %d %d", unsafe.Sizeof({value}), unsafe.Alignof({value})),'
    for c, go in struct.fields:
        if c:
            numbers = f"unsafe.Offsetof({value}.{go}), unsafe.Sizeof({value}.{go})"
            yield f'\t\tfmt.Sprintf("field {struct.c}.{c} %d %d", {numbers}),'


def _quoted(include: str) -> str:
    return json.dumps(include, ensure_ascii=False)


_LAYOUT = """package {package}

import (
{imports}

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// bindingsLayout is what testdata/layout.c prints, as Go has it.
func bindingsLayout() []string {{
{body}
}}

var _ = Describe("bindings.go", func() {{
	It("has the layout and the constants that the C compiler has", func() {{
		include := os.Getenv("BINDINGS_INCLUDE")
		if include == "" {{
			Skip("BINDINGS_INCLUDE does not name the folder of the engine's header")
		}}
		compiler := os.Getenv("CC")
		if compiler == "" {{
			compiler = "cc"
		}}
		program := filepath.Join(GinkgoT().TempDir(), "layout")
		built, err := exec.Command(compiler, "-I"+include, "-o", program, "testdata/layout.c").CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(built))
		printed, err := exec.Command(program).Output()
		Expect(err).NotTo(HaveOccurred())
		lines := strings.FieldsFunc(string(printed), func(char rune) bool {{ return char == '\\n' }})
		Expect(lines).To(HaveLen(len(bindingsLayout())))
		for place, line := range bindingsLayout() {{
			Expect(lines[place]).To(Equal(line))
		}}
	}})
}})
"""
_SYMBOLS = """package {package}

import (
	"os"

	"github.com/ebitengine/purego"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("the engine's library", func() {{
	It("exports every function that bindings.go binds", func() {{
		path := os.Getenv({variable})
		if path == "" {{
			Skip({variable} + " does not name the engine's library")
		}}
		lib, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
		Expect(err).NotTo(HaveOccurred())
		for _, lf := range libFuncs() {{
			_, err := purego.Dlsym(lib, lf.name)
			Expect(err).NotTo(HaveOccurred(), lf.name)
		}}
		Expect(bindLibrary(lib)).To(Succeed())
	}})
}})
"""
