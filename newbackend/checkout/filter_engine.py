"""Runs the checkout's own path filter: the route of a row is what `inferBackendPath` returns. 450 rows take 4 ms."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, TypeVar

from newbackend.checkout.javascript import Engine, ScriptFailed
from newbackend.checkout.layout import FILTER_MODULE, layout_of
from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError

T = TypeVar("T")
_Source = tuple[str, bool, int]
"""The filter's script, whether it is a module, and the process that asks: two processes cannot talk to one engine."""
_LINUX, _DARWIN = "inferBackendPath", "inferBackendPathDarwin"

_STARTED: dict[_Source, tuple[Engine, str]] = {}
"""The engine that loads a filter which nobody has asked for yet."""


class FilterUnavailable(Exception):
    """The filter cannot be run. The message is the reason; `function` is the failing one, if known. Rules report it as
    `unknown`."""

    def __init__(self, reason: str, function: str = "") -> None:
        super().__init__(reason)
        self.function = function


class PathFilter:
    """The filter functions of one script, loaded once."""

    def __init__(self, engine: Engine, script: str) -> None:
        self._engine = engine
        self.has_filter = self._answer("the path filter does not run", script) == "True"

    def _map(self, function: str, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        script = (
            f"JSON.stringify({json.dumps(list(rows))}.map(item => {{"
            f" const path = {function}(item); return path === undefined ? null : path; }}))"
        )

        def read(routes: Any) -> list[str | None]:
            pairs = zip(rows, routes, strict=True)
            return [route if isinstance(route, str) else None for _, route in pairs]

        return self._read(f"{function} fails on the matrix", script, read, function)

    def linux(self, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """For each Linux row the directory prefix whose changes start it, or None when no change does."""
        return self._map(_LINUX, rows)

    def darwin(self, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """For each macOS row the directory prefix whose changes start it."""
        return self._map(_DARWIN, rows)

    def call(self, expression: str, read: Callable[[Any], T]) -> T:
        """Evaluates an expression that may call the filter functions, and reads its value. Raises FilterUnavailable."""
        return self._read("the path filter cannot answer", f"JSON.stringify({expression})", read)

    def _read(self, failure: str, script: str, read: Callable[[Any], T], function: str = "") -> T:
        """A script's JSON as `read` takes it: a filter can make anything of it, also by changing `JSON` itself."""
        text = self._answer(failure, script, function)
        try:
            return read(json.loads(text))
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise FilterUnavailable(f"{failure}: its answer has another form than asked for", function) from error

    def _answer(self, failure: str, script: str, function: str = "") -> str:
        try:
            return self._engine.evaluate(script)
        except ScriptFailed as error:
            raise FilterUnavailable(f"{failure}: {error}", function) from error


def _runnable(source: str, *, module: bool) -> str:
    """The source as a plain script: `export` dropped, or, in the old layout where the functions live
    in a script that talks to GitHub at import time, only the function declarations."""
    if module:
        return re.sub(r"^export\s+(?=(?:async\s+)?(?:function|const|let|class)\b)", "", source, flags=re.M)
    parts = []
    for match in re.finditer(r"^(?:export\s+)?(?:async\s+)?function\s+\w+\s*\(", source, re.M):
        end = source.find("\n}", match.start())
        if end != -1:
            parts.append(re.sub(r"^export\s+", "", source[match.start() : end + 2]))
    return "\n".join(parts)


def start_filter(checkout: Checkout) -> None:
    """Lets the filter load while this process goes on. The earlier, the less memory a fork shares with it, each page
    of which costs a copy when it changes."""
    with suppress(FilterUnavailable, NewbackendError, ImportError, OSError):  # asked for, it says why
        source = _source(checkout)
        _STARTED.clear()
        _STARTED[source] = engine_for(*source)


def path_filter(checkout: Checkout) -> PathFilter:
    """The checkout's filter, loaded once. Raises FilterUnavailable with the reason."""
    loaded = _loaded(_source(checkout))
    if isinstance(loaded, FilterUnavailable):
        raise loaded
    return loaded


def _source(checkout: Checkout) -> _Source:
    path = layout_of(checkout).filter_path
    if path is None:
        raise FilterUnavailable("no file with function inferBackendPath was found")
    return checkout.need(path), path == FILTER_MODULE, os.getpid()


def engine_for(source: str, module: bool, _process: int) -> tuple[Engine, str]:
    """An engine that loads a filter, and the script that it loads."""
    engine, script = Engine(), f"{_runnable(source, module=module)}\n;typeof filterMatrix === 'function'"
    engine.send(script)
    return engine, script


@lru_cache(maxsize=2)
def _loaded(source: _Source) -> PathFilter | FilterUnavailable:
    """The filter, cached by its source: a checkout and a planned change of it share one (and its failures) while the
    source is the same."""
    try:
        return PathFilter(*(_STARTED.pop(source, None) or engine_for(*source)))
    except FilterUnavailable as error:
        return error
    except ImportError:
        return FilterUnavailable("the JavaScript engine (quickjs-ng) is not installed")
    except OSError as error:
        return FilterUnavailable(f"no process can be started for the path filter: {error.strerror}")
