"""A C API, read from its header.

pcpp runs the preprocessor as a C compiler on Linux would (`__cplusplus` is not defined, so `extern "C"` and C++ parts
fall away), tree-sitter's C grammar reads the result. What the grammar does not understand is listed and nothing of
it is offered. Includes are not followed: a type of another header is a name.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import tree_sitter_c
from pcpp import Action, OutputDirective, Preprocessor
from tree_sitter import Language, Node, Parser

from newbackend.upstream.c_constant import constant
from newbackend.upstream.facts import Gap

OUTPUT_LIMIT = 4 << 20
"""Characters after preprocessing: macros of a hostile header can grow without end."""
_NESTED = 20
_MACROS = 20
_MACRO_WORDS = ("API", "EXPORT", "PUBLIC", "DLL", "DECL", "CALL", "NOEXCEPT", "VISIB", "EXTERN", "NODISCARD")
"""What macros are called that have a meaning for linkers and none for callers."""
_DECLARING = ("declaration", "type_definition", "field_declaration")
_QUALIFIERS = ("const", "volatile", "restrict")
_LINE = re.compile(r'#line (\d+)(?: "([^"]*)")?')
_CPLUSPLUS = re.compile(
    r"^\s*(?:namespace\b|class\s+\w|template\s*<|using\s+\w|public:|private:)|\bstd::", re.MULTILINE
)

Kind = Literal["function", "struct", "enum", "typedef", "callback", "opaque"]


@dataclass(frozen=True)
class Parameter:
    """`type` is C's spelling without the name: `const float *`."""

    name: str
    type: str


@dataclass(frozen=True)
class Function:
    """A function that the header declares; `comment` is the one above it."""

    name: str
    result: str
    parameters: tuple[Parameter, ...]
    where: str
    variadic: bool = False
    comment: str = ""
    deprecated: bool = False


@dataclass(frozen=True)
class Struct:
    """A struct or union with its fields; `union` ones and ones with bit fields cannot be passed by value from Go.

    One without a name inside another is known as `outer.field`, an anonymous member as `outer.0` after its place.
    """

    name: str
    fields: tuple[Parameter, ...]
    where: str
    union: bool = False
    bit_fields: bool = False
    aligned: bool = False
    """An attribute, `#pragma pack` or `alignas` may change where its fields are."""


@dataclass(frozen=True)
class Enum:
    """An enumeration: names and values (None where the value is an expression that is not a number)."""

    name: str
    values: tuple[tuple[str, int | None], ...]
    where: str


@dataclass(frozen=True)
class Callback:
    """A type that is a pointer to a function."""

    name: str
    result: str
    parameters: tuple[Parameter, ...]
    where: str


@dataclass
class Api:
    """Everything that one header declares for C."""

    path: str
    functions: list[Function] = field(default_factory=list)
    structs: list[Struct] = field(default_factory=list)
    enums: list[Enum] = field(default_factory=list)
    callbacks: list[Callback] = field(default_factory=list)
    opaque: dict[str, str] = field(default_factory=dict)
    """Types that are only declared: handles. Name -> where."""
    aliases: dict[str, str] = field(default_factory=dict)
    """`typedef int32_t token;` -> {"token": "int32_t"}."""
    includes: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    cplusplus: bool = False
    """The header is for C++ alone: without `extern "C"`, with classes, namespaces or templates."""


def read_header(text: str, path: str) -> Api:
    """The C API of one header."""
    api = Api(path)
    api.cplusplus = bool(_CPLUSPLUS.search(_without_comments(text))) and 'extern "C"' not in text
    if api.cplusplus:
        return api
    macros = _read(api, text, ())
    if macros:
        again = Api(path)
        _read(again, text, macros)
        if len(again.functions) > len(api.functions):
            again.gaps.append(Gap(path, f"takes {', '.join(macros)}, defined in another header, for nothing"))
            return again
    return api


def _read(api: Api, text: str, macros: Sequence[str]) -> list[str]:
    """Reads a header with these macros empty; gives macros of other headers that stand in what was not understood."""
    preprocessor = _Preprocessor(api.path)
    for name in macros:
        preprocessor.define(f"{name} ")
    expanded = preprocessor.expand(text)
    api.includes = preprocessor.includes
    api.gaps += preprocessor.gaps
    if expanded is None:
        return []
    reader = _Reader(api, expanded)
    reader.read()
    return list(reader.macros)


def _without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)


class _TooLong(Exception):
    """The output passed its limit."""


class _Limited(io.StringIO):
    def write(self, text: str) -> int:
        if self.tell() + len(text) > OUTPUT_LIMIT:
            raise _TooLong
        return super().write(text)


