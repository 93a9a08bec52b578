"""The instructions of a Dockerfile, by the rules of BuildKit's parser.

https://docs.docker.com/reference/dockerfile/: a `\\` at the end continues a line, comment lines inside are left out,
and `<<WORD` begins a here-document.
"""

from __future__ import annotations

import re
from functools import lru_cache

from newbackend.records import dataclass

_HEREDOC = re.compile(r"<<-?\s*([\"']?)([A-Za-z_]\w*)\1")
_DIRECTIVE = re.compile(r"#\s*escape\s*=\s*`")


@dataclass(frozen=True)
class Instruction:
    """`text` is what follows the keyword and the flags, with its line breaks, from `text_line` on; `bodies` are its
    here-documents with their first lines. Lines are 1-based."""

    keyword: str
    flags: tuple[str, ...]
    text: str
    line: int
    text_line: int
    bodies: tuple[tuple[str, int], ...] = ()

    @property
    def joined(self) -> str:
        """The text on one line."""
        return " ".join(self.text.replace("\\\n", " ").split())


@lru_cache(maxsize=64)
def instructions_of(text: str) -> tuple[Instruction, ...]:
    """Every instruction of a Dockerfile, in its order."""
    rows = text.replace("\r\n", "\n").split("\n")
    found: list[Instruction] = []
    number = 0
    while number < len(rows):
        first = number
        row = rows[number]
        number += 1
        if not row.strip() or row.lstrip().startswith("#"):
            continue
        pieces = [row]
        while pieces[-1].rstrip().endswith("\\") and number < len(rows):
            following = rows[number]
            number += 1
            # A comment or an empty line inside is left out; a lone backslash keeps the count of lines.
            pieces.append("\\" if not following.strip() or following.lstrip().startswith("#") else following)
        whole = "\n".join(pieces)
        bodies: list[tuple[str, int]] = []
        keyword = whole.split(None, 1)[0].upper()
        if keyword in ("RUN", "COPY", "ADD"):
            for match in _HEREDOC.finditer(whole):
                start = number
                while number < len(rows) and rows[number].strip() != match[2]:
                    number += 1
                bodies.append(("\n".join(rows[start:number]), start + 1))
                number += 1
        found.append(_instruction(keyword, whole, first + 1, tuple(bodies)))
    return tuple(found)


def _instruction(keyword: str, whole: str, line: int, bodies: tuple[tuple[str, int], ...]) -> Instruction:
    rest = whole[len(whole) - len(whole.lstrip()) + len(keyword) :]
    flags: list[str] = []
    first = line
    while True:
        stripped = re.sub(r"\A(?:[ \t]|\\\n)+", "", rest)
        line += rest[: len(rest) - len(stripped)].count("\n")
        match = re.match(r"--[a-z][\w.-]*(?:=\S+)?(?=\s|\\\n|\Z)", stripped)
        if not match:
            return Instruction(keyword, tuple(flags), stripped, first, line, bodies)
        flags.append(match[0])
        rest = stripped[match.end() :]
