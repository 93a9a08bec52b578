"""Commands that make, copy and remove files."""

from __future__ import annotations

import posixpath

from newbackend.trace.opentext import is_open
from newbackend.trace.paths import normal
from newbackend.trace.shell.calls import Call, Command
from newbackend.trace.shell.run import Status

_GLOB = "*?["


def copy(call: Call) -> Status:
    """cp and mv: each source with the name that it gets."""
    given = call.operands
    options = [word for word in call.words if word.startswith("-")]
    recursive = any(not word.startswith("--") and set("raR") & set(word) for word in options)
    recursive = recursive or bool({"--recursive", "--archive"} & set(options))
    folder = next((word.partition("=")[2] for word in options if word.startswith("--target-directory=")), "")
    if folder:
        given.append(folder + "/")
    if len(given) >= 2:
        *sources, target = given
        for source in sources:
            _copied(call, source, target, several=len(sources) > 1, recursive=recursive)
    return True


def _copied(call: Call, source: str, target: str, *, several: bool, recursive: bool) -> None:
    machine = call.machine
    start, end = call.path(source), call.path(target)
    there = machine.exists(end) is True and machine.is_dir(end) is not False
    into = several or there or target.endswith(("/", "/.")) or any(sign in source for sign in _GLOB)
    contents = posixpath.basename(source) in (".", "..")
    if contents:
        start, final = f"{start}/*", f"{end}/*"
    else:
        final = f"{end}/{posixpath.basename(start)}" if into else end
    machine.copy(start, final, call.where)
    if is_open(source + target):
        return
    start, whole = start.removesuffix("/*"), final.removesuffix("/*")
    if recursive and machine.inside(start) is not None and machine.exists(whole) is not True and machine.is_dir(start):
        machine.alias(start, whole)
        return
    machine.made.add(normal(whole))
    if machine.inside(start) and machine.exists(start) and machine.inside(final) is None:
        machine.put(final, machine.inside(start) or "")


def install(call: Call) -> Status:
    """install: a copy, or with -d a directory."""
    if "-d" in call.words:
        return make_directory(call)
    given = list(call.words)
    for flag in ("-m", "-o", "-g"):
        while flag in given[:-1]:
            at = given.index(flag)
            del given[at : at + 2]
    return copy(Call(call.shell, call.name, given, call.where))


def make_directory(call: Call) -> Status:
    """mkdir and touch."""
    call.machine.made |= {call.path(word) for word in call.operands if not is_open(word)}
    return True


def remove(call: Call) -> Status:
    """rm: what a command of the build has made is gone."""
    made = call.machine.made
    for word in call.operands:
        if not is_open(word) and not any(sign in word for sign in _GLOB):
            path = call.path(word)
            made -= {entry for entry in made if entry == path or entry.startswith(f"{path}/")}
    return True


def link(call: Call) -> Status:
    """ln."""
    given = call.operands
    if len(given) == 2 and not is_open(given[1]):
        call.machine.made.add(call.path(given[1]))
        call.machine.copy(call.path(given[0]), call.path(given[1]), call.where)
    return True


COMMANDS: dict[str, Command] = {
    "cp": copy,
    "mv": copy,
    "gcp": copy,
    "install": install,
    "mkdir": make_directory,
    "touch": make_directory,
    "rm": remove,
    "ln": link,
}
