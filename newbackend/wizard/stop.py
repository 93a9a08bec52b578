"""Ctrl-C, the end of input and a terminal that goes away mean the same: stop, say so, change nothing."""

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
    """Turns every way to stop into `Stopped`, whose text says whether the answers so far are kept.

    A hang-up is caught only while questions are asked; otherwise it ends the process as ever.
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
    """The one sentence of a run that was stopped."""
    if not session.kept:
        return "stopped; nothing was changed"
    return f"stopped; nothing was changed; your answers are kept: `{session.command}` offers them again"
