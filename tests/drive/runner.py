"""Runs all checks that apply to a backend, each reported by name."""

from __future__ import annotations

import tempfile
import wave
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import grpc

from . import call_checks, process_checks
from .modality_checks import CHECKS
from .server import StartError, started
from .session import Check, CheckFailed, CheckResult, Session, describe
from .wire import Client, Proto


def _look(name: str, check: Callable[[], str]) -> CheckResult:
    """Runs one check; whatever it finds wrong becomes its detail."""
    try:
        return CheckResult(name, True, check())
    except CheckFailed as problem:
        return CheckResult(name, False, str(problem))
    except grpc.RpcError as error:
        return CheckResult(name, False, f"a call ended with {describe(error)}")
    except (StartError, wave.Error, zlib.error, ValueError, LookupError, OSError) as problem:
        return CheckResult(name, False, f"{type(problem).__name__}: {problem}")


def _call_checks(session: Session) -> Iterator[tuple[str, Check]]:
    """The checks that share one server, in the order in which its state allows them."""
    yield "health", call_checks.health
    yield "not-loaded", call_checks.serves_nothing_unloaded
    yield "missing-model", call_checks.refuses_missing_model
    yield "foreign-model", call_checks.refuses_foreign_model
    yield "nameless-model", call_checks.refuses_nameless_model
    yield "still-not-loaded", call_checks.serves_nothing_unloaded
    yield "good-model", call_checks.loads_good_model
    for rpc in session.rpcs:
        if rpc in CHECKS:
            yield f"rpc-{rpc}", CHECKS[rpc]
    yield "not-offered", call_checks.offers_nothing_else
    yield "two-at-once", call_checks.serves_two_at_once
    if call_checks.has_streams(session):
        yield "cancelled-stream", call_checks.survives_cancelled_stream
    if session.features.get("model_identity") and call_checks.guarded_rpcs(session):
        yield "model-identity", call_checks.checks_model_identity
    yield "large-message", call_checks.takes_large_messages
    yield "status-and-free", call_checks.reports_status_and_frees


def _process_checks(session: Session) -> Iterator[tuple[str, Callable[[Session], str]]]:
    """The checks that start a server of their own."""
    yield "joined-address", process_checks.joined_address
    yield "auth-token", process_checks.token_is_required
    yield "sigterm", process_checks.stops_on_sigterm
    if session.features.get("parent_watch", True):
        yield "parent-death", process_checks.stops_when_parent_dies


def _drive(session: Session) -> Iterator[CheckResult]:
    try:
        with started(session.run_sh, session.proto, session.scratch, joined=False, env={}) as (server, _):
            yield CheckResult("start", True, f"--addr {server.address} from {session.scratch}")
            client = Client(session.proto, server.address)
            try:
                for name, check in _call_checks(session):
                    yield _look(name, lambda check=check: check(session, client))  # type: ignore[misc]
            finally:
                client.close()
    except (StartError, OSError) as problem:
        # Nothing else can be looked at; the process checks would only repeat this.
        yield CheckResult("start", False, str(problem))
        return
    for name, start in _process_checks(session):
        yield _look(name, lambda start=start: start(session))  # type: ignore[misc]


def drive(
    run_sh: Path, proto: Path, *, name: str, modalities: Sequence[str], features: Mapping[str, bool]
) -> list[CheckResult]:
    """Starts a packaged backend and checks what LocalAI asks of the process and of each modality's RPCs.

    `proto` is the checkout's backend.proto. Of `features` the checks read `model_identity`,
    `embedding_layout` and `parent_watch` (default true; false for a language that has none in this
    checkout). Checks that do not apply are not in the list; one that fails never stops the others.
    Raises ValueError when the proto cannot be compiled.
    """
    with tempfile.TemporaryDirectory(prefix="drive-") as scratch:
        session = Session(
            run_sh.resolve(),
            Proto.compile(proto.resolve()),
            name,
            tuple(modalities),
            dict(features),
            Path(scratch),
        )
        session.prepare()
        return list(_drive(session))
