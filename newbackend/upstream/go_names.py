"""Go's names and comments for what a C header declares. Nothing of a header reaches Go's syntax unchecked."""

from __future__ import annotations

import re
from collections.abc import Iterable

from newbackend.sanitize import one_line

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
_WORDS = re.compile(r"[A-Za-z0-9]+")
_COMMENT = 160
KEYWORDS = frozenset([
    "break", "case", "chan", "const", "continue", "default", "defer", "else", "fallthrough", "for", "func", "go",
    "goto", "if", "import", "interface", "map", "package", "range", "return", "select", "struct", "switch", "type",
    "var",
])  # fmt: skip
_PREDECLARED = frozenset([
    "any", "append", "bool", "byte", "cap", "clear", "close", "comparable", "complex", "complex64", "complex128",
    "copy", "delete", "error", "false", "float32", "float64", "imag", "int", "int8", "int16", "int32", "int64",
    "iota", "len", "make", "max", "min", "new", "nil", "panic", "print", "println", "real", "recover", "rune",
    "string", "true", "uint", "uint8", "uint16", "uint32", "uint64", "uintptr",
])  # fmt: skip
_IMPORTED = frozenset(["fmt", "purego", "unsafe"])


def is_c_identifier(name: str) -> bool:
    """ASCII only, and of a length that a linker takes: other names are not offered."""
    return _IDENTIFIER.fullmatch(name) is not None


def exported(name: str) -> str:
    """`whisper_init_from_file` -> `WhisperInitFromFile`; a name that starts with a digit gets an X before it."""
    joined = "".join(map(_capital, _WORDS.findall(name)))
    return joined if joined[:1].isalpha() else f"X{joined}"


def _capital(word: str) -> str:
    return word[0].upper() + (word[1:].lower() if word.isupper() else word[1:])


def parameter(name: str, place: int) -> str:
    """A parameter's name in Go: `n_samples` -> `nSamples`. Without one it is called by its place."""
    if not is_c_identifier(name) or not _WORDS.search(name):
        return f"arg{place}"
    wanted = exported(name)
    wanted = wanted[0].lower() + wanted[1:]
    return f"{wanted}_" if wanted in KEYWORDS | _PREDECLARED | _IMPORTED else wanted


class Names:
    """Gives each thing a name of its own."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def take(self, wanted: str, suffix: str = "") -> str:
        """`wanted`; if that is given away, with the suffix, then with a number."""
        name, number = wanted, 1
        if name in self._taken and suffix:
            name = wanted = f"{wanted}{suffix}"
        while name in self._taken:
            number += 1
            name = f"{wanted}{number}"
        self._taken.add(name)
        return name


def comment(text: str) -> str:
    """Text for behind `// `: one line, cut at a word, nothing hidden."""
    line = one_line(text)
    return line if len(line) <= _COMMENT else f"{line[:_COMMENT].rpartition(' ')[0] or line[:_COMMENT]} ..."
