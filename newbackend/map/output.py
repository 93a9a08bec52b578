"""Where a map is written: a new file, or an older map."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from newbackend.checkout.reading import beginning
from newbackend.errors import UsageError

MARK = "made by newbackend map"
"""What the beginning of every map says, so that only a map is written over."""
_LOOKED_AT = 2048


def target_for(name: str) -> Path:
    """A new file in a folder of its own, for a map that nobody named a file for."""
    return Path(tempfile.mkdtemp(prefix="newbackend-map-")) / name


def check_target(path: Path) -> None:
    """Raises UsageError when a map cannot be written to a file, or would replace something else."""
    try:
        there = beginning(path, _LOOKED_AT)
    except (OSError, ValueError) as error:
        raise _not_written(path, error) from error
    if there and MARK.encode() not in there:
        raise UsageError(
            "output-exists",
            "exists and is no map, so it is not replaced",
            where=str(path),
            hint="name another file, or remove it first",
        )
    folder = path.parent
    if not folder.is_dir():
        raise UsageError("output-not-written", "cannot be written: there is no such folder", where=str(path))
    if not os.access(path if there is not None else folder, os.W_OK):
        raise UsageError("output-not-written", "cannot be written: Permission denied", where=str(path))


def write_map(path: Path, text: str) -> Path:
    """Writes a map, whole or not at all, and returns its absolute path."""
    target = path.resolve()
    try:
        descriptor, scratch = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            Path(scratch).chmod(0o666 & ~_umask())
            Path(scratch).replace(target)
        except BaseException:
            Path(scratch).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _not_written(path, error) from error
    return target


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _not_written(path: Path, error: OSError | ValueError) -> UsageError:
    why = error.strerror if isinstance(error, OSError) else "no file can have such a name"
    return UsageError("output-not-written", f"cannot be written: {why}", where=str(path))
