"""The backend as a process: arguments, token, signals and the death of its parent.

LocalAI's pkg/model/process.go starts and stops it so.
"""

from __future__ import annotations

import signal
from pathlib import Path

from .call_checks import health
from .samples import sample
from .server import ended, poll, port_is_open, started, started_by_wrapper
from .session import Session, expect, expect_status, load_good
from .wire import Client

STOP_SECONDS = 5.0
TOKEN = "correct-horse-battery-staple"
SHELLS = {"bash", "dash", "sh"}


def joined_address(session: Session) -> str:
    """The test suite passes --addr=HOST:PORT as one argument."""
    with started(session.run_sh, session.proto, session.scratch, joined=True, env={}) as (server, _):
        client = Client(session.proto, server.address)
        try:
            return f"--addr={server.address}: {health(session, client)}"
        finally:
            client.close()


def token_is_required(session: Session) -> str:
    env = {"LOCALAI_GRPC_AUTH_TOKEN": TOKEN}
    with started(session.run_sh, session.proto, session.scratch, joined=False, env=env, token=TOKEN) as (
        server,
        _,
    ):
        right, wrong, none = (Client(session.proto, server.address, token=t) for t in (TOKEN, "wrong", ""))
        try:
            rpc = session.rpcs[0]
            for client in (wrong, none):
                expect_status(lambda: client.call("Health"), "UNAUTHENTICATED")  # noqa: B023
                expect_status(lambda: client.finish(rpc, {}), "UNAUTHENTICATED")  # noqa: B023
            load_good(session, right)
            expect(right.finish(rpc, sample(session, rpc)), f"{rpc} answers nothing with the token")
        finally:
            for client in (right, wrong, none):
                client.close()
    return "no token and a wrong token are UNAUTHENTICATED, the right one is served"


def stops_on_sigterm(session: Session) -> str:
    with started(session.run_sh, session.proto, session.scratch, joined=False, env={}) as (server, process):
        program = Path(f"/proc/{server.pid}/exe").readlink().name
        expect(program not in SHELLS, f"run.sh did not exec the server: its process is still {program}")
        process.send_signal(signal.SIGTERM)
        gone = poll(lambda: process.poll() is not None, STOP_SECONDS)
        expect(gone, f"still runs {STOP_SECONDS:.0f} seconds after SIGTERM")
        expect(not port_is_open(server.address), "something still listens on its port after SIGTERM")
        return f"ended with status {process.returncode}"


def stops_when_parent_dies(session: Session) -> str:
    env = {"LOCALAI_BACKEND_PARENT_WATCH_INTERVAL": "200ms"}
    with started_by_wrapper(session.run_sh, session.proto, session.scratch, env=env) as (server, wrapper):
        wrapper.kill()
        wrapper.wait()
        gone = poll(lambda: ended(server.pid), STOP_SECONDS)
        expect(gone, f"still runs {STOP_SECONDS:.0f} seconds after its parent was killed")
    return "ended after its parent"
