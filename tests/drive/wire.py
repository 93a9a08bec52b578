"""The wire: messages and calls built at run time from any revision's backend.proto.

Nothing is generated on disk and nothing lands in protobuf's default pool, so that one process can
talk to backends of several LocalAI revisions.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from grpc_tools import protoc

MAX_MESSAGE_BYTES = 50 * 1024 * 1024
CALL_SECONDS = 15.0

Message = Any  # a class made at run time has no static type


@dataclass(frozen=True)
class Proto:
    """The service `backend.Backend` and its messages, as one backend.proto defines them."""

    service: ServiceDescriptor

    @classmethod
    def compile(cls, path: Path) -> Proto:
        """Reads a backend.proto; raises ValueError when protoc refuses it."""
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch) / "set.bin"
            arguments = ["protoc", f"-I{path.parent}", f"--descriptor_set_out={out}", path.name]
            if protoc.main(arguments) != 0:
                raise ValueError(f"protoc cannot read {path}")
            files = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())
        pool = descriptor_pool.DescriptorPool()
        for file in files.file:
            pool.Add(file)
        return cls(pool.FindServiceByName("backend.Backend"))

    @cached_property
    def rpcs(self) -> Mapping[str, MethodDescriptor]:
        """Every RPC of the service by name."""
        return {method.name: method for method in self.service.methods}

    def request(self, rpc: str, **fields: Any) -> Message:
        """A request for an RPC; nested messages may be given as dictionaries."""
        return message_factory.GetMessageClass(self.rpcs[rpc].input_type)(**fields)

    def has_field(self, rpc: str, field: str) -> bool:
        """Whether the request of an RPC has a field of this name."""
        return field in self.rpcs[rpc].input_type.fields_by_name


class Client:
    """Calls RPCs by name over one channel."""

    def __init__(self, proto: Proto, address: str, *, token: str = "") -> None:
        limits = [
            ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
            ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ]
        self.proto = proto
        self._channel = grpc.insecure_channel(address, options=limits)
        self._metadata = [("authorization", f"Bearer {token}")] if token else []

    def close(self) -> None:
        """Ends the channel and every call on it."""
        self._channel.close()

    def _callable(self, rpc: str) -> Any:
        method = self.proto.rpcs[rpc]
        kinds = {
            (False, False): self._channel.unary_unary,
            (False, True): self._channel.unary_stream,
            (True, False): self._channel.stream_unary,
            (True, True): self._channel.stream_stream,
        }
        response = message_factory.GetMessageClass(method.output_type)
        return kinds[method.client_streaming, method.server_streaming](
            f"/{self.proto.service.full_name}/{rpc}",
            request_serializer=lambda request: request.SerializeToString(),
            response_deserializer=response.FromString,
        )

    def call(self, rpc: str, *, seconds: float = CALL_SECONDS, **fields: Any) -> Message:
        """The response of an RPC that has one. Raises grpc.RpcError."""
        request = self.proto.request(rpc, **fields)
        return self._callable(rpc)(request, timeout=seconds, metadata=self._metadata)

    def stream(self, rpc: str, **fields: Any) -> Any:
        """The responses of an RPC that answers one request with many; can be cancelled."""
        return self._callable(rpc)(self.proto.request(rpc, **fields), timeout=CALL_SECONDS, metadata=self._metadata)

    def converse(self, rpc: str, requests: Iterable[Mapping[str, Any]]) -> Any:
        """The responses of an RPC with a stream both ways; can be cancelled."""
        sent: Iterator[Message] = (self.proto.request(rpc, **fields) for fields in requests)
        return self._callable(rpc)(sent, timeout=CALL_SECONDS, metadata=self._metadata)

    def finish(self, rpc: str, fields: Mapping[str, Any]) -> list[Message]:
        """All responses of an RPC of any kind; a streamed request is sent as the only one."""
        method = self.proto.rpcs[rpc]
        if method.client_streaming:
            return list(self.converse(rpc, [fields]))
        if method.server_streaming:
            return list(self.stream(rpc, **fields))
        return [self.call(rpc, **fields)]
