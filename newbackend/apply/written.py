"""What newbackend wrote into each file last, so that its own uncommitted changes are told from a person's.

A file counts as newbackend's when it was clean (or newbackend's already) before a plan was applied to it, and its
bytes are still those that the plan left. The record lies beside the journal and has the same seal.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from newbackend.apply.journal import write_file
from newbackend.apply.seal import seal, sealed

_NAME = "written.json"
_LIMIT = 4 << 20
_MOST = 20_000


def written(state: Path) -> Mapping[str, str]:
    """Path -> SHA-256 of the bytes that newbackend left there ("": deleted). Empty when there is no record of this
    user's: then every uncommitted change counts as a person's."""
    try:
        handle = os.open(state / _NAME, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, encoding="utf-8") as file:
            data = json.loads(file.read(_LIMIT))
        files = data["files"]
        if not sealed(_text(files), str(data["seal"])):
            return {}
        return {str(path): str(value) for path, value in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def record(state: Path, left: Mapping[str, str], foreign: Iterable[str]) -> None:
    """Notes the hashes that a plan left, but for files that had somebody else's changes. Without room for it the
    record is dropped: that only asks for --allow-dirty later."""
    known = {path: value for path, value in written(state).items() if path not in left}
    own = {path: value for path, value in left.items() if path not in set(foreign)}
    files = dict([*known.items(), *own.items()][-_MOST:])
    with suppress(OSError):
        (state / _NAME).unlink(missing_ok=True)
        data = json.dumps({"files": files, "seal": seal(_text(files))}, indent=0)
        temporary = state / f"{_NAME}.tmp"
        write_file(temporary, data.encode(), 0o600)
        temporary.replace(state / _NAME)


def _text(files: object) -> str:
    return json.dumps(files, sort_keys=True)
