"""Commands that start something: make, shells, other scripts, and the shell's own commands."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import field

from newbackend.records import dataclass
from newbackend.trace.opentext import is_open, open_part
from newbackend.trace.paths import normal
from newbackend.trace.shell.calls import Call, Command
from newbackend.trace.shell.parse import parse
from newbackend.trace.shell.run import Left, Status
from newbackend.trace.steps import Kind

_WITH_VALUE = "CfIoW"
"""make's options that take a value (make(1)); `-j` and `-l` may have one."""


@dataclass
class _MakeLine:
    """A command line of make."""

    directory: str
    variables: dict[str, str]
    goals: list[str] = field(default_factory=list)
    file: str = ""
    dry: bool = False
    always: bool = False


def _make_line(call: Call) -> _MakeLine:
    found = _MakeLine(call.shell.directory, dict(call.shell.make_variables))
    given = list(call.words)
    while given:
        word = given.pop(0)
        if word.startswith("--"):
            if word.startswith("--directory="):
                found.directory = posixpath.join(found.directory, word.partition("=")[2])
        elif word.startswith("-") and not is_open(word):
            _option(found, word[1:], given)
        elif re.match(r"[^=\s/]+=", word):
            name, _, value = word.partition("=")
            found.variables[name.rstrip(":?+")] = value
        elif word:
            found.goals.append(word)
    return found


def _option(found: _MakeLine, letters: str, given: list[str]) -> None:
    """One word of short options, as `-BC`; its value may be the next word."""
    for at, letter in enumerate(letters):
        found.dry = found.dry or letter == "n"
        found.always = found.always or letter == "B"
        if letter in _WITH_VALUE:
            value = letters[at + 1 :] or (given.pop(0) if given else "")
            if letter == "C" and value:
                found.directory = normal(posixpath.join(found.directory, value))
            elif letter == "f":
                found.file = value
            return
        if letter in "jl":
            if at + 1 == len(letters) and given and (given[0].isdigit() or is_open(given[0])):
                given.pop(0)
            return


def make(call: Call) -> Status:
    """make: goes on in the Makefile of its directory."""
    from newbackend.trace.make.goals import make as read_make

    shell, machine = call.shell, call.machine
    asked = _make_line(call)
    if asked.dry:
        return True
    if machine.inside(asked.directory) is None or not (asked.file or machine.read(f"{asked.directory}/Makefile")):
        # The engine's own Makefile, which the build has fetched.
        if not is_open(asked.directory) and call.missing(asked.directory) and asked.directory not in machine.made:
            machine.cannot(call.where, call.line, "there is no such directory in the checkout")
        call.step(Kind.ENGINE)
        return True
    call.step(Kind.MAKE)
    if (
        machine.inside(asked.directory) == ""
        and machine.directory
        and not _for_backends(machine.directory, asked.goals)
    ):
        return True  # LocalAI's own Makefile: generated code, its binary
    return read_make(
        machine,
        asked.directory,
        asked.goals,
        shell.environment(),
        asked.variables,
        call.where,
        file=asked.file,
        level=shell.make_level,
        always=asked.always,
    )


def _for_backends(directory: str, goals: Sequence[str]) -> bool:
    """Whether a goal of the root Makefile has to do with a backend."""
    name = posixpath.basename(directory)
    return any(name in goal or "backend" in goal or "darwin" in goal for goal in goals)


def shell(call: Call) -> Status:
    """bash and sh: a script, or the text after -c."""
    given = list(call.words)
    while given and given[0].startswith("-"):
        flag = given.pop(0)
        if flag in ("-o", "+o") and given:
            given.pop(0)
        elif "c" in flag[1:] and not flag.startswith("--"):
            return _text(call, given)
    if not given:
        return True
    path, machine = call.path(given[0]), call.machine
    if is_open(given[0]):
        machine.cannot(call.where, call.line, "which script runs is not known")
        return None
    if machine.read(path) is None:
        call.step(Kind.ENGINE)
        if call.missing(path):
            machine.cannot(call.where, call.line, "there is no such script in the checkout")
        return True
    call.step(Kind.PACKAGE if posixpath.basename(path).startswith("package") else Kind.RUN, followed=True)
    status = call.shell.start(path, given[1:])
    return True if status is None else status


