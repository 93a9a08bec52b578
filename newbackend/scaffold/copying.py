"""Renders a template with copier, in a child process where one was started.

Importing copier takes 0.2 s and 30 MB. A child imports it while this process reads the checkout and asks questions
(docs/adr/0123-copier-in-a-child.md).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from os import getpid
from pathlib import Path
from typing import Any

from newbackend.child import Answer, Child

_CHILDREN: dict[int, Child] = {}
"""By the process whose child it is: a fork of that one has none."""


def start_copier() -> None:
    """Starts the child: a template will be rendered soon."""
    if getpid() not in _CHILDREN:
        _CHILDREN[getpid()] = Child(_serve)


def copied(template: Path, target: Path, data: Mapping[str, Any]) -> str:
    """Renders a template into the folder `target`; "", or why the template cannot be rendered. Raises OSError."""
    request = json.dumps([str(template), str(target), data]).encode()
    child = _CHILDREN.get(getpid())
    if child is None:
        return _copied(request)
    try:
        child.send(request)
        answer = json.loads(child.receive())
    except (EOFError, BrokenPipeError):
        del _CHILDREN[getpid()]
        return _copied(request)  # which says what is wrong
    except BaseException:
        del _CHILDREN[getpid()]
        child.end()  # after Ctrl-C nobody may write to the target any more
        raise
    if isinstance(answer, str):
        return answer
    raise OSError(*answer)


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
