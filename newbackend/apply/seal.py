"""A seal on what newbackend wrote for itself: only this user's newbackend can make one.

A checkout may come from a stranger, with a git directory and all. The key lies in the user's state directory,
outside of every checkout, so a journal that came with a checkout has no valid seal.
"""

from __future__ import annotations

import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

_LENGTH = 32


def user_state() -> Path:
    """The user's state directory for newbackend (XDG base directory specification)."""
    named = os.environ.get("XDG_STATE_HOME", "")
    base = Path(named) if Path(named).is_absolute() else Path("~/.local/state").expanduser()
    return base / "newbackend"


def seal(text: str) -> str:
    """The seal of a text, with a key that is made when there is none; "" where no key can be kept."""
    with suppress(OSError):
        _make_key()
    return _seal(text)


def sealed(text: str, mark: str) -> bool:
    """Whether `mark` is this user's seal of a text."""
    return bool(mark) and hmac.compare_digest(_seal(text).encode(), mark.encode("utf-8", "replace"))


def _seal(text: str) -> str:
    key = _key()
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), "sha256").hexdigest() if key else ""


def _key() -> bytes:
    """The key, or nothing where there is none that is this user's alone."""
    try:
        handle = os.open(user_state() / "key", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return b""
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(file.fileno())
        if about.st_uid != os.geteuid() or about.st_mode & 0o077:
            return b""
        key = file.read(_LENGTH)
    return key if len(key) == _LENGTH else b""


def _make_key() -> None:
    """Makes the key once: of two processes that try, one succeeds, and the other reads that one's."""
    folder = user_state()
    if (folder / "key").exists():
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = folder / f".key.{os.getpid()}"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_LENGTH))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(temporary, folder / "key")
    finally:
        temporary.unlink(missing_ok=True)
