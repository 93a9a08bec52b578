"""Expansion of variables and functions, as GNU make's `variable_expand` (manual, chapters 6 and 8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from newbackend.splice.make_text import called, dir_of, notdir, pieces_of
from newbackend.trace.machine import TEXT_LIMIT, TooMuch
from newbackend.trace.make.patterns import all_replaced
from newbackend.trace.opentext import open_part, words

if TYPE_CHECKING:
    from newbackend.trace.make.evaluate import Evaluation

Function = Callable[["Expander", list[str]], str]


class Expander:
    """Expands text for one make. `automatic` are the variables of the current target, `call` the arguments of the
    current `$(call)`."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        self.automatic: Mapping[str, str] = {}
        self._busy: list[str] = []

    def expand(self, text: str) -> str:
        """The text with every reference replaced. Raises TooMuch for values that grow without end."""
        if "$" not in text:
            return text
        out: list[str] = []
        size = 0
        for fixed, body in pieces_of(text):
            piece = fixed if body is None else self.reference(body)
            out.append(piece)
            size += len(piece)
            if size > TEXT_LIMIT:
                raise TooMuch("a variable of the Makefile grows without end")
        return "".join(out)

    def reference(self, body: str) -> str:
        """What stands between the brackets of `$(…)`: a function call, a substitution reference or a name."""
        self.evaluation.machine.work()
        name, given = called(body)
        if name:
            return functions()[name](self, given)
        if "$" in body:
            body = self.expand(body)
        if ":" in body and "=" in body:
            name, _, change = body.partition(":")
            old, equals, new = change.partition("=")
            if equals and name:
                if "%" not in old:
                    old, new = f"%{old}", f"%{new}"
                return all_replaced(old, new, words(self.value(name.strip())))
        return self.value(body.strip())

    def value(self, name: str) -> str:
        """A variable's value, expanded; "" when it is not defined."""
        if name in self.automatic:
            return self.automatic[name]
        derived = self._directory_or_file(name)
        if derived is not None:
            return derived
        variable = self.evaluation.variables.get(name)
        if variable is None:
            return ""
        if variable.simple or "$" not in variable.value:
            return variable.value
        if name in self._busy:
            return open_part(f"$({name})")
        self._busy.append(name)
        try:
            return self.expand(variable.value)
        finally:
            self._busy.pop()

    def _directory_or_file(self, name: str) -> str | None:
        """`$(@D)`, `$(<F)`: the directory or the file part of an automatic variable."""
        if len(name) != 2 or name[1] not in "DF" or name[0] not in self.automatic:
            return None
        part = dir_of if name[1] == "D" else notdir
        return " ".join(part(word).rstrip("/") or "/" for word in words(self.automatic[name[0]]))

    def with_arguments(self, values: Mapping[str, str]) -> Expander:
        """The same expander inside of a `$(call)` or `$(foreach)`."""
        inner = Expander(self.evaluation)
        inner.automatic = {**self.automatic, **values}
        inner._busy = self._busy
        return inner


def functions() -> Mapping[str, Function]:
    """Every function by name."""
    from newbackend.trace.make.functions import FUNCTIONS

    return FUNCTIONS
