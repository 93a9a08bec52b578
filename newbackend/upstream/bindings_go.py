"""Go bindings of a C API in the idiom of LocalAI's own backends: typed function variables, and a table for purego.

Every function of the header is bound or listed with the reason. What the header says reaches the text as a checked
C identifier, a number, or the words of a comment on one line.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from newbackend.errors import UsageError
from newbackend.records import dataclass
from newbackend.sanitize import one_line
from newbackend.upstream.bound_functions import Choice, Refused, choose, signature
from newbackend.upstream.bound_strings import Strings, strings
from newbackend.upstream.c_api import Api, Function
from newbackend.upstream.c_types import Pointer, Types, Void
from newbackend.upstream.go_names import KEYWORDS, Names, comment, exported, is_c_identifier, parameter
from newbackend.upstream.go_types import BoundStruct, GoTypes
from newbackend.upstream.purego import STRUCTS_SINCE

OWN_NAMES = ("bindLibrary", "cString", "goString", "libFunc", "libFuncs")
"""What the text declares beside the names of the header."""


@dataclass(frozen=True)
class Bindings:
    """`text` is the Go file; `functions` and `constants` are pairs of C's and Go's names."""

    text: str
    functions: tuple[tuple[str, str], ...]
    structs: tuple[BoundStruct, ...]
    constants: tuple[tuple[str, str], ...]
    refused: tuple[Refused, ...]
    """Functions without a binding: with `functions` they are all of the header."""
    remarks: tuple[Refused, ...]
    """Types that are bound as plain pointers, strings that are not freed, parts of the header that were not read."""
    wrapped: tuple[tuple[Function, Function], ...]
    """Functions that are bound through a wrapper, with it; the name in `functions` is the wrapper's."""
    digest: str
    signatures: Mapping[str, tuple[list[tuple[str, str]], str]] = field(default_factory=dict)
    """Of each bound function by C's name: Go's names and types of the arguments, and the result with a space before
    it."""


def digest(header: str) -> str:
    """What the bindings record of the header's text: `sha256:...`."""
    return f"sha256:{hashlib.sha256(header.encode('utf-8', 'replace')).hexdigest()}"


def symbols(bound: Bindings) -> list[str]:
    """The names that the library must export."""
    return [name for name, _ in bound.functions]


def bindings(
    api: Api,
    header: str,
    *,
    package: str,
    library: str,
    included: Sequence[Api] = (),
    purego: tuple[int, ...] = STRUCTS_SINCE,
    taken: Iterable[str] = (),
    by_pointer: bool = False,
    origin: str = "",
) -> Bindings:
    """Binds what `api` read from the text `header`.

    `library` is what error messages call it, `included` the headers to look up types in, `purego` its version in the
    checkout's go.mod, and `taken` are identifiers of the package's other files. With `by_pointer` a function that
    purego cannot call for its structs by value is bound through a wrapper: see `Bindings.wrapped` and `wrappers_c`.
    `origin` is the upstream, OWNER/REPO@COMMIT, for the file's head.
    Raises UsageError when `package` cannot name a Go package.
    """
    if not is_c_identifier(package) or package in KEYWORDS or package == "_":
        raise UsageError("go-package", f"{one_line(package)!r} cannot name a Go package")
    types = Types(api, included)
    choice = choose(api, types, purego, by_pointer=by_pointer)
    return _Writer(types, choice, Names((*taken, *OWN_NAMES))).write(package, library, digest(header), origin)


