"""Renders a template with copier, in a child process where one was started.

Importing copier takes 0.2 s and 30 MB. A child imports it while this process reads the checkout and asks questions
(docs/adr/0123-work-beside-this-process.md).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from os import getpid
from pathlib import Path
from typing import Any

from newbackend.child import Answer, Child

_CHILDREN: dict[int, Child] = {}
"""By the process whose child it is: a fork of that one has none."""
_SENT: list[Copy] = []
"""What the child was asked and has not answered."""


def start_copier() -> None:
    """Starts the child: a template will be rendered soon. Where no process can be started, it is rendered here."""
    if not started():
        with suppress(OSError):
            _CHILDREN[getpid()] = Child(_serve)
            _SENT.clear()


def started() -> bool:
    """Whether there is a child."""
    return _running() is not None


def _running() -> Child | None:
    child = _CHILDREN.get(getpid())
    return child if child and child.end.alive else None


class Copy:
    """A template that is rendered into the folder `target`: by the child, if there is one, from now on."""

    def __init__(self, template: Path, target: Path, data: Mapping[str, Any]) -> None:
        self._request = json.dumps([str(template), str(target), data]).encode()
        self._answer: bytes | None = None
        self._child = _running()
        if self._child is not None:
            with suppress(BrokenPipeError):  # `problem` does it here
                self._child.send(self._request)
            _SENT.append(self)

    def problem(self) -> str:
        """Waits until it is done; "", or why the template cannot be rendered. Raises OSError."""
        if self._child is None:
            return _copied(self._request)
        try:
            while self._answer is None:
                answered = _SENT.pop(0)  # the child answers in this order
                answered._answer = self._child.receive()
        except EOFError:
            self.stop()
            return _copied(self._request)  # which says what is wrong
        except BaseException:
            self.stop()  # after Ctrl-C nobody may write to the target any more
            raise
        answer = json.loads(self._answer)
        if isinstance(answer, str):
            return answer
        raise OSError(*answer)

    def stop(self) -> None:
        """Nobody waits for it."""
        if self._child is not None:
            self._child.end()
            _CHILDREN.pop(getpid(), None)
            _SENT.clear()


def _serve() -> Answer:
    """In the child: imports copier, then renders."""
    import copier  # noqa: F401

    def answer(request: bytes) -> bytes:
        try:
            said: str | tuple[int | None, str, str | None] = _copied(request)
        except OSError as error:
            said = (error.errno, error.strerror or str(error), error.filename)
        return json.dumps(said).encode()

    return answer


def _copied(request: bytes) -> str:
    from copier import run_copy
    from copier.errors import CopierError
    from jinja2 import TemplateError
    from plumbum import local

    template, target, data = json.loads(request)
    # Copier looks for git here. The template is a plain directory and the target is nobody's checkout,
    # so with git at hand it would only start it once for every file, to learn nothing.
    with local.env(PATH=""):
        try:
            run_copy(template, target, data=data, defaults=True, overwrite=True, quiet=True, unsafe=True)
        except (CopierError, TemplateError) as error:
            return str(error) or type(error).__name__
    return ""
