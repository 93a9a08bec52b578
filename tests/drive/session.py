"""What a check gets to work with, and how it says what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from newbackend.catalog import modalities

from . import media
from .wire import Client, Message, Proto


@dataclass(frozen=True)
class CheckResult:
    """One thing that was looked at. `detail` says what was seen, or what is wrong."""

    name: str
    ok: bool
    detail: str


class CheckFailed(Exception):
    """The backend does not do what LocalAI asks for."""


def rpcs_of(modality: str) -> tuple[str, ...]:
    """The RPCs of a modality. Optional ones are served where the checkout has them."""
    entry = modalities()[modality]
    return entry.rpcs + entry.optional_rpcs


@dataclass(frozen=True)
class Session:
    """A backend under test. `scratch` is a directory for files that both sides can reach."""

    run_sh: Path
    proto: Proto
    name: str
    modalities: tuple[str, ...]
    features: Mapping[str, bool]
    scratch: Path

    @property
    def rpcs(self) -> tuple[str, ...]:
        """The RPCs that this backend must serve: those of its modalities that the proto has."""
        wanted = [rpc for modality in self.modalities for rpc in rpcs_of(modality)]
        return tuple(rpc for rpc in wanted if rpc in self.proto.rpcs)

    @property
    def model(self) -> Path:
        """A model file that a placeholder engine knows by its first bytes."""
        return self.scratch / "model.bin"

    @property
    def recording(self) -> Path:
        """A WAV file of two seconds."""
        return self.scratch / "recording.wav"

    def prepare(self) -> None:
        """Writes the files that requests name; once, because calls may run at the same time."""
        self.model.write_bytes(b"NEWBACKEND")
        media.write_wav(self.recording, seconds=2)


Check = Callable[[Session, Client], str]


def expect(condition: object, problem: str) -> None:
    """Raises CheckFailed with the problem unless the condition holds."""
    if not condition:
        raise CheckFailed(problem)


def load(client: Client, **options: Any) -> None:
    """Loads a model; raises CheckFailed when the backend refuses."""
    result = client.call("LoadModel", **options)
    expect(result.success, f"LoadModel refused {options}: {result.message}")


def load_good(session: Session, client: Client) -> None:
    """Loads the model file of the session the way LocalAI does."""
    load(client, Model=session.model.name, ModelFile=str(session.model))


def refusal(action: Callable[[], object]) -> grpc.RpcError:
    """The status that an action ends with; raises CheckFailed when it succeeds."""
    try:
        answer = action()
    except grpc.RpcError as error:
        return error
    raise CheckFailed(f"succeeded with {answer!s:.200} and should not have")


def expect_status(action: Callable[[], object], code: str, text: str = "") -> None:
    """An action ends with this status and with this text in its message."""
    error = refusal(action)
    expect(error.code().name == code, f"ended with {describe(error)}, not with {code}")
    expect(text in (error.details() or ""), f"ended with {describe(error)} without {text!r}")


def describe(error: grpc.RpcError) -> str:
    """Status and message of a failed call on one line."""
    return f"{error.code().name} ({error.details()})"


def joined(replies: Iterable[Message]) -> bytes:
    """All message bytes of a stream of `Reply`."""
    return b"".join(reply.message for reply in replies)