class _Writer:
    def __init__(self, types: Types, choice: Choice, names: Names) -> None:
        self._types = types
        self._choice = choice
        self._strings: Strings = strings(types.api, types, choice.functions)
        originals = {wrapper.name: function.name for function, wrapper in choice.wrapped}
        self._names = {
            function.name: names.take(exported(originals.get(function.name, function.name)))
            for function in choice.functions
        }
        self._copies = {name: names.take(f"{self._names[name]}String") for name in self._strings.owners}
        self._go = GoTypes(types, names)

    def write(self, package: str, library: str, header_digest: str, origin: str) -> Bindings:
        """The whole file."""
        functions = [self._function(function) for function in self._choice.functions]
        copies = [self._copy(function) for function in self._choice.functions if function.name in self._copies]
        types = self._go.text()
        table = [_table([(self._names[one.name], one.name) for one in self._choice.functions]), _bind(library)]
        parts = [*types, *([_block("var (", functions)] if functions else []), *copies, *table]
        if any("*byte" in part or "goString(" in part for part in parts):
            parts.append(_GO_STRING)
        if any("*byte" in part for part in (*types, *functions)):
            parts.append(_C_STRING)
        imports = [f'\t"{name}"' for name in ("fmt", "unsafe") if any(f"{name}." in _code(part) for part in parts)]
        path = one_line(self._types.api.path)
        head = [
            f"// Code generated by newbackend from {path}. DO NOT EDIT.", f"// header: {path} {header_digest}",
            *([f"// upstream: {one_line(origin)}"] if origin else []), "",
            f"package {package}", "", _block("import (", [*imports, "", '\t"github.com/ebitengine/purego"']),
        ]  # fmt: skip
        remarks = [Refused("", gap.where, gap.text) for gap in self._types.api.gaps]
        remarks += [Refused(*remark) for remark in self._go.remarks] + self._strings.remarks
        count = len(self._choice.refused) + len(functions)
        listed = [
            *_listed(f"Not bound, {len(self._choice.refused)} of {count} functions:", self._choice.refused),
            *_listed("Remarks:", remarks),
        ]
        return Bindings(
            text="\n\n".join(["\n".join(head), *parts, *listed]) + "\n",
            functions=tuple((function.name, self._names[function.name]) for function in self._choice.functions),
            structs=tuple(self._go.structs),
            constants=tuple(self._go.constants),
            refused=tuple(self._choice.refused),
            remarks=tuple(remarks),
            wrapped=tuple(self._choice.wrapped),
            digest=header_digest,
            signatures={function.name: self._signature(function) for function in self._choice.functions},
        )

    def _function(self, function: Function) -> str:
        name = self._names[function.name]
        words = f": {function.comment}" if function.comment else "."
        old = " (deprecated)" if function.deprecated else ""
        parameters, result = self._signature(function)
        given = ", ".join(f"{part} {kind}" for part, kind in parameters)
        return f"\t// {comment(f'{name} is {function.name}{old}{words}')}\n\t{name} func({given}){result}"

    def _signature(self, function: Function) -> tuple[list[tuple[str, str]], str]:
        """Names and types of the arguments, and the result with a space before it."""
        arguments, result = signature(self._types, function)
        keys = any(self._go.is_function(kind) for kind in arguments)
        frees = function.name in self._strings.freeing
        names = Names()
        parameters: list[tuple[str, str]] = []
        for place, (part, kind) in enumerate(zip(function.parameters, arguments, strict=True), start=1):
            spelled = self._go.spelled(kind) if frees else self._go.argument(kind, part.name, keys=keys)
            parameters.append((names.take(parameter(part.name, place)), spelled))
        if isinstance(result, Void):
            return parameters, ""
        return parameters, " string" if function.name in self._strings.kept else f" {self._go.spelled(result)}"

    def _copy(self, function: Function) -> str:
        """A Go function that copies a string and frees it."""
        owner = self._strings.owners[function.name]
        name, copy, free = self._names[function.name], self._copies[function.name], self._names[owner.name]
        names = Names(("text",))
        parameters = [(names.take(part), kind) for part, kind in self._signature(function)[0]]
        given = ", ".join(f"{part} {kind}" for part, kind in parameters)
        (first,), _ = signature(self._types, owner)
        text = "unsafe.Pointer(text)" if isinstance(first, Pointer) and isinstance(first.to, Void) else "text"
        rows = [
            f"// {copy} copies the string that {function.name} gives and frees it with {owner.name}.",
            f"func {copy}({given}) string {{",
            f"\ttext := {name}({', '.join(part for part, _ in parameters)})",
            "\tif text == nil {",
            '\t\treturn ""',
            "\t}",
            f"\tdefer {free}({text})",
            "\treturn goString(text)",
            "}",
        ]
        return "\n".join(rows)


def _table(functions: Sequence[tuple[str, str]]) -> str:
    rows = [f'\t\t{{&{go}, "{c}"}},' for go, c in functions]
    body = ["\treturn []libFunc{", *rows, "\t}"] if rows else ["\treturn nil"]
    head = "// libFuncs lists every function that is bound, by the name that the library exports."
    return "\n".join([_LIB_FUNC, "", head, "func libFuncs() []libFunc {", *body, "}"])


def _bind(library: str) -> str:
    return _BIND.replace("LIBRARY", json.dumps(one_line(library).replace("%", "%%"))[1:-1])


def _listed(title: str, parts: Sequence[Refused]) -> list[str]:
    rows = [f"//   - {f'{one_line(part.name)[:200]} ({one_line(part.where)})' if part.name else one_line(part.where)}: "
            f"{one_line(part.reason)[:300]}" for part in parts]  # fmt: skip
    return ["\n".join([f"// {title}", "//", *rows])] if rows else []


def _block(opening: str, rows: Sequence[str]) -> str:
    return "\n".join([opening, *rows, ")"])


def _code(part: str) -> str:
    return "\n".join(row for row in part.splitlines() if not row.lstrip().startswith("//"))


_LIB_FUNC = """type libFunc struct {
	ptr  any
	name string
}"""
_GO_STRING = """// goString copies a C string; NULL is empty.
func goString(text *byte) string {
	if text == nil {
		return ""
	}
	length := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(text), length)) != 0 {
		length++
	}
	return string(unsafe.Slice(text, length))
}"""
_C_STRING = """// cString makes a C string. Keep the pointer for as long as the library reads it.
func cString(text string) *byte {
	return unsafe.SliceData(append([]byte(text), 0))
}"""
_BIND = """// bindLibrary looks up every function. An error names the first that the library does not export.
func bindLibrary(lib uintptr) (err error) {
	name := ""
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("LIBRARY: %s cannot be bound: %v", name, problem)
		}
	}()
	for _, lf := range libFuncs() {
		name = lf.name
		purego.RegisterLibFunc(lf.ptr, lib, lf.name)
	}
	return nil
}"""
