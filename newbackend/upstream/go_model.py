"""Go code that loads a model with the engine's own function, and gives it back: the file `bindings_model.go`.

What is written are names that the bindings have checked; nothing else of the header reaches the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from newbackend.records import dataclass
from newbackend.sanitize import one_line
from newbackend.upstream.api import name_words
from newbackend.upstream.bindings_go import Bindings
from newbackend.upstream.c_types import Types
from newbackend.upstream.loading import Argument, Defaults, Loader

_MESSAGE = 1024
"""Bytes of the buffer for the words of an error."""


@dataclass(frozen=True)
class _Called:
    """A bound function: its Go name, the types of its arguments and of its result, and whether it is a wrapper."""

    go: str
    arguments: tuple[str, ...]
    result: str
    wrapped: bool


def model_go(types: Types, made: Bindings, loader: Loader, origin: str) -> str:
    """The text of the file; empty when Go cannot make the call. `origin` is the upstream, OWNER/REPO@COMMIT."""
    return _Writer(types, made).write(loader, origin)


class _Writer:
    def __init__(self, types: Types, made: Bindings) -> None:
        self._types = types
        self._structs = {struct.c: struct for struct in made.structs}
        self._called = _called(made)
        self._handle = ""
        """The Go type of the model."""

    @property
    def _nil(self) -> str:
        return "nil" if self._handle == "unsafe.Pointer" else "0"

    def write(self, loader: Loader, origin: str) -> str:
        load, free = self._called.get(loader.function.name), self._called.get(loader.free)
        if not load or not free or len(free.arguments) != 1 or free.wrapped:
            return ""
        (self._handle,) = free.arguments
        arguments = loader.arguments
        structs = [part for part in arguments if part.how == "defaults"]
        kinds = [kind for part, kind in zip(arguments, load.arguments, strict=True) if part.how == "defaults"]
        out = any(part.how == "handle" for part in arguments)
        made = [self._struct(part, kind, place) for place, (part, kind) in enumerate(zip(structs, kinds, strict=True))]
        given = [self._value(part, kind, structs) for part, kind in zip(arguments, load.arguments, strict=True)]
        if not all(made) or not all(given) or not (out or load.result == self._handle):
            return ""
        set_ = f", set ...func(*{self._structs[structs[0].struct].go})" if structs else ""
        options = "options" if any("options." in value for value in given) else "_"
        body = [row for rows in made for row in rows]
        body += ["\tvar loaded engineModel"] if out else []
        body += [f"\tmessage := make([]byte, {_MESSAGE})"] if any(part.how == "message" for part in arguments) else []
        body += self._call(loader, load, ", ".join(given), out)
        name, where = loader.function.name, one_line(loader.function.where)
        changed = "; set changes the defaults of its parameters" if structs else ""
        code = [
            f"// engineModel is what {name} gives: a model that the engine has loaded.",
            f"type engineModel = {self._handle}", "",
            f"// loadModel loads the model at path with {name} ({where}){changed}.",
            f"func loadModel(path string, {options} *pb.ModelOptions{set_}) (engineModel, error) {{",
            *body, "\treturn loaded, nil", "}", "",
            f"// freeModel gives a model back with {loader.free}.",
            "func freeModel(loaded engineModel) {", f"\t{free.go}(loaded)", "}",
        ]  # fmt: skip
        return "\n".join([*_head(self._types, origin, "\n".join(code)), *code, ""])

    def _struct(self, part: Argument, kind: str, place: int) -> list[str]:
        """Statements that make a struct with its defaults; none when Go can call no function that gives them. Changes
        are made to the first alone."""
        struct = self._structs.get(part.struct)
        name = f"params{place or ''}"
        first = next((rows for one in part.defaults if (rows := self._defaults(one, part.struct, name))), None)
        if struct is None or first is None:
            return []
        fields = dict(struct.fields)
        if part.field and part.field not in fields:
            return []
        rows = [*first, *([f"\t{name}.{fields[part.field]} = cString(path)"] if part.field else [])]
        rows += ["\tfor _, change := range set {", f"\t\tchange(&{name})", "\t}"] if place == 0 else []
        # The library sees an address only: Go must not take the memory back before the end.
        return [*rows, *([f"\tdefer runtime.KeepAlive(&{name})"] if kind.startswith("*") else [])]

    def _defaults(self, one: Defaults, struct: str, name: str) -> list[str]:
        called = self._called.get(one.function.name)
        kind = self._structs[struct].go if struct in self._structs else ""
        if not called or not kind:
            return []
        if one.frees:
            free = self._called.get(one.frees)
            if not free or called.result != f"*{kind}" or free.arguments != (f"*{kind}",):
                return []
            return [
                f"\t{name}Default := {called.go}()", f"\tif {name}Default == nil {{",
                f'\t\treturn {self._nil}, errors.New("{one.function.name} gives NULL")', "\t}",
                f"\t{name} := *{name}Default", f"\t{free.go}({name}Default)",
            ]  # fmt: skip
        if called.arguments == (f"*{kind}",):
            return [f"\tvar {name} {kind}", f"\t{called.go}(&{name})"]
        return [f"\t{name} := {called.go}()"] if called.arguments == () and called.result == kind else []

    def _value(self, part: Argument, kind: str, structs: list[Argument]) -> str:
        """What to write for an argument of this Go type; empty when there is nothing that fits."""
        pointer = kind.startswith(("*", "[]")) or kind == "unsafe.Pointer"
        match part.how:
            case "path":
                return "path" if kind == "string" else ""
            case "defaults":
                place = structs.index(part)
                return f"{'&' if pointer else ''}params{place or ''}"
            case "handle":
                return "&loaded" if kind == f"*{self._handle}" else ""
            case "threads":
                return f"{kind}(max(1, options.GetThreads()))"
            case "gpu layers":
                return f"{kind}(options.GetNGPULayers())"
            case "seed":
                return f"{kind}(options.GetSeed())"
            case "null":
                return "" if kind == "string" else "nil" if pointer else "0"
            case "zero":
                return "false" if kind == "bool" else "0"
            case "message":
                return "&message[0]" if kind == "*byte" else ""
            case "room":
                return f"{kind}(len(message))"

    def _call(self, loader: Loader, load: _Called, given: str, out: bool) -> Iterator[str]:
        name = loader.function.name
        call = f"{load.go}({given})"
        why = self._why(loader)
        if not out:
            yield f"\tloaded := {call}"
        elif not load.result:
            yield f"\t{call}"
        elif load.result == "bool":
            yield from (f"\tif !{call} {{", f"\t\treturn {self._nil}, {_error(f'{name} fails', why)}", "\t}")
        else:
            failed = f'fmt.Errorf("{name} gives %d{": %s" if why else ""}", status{f", {why}" if why else ""})'
            yield from (f"\tif status := {call}; status != 0 {{", f"\t\treturn {self._nil}, {failed}", "\t}")
        yield from (
            f"\tif loaded == {self._nil} {{",
            f"\t\treturn {self._nil}, {_error(f'{name} gives NULL', why)}",
            "\t}",
        )

    def _why(self, loader: Loader) -> str:
        """Go code for the library's own words about the last failure; empty when it has none."""
        if any(part.how == "message" for part in loader.arguments):
            return "goString(&message[0])"
        for name, called in self._called.items():
            words = set(name_words(name))
            if "error" in words and words & {"last", "get"} and not called.arguments and called.result == "string":
                return f"{called.go}()"
        return ""


def _called(made: Bindings) -> Mapping[str, _Called]:
    """The bound functions by the header's names, also of those that are bound through a wrapper."""
    originals = {wrapper.name: function.name for function, wrapper in made.wrapped}
    names = dict(made.functions)
    return {
        originals.get(name, name): _Called(
            names[name], tuple(kind for _, kind in arguments), result.strip(), name in originals
        )
        for name, (arguments, result) in made.signatures.items()
    }


def _error(text: str, why: str) -> str:
    return f'fmt.Errorf("{text}: %s", {why})' if why else f'errors.New("{text}")'


def _head(types: Types, origin: str, code: str) -> list[str]:
    names = [name for name in ("errors", "fmt", "runtime", "unsafe") if f"{name}." in code]
    return [
        f"// Code generated by newbackend from {one_line(types.api.path)}. DO NOT EDIT.",
        f"// upstream: {one_line(origin)}", "", "package main", "", "import (", *(f'\t"{name}"' for name in names), "",
        '\tpb "github.com/mudler/LocalAI/pkg/grpc/proto"', ")", "",
    ]  # fmt: skip
