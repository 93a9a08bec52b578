"""Ends the server when the process that started it is gone.

LOCALAI_BACKEND_PARENT_WATCH=false turns it off; LOCALAI_BACKEND_PARENT_WATCH_INTERVAL is a
duration such as 500ms, 2s or 1m (a bare number is seconds).
"""

import os
import re
import sys
import threading
import time

_OFF = {"false", "0", "no", "off"}
_UNIT = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}


def interval(text, default=2.0):
    """Seconds of a duration; anything unreadable or not positive is `default`."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|)\s*", text or "")
    seconds = float(found.group(1)) * _UNIT[found.group(2)] if found else 0.0
    return seconds if seconds > 0 else default


def orphaned(first, now):
    """Whether a process that started under `first` has lost it: `now` is another one, or init."""
    return first > 1 and (now != first or now == 1)


def start():
    """Watch in a daemon thread. Does nothing without a parent to watch."""
    if os.environ.get("LOCALAI_BACKEND_PARENT_WATCH", "").strip().lower() in _OFF:
        return None
    if os.name == "nt":
        return None
    first = os.getppid()
    if first <= 1:
        return None
    pause = interval(os.environ.get("LOCALAI_BACKEND_PARENT_WATCH_INTERVAL"))

    def watch():
        while not orphaned(first, os.getppid()):
            time.sleep(pause)
        print("the parent process is gone, ending", file=sys.stderr, flush=True)
        os._exit(1)

    thread = threading.Thread(target=watch, name="parent-watch", daemon=True)
    thread.start()
    return thread