class _Preprocessor(Preprocessor):  # type: ignore[misc]
    """pcpp with comments kept and includes left out."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        self.includes: list[str] = []
        self.gaps: list[Gap] = []
        self.define("__GNUC__ 13")
        self.define("__linux__ 1")
        self.define("__x86_64__ 1")

    def expand(self, text: str) -> str | None:
        """The header as a C compiler sees it, with `#line`; None when it could not be done."""
        out = _Limited()
        try:
            self.parse(text, self._path)
            self.write(out)
        except (_TooLong, RecursionError, MemoryError):
            self.gaps.append(Gap(self._path, "grows too big in the preprocessor, so it is not read"))
            return None
        return out.getvalue()

    def on_error(self, file: str, line: int, msg: str) -> None:
        self.gaps.append(Gap(f"{self._path}:{line}", f"the preprocessor says: {msg}"))

    def on_include_not_found(self, is_malformed: bool, is_system_include: bool, curdir: str, includepath: str) -> None:
        self.includes.append(includepath)
        raise OutputDirective(Action.IgnoreAndRemove)

    def on_comment(self, tok: object) -> bool:
        return True


@dataclass(frozen=True)
class _Declared:
    """A declarator taken apart: the name, what stands around it, and its parameters if it is a function."""

    name: str
    suffix: str
    parameters: Node | None
    pointer_to_function: bool


class _Reader:
    def __init__(self, api: Api, text: str) -> None:
        self._api = api
        self._bytes = text.encode()
        self._text = text
        self._tree = Parser(Language(tree_sitter_c.language())).parse(self._bytes)
        self._constants: dict[str, int] = {}
        self._packed = False
        self._depth = 0
        self.macros: dict[str, None] = {}
        """Names that look like macros for exports and calling conventions, in what was not understood."""

    def read(self) -> None:
        """Reads every declaration into the Api."""
        self._declarations(self._tree.root_node.children)
        seen = {struct.name for struct in self._api.structs}
        for name in seen & self._api.opaque.keys():
            del self._api.opaque[name]

    def _declarations(self, nodes: Sequence[Node]) -> None:
        comment = ""
        end = -1
        broken = False
        for node in nodes:
            if node.type == "comment":
                near = node.start_point[0] - end <= 1
                comment = f"{comment}\n{self._of(node)}" if comment and near else self._of(node)
                end = node.end_point[0]
                continue
            if node.type in ("preproc_call", ";", "{", "}"):
                broken = False
                self._packed |= "pragma" in self._of(node) and "pack" in self._of(node)
                continue
            body = node.child_by_field_name("body") if node.type == "linkage_specification" else None
            if body is not None and self._of(node).replace(" ", "").startswith('extern"C"'):
                self._declarations(body.children if body.type == "declaration_list" else [body])
            elif broken or node.has_error:
                # What follows an error without an end lacks its first words.
                broken = not self._of(node).rstrip().endswith((";", "}"))
                self._not_understood(node)
            else:
                above = comment if node.start_point[0] - end <= 1 else ""
                self._declaration(node, above)
            comment = ""

    def _declaration(self, node: Node, comment: str) -> None:
        if node.type == "declaration":
            self._types_in(node)
            for declarator in node.children_by_field_name("declarator"):
                self._declared(node, declarator, comment)
        elif node.type == "type_definition":
            self._typedef(node)
        elif node.type in ("struct_specifier", "union_specifier", "enum_specifier"):
            self._type(node, "")
        elif node.type == "function_definition":
            self._gap(node, "is a function with a body, which is not exported")
        elif node.type not in ("expression_statement", "attribute_specifier", "empty_statement"):
            self._gap(node, f"is a {node.type.replace('_', ' ')}, which is not understood here")

    def _declared(self, node: Node, declarator: Node, comment: str) -> None:
        about = self._declarator(declarator)
        if about is None or about.parameters is None:
            return
        if about.pointer_to_function:
            self._gap(node, f"{about.name} is or gives a pointer to a function, which is not offered")
            return
        if any(self._of(child) == "static" for child in node.children if child.type == "storage_class_specifier"):
            return
        result = self._spelled(node, about.suffix)
        parameters, variadic = self._parameters(about.parameters)
        deprecated = "deprecated" in self._of(node)
        where = self._where(node)
        function = Function(about.name, result, parameters, where, variadic, _plain(comment), deprecated)
        self._api.functions.append(function)

    def _typedef(self, node: Node) -> None:
        self._types_in(node)
        kind = node.child_by_field_name("type")
        for declarator in node.children_by_field_name("declarator"):
            about = self._declarator(declarator)
            if about is None:
                continue
            if about.suffix.endswith("]") and about.pointer_to_function:
                self._gap(node, f"{about.name} is an array of pointers to functions and is not offered")
            elif about.parameters is not None and about.pointer_to_function:
                parameters, _ = self._parameters(about.parameters)
                callback = Callback(about.name, self._spelled(node, about.suffix), parameters, self._where(node))
                self._api.callbacks.append(callback)
            elif about.parameters is not None:
                self._gap(node, f"{about.name} is a type of functions, not of pointers to them, and is not offered")
            elif kind is not None and kind.type in ("struct_specifier", "union_specifier", "enum_specifier"):
                self._named(kind, about)
            elif _aligned(node):
                self._gap(node, f"{about.name} has an attribute, so that its size is not known, and is not offered")
            else:
                self._api.aliases[about.name] = self._spelled(node, about.suffix)

    def _named(self, kind: Node, about: _Declared) -> None:
        """`typedef struct tag {...} name;`: the type is known by the new name too."""
        tag = kind.child_by_field_name("name")
        tag_name = self._of(tag) if tag else ""
        if kind.child_by_field_name("body"):
            self._type(kind, tag_name or about.name)
        if tag_name != about.name or about.suffix:
            word = kind.type.partition("_")[0]
            self._api.aliases[about.name] = f"{word} {tag_name or about.name}{about.suffix}".strip()
        if not kind.child_by_field_name("body") and tag_name and kind.type == "struct_specifier":
            self._api.opaque.setdefault(tag_name, self._where(kind))

    def _types_in(self, node: Node) -> None:
        kind = node.child_by_field_name("type")
        if node.type == "declaration" and kind is not None and kind.type.endswith("_specifier"):
            self._type(kind, "")

    def _type(self, node: Node, name: str) -> None:
        tag = node.child_by_field_name("name")
        name = name or (self._of(tag) if tag else "")
        body = node.child_by_field_name("body")
        if body is None:
            if node.type == "struct_specifier" and name:
                self._api.opaque.setdefault(name, self._where(node))
        elif node.type == "enum_specifier":
            self._api.enums.append(Enum(name, tuple(self._enumerators(body)), self._where(node)))
        elif node.type in ("struct_specifier", "union_specifier"):
            if self._depth == _NESTED:
                self._gap(node, "is nested too deep and is not read")
                return
            self._depth += 1
            fields, bits = self._fields(body, name)
            self._depth -= 1
            whole = node.parent if node.parent and node.parent.type in _DECLARING else node
            aligned = self._packed or _aligned(whole)
            union = node.type == "union_specifier"
            self._api.structs.append(Struct(name, fields, self._where(node), union, bits, aligned))

    def _enumerators(self, body: Node) -> Iterator[tuple[str, int | None]]:
        following: int | None = 0
        for child in body.named_children:
            if child.type != "enumerator":
                continue
            name, value = child.child_by_field_name("name"), child.child_by_field_name("value")
            if value is not None:
                following = constant(value, self._constants)
            spelled = self._of(name) if name else ""
            if following is not None:
                self._constants[spelled] = following
            yield spelled, following
            following = None if following is None else following + 1

    def _fields(self, body: Node, owner: str) -> tuple[tuple[Parameter, ...], bool]:
        fields: list[Parameter] = []
        bits = False
        for child in body.named_children:
            if child.type != "field_declaration":
                if child.type != "comment":
                    self._gap(child, f"in {owner or 'a struct'} is not understood, so that its fields are not known")
                    bits = True
                continue
            bits |= any(part.type == "bitfield_clause" for part in child.children)
            declarators = child.children_by_field_name("declarator")
            abouts = [about for about in map(self._declarator, declarators) if about is not None]
            nested = self._nested(child, owner, abouts[0].name if abouts else str(len(fields)))
            for about in abouts:
                spelled = self._spelled(child, about.suffix, nested)
                if about.parameters is not None:
                    spelled += f" ({'*' if about.pointer_to_function else ''})({self._inner(about.parameters)})"
                fields.append(Parameter(about.name, spelled))
            if not declarators:
                fields.append(Parameter("", self._spelled(child, "", nested)))
        return tuple(fields), bits

    def _nested(self, field_declaration: Node, owner: str, member: str) -> str:
        """Reads the type that a field brings; gives the name of one without a tag."""
        kind = field_declaration.child_by_field_name("type")
        if kind is None or kind.child_by_field_name("body") is None:
            return ""
        tag = kind.child_by_field_name("name")
        name = self._of(tag) if tag else f"{owner}.{member}"
        self._type(kind, name)
        return "" if tag else name

    def _parameters(self, node: Node) -> tuple[tuple[Parameter, ...], bool]:
        parameters: list[Parameter] = []
        for child in node.named_children:
            if child.type == "parameter_declaration":
                declarator = child.child_by_field_name("declarator")
                about = self._declarator(declarator) if declarator else None
                name, suffix = (about.name, about.suffix) if about else ("", "")
                spelled = self._spelled(child, suffix)
                if about and about.parameters is not None:
                    spelled += f" (*)({self._inner(about.parameters)})"
                if spelled != "void" or name:
                    parameters.append(Parameter(name, spelled))
        return tuple(parameters), any(child.type == "variadic_parameter" for child in node.children)

    def _declarator(self, node: Node) -> _Declared | None:
        """Takes `*name`, `name[3]`, `(*name)(...)`, `*name(...)` apart, from the outside in."""
        stars, arrays = "", ""
        parameters: Node | None = None
        pointer = False
        while node.type not in ("identifier", "field_identifier", "type_identifier", "primitive_type"):
            inner = node.child_by_field_name("declarator")
            if node.type in ("pointer_declarator", "abstract_pointer_declarator"):
                if parameters is not None:
                    pointer = True
                else:
                    qualifiers = [self._of(part) for part in node.children if part.type == "type_qualifier"]
                    star = "*" + (" " + " ".join(qualifiers) if qualifiers else "")
                    stars, arrays = (stars, f"({star}){arrays}") if arrays else (stars + star, arrays)
            elif node.type in ("array_declarator", "abstract_array_declarator"):
                size = node.child_by_field_name("size")
                count = constant(size, self._constants) if size else None
                arrays = f"[{count if count is not None else self._of(size) if size else ''}]" + arrays
            elif node.type in ("function_declarator", "abstract_function_declarator"):
                parameters = node.child_by_field_name("parameters")
            elif node.type in (
                "parenthesized_declarator",
                "abstract_parenthesized_declarator",
                "attributed_declarator",
            ):
                inner = next(
                    (part for part in node.named_children if "declarator" in part.type or "identifier" in part.type),
                    None,
                )
            if inner is None:
                found = stars or arrays or parameters is not None
                return _Declared("", _suffix(stars, arrays), parameters, pointer) if found else None
            node = inner
        return _Declared(self._of(node), _suffix(stars, arrays), parameters, pointer)

    def _spelled(self, node: Node, suffix: str, nested: str = "") -> str:
        """The type of a declaration: qualifiers and specifier, then the pointer part of the declarator.

        `nested` is what a type without a tag is called.
        """
        words: list[str] = []
        for child in node.children:
            if child.type == "type_qualifier" and self._of(child) in _QUALIFIERS:
                words.append(self._of(child))
            elif child == node.child_by_field_name("type"):
                tag = child.child_by_field_name("name")
                anonymous = child.child_by_field_name("body") is not None and tag is None
                if child.type in ("struct_specifier", "enum_specifier", "union_specifier"):
                    word = child.type.partition("_")[0]
                    words.append(f"{word} {self._of(tag) if tag else nested or '{...}'}" if tag or anonymous else word)
                else:
                    words.append(" ".join(self._of(child).split()))
        return " ".join(words) + (f" {suffix}" if suffix else "")

    def _not_understood(self, node: Node) -> None:
        first = " ".join(self._of(node).split())[:80]
        self._gap(node, f"is not understood and not offered: {first}")
        waiting = [node]
        while waiting:
            part = waiting.pop()
            waiting += part.children
            if part.type in ("identifier", "type_identifier") and len(self.macros) < _MACROS:
                name = self._of(part)
                if name.isascii() and name.isupper() and any(word in name for word in _MACRO_WORDS):
                    self.macros[name] = None

    def _inner(self, node: Node) -> str:
        return ", ".join(parameter.type for parameter in self._parameters(node)[0])

    def _of(self, node: Node) -> str:
        return self._bytes[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def _gap(self, node: Node, text: str) -> None:
        self._api.gaps.append(Gap(self._where(node), text))

    def _where(self, node: Node) -> str:
        return f"{self._api.path}:{self._lines[node.start_point[0]]}"

    @cached_property
    def _lines(self) -> list[int]:
        """The header's line for each line of the preprocessed text."""
        lines: list[int] = []
        number = 1
        for text in self._text.split("\n"):
            match = _LINE.match(text)
            if match:
                number = int(match[1])
                lines.append(number)
            else:
                lines.append(number)
                number += 1
        return lines


def _suffix(stars: str, arrays: str) -> str:
    return f"{stars}{arrays}"


def _aligned(node: Node) -> bool:
    """Whether an attribute stands anywhere in a declaration."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if part.type in ("attribute_specifier", "alignas_qualifier", "attribute_declaration", "ms_declspec_modifier"):
            return True
        waiting += part.children
    return False


def _plain(comment: str) -> str:
    """A comment's words without its marks."""
    rows = (re.sub(r"^\s*(?:/\*+<?|\*+/|//+[!<]?|\*)|\*+/\s*$", "", row).strip() for row in comment.splitlines())
    return " ".join(row for row in rows if row)
