"""Commands whose output a build uses."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from newbackend.trace.opentext import is_open, open_part
from newbackend.trace.shell.calls import Call, Command
from newbackend.trace.shell.run import Status

_PLAIN = re.compile(r"\^?[\w /:=.-]+\$?")
"""Patterns that mean the same to grep and to Python, but for the dot, which is any sign in both."""
_DEBIAN = {"x86_64": "amd64", "aarch64": "arm64"}


def echo(call: Call) -> Status:
    """echo; escapes stay as they are."""
    end, given = "\n", list(call.words)
    while given and given[0] in ("-n", "-e", "-ne", "-en"):
        end = "" if "n" in given.pop(0) else end
    call.shell.say(" ".join(given) + end)
    return True


def printf(call: Call) -> Status:
    """printf with a single text."""
    words = call.words
    if len(words) == 2 and words[0] in ("%s", "%s\\n"):
        call.shell.say(words[1])
    elif words:
        call.shell.say(words[0] if len(words) == 1 and "%" not in words[0] else open_part(call.line))
    return True


def uname(call: Call) -> Status:
    """uname: what the row says of the machine."""
    machine = call.machine
    answers = {"": machine.system, "-s": machine.system, "-m": machine.arch, "-p": machine.arch}
    call.shell.say(answers.get("".join(call.words), open_part(f"$({call.line})")) + "\n")
    return True


def arch(call: Call) -> Status:
    """arch."""
    call.shell.say(call.machine.arch + "\n")
    return True


def dpkg(call: Call) -> Status:
    """dpkg --print-architecture."""
    known = "--print-architecture" in call.words and call.machine.arch in _DEBIAN
    call.shell.say(_DEBIAN[call.machine.arch] if known else open_part(f"$({call.line})"))
    return True


def pwd(call: Call) -> Status:
    """pwd."""
    call.shell.say(call.shell.directory + "\n")
    return True


def _of_path(name: str, function: Callable[[str], str], *, whole: bool = False) -> Command:
    """A command that prints something of each path; `whole` makes the path absolute first."""

    def run(call: Call) -> Status:
        for word in call.operands:
            path = call.path(word) if whole and not is_open(word) else word
            call.shell.say((open_part(f"$({name} {word})") if is_open(word) else function(path)) + "\n")
        return True

    return run


def _dirname(path: str) -> str:
    return posixpath.dirname(path.rstrip("/")) or ("/" if path.startswith("/") else ".")


def grep(call: Call) -> Status:
    """grep of a plain pattern in one file of the checkout that the build does not change; else open."""
    options = {letter for word in call.words if word.startswith("-") for letter in word[1:]}
    given = call.operands
    path = call.path(given[1]) if len(given) == 2 and not is_open(given[1]) else ""
    if path and call.machine.exists(path) is False:
        return False  # it prints nothing
    found = call.machine.read(path) if path and path not in call.machine.made else None
    if found is None or is_open(given[0]) or options - set("sqhEF") or not _PLAIN.fullmatch(given[0]):
        call.shell.say(open_part(f"$({call.line})"))
        return None
    pattern = re.compile(re.escape(given[0]) if "F" in options else given[0])
    lines = [line for line in found[1].splitlines() if pattern.search(line)]
    if "q" not in options:
        call.shell.say("".join(f"{line}\n" for line in lines))
    return bool(lines)


COMMANDS: dict[str, Command] = {
    "echo": echo,
    "printf": printf,
    "uname": uname,
    "arch": arch,
    "dpkg": dpkg,
    "pwd": pwd,
    "grep": grep,
    "dirname": _of_path("dirname", _dirname),
    "basename": _of_path("basename", lambda path: posixpath.basename(path.rstrip("/"))),
    "realpath": _of_path("realpath", lambda path: path, whole=True),
    "readlink": _of_path("readlink", lambda path: path, whole=True),
}
