"""What a new commit changes in the C++ headers that a backend's code includes, as far as that code calls them.

C++ has no grammar here: words, calls and the number of their arguments are told apart, no types. So an answer is
given for names that are gone and calls that no declaration takes any more; other changes of these headers are only
counted.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field

from newbackend.records import dataclass
from newbackend.upstream.diff import Change
from newbackend.upstream.sources import Sources

FILES_LIMIT = 120
"""Headers that are followed from those that a backend includes. A fork of llama.cpp takes 30."""
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*["<]([^">\n]+)[">]', re.MULTILINE)
_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?(?:\*/|\Z)|"(?:\\.|[^"\\\n])*"|' r"'(?:\\.|[^'\\\n])*'|[A-Za-z_]\w*|\d[\w.']*|->|::|\.\.\.|\S",
    re.DOTALL,
)
_NO_TYPE = frozenset({"return", "else", "new", "case", "throw", "goto", "delete", "co_return", "do", "sizeof", "if"})
_TYPES = frozenset({"struct", "class", "enum", "union", "using"})
_OPEN, _CLOSE = "([{", ")]}"
_CALL_TOKENS = 2000
STEPS = 3_000_000
"""Tokens that are looked at within brackets, in all: brackets in brackets cost their square."""
_ENDLESS = 99


@dataclass
class Names:
    """What C++ text declares and calls: functions with the numbers of arguments that they take, types, all words."""

    functions: dict[str, set[tuple[int, int]]] = field(default_factory=dict)
    """Name -> (fewest, most) arguments of each declaration."""
    types: set[str] = field(default_factory=set)
    calls: dict[str, set[int]] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)
    _steps: int = 0

    def add(self, text: str) -> None:
        """Everything in one file."""
        tokens = [token for token in _TOKEN.findall(text) if not token.startswith(("//", "/*"))]
        for at, token in enumerate(tokens):
            if not (token[0].isalpha() or token[0] == "_"):
                continue
            self.words.add(token)
            before = tokens[at - 1] if at else ""
            if before in _TYPES or (before == "class" and tokens[at - 2 : at - 1] == ["enum"]):
                self.types.add(token)
            if tokens[at + 1 : at + 2] == ["("] and self._steps < STEPS:
                arguments, looked_at = _arguments(tokens, at + 2)
                self._steps += looked_at
                self._call(token, before, arguments)

    def _call(self, name: str, before: str, arguments: Sequence[Sequence[str]] | None) -> None:
        if arguments is None:
            return
        if (before[:1].isidentifier() and before not in _NO_TYPE) or before in ("*", "&", ">"):
            least = sum("=" not in argument for argument in arguments)
            endless = any("..." in argument for argument in arguments)
            self.functions.setdefault(name, set()).add(
                (0 if endless else least, _ENDLESS if endless else len(arguments))
            )
        elif before not in (".", "->"):
            self.calls.setdefault(name, set()).add(len(arguments))


@dataclass(frozen=True)
class Included:
    """Headers of an upstream that a backend includes, and those that they include, with their texts.

    `found` are the backend's own includes with what they are in the upstream.
    """

    found: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


def includes_of(texts: Iterable[str]) -> frozenset[str]:
    """What C or C++ code includes."""
    return frozenset(name for text in texts for name in _INCLUDE.findall(text))


def included(sources: Sources, names: Iterable[str]) -> Included:
    """The upstream's own headers among these includes, followed."""
    by_name: dict[str, list[str]] = {}
    for path in sources.paths:
        if not sources.vendored(path):
            by_name.setdefault(posixpath.basename(path), []).append(path)
    found = {name: path for name in sorted(names) if (path := _resolved(sources, by_name, name, ""))}
    texts: dict[str, str] = {}
    level = dict.fromkeys(found.values())
    while level and len(texts) < FILES_LIMIT:
        sources.prefetch(level)
        texts |= {path: sources.text(path) or "" for path in level}
        inner = (
            _resolved(sources, by_name, name, posixpath.dirname(path))
            for path in level
            for name in _INCLUDE.findall(texts[path])
        )
        level = dict.fromkeys(path for path in inner if path and path not in texts)
    return Included(found, texts)


def _resolved(sources: Sources, by_name: Mapping[str, list[str]], name: str, folder: str) -> str:
    """A file of the upstream: beside the one that includes it, else the highest whose path ends so."""
    near = posixpath.normpath(posixpath.join(folder, name))
    paths = by_name.get(posixpath.basename(name), [])
    if near in paths:
        return near
    ends = [path for path in paths if path == name or path.endswith(f"/{name}")]
    return min(ends, key=lambda path: (sources.aside(path), path.count("/"), path), default="")


def compare_included(old: Included, new: Included, code: Names, api: str) -> Iterator[Change]:
    """What breaks the code, and one change for headers that are others now, but for the C API's, `api`."""
    for name, path in old.found.items():
        if name not in new.found:
            yield Change("header", name, "is gone, and the backend's code includes it", path, "breaks")
    was, now = _names(old), _names(new)
    for name in sorted(code.words & was.types - now.words):
        yield Change("type", name, "is gone", _where(old, name), "breaks")
    for name, counts in sorted(code.calls.items()):
        taken, takes = was.functions.get(name, set()), now.functions.get(name, set())
        known = {count for count in counts if _accepts(taken, count)}
        if known and name not in now.words:
            yield Change("function", name, "is gone", _where(old, name), "breaks")
        elif known and takes and not any(_accepts(takes, count) for count in known):
            text = f"is called with {_numbers(known)} arguments, and takes {_ranges(takes)} now"
            yield Change("function", name, text, _where(new, name), "breaks")
    changed = [path for path in old.texts if path != api and new.texts.get(path, "") not in ("", old.texts[path])]
    if changed:
        text = "and what else is changed there is not compared: they are for C++"
        yield Change("header", ", ".join(changed[:4]) + (" …" if changed[4:] else ""), text, changed[0], "harmless")


def _names(part: Included) -> Names:
    names = Names()
    for text in part.texts.values():
        names.add(text)
    return names


def _where(part: Included, name: str) -> str:
    word = re.compile(rf"\b{re.escape(name)}\b")
    for path, text in part.texts.items():
        if match := word.search(text):
            return f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
    return ""


def _arguments(tokens: Sequence[str], at: int) -> tuple[list[list[str]] | None, int]:
    """The arguments from behind an opening bracket, and how many tokens that took; None where it is never closed."""
    depth = 0
    found: list[list[str]] = [[]]
    inside = tokens[at : at + _CALL_TOKENS]
    for number, token in enumerate(inside):
        if token in _CLOSE and depth == 0:
            empty = found in ([[]], [["void"]])
            return ([] if empty else found), number
        if token == "," and depth == 0:
            found.append([])
            continue
        depth += (token in _OPEN or token == "<") - (token in _CLOSE or (token == ">" and depth > 0))
        found[-1].append(token)
    return None, len(inside)


def _accepts(ranges: Iterable[tuple[int, int]], count: int) -> bool:
    return any(least <= count <= most for least, most in ranges)


def _numbers(counts: Iterable[int]) -> str:
    return " or ".join(map(str, sorted(counts)))


def _ranges(ranges: Iterable[tuple[int, int]]) -> str:
    return " or ".join(str(least) if least == most else f"{least} to {most}" for least, most in sorted(ranges))
