"""pyecho: one tone per word, as long as the word."""

import argparse
import json
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

RATE = 24000


def speak(text):
    """16-bit mono samples: 0.15 s and a tone for each word."""
    words = text.split() or ["-"]
    seconds = numpy.arange(int(RATE * 0.15)) / RATE
    tones = [numpy.sin(2 * numpy.pi * (220 + 20 * len(word)) * seconds) for word in words]
    return (numpy.concatenate(tones) * 12000).astype("<i2").tobytes()


class BackendServicer(backend_pb2_grpc.BackendServicer):
    loaded = False

    def Health(self, request, context):
        return backend_pb2.Reply(message=b"OK")

    def LoadModel(self, request, context):
        path = model_file(request)
        if not path.endswith(".echo"):
            return backend_pb2.Result(success=False, message=f"not a pyecho voice: {request.Model!r}")
        self.loaded = True
        return backend_pb2.Result(success=True, message="loaded")

    def Free(self, request, context):
        self.loaded = False
        return backend_pb2.Result(success=True)

    def TTS(self, request, context):
        self._need_model(context)
        with wave.open(request.dst, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(RATE)
            out.writeframes(speak(request.text))
        return backend_pb2.Result(success=True)

    def TTSStream(self, request, context):
        self._need_model(context)
        yield backend_pb2.Reply(message=json.dumps({"sample_rate": RATE}).encode())
        samples = speak(request.text)
        half = len(samples) // 4 * 2
        yield backend_pb2.Reply(audio=samples[:half])
        yield backend_pb2.Reply(audio=samples[half:])

    def _need_model(self, context):
        if not self.loaded:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "pyecho: model not loaded")


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
