"""A C API, read from its header.

pcpp runs the preprocessor as a C compiler on Linux would (`__cplusplus` is not defined, so `extern "C"` and C++ parts
fall away), tree-sitter's C grammar reads the result. What the grammar does not understand is listed and nothing of
it is offered. Includes are not followed: a type of another header is a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property

import tree_sitter_c
from tree_sitter import Language, Node, Parser

from newbackend.errors import UsageError
from newbackend.splice.syntax import syntax_tree
from newbackend.upstream.c_api import Api, Callback, Enum, Function, Parameter, Struct
from newbackend.upstream.c_constant import constant
from newbackend.upstream.declarators import Declarators, Declared
from newbackend.upstream.facts import Gap
from newbackend.upstream.preprocess import HeaderPreprocessor

_NESTED = 20
_MACROS = 20
_MACRO_WORDS = ("API", "EXPORT", "PUBLIC", "DLL", "DECL", "CALL", "NOEXCEPT", "VISIB", "EXTERN", "NODISCARD")
"""What macros are called that have a meaning for linkers and none for callers."""
_DECLARING = ("declaration", "type_definition", "field_declaration")
_LINE = re.compile(r'#line (\d+)(?: "([^"]*)")?')
_CPLUSPLUS = re.compile(
    r"^[ \t]*(?:namespace\b|class\s+\w|template\s*<|using\s+\w|public:|private:)|\bstd::", re.MULTILINE
)


def read_header(text: str, path: str) -> Api:
    """The C API of one header."""
    api = Api(path)
    api.cplusplus = is_cplusplus(text) and 'extern "C"' not in text
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


def is_cplusplus(text: str) -> bool:
    """Whether a header has what C does not: classes, namespaces, templates."""
    return bool(_CPLUSPLUS.search(_without_comments(text)))


def _read(api: Api, text: str, macros: Sequence[str]) -> list[str]:
    """Reads a header with these macros empty; gives macros of other headers that stand in what was not understood."""
    preprocessor = HeaderPreprocessor(api.path)
    for name in macros:
        preprocessor.define(f"{name} ")
    expanded = preprocessor.expand(text)
    api.includes = preprocessor.includes
    api.gaps += preprocessor.gaps
    if expanded is None:
        return []
    try:
        reader = _Reader(api, expanded)
    except UsageError as error:
        api.gaps.append(Gap(api.path, error.message))
        return []
    reader.read()
    return list(reader.macros)


def _without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)


class _Reader(Declarators):
    def __init__(self, api: Api, text: str) -> None:
        super().__init__(text.encode())
        self._api = api
        self._text = text
        self._tree = syntax_tree(Parser(Language(tree_sitter_c.language())), self.text)
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
                comment = f"{comment}\n{self.of(node)}" if comment and near else self.of(node)
                end = node.end_point[0]
                continue
            if node.type in ("preproc_call", ";", "{", "}"):
                broken = False
                self._packed |= "pragma" in self.of(node) and "pack" in self.of(node)
                continue
            body = node.child_by_field_name("body") if node.type == "linkage_specification" else None
            if body is not None and self.of(node).replace(" ", "").startswith('extern"C"'):
                self._declarations(body.children if body.type == "declaration_list" else [body])
            elif broken or node.has_error:
                # What follows an error without an end lacks its first words.
                broken = not self.of(node).rstrip().endswith((";", "}"))
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
        about = self.declarator(declarator)
        if about is None or about.parameters is None:
            return
        if about.pointer_to_function:
            self._gap(node, f"{about.name} is or gives a pointer to a function, which is not offered")
            return
        if any(self.of(child) == "static" for child in node.children if child.type == "storage_class_specifier"):
            return
        result = self.spelled(node, about.suffix)
        parameters, variadic = self.parameters(about.parameters)
        deprecated = "deprecated" in self.of(node)
        where = self._where(node)
        function = Function(about.name, result, parameters, where, variadic, _plain(comment), deprecated)
        self._api.functions.append(function)

    def _typedef(self, node: Node) -> None:
        self._types_in(node)
        kind = node.child_by_field_name("type")
        for declarator in node.children_by_field_name("declarator"):
            about = self.declarator(declarator)
            if about is None:
                continue
            if about.suffix.endswith("]") and about.pointer_to_function:
                self._gap(node, f"{about.name} is an array of pointers to functions and is not offered")
            elif about.parameters is not None and about.pointer_to_function:
                parameters, _ = self.parameters(about.parameters)
                callback = Callback(about.name, self.spelled(node, about.suffix), parameters, self._where(node))
                self._api.callbacks.append(callback)
            elif about.parameters is not None:
                self._gap(node, f"{about.name} is a type of functions, not of pointers to them, and is not offered")
            elif kind is not None and kind.type in ("struct_specifier", "union_specifier", "enum_specifier"):
                self._named(kind, about)
            elif _aligned(node):
                self._gap(node, f"{about.name} has an attribute, so that its size is not known, and is not offered")
            else:
                self._api.aliases[about.name] = self.spelled(node, about.suffix)

    def _named(self, kind: Node, about: Declared) -> None:
        """`typedef struct tag {...} name;`: the type is known by the new name too."""
        tag = kind.child_by_field_name("name")
        tag_name = self.of(tag) if tag else ""
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
        name = name or (self.of(tag) if tag else "")
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
                following = constant(value, self.constants)
            spelled = self.of(name) if name else ""
            if following is not None:
                self.constants[spelled] = following
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
            abouts = [about for about in map(self.declarator, declarators) if about is not None]
            nested = self._nested(child, owner, abouts[0].name if abouts else str(len(fields)))
            for about in abouts:
                spelled = self.spelled(child, about.suffix, nested)
                if about.parameters is not None:
                    spelled += f" ({'*' if about.pointer_to_function else ''})({self.inner(about.parameters)})"
                fields.append(Parameter(about.name, spelled))
            if not declarators:
                fields.append(Parameter("", self.spelled(child, "", nested)))
        return tuple(fields), bits

    def _nested(self, field_declaration: Node, owner: str, member: str) -> str:
        """Reads the type that a field brings; gives the name of one without a tag."""
        kind = field_declaration.child_by_field_name("type")
        if kind is None or kind.child_by_field_name("body") is None:
            return ""
        tag = kind.child_by_field_name("name")
        name = self.of(tag) if tag else f"{owner}.{member}"
        self._type(kind, name)
        return "" if tag else name

    def _not_understood(self, node: Node) -> None:
        first = " ".join(self.of(node).split())[:80]
        self._gap(node, f"is not understood and not offered: {first}")
        waiting = [node]
        while waiting:
            part = waiting.pop()
            waiting += part.children
            if part.type in ("identifier", "type_identifier") and len(self.macros) < _MACROS:
                name = self.of(part)
                if name.isascii() and name.isupper() and any(word in name for word in _MACRO_WORDS):
                    self.macros[name] = None

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
