"""What a backend's own files use of its engine: functions that they name, options and targets of the build."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError
from newbackend.records import dataclass

_CODE = (".go", ".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".rs", ".py", ".m", ".mm")
_COMPILED = (".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".m", ".mm")
_QUOTED = re.compile(r"[\"`]([A-Za-z_]\w*)[\"`]")
_BUILD = ("Makefile", "CMakeLists.txt")
_BUILD_ENDINGS = (".mk", ".cmake", ".sh")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_FROM = re.compile(r"^// upstream: (\S+)@([0-9a-f]{40})$", re.MULTILINE)
_ASSIGNED = re.compile(r"^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*[?:]{0,3}=[ \t]*(\S+)", re.MULTILINE)
_VARIABLE = re.compile(r"\$[({](\w+)[)}]")
_GITHUB = re.compile(r"github\.com[/:]([A-Za-z0-9-]+/[A-Za-z0-9._-]+)")
_GIT = re.compile(r"\bgit\s(?:\S+\s+){0,8}?(?:clone|remote\s+add|fetch|checkout|reset)\b")
_SHA = re.compile(r"[0-9a-f]{40}\Z")
BINDINGS = "bindings.go"


@dataclass(frozen=True)
class Use:
    """Words of the code and of the build files, and the commit that the generated bindings are of, "" without any.

    `compiled` are the texts of C and C++ files, `bound` the names that code in other languages may call by name.
    """

    code: frozenset[str]
    build: frozenset[str]
    bound_at: str = ""
    compiled: tuple[str, ...] = ()
    bound: frozenset[str] = frozenset()

    def of(self, names: Iterable[str]) -> set[str]:
        """Those of these functions that the code names."""
        return {name for name in names if name in self.code}


def use_of(checkout: Checkout, directory: str, dockerfile: str = "") -> Use:
    """What the files of a backend's directory and its Dockerfile use. A name in a comment counts: it is a reader's."""
    code: set[str] = set()
    build: set[str] = set()
    bound_at = ""
    compiled: list[str] = []
    bound: set[str] = set()
    for path in (*checkout.files_below(directory), *([dockerfile] if dockerfile else [])):
        name = PurePosixPath(path).name
        if name.endswith(_CODE):
            text = _text(checkout, path)
            code.update(_WORD.findall(text))
            bound_at = bound_commit(text) or bound_at if name == BINDINGS else bound_at
            if name.endswith(_COMPILED):
                compiled.append(text)
            else:  # Go calls what it names in quotes; a name in a comment of its is none
                bound.update(_QUOTED.findall(text) if name.endswith(".go") else _WORD.findall(text))
        elif name in _BUILD or name.endswith(_BUILD_ENDINGS) or path == dockerfile:
            build.update(_names(_text(checkout, path)))
    return Use(frozenset(code), frozenset(build), bound_at, tuple(compiled), frozenset(bound))


def bound_commit(text: str) -> str:
    """The commit that generated bindings say they are of; "" when they say none."""
    match = _FROM.search(text)
    return match[2] if match else ""


def pinned_commit(checkout: Checkout, directory: str, variable: str) -> str:
    """The commit that a backend's Makefile pins, which the bump bot moves; "" when it has no such line."""
    text = _text(checkout, f"{directory}/Makefile")
    match = re.search(rf"^[ \t]*{re.escape(variable)}[ \t]*[?:]{{0,2}}=[ \t]*([0-9a-f]{{40}})\b", text, re.MULTILINE)
    return match[1] if match else ""


def cloned(checkout: Checkout, directory: str) -> tuple[str, str] | None:
    """OWNER/REPO and the variable of its commit, where a Makefile clones what the bump bot does not follow.

    Its git commands are read in their order: the commit that one takes out belongs to the repository named last.
    """
    text = _text(checkout, f"{directory}/Makefile").replace("\\\n", " ")
    values = dict(_ASSIGNED.findall(text))
    repo = ""
    for line in text.splitlines():
        if not _GIT.search(line):
            continue
        for word in re.split(r"\s+|&&|;", line):
            variables = _VARIABLE.findall(word)
            address = _GITHUB.search(_VARIABLE.sub(lambda match: values.get(match[1], ""), word))
            repo = address[1].removesuffix(".git") if address else repo
            commit = next((name for name in variables if _SHA.match(values.get(name, ""))), "")
            if repo and commit:
                return repo, commit
    return None


def _names(text: str) -> Iterator[str]:
    """Words, and what follows `-D` in them."""
    for word in _WORD.findall(text):
        yield word
        yield from (part for part in (word.removeprefix("D"),) if part != word)


def _text(checkout: Checkout, path: str) -> str:
    try:
        return checkout.read(path) or ""
    except NewbackendError:
        return ""  # no text: a picture, a model, a link that leads out
