"""Just enough shell reading for run.sh: simple commands, their words and lines.

No shell is run and no control flow is followed: what matters is which programs a script names,
in which order, and with which variables. What is not understood becomes a `*`, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from newbackend.records import dataclass

KEYWORDS = frozenset(
    "if then else elif fi for do done while until case esac in { } ! [[ ]] time function select".split()  # noqa: SIM905 - a word list
)
# Bash builtins (bash manual, chapter 4): they start no program, so LD_LIBRARY_PATH cannot break them.
BUILTINS = frozenset((
    ".", ":", "[", "alias", "bg", "bind", "break", "builtin", "caller", "cd", "command", "compgen", "complete",
    "continue", "declare", "dirs", "disown", "echo", "enable", "eval", "exec", "exit", "export", "false", "fc",
    "fg", "getopts", "hash", "help", "history", "jobs", "kill", "let", "local", "logout", "mapfile", "popd",
    "printf", "pushd", "pwd", "read", "readarray", "readonly", "return", "set", "shift", "shopt", "source",
    "suspend", "test", "times", "trap", "true", "type", "typeset", "ulimit", "umask", "unalias", "unset", "wait",
))  # fmt: skip
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1")
_FUNCTION = re.compile(r"^\s*(?:function\s+)?([A-Za-z_][\w.-]*)\s*\(\s*\)")
_BODY = re.compile(
    r"^[ \t]*(?:function[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*(?:\([ \t]*\))?[ \t\n]*\{([^\n]*\}|.*?^[ \t]*\})", re.M | re.S
)
_PASSES = re.compile(r'(?:^|[;&|{(\n]|\b(?:exec|env|nice|nohup|setsid|command|then|do))[ \t]*"?\$(?:@|\*|\{@)', re.M)
_OPEN_ARRAY = re.compile(r"(?:^|[\s;])\w+\+?=\([^)]*$")
DECLARERS = frozenset({"export", "local", "readonly", "declare", "typeset"})
ASSIGNMENT = re.compile(r"^([A-Za-z_]\w*)\+?=(.*)$", re.S)


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command: `words` without quotes, `line` 1-based. With `array` it is the assignment of an array of
    that name, and `words` are its items."""

    line: int
    words: tuple[str, ...]
    array: str = ""

    @property
    def assignments(self) -> tuple[tuple[str, str], ...]:
        """`NAME=value` words: before the command, or given to export, local, readonly, declare."""
        pairs = []
        if self.array:
            return ()
        for index, word in enumerate(self.words):
            match = ASSIGNMENT.match(word)
            if match:
                pairs.append((match[1], match[2]))
            elif not word.startswith("-") and (index or word not in DECLARERS):
                break
        return tuple(pairs)

    @property
    def argv(self) -> tuple[str, ...]:
        """The command proper: keywords, leading assignments and redirections dropped."""
        if self.array or self.words[:1] in (("for",), ("select",)):
            return ()
        words = [w for w in self.words if not re.match(r"^\d*[<>]", w)]
        while words and (words[0] in KEYWORDS or ASSIGNMENT.match(words[0])):
            words.pop(0)
        return tuple(words)


def functions(text: str) -> frozenset[str]:
    """Names that the script defines as functions."""
    return frozenset(m[1] for line in text.splitlines() if (m := _FUNCTION.match(line)))


def passing_functions(text: str) -> frozenset[str]:
    """Names of functions that start their arguments (`start() { exec "$@"; }`)."""
    names = set()
    for match in _BODY.finditer(text):
        if _PASSES.search(match[2]):
            names.add(match[1])
    return frozenset(names)


def commands(text: str) -> Iterator[Command]:
    """Every simple command of a script, those inside `$(…)` before the one around them."""
    lines = text.splitlines()
    index = 0
    while index < len(lines):
        start, logical = index + 1, lines[index]
        while logical.endswith("\\") and index + 1 < len(lines):
            index += 1
            logical = logical[:-1] + " " + lines[index]
        while _OPEN_ARRAY.search(logical) and index + 1 < len(lines):
            index += 1
            logical += " " + lines[index]
        index += 1
        heredoc = _HEREDOC.search(logical)
        if heredoc:
            while index < len(lines) and lines[index].strip() != heredoc[2]:
                index += 1
            index += 1
        yield from _line(_FUNCTION.sub("", logical), start, 0)


def _line(text: str, number: int, depth: int) -> Iterator[Command]:
    """Commands of one logical line. Quotes that stay open end with the line."""
    words: list[str] = []
    word: list[str] = []
    started, quote, at = False, "", 0

    def end_word() -> None:
        nonlocal started
        if started:
            words.append("".join(word))
        word.clear()
        started = False

    while at < len(text):
        char = text[at]
        if quote != "'" and text.startswith("$(", at):
            inner, at_end = substitution(text, at)
            if depth < 8 and not inner.startswith("("):
                yield from _line(inner, number, depth + 1)
            word.append(text[at:at_end])
            started, at = True, at_end
            continue
        if quote:
            if char == quote:
                quote = ""
            elif char == "\\" and quote == '"' and at + 1 < len(text):
                at += 1
                word.append(text[at])
            else:
                word.append(char)
        elif char in "'\"":
            quote, started = char, True
        elif char == "\\" and at + 1 < len(text):
            at += 1
            word.append(text[at])
            started = True
        elif char == "#" and not started:
            break
        elif char in " \t\r":
            end_word()
        elif char in "<>" or (char == "&" and (word[-1:] in (["<"], [">"]) or text[at + 1 : at + 2] == ">")):
            word.append(char)
            started = True
        elif char == "(" and started and ASSIGNMENT.fullmatch("".join(word)) and word[-1] == "=":
            name, end = "".join(word).rstrip("+="), _closing(text, at)
            items = list(_line(text[at + 1 : end], number, depth + 1)) if depth < 8 else []
            yield Command(number, tuple(w for c in items for w in c.words), name)
            word.clear()
            started, at = False, end
        elif char in ";&|()":
            end_word()
            if words and char != ")":
                yield Command(number, tuple(words))
            # An unmatched `)` ends the pattern of a case branch, which is no command.
            words.clear()
        else:
            word.append(char)
            started = True
        at += 1
    end_word()
    if words:
        yield Command(number, tuple(words))


def _closing(text: str, at: int) -> int:
    """Where the parenthesis at `at` is closed; the end of the text when it is not."""
    depth = 0
    for index in range(at, len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0:
            return index
    return len(text)


def substitution(text: str, at: int) -> tuple[str, int]:
    """The inside of the `$(…)` at `at`, and where it ends."""
    end = _closing(text, at + 1)
    return text[at + 2 : end], end + 1
