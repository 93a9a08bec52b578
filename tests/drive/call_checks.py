"""What every backend must do whatever its modality: loading, refusing, large messages, cancelling."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import grpc

from newbackend.catalog import modalities

from .samples import sample
from .session import (
    CheckFailed,
    Session,
    describe,
    expect,
    expect_status,
    load,
    load_good,
    refusal,
    rpcs_of,
)
from .wire import Client

LARGE = 20 * 1024 * 1024
HEALTH_SECONDS = 5.0
# Streams that LocalAI's pkg/grpc/base/base.go never closes; pkg/grpc/server.go then waits for ever unless a
# backend overrides the method.
TRAPS = ("StartFineTune", "FineTuneProgress", "QuantizationProgress", "AudioToAudioStream")


def health(session: Session, client: Client) -> str:
    message = client.call("Health").message
    expect(message == b"OK", f"Health says {message!r}")
    return "OK"


def serves_nothing_unloaded(session: Session, client: Client) -> str:
    for rpc in session.rpcs:
        fields = sample(session, rpc)
        expect_status(lambda: client.finish(rpc, fields), "FAILED_PRECONDITION", "model not loaded")  # noqa: B023
    return f"{len(session.rpcs)} RPCs are FAILED_PRECONDITION"


def _refuses(client: Client, model: Path) -> str:
    """Both forms are right for LocalAI's pkg/model/autoload.go: a status, or a result without success."""
    try:
        result = client.call("LoadModel", Model=model.name, ModelFile=str(model))
    except grpc.RpcError as error:
        expect(error.code() is not grpc.StatusCode.DEADLINE_EXCEEDED, "LoadModel does not end")
        return describe(error)
    expect(not result.success, f"loaded {model.name}")
    expect(result.message, "the refusal gives no reason")
    return str(result.message)


def refuses_missing_model(session: Session, client: Client) -> str:
    return _refuses(client, session.scratch / "missing.bin")


def refuses_foreign_model(session: Session, client: Client) -> str:
    foreign = session.scratch / "foreign.gguf"
    foreign.write_bytes(b"GGUF\x03\0\0\0")
    _refuses(client, session.scratch)
    empty = session.scratch / "empty.bin"
    empty.touch()
    _refuses(client, empty)
    return _refuses(client, foreign)


def refuses_nameless_model(session: Session, client: Client) -> str:
    try:
        result = client.call("LoadModel")
    except grpc.RpcError as error:
        return describe(error)
    expect(not result.success, "loaded a model without a name")
    return str(result.message)


def loads_good_model(session: Session, client: Client) -> str:
    load_good(session, client)
    load(client, Model=str(session.model))
    # An engine that downloads gets a ModelFile that does not exist; then Model counts.
    load(client, Model=str(session.model), ModelFile=str(session.scratch / "not-there"))
    by_suffix = session.scratch / f"model.{session.name}"
    by_suffix.write_bytes(b"anything")
    load(client, Model=by_suffix.name, ModelFile=str(by_suffix))
    return "by first bytes, by Model alone, by suffix"


def offers_nothing_else(session: Session, client: Client) -> str:
    others = [rpc for modality in modalities() for rpc in rpcs_of(modality)] + list(TRAPS)
    asked = [rpc for rpc in others if rpc in client.proto.rpcs and rpc not in session.rpcs]
    for rpc in asked:
        try:
            client.finish(rpc, {})
        except grpc.RpcError as error:
            text = (error.details() or "").lower()
            unknown = error.code() is grpc.StatusCode.UNKNOWN and "unimplemented" in text
            right = unknown or error.code() is grpc.StatusCode.UNIMPLEMENTED
            expect(right, f"{rpc} ended with {describe(error)}")
        else:
            raise CheckFailed(f"{rpc} is answered")
    return f"{len(asked)} other RPCs are unimplemented"


