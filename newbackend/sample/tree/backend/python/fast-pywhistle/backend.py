"""fast-pywhistle: what pywhistle does, in one pass over the samples."""

import argparse
import os
import signal
import sys
import wave
from concurrent import futures

_HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(_HERE, "common"), os.path.join(_HERE, "..", "common")]

import backend_pb2
import backend_pb2_grpc
import grpc
from grpc_auth import get_auth_interceptors
import numpy


def listen(path):
    """The text and the length in seconds of a WAV file."""
    with wave.open(path, "rb") as recording:
        rate = recording.getframerate()
        samples = numpy.frombuffer(recording.readframes(recording.getnframes()), dtype="<i2")
    return " ".join(["whistle"] * (1 + len(samples) // max(rate, 1))), len(samples) / max(rate, 1)


class BackendServicer(backend_pb2_grpc.BackendServicer):
    loaded = False

    def Health(self, request, context):
        return backend_pb2.Reply(message=b"OK")

    def LoadModel(self, request, context):
        path = model_file(request)
        if not path.endswith(".whistle"):
            return backend_pb2.Result(success=False, message=f"not a fast-pywhistle model: {request.Model!r}")
        self.loaded = True
        return backend_pb2.Result(success=True, message="loaded")

    def Free(self, request, context):
        self.loaded = False
        return backend_pb2.Result(success=True)

    def AudioTranscription(self, request, context):
        if not self.loaded:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "fast-pywhistle: model not loaded")
        text, seconds = listen(request.dst)
        segment = backend_pb2.TranscriptSegment(id=0, start=0, end=int(seconds * 1e9), text=text)
        return backend_pb2.TranscriptResult(segments=[segment], text=text, duration=seconds)


def model_file(request):
    """The file to load: ModelFile when it exists, else Model when that is a file; or nothing."""
    for candidate in (request.ModelFile, request.Model):
        if candidate and os.path.isfile(candidate):
            return candidate
    return ""


def serve(address):
    limit = 50 * 1024 * 1024
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=int(os.environ.get("PYTHON_GRPC_MAX_WORKERS", "1"))),
        options=[
            ("grpc.max_message_length", limit),
            ("grpc.max_send_message_length", limit),
            ("grpc.max_receive_message_length", limit),
        ],
        interceptors=get_auth_interceptors(),
    )
    backend_pb2_grpc.add_BackendServicer_to_server(BackendServicer(), server)
    if server.add_insecure_port(address) == 0:
        sys.exit(f"cannot listen on {address}")
    server.start()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: server.stop(0))
    print(f"listening on {address}", file=sys.stderr)
    server.wait_for_termination()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--addr", default="localhost:50051")
    serve(parser.parse_args().addr)
