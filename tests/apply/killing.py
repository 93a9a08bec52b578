"""Kills a change in the middle of its work, in a process of its own."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable


def killed_at(step: int, act: Callable[[Callable[[str], None]], object]) -> bool:
    """Runs `act`, which calls what it is given before each of its steps, and kills it (SIGKILL) before the 0-based
    `step`. Returns whether it came that far; fails when `act` fails."""
    child = os.fork()
    if child == 0:
        left = step

        def before(_: str) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

        status = 1
        try:
            act(before)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL), "see the traceback on standard error"
    return status != 0
