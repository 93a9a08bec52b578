"""What a simple command does: a function of the script, a command that means something to a build, or nothing.

Commands without a meaning here succeed, and what they print is open.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from newbackend.trace.make.goals import has_goal
from newbackend.trace.opentext import is_open, open_part
from newbackend.trace.shell import copying, printing, starting
from newbackend.trace.shell.calls import Call, Command
from newbackend.trace.shell.run import Shell, Status
from newbackend.trace.steps import Kind, Where

COMMANDS: Mapping[str, Command] = {**copying.COMMANDS, **printing.COMMANDS, **starting.COMMANDS}
_WRAPPERS = frozenset({"sudo", "time", "exec", "command", "builtin", "nice", "env", "nohup", "ccache", "xargs"})
_TOOLS = frozenset(
    {
        *(
            "cmake",
            "ninja",
            "meson",
            "go",
            "cargo",
            "pip",
            "pip3",
            "uv",
            "npm",
            "swift",
            "xcodebuild",
            "protoc",
            "patch",
        ),
        *("gcc", "g++", "cc", "c++", "clang", "clang++", "nvcc", "hipcc", "icpx", "icx"),
        *("curl", "wget", "local-ai", "autoreconf"),
    }
)
"""Programs whose calls are shown as steps."""
_BUILDERS = frozenset({"cmake", "ninja", "meson", "go", "cargo", "npm", "swift", "xcodebuild"})
"""Programs that fill the directory in which they run."""
_SUCCEED = frozenset(
    {
        *("true", ":", "shopt", "trap", "ulimit", "export", "set", "cd", "echo"),
        *("mkdir", "cp", "mv", "ln", "grep", "test", "["),
    }
)
"""Commands whose own status is believed."""
_READERS = frozenset({"cat", "sed", "head", "tail", "awk", "cut"})


def run(shell: Shell, words: Sequence[str], where: Where) -> Status:
    """What one command does."""
    while words and posixpath.basename(words[0]) in _WRAPPERS:
        if words[0] == "command" and len(words) > 1 and words[1].startswith("-"):
            return None  # `command -v`
        words = _unwrapped(words)
    if not words:
        return True
    name = words[0]
    call = Call(shell, name, words[1:], where)
    if name in shell.functions:
        return shell.function(name, words[1:])
    command = None if is_open(name) else COMMANDS.get(posixpath.basename(name))
    if command:
        return command(call)
    if name in ("true", ":", "shopt", "trap", "ulimit"):
        return True
    if name == "false":
        return False
    if is_open(name):
        _note_outputs(call)
        if _installs(call):
            call.step(Kind.RUN)
        return True
    if "/" in name:
        return _by_path(call)
    return _program(call)


def _program(call: Call) -> Status:
    """A program of the system."""
    if call.name in _READERS and call.words and _absent(call, call.words[-1]):
        return False  # it prints nothing
    if call.name in _TOOLS or (call.name.startswith("python") and {"pip", "venv"} & {*call.words[:3]}):
        call.step(Kind.RUN, always=False)
        _note_outputs(call)
        if call.name in _BUILDERS and not is_open(call.shell.directory):
            call.machine.built.add(call.shell.directory)
    call.shell.say(open_part(f"$({call.line})"))
    return True


def _note_outputs(call: Call) -> None:
    """What a tool makes: the value of `-o`, and a Python environment."""
    made = [value for flag, value in pairwise(call.words) if flag in ("-o", "--output", "-O")]
    made += call.words[-1:] if "venv" in call.words[:-1] else []
    call.machine.made |= {call.path(value) for value in made if not is_open(value)}


def _by_path(call: Call) -> Status:
    """A program by its path: a script of the checkout, or what the build has fetched or made."""
    path = call.path(call.name)
    if call.machine.read(path) is not None:
        call.step(Kind.RUN, followed=True)
        return call.shell.start(path, call.words)
    call.shell.say(open_part(f"$({call.line})"))
    _note_outputs(call)
    base = posixpath.basename(path)
    if base in _TOOLS or base.startswith("pip") or _installs(call):
        call.step(Kind.RUN)
    elif call.machine.inside(path) is not None and not base.startswith("python"):
        call.step(Kind.ENGINE)
    return True


def _installs(call: Call) -> bool:
    return "pip" in call.words[:3]


def _absent(call: Call, word: str) -> bool:
    return not is_open(word) and "/" in word and call.machine.exists(call.path(word)) is False


def _unwrapped(words: Sequence[str]) -> Sequence[str]:
    rest = list(words[1:])
    while rest and (rest[0].startswith("-") or re.match(r"\w+=", rest[0])):
        rest.pop(0)
    return rest


def success(shell: Shell, words: Sequence[str]) -> Status:
    """Whether a plain command succeeds, as a condition: known for a few, open for the rest."""
    if not words or words[0] in shell.functions:
        return True
    name = posixpath.basename(words[0])
    if name not in ("make", "gmake"):
        return True if name in _SUCCEED else None
    goals = [word for word in words[1:] if not word.startswith("-")]
    if not any(word.startswith("-") and "n" in word for word in words[1:]):
        return True
    answers = [has_goal(shell.machine, shell.directory, goal, shell.environment()) for goal in goals]
    return None if None in answers else all(answers)
