"""A process that has imported the installed package and forks for each run, which spares 0.2 s of imports a run.

Started by `cli.runner` with a socket. A request is its size in four bytes, one byte with open files, and JSON; every
reply is two numbers:

    {"words", "cwd", "env"} with files for output and error   the exit status, seconds of processor time
    {"words", "cwd", "env"} with one file, a terminal         the process, 0: it is not waited for
    {"process"}                                               its exit status, or RUNNING
"""

from __future__ import annotations

import fcntl
import importlib
import json
import os
import pkgutil
import socket
import struct
import sys
import termios
from contextlib import suppress
from typing import Any

REPLY = "!id"
RUNNING = -1000
LATER = ("copier", "jinja2.sandbox", "prompt_toolkit", "questionary", "ruamel.yaml", "typer.main")
"""What newbackend imports when it is used first."""


def main(number: int) -> None:
    """Serves requests until the other end closes."""
    import newbackend
    import newbackend.__main__ as entry

    for module in pkgutil.walk_packages(newbackend.__path__, "newbackend."):
        if not module.name.endswith("__main__"):
            with suppress(ModuleNotFoundError):  # an extra that is not installed
                importlib.import_module(module.name)
    for name in LATER:
        importlib.import_module(name)
    sys.modules["__main__"] = entry
    with socket.socket(fileno=number) as connection:
        while True:
            size = connection.recv(4, socket.MSG_WAITALL)
            if not size:
                return
            _, files, _, _ = socket.recv_fds(connection, 1, 2)
            request = json.loads(connection.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL))
            connection.sendall(struct.pack(REPLY, *_answer(connection, request, files)))


def _answer(connection: socket.socket, request: dict[str, Any], files: list[int]) -> tuple[int, float]:
    wait = 0
    if "process" in request:
        child, wait = request["process"], os.WNOHANG
    else:
        child = os.fork()
        if child == 0:
            connection.close()
            _run(request, files)
        for file in files:
            os.close(file)
        if len(files) == 1:
            return child, 0.0
    ended, status, used = os.wait4(child, wait)
    return (os.waitstatus_to_exitcode(status) if ended else RUNNING), used.ru_utime + used.ru_stime


def _run(request: dict[str, Any], files: list[int]) -> None:
    """Becomes `newbackend WORDS...` in a directory, with an environment. Does not return."""
    import newbackend.__main__ as entry

    streams: tuple[int, ...] = (1, 2)
    if len(files) == 1:
        os.setsid()
        fcntl.ioctl(files[0], termios.TIOCSCTTY, 0)
        streams, files = (0, 1, 2), files * 3
    for file, stream in zip(files, streams, strict=True):
        os.dup2(file, stream)
    for file in set(files):
        os.close(file)
    if len(streams) == 3:  # as an interpreter that is started at a terminal opens them
        sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115
        sys.stdout = open(1, "w", encoding="utf-8", buffering=1)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    sys.argv = [str(entry.__file__), *request["words"]]
    status = 1
    try:
        entry.main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main(int(sys.argv[1]))