def takes_large_messages(session: Session, client: Client) -> str:
    large = "x" * LARGE
    options = {"Model": session.model.name, "ModelFile": str(session.model), "Options": [large]}
    load(client, **options)
    if "Predict" not in session.rpcs:
        return f"{LARGE} bytes in"
    reply = client.call("Predict", Prompt=large).message
    expect(len(reply) >= LARGE, f"{LARGE} bytes came back as {len(reply)}")
    return f"{LARGE} bytes in and out"


def serves_two_at_once(session: Session, client: Client) -> str:
    rpc = session.rpcs[0]
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(client.finish, rpc, sample(session, rpc)) for _ in range(2)]
        answers = [call.result() for call in calls]
    same = [message.SerializeToString(deterministic=True) for answer in answers for message in answer]
    half = len(same) // 2
    expect(same and same[:half] == same[half:], f"two equal calls of {rpc} had different answers")
    return f"two calls of {rpc}"


def _first_of_stream(session: Session, client: Client, rpc: str) -> None:
    """Reads one message of a stream and cancels the rest."""
    if client.proto.rpcs[rpc].client_streaming:
        frames = [{"frame": {"audio_pcm": bytes(512)}}] * 1000
        call = client.converse(rpc, [sample(session, rpc), *frames])
    elif rpc == "PredictStream":
        call = client.stream(rpc, Prompt="word " * 20_000)
    else:
        call = client.stream(rpc, **sample(session, rpc))
    got = list(islice(call, 1))
    call.cancel()
    expect(got, f"{rpc} streamed nothing")


def survives_cancelled_stream(session: Session, client: Client) -> str:
    streams = [rpc for rpc in session.rpcs if client.proto.rpcs[rpc].server_streaming]
    for rpc in streams:
        _first_of_stream(session, client, rpc)
        message = client.call("Health", seconds=HEALTH_SECONDS).message
        expect(message == b"OK", f"after a cancelled {rpc} Health says {message!r}")
        expect(client.finish(session.rpcs[0], sample(session, session.rpcs[0])), "answers nothing any more")
    return f"cancelled {', '.join(streams)}"


def has_streams(session: Session) -> bool:
    """Whether there is a stream to cancel."""
    return any(session.proto.rpcs[rpc].server_streaming for rpc in session.rpcs)


def guarded_rpcs(session: Session) -> list[str]:
    """The RPCs whose request names the model; LocalAI's pkg/grpc/server.go never checks streams of requests."""
    return [
        rpc
        for rpc in session.rpcs
        if session.proto.has_field(rpc, "ModelIdentity") and not session.proto.rpcs[rpc].client_streaming
    ]


def checks_model_identity(session: Session, client: Client) -> str:
    load_good(session, client)
    mine = session.model.name
    for rpc in guarded_rpcs(session):
        fields = dict(sample(session, rpc))
        error = refusal(lambda: client.finish(rpc, {**fields, "ModelIdentity": "other.bin"}))  # noqa: B023
        expect(error.code() is grpc.StatusCode.NOT_FOUND, f"{rpc} ended with {describe(error)}")
        text = error.details() or ""
        named = all(part in text for part in ("model identity mismatch", mine, "other.bin"))
        expect(named, f"the message of {rpc} is {text!r}")
        client.finish(rpc, {**fields, "ModelIdentity": mine})
        client.finish(rpc, fields)
    return f"{', '.join(guarded_rpcs(session))} end with NOT_FOUND"


def reports_status_and_frees(session: Session, client: Client) -> str:
    try:
        client.call("Status")
        status = "Status answers"
    except grpc.RpcError as error:
        expect(error.code() is grpc.StatusCode.UNIMPLEMENTED, f"Status ended with {describe(error)}")
        status = "Status is unimplemented"
    for _ in range(2):
        try:
            expect(client.call("Free").success, "Free: success is false")
        except grpc.RpcError as error:
            expect(error.code() is grpc.StatusCode.UNIMPLEMENTED, f"Free ended with {describe(error)}")
            return f"{status}; Free is unimplemented"
    expect(client.call("Health").message == b"OK", "Health fails after Free")
    return f"{status}; Free twice"
