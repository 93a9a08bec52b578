"""Error handling: every error becomes one sentence on standard error, or JSON on standard output, and an exit
status."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, TextIO

from newbackend.console import write
from newbackend.errors import Exit, NewbackendError, UsageError

DEBUG = "NEWBACKEND_DEBUG"
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
"""Errors of a write (to standard output or a temporary folder) that are caused by the machine, not by a bug."""
_ANSWER = {"modality": "modalities", "license_": "license"}
"""The answer that an option of another name gives."""
_PREFIX = {"stopped": "", "internal": "internal error: "}


class _CommandLineError(UsageError):
    """A usage error of the command-line library."""

    def sentence(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint.startswith("see ") else f"{self.message}; {self.hint}"


def fail(error: BaseException, words: Sequence[str]) -> None:
    """Prints an error and ends the process with its documented status. An internal error is raised again when
    debugging."""
    if type(error).__name__ == "NoArgsIsHelpError":
        write(sys.stderr, f"{error.format_message()}\n")  # type: ignore[attr-defined]
        sys.exit(Exit.USAGE)
    refusal = _refusal(error)
    if refusal.code == "internal" and os.environ.get(DEBUG):
        raise error
    if wants_json(words):
        from newbackend.sanitize import json_text

        out, err = json_text(refusal.as_json()) + "\n", ""
    else:
        out, err = "", f"newbackend: {_PREFIX.get(refusal.code, 'error: ')}{refusal.sentence()}\n"
    for stream, text in ((sys.stdout, out), (sys.stderr, err)):
        try:
            write(stream, text)
            stream.flush()
        except OSError:  # the terminal is closed, so only the exit status is left
            silence(stream)
    sys.exit(int(refusal.exit_status))


def wants_json(words: Sequence[str]) -> bool:
    """Whether the command line asks for JSON. Looks at the raw arguments, because an error may precede their
    parsing."""
    options = list(words[: words.index("--")] if "--" in words else words)
    named = [value for word, value in pairwise(options) if word == "--format"]
    joined = [word.removeprefix("--format=") for word in options if word.startswith("--format=")]
    return "json" in (*named, *joined)


def silence(stream: TextIO) -> None:
    """Redirects a closed stream to /dev/null, so that the interpreter's last flush cannot fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _refusal(error: BaseException) -> NewbackendError:
    if isinstance(error, NewbackendError):
        return error
    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "Abort":
        return UsageError("stopped", str(error) or "stopped; nothing was changed")
    if isinstance(error, MemoryError):
        return UsageError("no-memory", "there is not enough memory for this", hint="nothing was left half written")
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        where = error.filename or "the output"
        return UsageError("no-room", f"{where} cannot be written: {error.strerror}")
    if hasattr(error, "format_message"):  # of the command-line library, whichever click it carries
        return _of_command_line(error)
    what = str(error).splitlines()[0] if str(error) else "no message"
    return UsageError("internal", f"{type(error).__name__}: {what}", hint=f"this is a bug, {DEBUG}=1 shows where")


def _of_command_line(error: Any) -> NewbackendError:
    """An error of the command-line library; for an unknown option the nearest ones are its choices."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "newbackend"
    help_ = f"see `{path} --help`"
    option = getattr(error, "option_name", None)
    if not option or context is None or not hasattr(error, "possibilities"):
        return _CommandLineError("usage", error.format_message(), hint=help_)
    from newbackend.answers import OTHER_WORDS
    from newbackend.suggest import did_you_mean, nearest

    answers = {
        name.removeprefix("--"): _ANSWER.get(parameter.name, parameter.name)
        for parameter in context.command.params
        for name in parameter.opts
        if name.startswith("--")
    }
    also = {name: OTHER_WORDS.get(answer, ()) for name, answer in answers.items()}
    close = [f"--{name}" for name in nearest(option.lstrip("-"), answers, also)]
    if not close and context.parent is None:
        help_ = f"an option of a verb comes after it: newbackend VERB {option}"
    return _CommandLineError("usage", f"No such option: {option}", hint=did_you_mean(close) or help_, choices=close)
