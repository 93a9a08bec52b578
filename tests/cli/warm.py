"""A process that has imported the installed package and forks for each run, which spares 0.2 s of imports a run.

Started by `cli.runner` with a socket. A request is its size in four bytes, one byte with the files for standard output
and error, and JSON, `{"words", "cwd", "env"}`; the reply is the exit status and the seconds of processor time.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import socket
import struct
import sys
from contextlib import suppress
from typing import Any

REPLY = "!id"
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
            request = connection.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL)
            child = os.fork()
            if child == 0:
                connection.close()
                _run(json.loads(request), files)
            for file in files:
                os.close(file)
            _, status, used = os.wait4(child, 0)
            reply = struct.pack(REPLY, os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime)
            connection.sendall(reply)


def _run(request: dict[str, Any], files: list[int]) -> None:
    """Becomes `newbackend WORDS...` in a directory, with an environment. Does not return."""
    import newbackend.__main__ as entry

    for file, stream in zip(files, (1, 2), strict=True):
        os.dup2(file, stream)
        os.close(file)
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