def _text(call: Call, given: list[str]) -> Status:
    if not given:
        return True
    inner = call.shell.fork()
    inner.base = call.where
    inner.variables, inner.exported = call.shell.environment(), set(call.shell.exported)
    inner.script, inner.arguments = (given[1:2] or [""])[0], given[2:]
    return inner.run(given[0])


def source(call: Call) -> Status:
    """source and `.`: a file in the same process."""
    if not call.words:
        return True
    path, machine = call.path(call.words[0]), call.machine
    if is_open(call.words[0]) or machine.read(path) is None:
        if not is_open(call.words[0]) and call.missing(path):
            machine.cannot(call.where, call.line, "there is no such file in the checkout")
        return True
    call.step(Kind.RUN, followed=True)
    return call.shell.source(path, call.words[1:])


def change_directory(call: Call) -> Status:
    """cd."""
    target = next((word for word in call.words if word != "--"), "")
    if target:
        call.shell.directory = open_part(target) if is_open(target) else call.path(target)
    return True


def push_directory(call: Call) -> Status:
    """pushd."""
    call.shell.stack.append(call.shell.directory)
    return change_directory(call)


def pop_directory(call: Call) -> Status:
    """popd."""
    if call.shell.stack:
        call.shell.directory = call.shell.stack.pop()
    return True


def leave(call: Call) -> Status:
    """exit and return."""
    words = call.words
    status = True if not words or words[0] == "0" else None if is_open(words[0]) else False
    raise Left(status, whole=call.name == "exit")


def git(call: Call) -> Status:
    """git: a step, and what it fetches is there."""
    call.step(Kind.RUN, always=False)
    given = call.operands
    if given[:1] == ["clone"]:
        last = given[-1]
        named = len(given) > 2 and "://" not in last and "@" not in last
        folder = last if named else posixpath.basename(last).removesuffix(".git")
        if folder and not is_open(folder):
            call.machine.made.add(call.path(folder))
    elif given[:1] in (["init"], ["fetch"], ["checkout"]):
        call.machine.made.add(call.shell.directory)
    call.shell.say(open_part(f"$({call.line})"))
    return True


def evaluate(call: Call) -> Status:
    """eval."""
    text = " ".join(call.words)
    if is_open(text):
        return None
    root, data = parse(text)
    return call.shell.statements(root, data)


def read(call: Call) -> Status:
    """read: its variables are open."""
    for word in call.words:
        if word.isidentifier():
            call.shell.variables[word] = open_part(f"${word}")
    return None


def set_arguments(call: Call) -> Status:
    """set -- a b."""
    if "--" in call.words:
        call.shell.arguments = list(call.words)[list(call.words).index("--") + 1 :]
    return True


def shift(call: Call) -> Status:
    """shift."""
    count = int(call.words[0]) if call.words and call.words[0].isdigit() else 1
    call.shell.arguments = call.shell.arguments[count:]
    return True


def test(call: Call) -> Status:
    """test and `[`."""
    from newbackend.trace.shell.tests import test_words

    return test_words(call.shell, [word for word in call.words if word != "]"])


COMMANDS: dict[str, Command] = {
    "make": make,
    "gmake": make,
    "bash": shell,
    "sh": shell,
    "zsh": shell,
    "source": source,
    ".": source,
    "cd": change_directory,
    "pushd": push_directory,
    "popd": pop_directory,
    "exit": leave,
    "return": leave,
    "git": git,
    "eval": evaluate,
    "read": read,
    "set": set_arguments,
    "shift": shift,
    "test": test,
    "[": test,
}
