"""Ctrl-C, end of input and a closed terminal all stop the run with one sentence; nothing is changed."""

from __future__ import annotations

import errno
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from newbackend.wizard.protocol import Stopped
from newbackend.wizard.session import Session


@contextmanager
def stoppable(session: Session) -> Iterator[None]:
    """Turns each of them into `Stopped`, whose text says whether the answers so far are saved.

    SIGHUP is caught only while questions are asked; otherwise it ends the process as usual.
    """
    main = threading.current_thread() is threading.main_thread()
    previous = signal.signal(signal.SIGHUP, signal.default_int_handler) if main else None
    try:
        yield
    except (KeyboardInterrupt, EOFError) as error:
        raise Stopped(sentence(session)) from error
    except OSError as error:
        if error.errno in (errno.EIO, errno.EBADF, errno.ENXIO):
            raise Stopped(sentence(session)) from error
        raise
    finally:
        if main:
            signal.signal(signal.SIGHUP, previous)


def sentence(session: Session) -> str:
    """The sentence that a stopped run prints."""
    if not session.kept:
        return "stopped; nothing was changed"
    return f"stopped; nothing was changed; your answers are kept: `{session.command}` offers them again"
