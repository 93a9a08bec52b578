"""Runs the checkout's own path filter in an embedded JavaScript engine (QuickJS).

The repository's machinery is the judge: what `inferBackendPath` returns is the route, whatever the
source looks like. Source: design section 6; 450 rows take 4 ms.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from newbackend.checkout.layout import FILTER_MODULE, layout_of
from newbackend.checkout.tree import Checkout

MEMORY_BYTES = 64 * 1024 * 1024
SECONDS = 5
_LINUX, _DARWIN = "inferBackendPath", "inferBackendPathDarwin"


class FilterUnavailable(Exception):
    """The filter cannot be run here: the reason is the message. Rules turn this into `unknown`."""


class PathFilter:
    """The filter functions of one checkout, loaded once."""

    def __init__(self, source: str, *, module: bool) -> None:
        import _quickjs as quickjs  # type: ignore[import-not-found]  # the wrapper imports a thread pool

        self._context = quickjs.Context()
        self._context.set_memory_limit(MEMORY_BYTES)
        self._context.set_time_limit(SECONDS)
        try:
            self._context.eval(_runnable(source, module=module))
        except quickjs.JSException as error:
            raise FilterUnavailable(f"the path filter does not run: {_first_line(error)}") from error
        self.has_filter = bool(self._context.eval("typeof filterMatrix === 'function'"))

    def _map(self, function: str, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        import _quickjs as quickjs

        script = (
            f"JSON.stringify({json.dumps(list(rows))}.map(item => {{"
            f" const path = {function}(item); return path === undefined ? null : path; }}))"
        )
        try:
            found = json.loads(self._context.eval(script))
        except quickjs.JSException as error:
            raise FilterUnavailable(f"{function} fails on the matrix: {_first_line(error)}") from error
        return [path if isinstance(path, str) else None for path in found]

    def linux(self, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """Directory prefix that starts each Linux row, or None when no change ever would."""
        return self._map(_LINUX, rows)

    def darwin(self, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """Directory prefix that starts each macOS row."""
        return self._map(_DARWIN, rows)

    def call(self, expression: str) -> Any:
        """Evaluates a JSON-valued expression beside the filter functions. Raises FilterUnavailable."""
        import _quickjs as quickjs

        try:
            return json.loads(self._context.eval(f"JSON.stringify({expression})"))
        except (quickjs.JSException, TypeError, ValueError) as error:
            raise FilterUnavailable(f"the path filter cannot answer: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0]


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


def path_filter(checkout: Checkout) -> PathFilter:
    """The checkout's filter, loaded once. Raises FilterUnavailable with the reason."""
    key = ("filter", "engine")
    if key not in checkout.memo:
        checkout.memo[key] = _load(checkout)
    found = checkout.memo[key]
    if isinstance(found, FilterUnavailable):
        raise found
    assert isinstance(found, PathFilter)
    return found


def _load(checkout: Checkout) -> PathFilter | FilterUnavailable:
    path = layout_of(checkout).filter_path
    if path is None:
        return FilterUnavailable("no file with function inferBackendPath was found")
    try:
        return PathFilter(checkout.need(path), module=path == FILTER_MODULE)
    except FilterUnavailable as error:
        return error
    except ImportError:
        return FilterUnavailable("the JavaScript engine (quickjs-ng) is not installed")
