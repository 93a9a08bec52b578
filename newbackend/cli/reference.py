"""All commands with their options, from the same declarations as `--help`: as a manual page and as Markdown."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from typing import Any

import typer

from newbackend import __version__
from newbackend.cli.verbs import VERBS
from newbackend.errors import Exit
from newbackend.records import dataclass

_STATUSES = {
    Exit.OK: "clean, or done",
    Exit.FINDINGS: "findings at or above --fail-on, or a change that cannot be made whole, so nothing was written",
    Exit.USAGE: "wrong usage or configuration, an internal error, or Ctrl-C",
    Exit.NOT_FOUND: "the input was not found, or a requested proof could not run",
}


@dataclass(frozen=True)
class Command:
    """One command: `usage` without the program, `about` as paragraphs, options with what they do."""

    name: str
    usage: str
    about: tuple[str, ...]
    options: tuple[tuple[str, str], ...]


def commands() -> Iterator[Command]:
    """Every command in the order of `newbackend --help`; those of a group follow each other."""
    for verb, entry in VERBS.items():
        command: Any = typer.main.get_command(importlib.import_module(f"newbackend.cli.{entry.module}").app)
        command.name = verb
        inner = getattr(command, "commands", None)
        if inner is None:
            yield _command(verb, command)
        else:
            yield from (_command(f"{verb} {word}", one) for word, one in inner.items())


def _command(name: str, command: Any) -> Command:
    with command.make_context(name, [], resilient_parsing=True) as context:
        rows = [record for item in command.params if (record := item.get_help_record(context))]
        words = " ".join(command.collect_usage_pieces(context))
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    return Command(
        name,
        f"{name} {words}",
        tuple(" ".join(part.split()) for part in paragraphs),
        tuple((option, " ".join(text.split())) for option, text in rows),
    )


def markdown(command: Command) -> str:
    """The page of one command."""
    parts = [f"# newbackend {command.name}", f"    newbackend {command.usage}", *command.about]
    if command.options:
        rows = ["| Option | Means |", "|---|---|"]
        rows += [f"| `{_cell(option)}` | {_cell(text)} |" for option, text in command.options]
        parts.append("\n".join(rows))
    return "\n\n".join(parts) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def manual() -> str:
    """The manual page, section 1, for `man -l -`."""
    lines = [
        f'.TH NEWBACKEND 1 "" "newbackend {__version__}"',
        *(".SH NAME", r"newbackend \- add, verify and prove LocalAI backends"),
        *(".SH SYNOPSIS", r".B newbackend", r"\fICOMMAND\fR [\fIOPTION\fR]..."),
        ".SH COMMANDS",
    ]
    for command in commands():
        lines += [f".SS {_roff(command.usage)}"]
        for paragraph in command.about:
            lines += [_roff(paragraph), ".PP"]
        for option, text in command.options:
            lines += [".TP", rf"\fB{_roff(option)}\fR", _roff(text)]
    lines.append(".SH EXIT STATUS")
    for status, text in _STATUSES.items():
        lines += [".TP", rf"\fB{int(status)}\fR", _roff(text)]
    return "\n".join(lines) + "\n"


def _roff(text: str) -> str:
    """Text in which nothing is a request or an escape of roff."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{escaped}" if escaped.startswith((".", "'")) else escaped
