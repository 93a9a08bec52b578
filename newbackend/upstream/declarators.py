"""The declarators of C: what stands around a name, and the types that it gives."""

from __future__ import annotations

from tree_sitter import Node

from newbackend.records import dataclass
from newbackend.upstream.c_api import Parameter
from newbackend.upstream.c_constant import constant

_QUALIFIERS = ("const", "volatile", "restrict")


@dataclass(frozen=True)
class Declared:
    """A declarator taken apart: the name, what stands around it, and its parameters if it is a function."""

    name: str
    suffix: str
    parameters: Node | None
    pointer_to_function: bool


class Declarators:
    """Reads declarators of one text; `constants` are the names that sizes of arrays may use."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.constants: dict[str, int] = {}

    def parameters(self, node: Node) -> tuple[tuple[Parameter, ...], bool]:
        """The parameters of a list of them, and whether more may follow (`...`)."""
        parameters: list[Parameter] = []
        for child in node.named_children:
            if child.type == "parameter_declaration":
                declarator = child.child_by_field_name("declarator")
                about = self.declarator(declarator) if declarator else None
                name, suffix = (about.name, about.suffix) if about else ("", "")
                spelled = self.spelled(child, suffix)
                if about and about.parameters is not None:
                    spelled += f" (*)({self.inner(about.parameters)})"
                if spelled != "void" or name:
                    parameters.append(Parameter(name, spelled))
        return tuple(parameters), any(child.type == "variadic_parameter" for child in node.children)

    def declarator(self, node: Node) -> Declared | None:
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
                    qualifiers = [self.of(part) for part in node.children if part.type == "type_qualifier"]
                    star = "*" + (" " + " ".join(qualifiers) if qualifiers else "")
                    stars, arrays = (stars, f"({star}){arrays}") if arrays else (stars + star, arrays)
            elif node.type in ("array_declarator", "abstract_array_declarator"):
                size = node.child_by_field_name("size")
                count = constant(size, self.constants) if size else None
                arrays = f"[{count if count is not None else self.of(size) if size else ''}]" + arrays
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
                return Declared("", stars + arrays, parameters, pointer) if found else None
            node = inner
        return Declared(self.of(node), stars + arrays, parameters, pointer)

    def spelled(self, node: Node, suffix: str, nested: str = "") -> str:
        """The type of a declaration: qualifiers and specifier, then the pointer part of the declarator.

        `nested` is what a type without a tag is called.
        """
        words: list[str] = []
        for child in node.children:
            if child.type == "type_qualifier" and self.of(child) in _QUALIFIERS:
                words.append(self.of(child))
            elif child == node.child_by_field_name("type"):
                tag = child.child_by_field_name("name")
                anonymous = child.child_by_field_name("body") is not None and tag is None
                if child.type in ("struct_specifier", "enum_specifier", "union_specifier"):
                    word = child.type.partition("_")[0]
                    words.append(f"{word} {self.of(tag) if tag else nested or '{...}'}" if tag or anonymous else word)
                else:
                    words.append(" ".join(self.of(child).split()))
        return " ".join(words) + (f" {suffix}" if suffix else "")

    def inner(self, node: Node) -> str:
        """The types of a parameter list, as one text."""
        return ", ".join(parameter.type for parameter in self.parameters(node)[0])

    def of(self, node: Node) -> str:
        """The text of a node."""
        return self.text[node.start_byte : node.end_byte].decode("utf-8", "replace")
